import { randomBytes } from 'node:crypto';
import { ENTITY, GUID_BYTES, GUID_PREFIX_BYTES, VENDOR } from './protocol.js';

/** A participant's identity: 12 octets, the first two its vendor id (RTPS 9.3.1.2). */
export type GuidPrefix = Buffer;
/** Prefix and entity id: 16 octets. */
export type Guid = Buffer;

export function createGuidPrefix(): GuidPrefix {
  const prefix = randomBytes(GUID_PREFIX_BYTES);
  prefix.writeUInt16BE(VENDOR.dynabridge, 0);
  return prefix;
}

export function makeGuid(prefix: GuidPrefix, entityId: number): Guid {
  const guid = Buffer.alloc(GUID_BYTES);
  prefix.copy(guid, 0, 0, GUID_PREFIX_BYTES);
  guid.writeUInt32BE(entityId, GUID_PREFIX_BYTES);
  return guid;
}

export function entityIdOf(guid: Guid): number {
  return guid.readUInt32BE(GUID_PREFIX_BYTES);
}

/** Map key of the prefix found at `offset` of a buffer. */
export function prefixKey(bytes: Buffer, offset = 0): string {
  return bytes.toString('latin1', offset, offset + GUID_PREFIX_BYTES);
}

export const UNKNOWN_PREFIX_KEY = '\0'.repeat(GUID_PREFIX_BYTES);

export function participantGuid(prefix: GuidPrefix): Guid {
  return makeGuid(prefix, ENTITY.participant);
}
