import { MAX_SET_BITS } from './protocol.js';

const WORD_BITS = 32;
const MAX_WORDS = MAX_SET_BITS / WORD_BITS;

/**
 * A SequenceNumberSet or FragmentNumberSet (RTPS 9.4.2.6, 9.4.2.8): a base and up to 256 bits; bit i, counted from the most
 * significant bit of the first word, stands for base + i.
 */
export class NumberSet {
  readonly words = new Uint32Array(MAX_WORDS);
  /** bits in use, 0 to 256 */
  length = 0;

  constructor(public base: number) {}

  get wordCount(): number {
    return Math.ceil(this.length / WORD_BITS);
  }

  /** Adds a number; false when it lies outside base .. base + 255. */
  add(value: number): boolean {
    const bit = value - this.base;
    if (bit < 0 || bit >= MAX_SET_BITS) return false;
    this.words[bit >>> 5]! |= 1 << (WORD_BITS - 1 - (bit & (WORD_BITS - 1)));
    if (bit >= this.length) this.length = bit + 1;
    return true;
  }

  has(value: number): boolean {
    const bit = value - this.base;
    if (bit < 0 || bit >= this.length) return false;
    return (this.words[bit >>> 5]! & (1 << (WORD_BITS - 1 - (bit & (WORD_BITS - 1))))) !== 0;
  }

  /** Numbers in the set, ascending. */
  values(): number[] {
    const values: number[] = [];
    for (let bit = 0; bit < this.length; bit++) {
      if (this.has(this.base + bit)) values.push(this.base + bit);
    }
    return values;
  }
}
