/**
 * What the kernels must compute: naive loops in double precision, written from the formulas and not from the product's code.
 * E members, B batch, I inputs, O outputs, D dimensions, A actions, P parameters of a member.
 */

/** Sizes of a network, in the order in which its parameters lie in a row. */
export interface Network {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: 'relu' | 'swish';
  readonly layerNorm: boolean;
}

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly last: boolean;
  /** offsets in the row */
  readonly kernel: number;
  readonly bias: number;
  readonly scale: number;
  readonly offset: number;
}

function layersOf(network: Network): { layers: Layer[]; size: number } {
  const layers: Layer[] = [];
  const widths = [network.inputs, ...network.hidden, network.outputs];
  let size = 0;
  for (let i = 0; i + 1 < widths.length; i++) {
    const [inputs, outputs] = [widths[i]!, widths[i + 1]!];
    const last = i + 2 === widths.length;
    const kernel = size;
    const bias = kernel + inputs * outputs;
    const scale = bias + outputs;
    const offset = scale + outputs;
    layers.push({ inputs, outputs, last, kernel, bias, scale, offset });
    size = !last && network.layerNorm ? offset + outputs : scale;
  }
  return { layers, size };
}

export function parameterCount(network: Network): number {
  return layersOf(network).size;
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/** One row through one member: the values on the way, layer by layer. */
interface Trace {
  readonly input: Float64Array;
  /** product + bias */
  readonly z: Float64Array;
  /** after layer normalisation, or z */
  readonly normed: Float64Array;
  /** (z - mean) / std */
  readonly unit: Float64Array;
  readonly std: number;
}

function forwardRow(
  network: Network,
  layers: readonly Layer[],
  p: Float64Array,
  x: Float64Array,
): { y: Float64Array; traces: Trace[] } {
  const traces: Trace[] = [];
  let h = x;
  for (const layer of layers) {
    const input = h;
    const z = new Float64Array(layer.outputs);
    for (let j = 0; j < layer.outputs; j++) {
      let sum = p[layer.bias + j]!;
      for (let i = 0; i < layer.inputs; i++) sum += input[i]! * p[layer.kernel + i * layer.outputs + j]!;
      z[j] = sum;
    }
    const mean = z.reduce((a, b) => a + b, 0) / z.length;
    const std = Math.sqrt(z.reduce((a, b) => a + (b - mean) ** 2, 0) / z.length + 1e-5);
    const unit = z.map((value) => (value - mean) / std);
    const normed =
      network.layerNorm && !layer.last
        ? unit.map((n, j) => n * p[layer.scale + j]! + p[layer.offset + j]!)
        : z;
    traces.push({ input, z, normed, unit, std });
    if (layer.last) return { y: z, traces };
    h = normed.map((a) => (network.activation === 'relu' ? (a < 0 ? 0 : a) : a * sigmoid(a)));
  }
  throw new Error('a network has a last layer');
}

export interface Ensemble {
  readonly network: Network;
  readonly members: number;
  readonly batch: number;
  /** whether x (B x I) is the same for all members, rather than (E x B x I) */
  readonly shared: boolean;
}

/** (E x B x O) */
export function mlpForward({ network, members, batch, shared }: Ensemble, x: Float64Array, p: Float64Array) {
  const { layers, size } = layersOf(network);
  const { inputs, outputs } = network;
  const y = new Float64Array(members * batch * outputs);
  for (let e = 0; e < members; e++) {
    const own = p.subarray(e * size, (e + 1) * size);
    for (let b = 0; b < batch; b++) {
      const row = (shared ? b : e * batch + b) * inputs;
      y.set(forwardRow(network, layers, own, x.subarray(row, row + inputs)).y, (e * batch + b) * outputs);
    }
  }
  return y;
}

/** Gradients of sum(dy y): with respect to x, in its shape, and to the parameters (E x P). */
export function mlpGradient(
  { network, members, batch, shared }: Ensemble,
  x: Float64Array,
  p: Float64Array,
  dy: Float64Array,
): { dx: Float64Array; dParameters: Float64Array } {
  const { layers, size } = layersOf(network);
  const { inputs, outputs } = network;
  const dx = new Float64Array(x.length);
  const dParameters = new Float64Array(p.length);
  for (let e = 0; e < members; e++) {
    const own = p.subarray(e * size, (e + 1) * size);
    const dOwn = dParameters.subarray(e * size, (e + 1) * size);
    for (let b = 0; b < batch; b++) {
      const row = (shared ? b : e * batch + b) * inputs;
      const { traces } = forwardRow(network, layers, own, x.subarray(row, row + inputs));
      let g = dy.slice((e * batch + b) * outputs, (e * batch + b + 1) * outputs);
      for (let l = layers.length - 1; l >= 0; l--)
        g = backLayer(network, layers[l]!, traces[l]!, own, dOwn, g);
      for (let i = 0; i < inputs; i++) dx[row + i]! += g[i]!;
    }
  }
  return { dx, dParameters };
}

/** From the gradient of a layer's output to that of its input; adds to the parameters' gradients. */
function backLayer(
  network: Network,
  layer: Layer,
  { input, normed, unit, std }: Trace,
  p: Float64Array,
  dp: Float64Array,
  dOutput: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  const n = layer.outputs;
  let dz = dOutput;
  if (!layer.last) {
    const dNormed = dOutput.map((g, j) => {
      const a = normed[j]!;
      if (network.activation === 'relu') return a > 0 ? g : 0;
      const s = sigmoid(a);
      return g * (s + a * s * (1 - s));
    });
    dz = dNormed;
    if (network.layerNorm) {
      const dUnit = dNormed.map((g, j) => g * p[layer.scale + j]!);
      let [sum, projection] = [0, 0];
      for (let j = 0; j < n; j++) {
        dp[layer.scale + j]! += dNormed[j]! * unit[j]!;
        dp[layer.offset + j]! += dNormed[j]!;
        sum += dUnit[j]!;
        projection += dUnit[j]! * unit[j]!;
      }
      // d unit_k / d z_j = (delta_jk - 1/n - unit_j unit_k / n) / std
      dz = dUnit.map((g, j) => (g - sum / n - (unit[j]! * projection) / n) / std);
    }
  }
  const dInput = new Float64Array(layer.inputs);
  for (let j = 0; j < n; j++) {
    dp[layer.bias + j]! += dz[j]!;
    for (let i = 0; i < layer.inputs; i++) {
      const k = layer.kernel + i * n + j;
      dp[k]! += input[i]! * dz[j]!;
      dInput[i]! += p[k]! * dz[j]!;
    }
  }
  return dInput;
}

export interface NllSizes {
  readonly members: number;
  readonly batch: number;
  /** D */
  readonly outputs: number;
}

/** head (E x B x 2D), targets (E x B x D), bounds (2 x D) */
export function gaussianNll(
  { members, batch, outputs: d }: NllSizes,
  head: Float64Array,
  targets: Float64Array,
  bounds: Float64Array,
): number {
  let total = 0;
  for (let row = 0; row < members * batch; row++) {
    for (let j = 0; j < d; j++) {
      const [max, min] = [bounds[j]!, bounds[d + j]!];
      const upper = max - softplus(max - head[row * 2 * d + d + j]!);
      const logVariance = min + softplus(upper - min);
      const error = head[row * 2 * d + j]! - targets[row * d + j]!;
      total += (error * error) / Math.exp(logVariance) + logVariance;
    }
  }
  return total / (batch * d);
}

export function gaussianNllGradient(
  { members, batch, outputs: d }: NllSizes,
  head: Float64Array,
  targets: Float64Array,
  bounds: Float64Array,
): { dHead: Float64Array; dBounds: Float64Array } {
  const dHead = new Float64Array(head.length);
  const dBounds = new Float64Array(bounds.length);
  const share = 1 / (batch * d);
  for (let row = 0; row < members * batch; row++) {
    for (let j = 0; j < d; j++) {
      const [max, min] = [bounds[j]!, bounds[d + j]!];
      const raw = head[row * 2 * d + d + j]!;
      const upper = max - softplus(max - raw);
      const logVariance = min + softplus(upper - min);
      const error = head[row * 2 * d + j]! - targets[row * d + j]!;
      dHead[row * 2 * d + j] = (2 * share * error) / Math.exp(logVariance);
      const dLogVariance = share * (1 - (error * error) / Math.exp(logVariance));
      const [outer, inner] = [sigmoid(upper - min), sigmoid(max - raw)];
      dHead[row * 2 * d + d + j] = dLogVariance * outer * inner;
      dBounds[j]! += dLogVariance * outer * (1 - inner);
      dBounds[d + j]! += dLogVariance * (1 - outer);
    }
  }
  return { dHead, dBounds };
}

export interface PolicySizes {
  readonly batch: number;
  /** A */
  readonly actions: number;
  readonly logStdMin: number;
  readonly logStdMax: number;
}

/** head (B x 2A), noise (B x A) -> action (B x A), logProb (B), by the change of variables of a = tanh(u) */
export function squashedGaussian(
  { batch, actions: a, logStdMin, logStdMax }: PolicySizes,
  head: Float64Array,
  noise: Float64Array,
): { action: Float64Array; logProb: Float64Array } {
  const action = new Float64Array(batch * a);
  const logProb = new Float64Array(batch);
  for (let b = 0; b < batch; b++) {
    for (let j = 0; j < a; j++) {
      const raw = head[b * 2 * a + a + j]!;
      const std = Math.exp(logStdMin + ((logStdMax - logStdMin) * (Math.tanh(raw) + 1)) / 2);
      const mean = head[b * 2 * a + j]!;
      const u = mean + std * noise[b * a + j]!;
      action[b * a + j] = Math.tanh(u);
      const density = -0.5 * ((u - mean) / std) ** 2 - Math.log(std) - 0.5 * Math.log(2 * Math.PI);
      logProb[b]! += density + 2 * Math.log(Math.cosh(u)); // 1 - tanh^2 = 1 / cosh^2
    }
  }
  return { action, logProb };
}

export function squashedGaussianGradient(
  { batch, actions: a, logStdMin, logStdMax }: PolicySizes,
  head: Float64Array,
  noise: Float64Array,
  dAction: Float64Array,
  dLogProb: Float64Array,
): Float64Array {
  const dHead = new Float64Array(head.length);
  for (let b = 0; b < batch; b++) {
    for (let j = 0; j < a; j++) {
      const bend = Math.tanh(head[b * 2 * a + a + j]!);
      const spread = Math.exp(logStdMin + ((logStdMax - logStdMin) * (bend + 1)) / 2) * noise[b * a + j]!;
      const u = head[b * 2 * a + j]! + spread;
      const du = dAction[b * a + j]! / Math.cosh(u) ** 2 + dLogProb[b]! * 2 * Math.tanh(u);
      dHead[b * 2 * a + j] = du;
      const dLogStd = du * spread - dLogProb[b]!;
      dHead[b * 2 * a + a + j] = (dLogStd * (logStdMax - logStdMin) * (1 - bend * bend)) / 2;
    }
  }
  return dHead;
}

export interface AdamState {
  readonly parameters: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

/** Step `t` of Adam as in Kingma and Ba 2015, algorithm 1, with L2 in the gradient (per column) and AdamW's decay. */
export function adam(
  state: AdamState,
  gradient: Float64Array,
  l2: Float64Array | undefined,
  t: number,
  options: { learningRate: number; beta1: number; beta2: number; epsilon: number; decay: number },
): AdamState {
  const { learningRate, beta1, beta2, epsilon, decay } = options;
  const g = gradient.map((value, i) => value + (l2 ? l2[i % l2.length]! * state.parameters[i]! : 0));
  const m = state.m.map((value, i) => beta1 * value + (1 - beta1) * g[i]!);
  const v = state.v.map((value, i) => beta2 * value + (1 - beta2) * g[i]! ** 2);
  const parameters = state.parameters.map((value, i) => {
    const unbiasedM = m[i]! / (1 - beta1 ** t);
    const unbiasedV = v[i]! / (1 - beta2 ** t);
    return (
      value - (learningRate * unbiasedM) / (Math.sqrt(unbiasedV) + epsilon) - learningRate * decay * value
    );
  });
  return { parameters, m, v };
}

export function polyak(target: Float64Array, source: Float64Array, tau: number): Float64Array {
  return target.map((value, i) => (1 - tau) * value + tau * source[i]!);
}

/** (f(x + step e_i) - f(x - step e_i)) / (2 step) */
export function centralDifference(
  f: (x: Float64Array) => number,
  x: Float64Array,
  i: number,
  step = 1e-5,
): number {
  const moved = x.slice();
  moved[i] = x[i]! + step;
  const above = f(moved);
  moved[i] = x[i]! - step;
  return (above - f(moved)) / (2 * step);
}

/** a (batch x m x k, or k x m when transposed) times b (batch x k x n, or n x k); batches of 1 repeat */
export function matMul(
  a: Float64Array,
  b: Float64Array,
  sizes: { batch: number; batchA: number; batchB: number; m: number; n: number; k: number },
  transposeA: boolean,
  transposeB: boolean,
): Float64Array {
  const { batch, batchA, batchB, m, n, k } = sizes;
  const c = new Float64Array(batch * m * n);
  for (let e = 0; e < batch; e++) {
    const fromA = (batchA === 1 ? 0 : e) * m * k;
    const fromB = (batchB === 1 ? 0 : e) * k * n;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) {
          sum +=
            a[fromA + (transposeA ? l * m + i : i * k + l)]! *
            b[fromB + (transposeB ? j * k + l : l * n + j)]!;
        }
        c[(e * m + i) * n + j] = sum;
      }
    }
  }
  return c;
}

/** Smallest absolute value at which an activation is evaluated; Infinity without hidden layers. */
export function kinkDistance(
  { network, members, batch, shared }: Ensemble,
  x: Float64Array,
  p: Float64Array,
): number {
  const { layers, size } = layersOf(network);
  let distance = Infinity;
  for (let e = 0; e < members; e++) {
    for (let b = 0; b < batch; b++) {
      const row = (shared ? b : e * batch + b) * network.inputs;
      const own = p.subarray(e * size, (e + 1) * size);
      const { traces } = forwardRow(network, layers, own, x.subarray(row, row + network.inputs));
      for (const { normed } of traces.slice(0, -1)) {
        for (const value of normed) distance = Math.min(distance, Math.abs(value));
      }
    }
  }
  return distance;
}
