/**
 * Consistent overhead byte stuffing (Cheshire and Baker 1999): a frame without zero bytes, so that 0x00 is always a boundary and any
 * corruption costs at most the frames that it touches.
 */

/** Bytes that stuffing adds to `length` bytes, at most. */
export function cobsOverhead(length: number): number {
  return 1 + Math.floor(length / 254);
}

/** Stuffs `data`; the result holds no zero byte and no delimiters. */
export function cobsEncode(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + cobsOverhead(data.length));
  let code = 0;
  let end = 1;
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== 0) out[end++] = data[i]!;
    const full = end - code === 0xff;
    if (data[i] !== 0 && !full) continue;
    out[code] = end - code;
    code = end++;
    if (full && i === data.length - 1) return out.slice(0, code); // a full last block implies no zero
  }
  out[code] = end - code;
  return out.slice(0, end);
}

/** Undoes {@link cobsEncode} in place. @returns bytes of data at the front of `stuffed`, or -1 where it is not well formed */
export function cobsDecode(stuffed: Uint8Array): number {
  let from = 0;
  let to = 0;
  while (from < stuffed.length) {
    const code = stuffed[from++]!;
    const block = from + code - 1;
    if (code === 0 || block > stuffed.length) return -1;
    while (from < block) {
      const byte = stuffed[from++]!;
      if (byte === 0) return -1;
      stuffed[to++] = byte;
    }
    if (code < 0xff && from < stuffed.length) stuffed[to++] = 0;
  }
  return to;
}

/**
 * Cuts a byte stream at its zero bytes. Memory is bounded: of a run without a zero that is longer than a frame may be, nothing is kept.
 */
export class FrameSplitter {
  private readonly pending: Uint8Array;
  private length = 0;
  /** what comes before the next zero is not wanted */
  private skipping = false;

  /** @param maxBytes of a stuffed frame */
  constructor(
    maxBytes: number,
    /** is given a view that is valid during the call only */
    private readonly onFrame: (stuffed: Uint8Array) => void,
    private readonly onDiscard: (reason: 'overlong' | 'late') => void,
  ) {
    this.pending = new Uint8Array(maxBytes);
  }

  /** Bytes of a frame that has begun and not ended. */
  get partial(): number {
    return this.length;
  }

  push(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte === 0) this.boundary();
      else if (this.skipping) continue;
      else if (this.length < this.pending.length) this.pending[this.length++] = byte;
      else this.skip('overlong');
    }
  }

  /** Drops a frame that has begun and not ended in time, with what is still to come of it. */
  expire(): void {
    if (this.length > 0) this.skip('late');
  }

  private skip(reason: 'overlong' | 'late'): void {
    this.length = 0;
    this.skipping = true;
    this.onDiscard(reason);
  }

  private boundary(): void {
    const { length, skipping } = this;
    this.length = 0;
    this.skipping = false;
    if (!skipping && length > 0) this.onFrame(this.pending.subarray(0, length));
  }
}
