import { describe, expect, it } from 'vitest';
import {
  adamCoefficients,
  adamStep,
  ensembleMlp,
  gaussianNll,
  polyakStep,
  squashedGaussian,
  tf,
} from '../../src/compute/index.js';
import { expectedOf } from './expected.js';
import { double, expectNear, type Expected, type Numbers } from './numbers.js';
import * as reference from './reference.js';

const VALUE = 1e-5;
const GRADIENT = 1e-4;

/** members, batch, inputs, hidden, outputs */
const SIZES: readonly (readonly [number, number, number, readonly number[], number])[] = [
  [1, 1, 1, [1], 1],
  [2, 3, 3, [], 2],
  [3, 17, 17, [17], 3],
  [2, 1, 5, [3, 17], 1],
  [1, 257, 3, [17, 3], 4],
  [5, 3, 4, [3, 17, 1, 16], 5],
  [2, 17, 20, [255, 257], 3],
];

interface MlpCase extends reference.Ensemble {
  readonly name: string;
}

function mlpCases(): MlpCase[] {
  const cases: MlpCase[] = [];
  for (const [members, batch, inputs, hidden, outputs] of SIZES) {
    for (const activation of ['relu', 'swish'] as const) {
      for (const layerNorm of [false, true]) {
        for (const shared of [false, true]) {
          const network = { inputs, hidden, outputs, activation, layerNorm };
          const name =
            `${members} x ${inputs}-[${hidden.join()}]-${outputs}, ${activation}${layerNorm ? ', layer norm' : ''}, ` +
            `${batch} ${shared ? 'shared' : 'own'} rows`;
          cases.push({ name, network, members, batch, shared });
        }
      }
    }
  }
  return cases;
}

/** The draw, by its number, that the kinks of relu leave alone; searched for once per case. */
const attempts = new Map<string, number>();

function mlpInputs(numbers: Numbers, { network, members, batch, shared }: reference.Ensemble) {
  const key = JSON.stringify([numbers.seed, network, members, batch, shared]);
  const size = reference.parameterCount(network);
  const width = Math.max(network.inputs, ...network.hidden);
  for (let attempt = attempts.get(key) ?? 0; ; attempt++) {
    const x = numbers.normals(`x${attempt}`, (shared ? 1 : members) * batch * network.inputs);
    const p = numbers.normals(`parameters${attempt}`, members * size, 1 / Math.sqrt(width));
    const ensemble = { network, members, batch, shared };
    // where a unit is that close to the kink of relu, single precision may take the other side
    const searching = network.activation === 'relu' && !attempts.has(key);
    if (searching && reference.kinkDistance(ensemble, double(x), double(p)) < 2e-6) continue;
    attempts.set(key, attempt);
    const shape = shared ? [batch, network.inputs] : [members, batch, network.inputs];
    const dy = numbers.normals('dy', members * batch * network.outputs);
    const [y, dx, dParameters] = expectedOf(numbers, key, [x, p, dy].map(double), (x, p, dy) => {
      const gradients = reference.mlpGradient(ensemble, x, p, dy);
      return [reference.mlpForward(ensemble, x, p), gradients.dx, gradients.dParameters];
    }) as [Expected, Expected, Expected];
    return {
      x,
      p,
      dy,
      expected: { y, dx, dParameters },
      xTensor: numbers.tensor<tf.Tensor2D | tf.Tensor3D>(x, shape),
      pTensor: numbers.tensor<tf.Tensor2D>(p, [members, size]),
    };
  }
}

function mlpParity(numbers: Numbers): void {
  it.each(mlpCases())('ensembleMlp: $name', (ensemble) => {
    const { network, members, batch } = ensemble;
    const { dy, expected, xTensor, pTensor } = mlpInputs(numbers, ensemble);
    const y = ensembleMlp(xTensor, pTensor, network);
    expect(y.shape).toEqual([members, batch, network.outputs]);
    expectNear(y, expected.y, VALUE);
    const dyTensor = numbers.tensor<tf.Tensor3D>(dy, y.shape);
    const f = (x: tf.Tensor, p: tf.Tensor) => ensembleMlp(x as tf.Tensor2D, p as tf.Tensor2D, network);
    const [dx, dParameters] = tf.grads(f)([xTensor, pTensor], dyTensor);
    expect(dx!.shape).toEqual(xTensor.shape);
    expectNear(dx!, expected.dx, GRADIENT);
    expectNear(dParameters!, expected.dParameters, GRADIENT);
  });

  const network = { inputs: 3, hidden: [17], outputs: 2, activation: 'swish', layerNorm: true } as const;
  const some = { network, members: 2, batch: 3, shared: false };

  it('ensembleMlp: gives only the gradients that are wanted, and throws for the others', ({ task }) => {
    task.meta.leaks = true; // tfjs keeps what is on the tape when a gradient throws
    const { dy, expected, xTensor, pTensor } = mlpInputs(numbers, some);
    const dyTensor = numbers.tensor<tf.Tensor3D>(dy, [2, 3, 2]);
    const frozen = (x: tf.Tensor) => ensembleMlp(x as tf.Tensor3D, pTensor, network, { wantDw: false });
    expectNear(tf.grad(frozen)(xTensor, dyTensor), expected.dx, GRADIENT);
    const first = (p: tf.Tensor) => ensembleMlp(xTensor, p as tf.Tensor2D, network, { wantDx: false });
    expectNear(tf.grad(first)(pTensor, dyTensor), expected.dParameters, GRADIENT);
    const both = (x: tf.Tensor, p: tf.Tensor, wanted: { wantDx: boolean; wantDw: boolean }) =>
      ensembleMlp(x as tf.Tensor3D, p as tf.Tensor2D, network, wanted);
    for (const wanted of [
      { wantDx: true, wantDw: false },
      { wantDx: false, wantDw: true },
    ]) {
      const gradients = tf.grads((x, p) => both(x, p, wanted));
      expect(() => gradients([xTensor, pTensor], dyTensor)).toThrow(/'(x|parameters)' was switched off/);
    }
  });

  it.each([true, false])(
    'ensembleMlp: NaN in a row makes that row NaN, and no other (layer norm %s)',
    (layerNorm) => {
      for (const activation of ['relu', 'swish'] as const) {
        const own = { ...some, network: { ...network, activation, layerNorm } };
        const { x, p } = mlpInputs(numbers, own);
        x[4] = NaN; // member 0, row 1
        const y = ensembleMlp(
          numbers.tensor<tf.Tensor3D>(x, [2, 3, 3]),
          numbers.tensor<tf.Tensor2D>(p, [2, p.length / 2]),
          own.network,
        ).dataSync();
        expect(Array.from(y, Number.isNaN)).toEqual(Array.from(y, (_, i) => i === 2 || i === 3));
      }
    },
  );
}

function nllParity(numbers: Numbers): void {
  const sizes = [
    [1, 1, 1],
    [3, 17, 3],
    [2, 255, 1],
    [5, 3, 17],
    [1, 257, 12],
  ].map(([members, batch, outputs]) => ({ members: members!, batch: batch!, outputs: outputs! }));

  it.each(sizes)('gaussianNll: $members x $batch x $outputs', (size) => {
    const { members, batch, outputs } = size;
    const head = numbers.normals('head', members * batch * 2 * outputs, 2);
    const targets = numbers.normals('targets', members * batch * outputs);
    const bounds = numbers.normals('bounds', 2 * outputs, 0.3).map((b, i) => b + (i < outputs ? 0.5 : -4));
    const tensors = [
      numbers.tensor(head, [members, batch, 2 * outputs]),
      numbers.tensor(targets, [members, batch, outputs]),
      numbers.tensor(bounds, [2, outputs]),
    ] as const;
    const f = (head: tf.Tensor, bounds: tf.Tensor) =>
      gaussianNll(head as tf.Tensor3D, tensors[1] as tf.Tensor3D, bounds as tf.Tensor2D);
    const inputs = [head, targets, bounds].map(double);
    const [value, byHead, byBounds] = expectedOf(
      numbers,
      `nll ${JSON.stringify(size)}`,
      inputs,
      (head, targets, bounds) => {
        const { dHead, dBounds } = reference.gaussianNllGradient(size, head, targets, bounds);
        const tripled = [dHead, dBounds].map((gradient) => gradient.map((g) => 3 * g));
        return [Float64Array.of(reference.gaussianNll(size, head, targets, bounds)), ...tripled];
      },
    );
    expectNear(f(tensors[0], tensors[2]), value!, VALUE);
    const [dHead, dBounds] = tf.grads(f)([tensors[0], tensors[2]], tf.scalar(3));
    expectNear(dHead!, byHead!, GRADIENT);
    expectNear(dBounds!, byBounds!, GRADIENT);
  });

  it('gaussianNll: NaN stays NaN', () => {
    const head = Float32Array.of(1, NaN, 0, 0);
    const f = (head: tf.Tensor) =>
      gaussianNll(head as tf.Tensor3D, tf.zeros([1, 1, 2]), tf.tensor2d([1, 1, -1, -1], [2, 2]));
    const { value, grad } = tf.valueAndGrad(f)(numbers.tensor(head, [1, 1, 4]));
    expect(value.dataSync()[0]).toBeNaN();
    expect(Array.from(grad.dataSync(), Number.isNaN)).toEqual([false, true, false, true]);
  });
}

function policyParity(numbers: Numbers): void {
  const bounds = { logStdMin: -5, logStdMax: 2 };
  const sizes = [
    [1, 1],
    [3, 2],
    [17, 6],
    [255, 1],
    [257, 17],
  ].map(([batch, actions]) => ({ batch: batch!, actions: actions!, ...bounds }));

  it.each(sizes)('squashedGaussian: $batch x $actions', (size) => {
    const { batch, actions } = size;
    const head = numbers.normals('head', batch * 2 * actions);
    const noise = numbers.normals('noise', batch * actions);
    const dAction = numbers.normals('dAction', batch * actions);
    const dLogProb = numbers.normals('dLogProb', batch);
    const limits = Float64Array.of(bounds.logStdMin, bounds.logStdMax);
    const inputs = [...[head, noise, dAction, dLogProb].map(double), limits];
    const results = expectedOf(
      numbers,
      `policy ${JSON.stringify(size)}`,
      inputs,
      (head, noise, dAction, dLogProb, limits) => {
        const own = { ...size, logStdMin: limits[0]!, logStdMax: limits[1]! };
        const { action, logProb } = reference.squashedGaussian(own, head, noise);
        return [action, logProb, reference.squashedGaussianGradient(own, head, noise, dAction, dLogProb)];
      },
    );
    const noiseTensor = numbers.tensor<tf.Tensor2D>(noise, [batch, actions]);
    for (const shape of [
      [batch, 2 * actions],
      [1, batch, 2 * actions],
    ]) {
      const headTensor = numbers.tensor<tf.Tensor2D>(head, shape);
      const { action, logProb } = squashedGaussian(headTensor, noiseTensor, bounds);
      expect([action.shape, logProb.shape]).toEqual([[batch, actions], [batch]]);
      expectNear(action, results[0]!, VALUE);
      expectNear(logProb, results[1]!, VALUE);
      const weighted = (head: tf.Tensor) => {
        const sample = squashedGaussian(head as tf.Tensor2D, noiseTensor, bounds);
        return tf.add<tf.Scalar>(
          tf.sum(tf.mul(sample.action, numbers.tensor(dAction, [batch, actions]))),
          tf.sum(tf.mul(sample.logProb, numbers.tensor(dLogProb, [batch]))),
        );
      };
      const dHead = tf.grad(weighted)(headTensor);
      expect(dHead.shape).toEqual(shape);
      expectNear(dHead, results[2]!, GRADIENT);
    }
  });

  it('squashedGaussian: has the gradient of either output alone', () => {
    const [size, head, noise] = [sizes[1]!, numbers.normals('head', 12), numbers.normals('noise', 6)];
    const [none, ones] = [(n: number) => new Float64Array(n), (n: number) => new Float64Array(n).fill(1)];
    const sample = (head: tf.Tensor) =>
      squashedGaussian(head as tf.Tensor2D, numbers.tensor(noise, [3, 2]), bounds);
    const gradient = (f: (head: tf.Tensor) => tf.Tensor) => tf.grad(f)(numbers.tensor(head, [3, 4]));
    const expected = (dAction: Float64Array, dLogProb: Float64Array) =>
      reference.squashedGaussianGradient(size, double(head), double(noise), dAction, dLogProb);
    expectNear(
      gradient((head) => sample(head).action),
      expected(ones(6), none(3)),
      GRADIENT,
    );
    expectNear(
      gradient((head) => sample(head).logProb),
      expected(none(6), ones(3)),
      GRADIENT,
    );
  });

  it('squashedGaussian: stays finite where tanh saturates, and NaN stays NaN', () => {
    const head = numbers.tensor<tf.Tensor2D>(Float32Array.of(40, 0, -40, 0, NaN, 0, 0, NaN), [4, 2]);
    const { action, logProb } = squashedGaussian(
      head,
      numbers.tensor(new Float32Array(4).fill(0.5), [4, 1]),
      bounds,
    );
    const [high, low, ...rest] = logProb.dataSync();
    const std = Math.exp(-1.5);
    const expected = (u: number) => -0.125 + 1.5 - 0.5 * Math.log(2 * Math.PI) + 2 * (Math.abs(u) - Math.LN2);
    expectNear([high!, low!], Float64Array.of(expected(40 + 0.5 * std), expected(-40 + 0.5 * std)), VALUE);
    expect([...rest, ...action.dataSync().slice(2)]).toEqual([NaN, NaN, NaN, NaN]);
  });
}

function optimiserParity(numbers: Numbers): void {
  const options = { learningRate: 1e-2, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, decay: 0.1 };

  it.each([
    [1, 1, false],
    [3, 17, true],
    [2, 255, false],
    [5, 257, true],
  ])('adamStep: %i x %i, L2 %s, three steps', (rows, columns, withL2) => {
    const size = rows * columns;
    const initial = numbers.normals('parameters', size);
    const l2 = withL2 ? numbers.normals('l2', columns).map(Math.abs) : undefined;
    const gradients = [1, 2, 3].map((t) => numbers.normals(`gradient${t}`, size));
    const [parameters, m, v] = [initial, new Float32Array(size), new Float32Array(size)].map((values) =>
      tf.variable(numbers.tensor(values, [rows, columns])),
    );
    const snapshot = parameters!.clone();
    const handed = parameters!.dataSync<'float32'>();
    gradients.forEach((gradient, i) => {
      const g = numbers.tensor(gradient, [rows, columns]);
      const l2Tensor = l2 && numbers.tensor<tf.Tensor1D>(l2, [columns]);
      adamStep(parameters!, g, m!, v!, adamCoefficients(i + 1, options), l2Tensor);
    });
    const inputs = [initial, ...gradients, ...(l2 ? [l2] : [])].map(double);
    const results = expectedOf(numbers, `adam ${rows} x ${columns}`, inputs, (initial, ...rest) => {
      const zeros = new Float64Array(size);
      let state: reference.AdamState = { parameters: initial, m: zeros, v: zeros };
      for (let t = 1; t <= 3; t++) state = reference.adam(state, rest[t - 1]!, rest[3], t, options);
      return [state.parameters, state.m, state.v];
    });
    [parameters, m, v].forEach((variable, i) => expectNear(variable!, results[i]!, VALUE));
    expect(snapshot.dataSync()).toEqual(initial); // nothing that shared the storage has changed
    expect(handed).toEqual(initial);
    [parameters, m, v].forEach((variable) => variable!.dispose());
  });

  it('adamStep: keeps m and v in single precision at the betas that are the default', () => {
    const standard = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0 };
    const zeros = new Float64Array(257);
    let state: reference.AdamState = { parameters: zeros, m: zeros, v: zeros };
    const [parameters, m, v] = Array.from({ length: 3 }, () => tf.variable(tf.zeros([1, 257])));
    for (let t = 1; t <= 3; t++) {
      const gradient = numbers.normals(`gradient${t}`, 257);
      const coefficients = adamCoefficients(t, { learningRate: standard.learningRate });
      adamStep(parameters!, numbers.tensor(gradient, [1, 257]), m!, v!, coefficients);
      state = reference.adam(state, double(gradient), undefined, t, standard);
    }
    // at most nine roundings of 2^-24 reach a value of v, all of whose terms are positive: together 5.4e-7
    const variance = v!.dataSync();
    state.v.forEach((value, i) => expect(Math.abs(variance[i]! / value - 1)).toBeLessThan(1e-6));
    expectNear(m!, state.m, 1e-6);
    [parameters, m, v].forEach((variable) => variable!.dispose());
  });

  it.each([
    [1, 1],
    [3, 17],
    [2, 257],
  ])('polyakStep: %i x %i, twice', (rows, columns) => {
    const [before, source] = ['target', 'source'].map((name) => numbers.normals(name, rows * columns));
    const target = tf.variable(numbers.tensor(before!, [rows, columns]));
    const snapshot = target.clone();
    for (let i = 0; i < 2; i++) polyakStep(target, numbers.tensor(source!, [rows, columns]), 0.3);
    const inputs = [before!, source!].map(double);
    const [result] = expectedOf(numbers, `polyak ${rows} x ${columns}`, inputs, (target, source) => [
      reference.polyak(reference.polyak(target, source, 0.3), source, 0.3),
    ]);
    expectNear(target, result!, VALUE);
    expect(snapshot.dataSync()).toEqual(before);
    target.dispose();
  });

  it('adamStep and polyakStep: NaN stays NaN, in its place', () => {
    const [parameters, m, v, target] = Array.from({ length: 4 }, () => tf.variable(tf.ones([1, 3])));
    adamStep(parameters!, tf.tensor2d([[0, NaN, 0]]), m!, v!, adamCoefficients(1, options));
    polyakStep(target!, parameters!, 0.5);
    for (const variable of [parameters, m, v, target]) {
      expect(Array.from(variable!.dataSync(), Number.isNaN)).toEqual([false, true, false]);
      variable!.dispose();
    }
  });
}

/** Values and gradients of the fused operations against the reference in double precision. */
export function fusedCases(numbers: Numbers): void {
  describe('fused operations', () => {
    mlpParity(numbers);
    nllParity(numbers);
    policyParity(numbers);
    optimiserParity(numbers);
  });
}
