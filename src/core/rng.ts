/**
 * Counter-based random generator: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * The whole state is a key and a counter, so it saves, restores and splits exactly.
 */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** high 32 bits of the 64-bit product of two unsigned 32-bit integers */
function mulHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** One Philox4x32-10 block: `out` (4) from `counter` (4) and `key` (2), all unsigned 32-bit. */
export function philox4x32(counter: Uint32Array, key: Uint32Array, out: Uint32Array): void {
  let c0 = counter[0]!;
  let c1 = counter[1]!;
  let c2 = counter[2]!;
  let c3 = counter[3]!;
  let k0 = key[0]!;
  let k1 = key[1]!;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** Everything that is needed to continue an {@link Rng} bit for bit. */
export interface RngState {
  readonly key: readonly [number, number];
  /** index of the next 32-bit word to be drawn, below 2^53 */
  readonly position: number;
}

/** A stream of random numbers. Streams with different names or seeds are independent. */
export class Rng {
  private readonly key = new Uint32Array(2);
  private readonly counter = new Uint32Array(4);
  private readonly block = new Uint32Array(4);
  private position = 0;
  private blockIndex = -1;

  /**
   * @param seed any safe integer
   * @param stream name of the stream, e.g. 'replay' or 'exploration'
   */
  constructor(seed: number, stream = '') {
    let hash = 0x811c9dc5; // FNV-1a of the stream name
    for (let i = 0; i < stream.length; i++) hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193);
    this.key[0] = seed >>> 0;
    this.key[1] = (hash ^ Math.floor(seed / 0x100000000)) >>> 0;
  }

  static fromState(state: RngState): Rng {
    const rng = new Rng(0);
    rng.key.set(state.key);
    rng.position = state.position;
    return rng;
  }

  get state(): RngState {
    return { key: [this.key[0]!, this.key[1]!], position: this.position };
  }

  /** Uniform unsigned 32-bit integer. */
  uint32(): number {
    const index = Math.floor(this.position / 4);
    if (index !== this.blockIndex) {
      this.counter[0] = index >>> 0;
      this.counter[1] = Math.floor(index / 0x100000000);
      philox4x32(this.counter, this.key, this.block);
      this.blockIndex = index;
    }
    return this.block[this.position++ % 4]!;
  }

  /** Uniform in [low, high), 32 bits of resolution. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 0x100000000);
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Normal with the given mean and standard deviation (Box-Muller, one value per two words so that state stays a count). */
  normal(mean = 0, standardDeviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + standardDeviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Fill with standard normals; returns `out`. */
  fillNormal<T extends Float32Array | Float64Array>(out: T): T {
    for (let i = 0; i < out.length; i++) out[i] = this.normal();
    return out;
  }

  /** Fisher-Yates shuffle in place; returns `items`. */
  shuffle<T extends Int32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = items[i];
      items[i] = items[j];
      items[j] = swap;
    }
    return items;
  }
}
