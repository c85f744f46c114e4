/**
 * Calls every function of an addon with right and wrong arguments, in a repeatable random order:
 * `node native/fuzz-calls.js <addon.node> <calls> <seed>`. A wrong call must throw an Error, a right one must not, and the process must
 * live on. `npm run fuzz:native` runs it with a build under AddressSanitizer, where reading past an array by one ends the process.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

const [file, calls, seed] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(path.resolve(file));

let state = Number(seed) >>> 0;
/** mulberry32: uniform in [0, 1) */
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
/** sizes around tile and vector edges */
const size = () => pick([0, 1, 2, 3, 5, 6, 7, 8, 15, 16, 17, 31, 33, 48, 63, 64, 65, 67, 100]);
const positive = () => size() || 1;
const flag = () => random() < 0.5;

/** An array that starts at any multiple of four bytes and ends where its memory ends. */
function floats(length) {
  const skip = below(4);
  const array = new Float32Array(length + skip).subarray(skip);
  for (let i = 0; i < length; i++) array[i] = 4 * random() - 2;
  if (length > 0 && random() < 0.1)
    array[below(length)] = pick([NaN, Infinity, -Infinity, 0, -0, 1e-42, 3e38]);
  return array;
}

function mlp() {
  const [members, batch, inputs, outputs] = [1 + below(3), size(), positive(), pick([1, 2, 12, 36])];
  const shared = flag();
  const layerNorm = flag();
  const hidden = Array.from({ length: below(4) }, positive);
  let parameters = 0;
  let width = inputs;
  for (const next of hidden) {
    parameters += width * next + next * (layerNorm ? 3 : 1);
    width = next;
  }
  parameters += width * outputs + outputs;
  const dimensions = Int32Array.of(
    members,
    batch,
    inputs,
    outputs,
    Number(shared),
    below(3),
    Number(layerNorm),
    ...hidden,
  );
  return {
    dimensions,
    x: floats((shared ? 1 : members) * batch * inputs),
    parameters: floats(members * parameters),
    y: floats(members * batch * outputs),
    kept: floats(addon.mlpKeptSize(dimensions)),
  };
}

/** A right call of each function. */
const RIGHT = {
  matmul: () => {
    const [batch, m, n] = [below(4), size(), size()];
    const k = random() < 0.02 ? 4_100 : size(); // more steps than are packed at a time
    const [strideA, strideB] = [flag() ? m * k : 0, flag() ? k * n : 0];
    return [
      floats((strideA ? batch : 1) * m * k),
      floats((strideB ? batch : 1) * k * n),
      flag() && n > 0 ? floats(n) : null,
      floats(batch * m * n),
      batch,
      m,
      n,
      k,
      strideA,
      strideB,
      flag(),
      flag(),
      below(2),
    ];
  },
  unary: () => {
    const x = floats(size() * size());
    return [below(12), x, random() < 0.1 ? x : floats(x.length)];
  },
  binary: () => {
    const [rows, columns] = [size(), size()];
    const operand = () =>
      pick([
        [columns, 1, rows * columns],
        [0, 1, columns],
        [1, 0, rows],
        [0, 0, 1],
      ]);
    const [a, b] = [operand(), operand()];
    return [
      below(6),
      floats(a[2]),
      floats(b[2]),
      floats(rows * columns),
      rows,
      columns,
      a[0],
      a[1],
      b[0],
      b[1],
    ];
  },
  reduce: () => {
    const [outer, reduced, inner] = [size(), size(), pick([1, size()])];
    return [below(4), floats(outer * reduced * inner), floats(outer * inner), outer, reduced, inner];
  },
  copyRows: () => {
    const [rows, columns, gapA, gapB, a, b] = [size(), size(), below(3), below(3), below(5), below(5)];
    return [
      floats(a + rows * (columns + gapA)),
      a,
      columns + gapA,
      floats(b + rows * (columns + gapB)),
      b,
      columns + gapB,
      rows,
      columns,
    ];
  },
  gatherRows: () => {
    const [rows, columns, count] = [positive(), positive(), size()];
    return [
      floats(rows * columns),
      Int32Array.from({ length: count }, () => below(rows)),
      floats(count * columns),
      columns,
    ];
  },
  transpose: () => {
    const [batch, rows, columns] = [below(4), size(), size()];
    return [floats(batch * rows * columns), floats(batch * rows * columns), batch, rows, columns];
  },
  mlpKeptSize: () => [mlp().dimensions],
  mlpForward: () => {
    const { x, parameters, y, kept, dimensions } = mlp();
    return [x, parameters, y, flag() ? kept : null, dimensions];
  },
  mlpGradient: () => {
    const { x, parameters, y, kept, dimensions } = mlp();
    return [
      y,
      x,
      parameters,
      kept,
      flag() ? floats(x.length) : null,
      flag() ? floats(parameters.length) : null,
      dimensions,
    ];
  },
  gaussianNll: () => {
    const [members, batch, outputs] = [1 + below(3), size(), positive()];
    return [
      floats(members * batch * outputs * 2),
      floats(members * batch * outputs),
      floats(2 * outputs),
      members,
      batch,
      outputs,
    ];
  },
  gaussianNllGradient: () => {
    const [head, targets, bounds, ...sizes] = RIGHT.gaussianNll();
    return [random(), head, targets, bounds, floats(head.length), floats(bounds.length), ...sizes];
  },
  squashedGaussian: () => {
    const [batch, actions] = [size(), positive()];
    return [
      floats(batch * actions * 2),
      floats(batch * actions),
      floats(batch * actions),
      floats(batch),
      batch,
      actions,
      -5,
      2,
    ];
  },
  squashedGaussianGradient: () => {
    const [head, noise, action, logProb, ...rest] = RIGHT.squashedGaussian();
    return [action, logProb, head, noise, floats(head.length), ...rest];
  },
  adam: () => {
    const [rows, columns] = [1 + below(3), positive()];
    const n = rows * columns;
    const l2 = flag() ? floats(columns) : null;
    return [floats(n), floats(n), floats(n), floats(n), l2, 1e-3, 1.5, 0.9, 0.999, 1e-8, 1e-4];
  },
  polyak: () => {
    const n = size() * size();
    return [floats(n), floats(n), 0.005];
  },
  setThreads: () => [1 + below(3), below(20)],
  setInstructionSet: () => [pick(addon.instructionSets)],
};

const detached = () => {
  const array = new Float32Array(8);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};
const JUNK = [
  () => undefined,
  () => null,
  () => NaN,
  () => Infinity,
  () => -1,
  () => 0.5,
  () => 2 ** 31,
  () => 2 ** 33,
  () => Number.MAX_SAFE_INTEGER,
  () => 'text',
  () => ({}),
  () => [1, 2, 3],
  () => Symbol('junk'),
  () => true,
  () => 7n,
  () => new Float64Array(4),
  () => new Uint8Array(16),
  () => new Int32Array(below(12)).fill(below(2 ** 31)),
  () => new Int32Array(200).fill(1),
  () => new DataView(new ArrayBuffer(8)),
  () => new ArrayBuffer(8),
  detached,
];

/** The same call with one to three arguments spoilt. */
function spoil(args) {
  for (let i = 1 + below(3); i > 0; i--) {
    const at = below(args.length);
    const old = args[at];
    const change = random();
    if (old instanceof Float32Array && change < 0.5)
      args[at] = floats(Math.max(0, old.length + pick([-1, 1, -7])));
    else if (old instanceof Int32Array && old.length > 0 && change < 0.7) {
      args[at] = old.slice();
      args[at][below(old.length)] = pick([-1, 0, 2, 3, 2 ** 31 - 1, -(2 ** 31), below(100)]);
    } else if (typeof old === 'number' && change < 0.5) args[at] = old + pick([1, -1, 0.5, 2 ** 20]);
    else args[at] = pick(JUNK)();
  }
  if (random() < 0.05) args.length = below(args.length);
  return args;
}

const names = Object.keys(RIGHT);
let refused = 0;
for (let call = 0; call < Number(calls); call++) {
  const name = pick(names);
  let args = RIGHT[name]();
  const right = random() < 0.4;
  if (!right) args = spoil(args);
  try {
    addon[name](...args);
  } catch (error) {
    if (right || !(error instanceof Error)) {
      console.error(`seed ${seed}, call ${call}: ${name} threw ${String(error)}`);
      process.exit(1);
    }
    refused++;
  }
}
console.log(`${calls} calls of ${names.length} functions, ${refused} refused, seed ${seed}`);
