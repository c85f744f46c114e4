/** JointState and Bool in CDR, written and read apart from src/io/ros: octet by octet, from OMG's CDR and the .msg files. */
export interface ParsedState {
  readonly name: string[];
  readonly position: number[];
  readonly velocity: number[];
  readonly effort: number[];
}

/** Of the first two octets: 0 and 1 CDR, 6 and 7 XCDR2, odd ones little-endian; XCDR2 aligns doubles to 4. */
const KINDS = [0x0000, 0x0001, 0x0006, 0x0007];

export function encodeJointState(state: ParsedState, kind: number): Buffer {
  const little = kind % 2 === 1;
  const octets: number[] = [];
  const word = Buffer.alloc(8);
  const push = (size: number, alignment: number): void => {
    while (octets.length % alignment !== 0) octets.push(0);
    octets.push(...(little ? word.subarray(0, size) : Buffer.from(word.subarray(0, size)).reverse()));
  };
  const uint32 = (value: number): void => {
    word.writeUInt32LE(value);
    push(4, 4);
  };
  const text = (value: string): void => {
    const bytes = Buffer.from(value);
    uint32(bytes.length + 1);
    octets.push(...bytes, 0);
  };
  uint32(12); // stamp
  uint32(34);
  text('base');
  uint32(state.name.length);
  state.name.forEach(text);
  for (const values of [state.position, state.velocity, state.effort]) {
    uint32(values.length);
    for (const value of values) {
      word.writeDoubleLE(value);
      push(8, kind > 1 ? 4 : 8);
    }
  }
  return Buffer.from([kind >> 8, kind & 0xff, 0, 0, ...octets]);
}

/** Null where the octets are no JointState. */
export function parseJointState(payload: Buffer): ParsedState | null {
  const kind = payload.length < 4 ? -1 : payload.readUInt16BE(0);
  if (!KINDS.includes(kind)) return null;
  const body = Buffer.from(payload.subarray(4));
  const little = kind % 2 === 1;
  let at = 0;
  let short = false;
  const take = (size: number, alignment: number): Buffer => {
    at = Math.ceil(at / alignment) * alignment;
    if (at + size > body.length) short = true;
    const octets = Buffer.alloc(size <= 8 ? size : 0);
    if (!short) body.copy(octets, 0, at, at + size);
    at += size;
    return octets;
  };
  const uint32 = (): number => (little ? take(4, 4).readUInt32LE() : take(4, 4).readUInt32BE());
  const double = (): number => {
    const octets = take(8, kind > 1 ? 4 : 8);
    return little ? octets.readDoubleLE() : octets.readDoubleBE();
  };
  const text = (): string => {
    const length = uint32();
    if (length === 0) return '';
    const from = at;
    take(length, 1);
    if (short || body[at - 1] !== 0) {
      short = true;
      return '';
    }
    return body.toString('utf8', from, at - 1);
  };
  const many = <T>(one: () => T): T[] => {
    const items: T[] = [];
    for (let count = uint32(); count > 0 && !short; count--) items.push(one());
    return items;
  };
  uint32();
  uint32();
  text();
  const [name, position, velocity, effort] = [many(text), many(double), many(double), many(double)];
  return short ? null : { name, position, velocity, effort };
}

/** Null where the octets are no Bool. */
export function parseBool(payload: Buffer): boolean | null {
  if (payload.length < 5 || !KINDS.includes(payload.readUInt16BE(0))) return null;
  return payload[4]! > 1 ? null : payload[4] === 1;
}

/** An empty service request is one octet. */
export function isRequest(payload: Buffer): boolean {
  return payload.length >= 5 && KINDS.includes(payload.readUInt16BE(0));
}
