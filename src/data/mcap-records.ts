import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

import { McapStreamReader, type McapTypes } from '@mcap/core';

/** Where and why reading a file stopped short of its end. */
export interface Tear {
  /** first byte that could not be used */
  readonly offset: number;
  /** not-closed: everything up to the end of the file is fine, but no footer follows (killed, or still being written) */
  readonly kind: 'not-closed' | 'torn' | 'damaged';
  readonly why: string;
}

const BLOCK_BYTES = 256 * 1024;
/** no record of ours comes near this; a damaged length must not make the reader swallow the file */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** CRC over a file up to its DataEnd record, whose place is known only once it is parsed. */
class DataSectionCrc {
  private crc = 0;
  private pending: Uint8Array = new Uint8Array(0);
  private pendingOffset = 0;

  append(bytes: Uint8Array): void {
    this.pending = Buffer.concat([this.pending, bytes]);
  }

  /** Takes in everything before `offset`. */
  advance(offset: number): void {
    const count = offset - this.pendingOffset;
    this.crc = crc32(this.pending.subarray(0, count), this.crc);
    this.pending = this.pending.subarray(count);
    this.pendingOffset = offset;
  }

  /** `expected` 0: the writer did not compute it */
  matches(offset: number, expected: number): boolean {
    this.advance(offset);
    return expected === 0 || expected === this.crc;
  }
}

/** Records of an MCAP file in order, chunk by chunk as their CRCs are verified; the last item may be a tear. */
export async function* mcapRecords(
  path: string,
): AsyncGenerator<{ record: McapTypes.TypedMcapRecord; tear?: never } | { record?: never; tear: Tear }> {
  const handle = await open(path, 'r');
  try {
    const reader = new McapStreamReader({ includeChunks: true });
    const block = new Uint8Array(BLOCK_BYTES);
    const dataCrc = new DataSectionCrc();
    let appended = 0;
    let safe = 0;
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES);
      if (bytesRead === 0) break;
      const bytes = block.subarray(0, bytesRead);
      try {
        reader.append(bytes);
      } catch {
        yield { tear: { offset: appended, kind: 'damaged', why: 'bytes follow the footer' } };
        return;
      }
      appended += bytesRead;
      dataCrc.append(bytes);
      for (;;) {
        let record: McapTypes.TypedMcapRecord | undefined;
        try {
          record = reader.nextRecord();
        } catch (error) {
          yield { tear: { offset: safe, kind: 'damaged', why: (error as Error).message } };
          return;
        }
        if (record === undefined) {
          safe = appended - reader.bytesRemaining();
          break;
        }
        if (record.type === 'Unknown') {
          yield { tear: { offset: safe, kind: 'damaged', why: `unknown record type ${record.opcode}` } };
          return;
        }
        if (record.type === 'DataEnd' && !dataCrc.matches(safe, record.dataSectionCrc)) {
          yield { tear: { offset: safe, kind: 'damaged', why: 'the CRC over all data does not match' } };
          return;
        }
        yield { record };
        // a chunk's CRC is verified after its own record, and its messages follow: it is only safe behind the last of them
        if (record.type !== 'Message' && record.type !== 'Chunk') safe = appended - reader.bytesRemaining();
      }
      dataCrc.advance(safe);
      if (reader.bytesRemaining() > MAX_RECORD_BYTES) {
        yield { tear: { offset: safe, kind: 'damaged', why: 'a record claims more than 16 MiB' } };
        return;
      }
    }
    if (reader.done()) return;
    const rest = appended - safe;
    yield rest === 0
      ? { tear: { offset: safe, kind: 'not-closed', why: 'the file has no footer' } }
      : { tear: { offset: safe, kind: 'torn', why: `the last ${rest} bytes are an unfinished record` } };
  } finally {
    await handle.close();
  }
}
