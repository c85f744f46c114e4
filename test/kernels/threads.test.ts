/** The same bits with any number of threads: every value is computed by one thread, in an order that does not depend on their number. */
import { afterEach, expect, it } from 'vitest';
import { BINARY, REDUCTION, UNARY, type NativeAddon } from '../../src/compute/native/addon.js';
import { Rng } from '../../src/core/index.js';
import { describeInstructionSets } from './backends.js';
import { parameterCount } from './reference.js';

/** Elements with which every operation is worth more than the 400,000 multiply-adds from which the addon wakes its threads. */
const MANY = 300_007;
const ACTIVATIONS = { relu: 1, swish: 2 } as const;
const BOOLEANS = [false, true] as const;

const drawn = new Map<string, Float32Array>();
/** The same normals whenever the name is the same. */
function normals(name: string, count: number, scale = 1): Float32Array {
  const key = `${name} ${count} ${scale}`;
  let values = drawn.get(key);
  if (values === undefined) {
    values = new Rng(5, name).fillNormal(new Float32Array(count)).map((x) => x * scale);
    drawn.set(key, values);
  }
  return values;
}

/** Results that a kernel must fill: what it leaves out differs from one call to the next. */
let poison = 0;
const empty = (count: number) => new Float32Array(count).fill(++poison);

function expectSameBits(addon: NativeAddon, compute: () => Float32Array[]): void {
  const bits = (arrays: Float32Array[]) =>
    arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength));
  addon.setThreads(1, 0);
  const alone = bits(compute());
  for (const threads of [2, 3]) {
    addon.setThreads(threads, 0);
    for (let repetition = 0; repetition < 3; repetition++) {
      bits(compute()).forEach((result, i) => {
        expect(result.equals(alone[i]!), `result ${i} with ${threads} threads`).toBe(true);
      });
    }
  }
}

interface MlpCase {
  readonly members: number;
  readonly batch: number;
  readonly hidden: readonly number[];
  readonly activation: 'relu' | 'swish';
  readonly layerNorm: boolean;
  readonly shared: boolean;
}

/** All sizes; activation, layer norm and kind of input take turns, so that each meets each. */
function mlpCases(): MlpCase[] {
  const cases: MlpCase[] = [];
  for (const hidden of [
    [64, 33],
    [100, 200],
    [256, 256],
  ]) {
    for (const members of [1, 2, 3, 7]) {
      for (const batch of [70, 257, 300]) {
        const turn = cases.length;
        cases.push({
          members,
          batch,
          hidden,
          activation: turn % 2 === 0 ? 'relu' : 'swish',
          layerNorm: Math.floor(turn / 2) % 2 === 0,
          shared: Math.floor(turn / 4) % 2 === 0,
        });
      }
    }
  }
  return cases;
}

describeInstructionSets('results do not depend on the number of threads', (_name, addon) => {
  const before = addon.threads;
  afterEach(() => addon.setThreads(before, 0));

  it.each(mlpCases())(
    'mlp: $members x $batch, $hidden, $activation, layer norm $layerNorm, shared $shared',
    ({ members, batch, hidden, activation, layerNorm, shared }) => {
      const [inputs, outputs] = [20, members === 2 ? 1 : 12];
      const size = parameterCount({ inputs, hidden, outputs, activation, layerNorm });
      const flags = [shared ? 1 : 0, ACTIVATIONS[activation], layerNorm ? 1 : 0];
      const dimensions = Int32Array.of(members, batch, inputs, outputs, ...flags, ...hidden);
      const x = normals('x', (shared ? 1 : members) * batch * inputs);
      const p = normals('parameters', members * size, 0.1);
      const dy = normals('dy', members * batch * outputs);
      expectSameBits(addon, () => {
        const [y, unkept] = [empty(dy.length), empty(dy.length)];
        const kept = new Float32Array(addon.mlpKeptSize(dimensions));
        addon.mlpForward(x, p, unkept, null, dimensions);
        addon.mlpForward(x, p, y, kept, dimensions);
        const [dx, dp] = [empty(x.length), empty(p.length)];
        const [onlyDx, onlyDp] = [empty(x.length), empty(p.length)];
        addon.mlpGradient(dy, x, p, kept, dx, dp, dimensions);
        addon.mlpGradient(dy, x, p, kept, onlyDx, null, dimensions);
        addon.mlpGradient(dy, x, p, kept, null, onlyDp, dimensions);
        return [y, unkept, dx, dp, onlyDx, onlyDp];
      });
    },
  );

  it.each([
    { batch: 1, m: 64, n: 100, k: 70 },
    { batch: 1, m: 257, n: 300, k: 33 },
    { batch: 1, m: 1, n: 1024, k: 512 },
    { batch: 1, m: 512, n: 1, k: 1024 },
    { batch: 3, m: 70, n: 65, k: 50 },
    { batch: 7, m: 33, n: 40, k: 64 },
  ])('matmul: $batch x $m x $k by $k x $n', ({ batch, m, n, k }) => {
    const [a, b, bias] = [normals('a', batch * m * k), normals('b', batch * k * n), normals('bias', n)];
    for (const transposeA of BOOLEANS) {
      for (const transposeB of BOOLEANS) {
        expectSameBits(addon, () => {
          const [plain, relu, oneB] = Array.from({ length: 3 }, () => empty(batch * m * n));
          const rest = [transposeA, transposeB] as const;
          addon.matmul(a, b, null, plain!, batch, m, n, k, m * k, k * n, ...rest, 0);
          addon.matmul(a, b, bias, relu!, batch, m, n, k, m * k, k * n, ...rest, ACTIVATIONS.relu);
          addon.matmul(a, b, null, oneB!, batch, m, n, k, m * k, 0, ...rest, 0);
          return [plain!, relu!, oneB!];
        });
      }
    }
  });

  it.each([
    [2, 300, 17],
    [3, 257, 12],
    [7, 70, 33],
  ])('gaussianNll: %i x %i x %i', (members, batch, outputs) => {
    const head = normals('head', members * batch * 2 * outputs);
    const targets = normals('targets', members * batch * outputs);
    const bounds = normals('bounds', 2 * outputs);
    const sizes = [members, batch, outputs] as const;
    expectSameBits(addon, () => {
      const [dHead, dBounds] = [empty(head.length), empty(bounds.length)];
      addon.gaussianNllGradient(3, head, targets, bounds, dHead, dBounds, ...sizes);
      return [Float32Array.of(addon.gaussianNll(head, targets, bounds, ...sizes)), dHead, dBounds];
    });
  });

  it.each([
    [7001, 1],
    [1203, 6],
    [421, 17],
  ])('squashedGaussian: %i x %i', (batch, actions) => {
    const head = normals('head', batch * 2 * actions);
    const [noise, dAction] = [normals('noise', batch * actions), normals('dAction', batch * actions)];
    const dLogProb = normals('dLogProb', batch);
    expectSameBits(addon, () => {
      const [action, logProb, dHead] = [empty(noise.length), empty(batch), empty(head.length)];
      addon.squashedGaussian(head, noise, action, logProb, batch, actions, -5, 2);
      addon.squashedGaussianGradient(dAction, dLogProb, head, noise, dHead, batch, actions, -5, 2);
      return [action, logProb, dHead];
    });
  });

  it.each([
    [1, MANY, false],
    [3, 33_333, true],
  ])('adam and polyak: %i x %i, L2 %s', (rows, columns, withL2) => {
    const names = ['parameters', 'gradient', 'm', 'v'];
    const [p, g, m, v] = names.map((name) => normals(name, rows * columns));
    const l2 = withL2 ? normals('l2', columns) : null;
    expectSameBits(addon, () => {
      const [parameters, mean, square, target] = [p!.slice(), m!.slice(), v!.map(Math.abs), m!.slice()];
      addon.adam(parameters, g!, mean, square, l2, 0.01, 1.5, 0.9, 0.999, 1e-8, 1e-4);
      addon.polyak(target, g!, 0.005);
      return [parameters, mean, square, target];
    });
  });

  it.each(UNARY.map((name, code) => [name, code] as const))('unary: %s', (_operation, code) => {
    const x = normals('x', MANY);
    expectSameBits(addon, () => {
      const y = empty(MANY);
      addon.unary(code, x, y);
      return [y];
    });
  });

  it.each(BINARY.map((name, code) => [name, code] as const))('binary: %s', (_operation, code) => {
    const [rows, columns] = [547, 549];
    const [a, b] = [normals('a', rows * columns), normals('b', rows * columns)];
    expectSameBits(addon, () => {
      const results = Array.from({ length: 4 }, () => empty(rows * columns));
      const [all, row, column, narrow] = results;
      addon.binary(code, a, b, all!, 1, rows * columns, 0, 1, 0, 1);
      addon.binary(code, a, b, row!, rows, columns, columns, 1, 0, 1);
      addon.binary(code, a, b, column!, rows, columns, columns, 1, 1, 0);
      addon.binary(code, a, b, narrow!, (rows * columns) / 3, 3, 3, 1, 0, 1);
      return results;
    });
  });

  it.each(REDUCTION.map((name, code) => [name, code] as const))('reduction: %s', (_operation, code) => {
    const sizes = [
      [1, MANY, 1],
      [547, 549, 1],
      [1, 547, 549],
      [9, 1111, 31],
    ] as const;
    for (const [outer, reduced, inner] of sizes) {
      const x = normals('x', outer * reduced * inner);
      expectSameBits(addon, () => {
        const y = empty(outer * inner);
        addon.reduce(code, x, y, outer, reduced, inner);
        return [y];
      });
    }
  });

  it.each([
    [1, 547, 549],
    [7, 257, 300],
    [300, 33, 31],
  ])('transpose: %i x %i x %i', (batch, rows, columns) => {
    const x = normals('x', batch * rows * columns);
    expectSameBits(addon, () => {
      const y = empty(x.length);
      addon.transpose(x, y, batch, rows, columns);
      return [y];
    });
  });
});
