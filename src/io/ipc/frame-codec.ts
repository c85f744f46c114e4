/**
 * Framing on the Unix-domain socket between our processes: u32 LE payload length, u8 type, payload.
 * Both ends are the same build on the same machine, so there is no version negotiation beyond the hello.
 */
const HEADER_BYTES = 5;

/** No frame is larger; a longer one means a broken peer and closes the connection. */
export const MAX_PAYLOAD_BYTES = 1 << 20;

export function encodeFrame(type: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame[4] = type;
  payload.copy(frame, HEADER_BYTES);
  return frame;
}

/** Cuts a byte stream into frames; hands each payload to `onFrame` as a view that is valid during the call only. */
export class FrameDecoder {
  private pending: Buffer = Buffer.alloc(0);

  constructor(private readonly onFrame: (type: number, payload: Buffer) => void) {}

  /** @throws RangeError when a frame announces more than MAX_PAYLOAD_BYTES */
  push(chunk: Buffer): void {
    let buffer = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    while (buffer.length >= HEADER_BYTES) {
      const length = buffer.readUInt32LE(0);
      if (length > MAX_PAYLOAD_BYTES) {
        throw new RangeError(`frame of ${length} bytes announced, at most ${MAX_PAYLOAD_BYTES} are accepted`);
      }
      if (buffer.length < HEADER_BYTES + length) break;
      this.onFrame(buffer[4]!, buffer.subarray(HEADER_BYTES, HEADER_BYTES + length));
      buffer = buffer.subarray(HEADER_BYTES + length);
    }
    this.pending = buffer;
  }
}
