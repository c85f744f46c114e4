/** What the codecs of the operator link's messages have in common. */
import { badInput } from '../../core/index.js';

export const MAX_AXES = 32;
const FULL_SCALE = 32767;

export interface Codec<M> {
  readonly id: number;
  /** changes with the layout: goes into the frame's checksum, so that two layouts never understand each other by accident */
  readonly schema: number;
  encode(message: M): Buffer;
  /** @returns undefined where the bytes are not such a message */
  decode(bytes: Buffer): M | undefined;
}

/**
 * @param shares in [-1, 1], each as an i16, 32767 for 1
 * @throws BAD_INPUT for a share outside, or not a number
 */
export function writeShares(out: Buffer, offset: number, shares: readonly number[]): void {
  shares.forEach((share, i) => {
    if (!(Math.abs(share) <= 1)) throw badInput(`axis ${share}, expected -1 to 1`);
    out.writeInt16LE(Math.round(share * FULL_SCALE), offset + 2 * i);
  });
}

/** @returns undefined where one of them is -32768, the one value beyond -1 */
export function readShares(bytes: Buffer, offset: number, count: number): readonly number[] | undefined {
  const values = Array.from({ length: count }, (_, i) => bytes.readInt16LE(offset + 2 * i));
  return values.includes(-FULL_SCALE - 1) ? undefined : values.map((value) => value / FULL_SCALE);
}

/** UTF-8 of a text, cut to so many bytes. */
export function clip(text: string, bytes: number): Buffer {
  return Buffer.from(text, 'utf8').subarray(0, bytes);
}
