const ENCAPSULATION_BYTES = 4;
const CDR_BIG_ENDIAN = 0x0000;
const CDR_LITTLE_ENDIAN = 0x0001;

const utf8 = new TextDecoder();

/**
 * Reads XCDR1 values one after the other. Alignment counts from behind the encapsulation header. Nothing is read beyond the
 * bytes and nothing throws: what cannot be read is 0 or empty, and the first failure stays.
 */
export class CdrReader {
  readonly littleEndian: boolean;
  private readonly view: DataView;
  private offset = ENCAPSULATION_BYTES;
  private firstFailure: string | null = null;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const kind = bytes.byteLength < ENCAPSULATION_BYTES ? NaN : this.view.getUint16(0);
    this.littleEndian = kind === CDR_LITTLE_ENDIAN;
    if (kind !== CDR_LITTLE_ENDIAN && kind !== CDR_BIG_ENDIAN) this.fail('no CDR encapsulation header');
  }

  get failure(): string | null {
    return this.firstFailure;
  }

  fail(reason: string): void {
    this.firstFailure ??= reason;
  }

  /** Everything must have been read. */
  end(): void {
    const left = this.view.byteLength - this.offset;
    if (left > 0) this.fail(`${left} bytes more than the message has`);
  }

  uint32(): number {
    const at = this.take(4, 4);
    return at === null ? 0 : this.view.getUint32(at, this.littleEndian);
  }

  int32(): number {
    return this.uint32() | 0;
  }

  string(): string {
    const length = this.uint32();
    const at = this.take(length, 1);
    if (at === null || length === 0) return '';
    if (this.view.getUint8(at + length - 1) !== 0) this.fail('a string that does not end with NUL');
    return utf8.decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at, length - 1));
  }

  strings(): string[] {
    const count = this.uint32();
    const all: string[] = [];
    // ends with the bytes at the latest: each string takes four
    while (all.length < count && this.firstFailure === null) all.push(this.string());
    return all;
  }

  /** a sequence of doubles, and the byte where the first one lies */
  doubles(): { readonly at: number; readonly values: readonly number[] } {
    const count = this.uint32();
    const at = count === 0 ? this.offset : this.take(8 * count, 8);
    if (at === null) return { at: 0, values: [] };
    const values: number[] = [];
    for (let i = 0; i < count; i++) values.push(this.view.getFloat64(at + 8 * i, this.littleEndian));
    return { at, values };
  }

  /** Aligns and goes past `size` bytes; @returns where they begin, or null where they do not all exist */
  private take(size: number, alignment: number): number | null {
    if (this.firstFailure !== null) return null;
    const start = this.offset + (-(this.offset - ENCAPSULATION_BYTES) & (alignment - 1));
    if (start + size > this.view.byteLength) {
      this.fail(`ends after ${this.view.byteLength} bytes, before the value at byte ${start}`);
      return null;
    }
    this.offset = start + size;
    return start;
  }
}
