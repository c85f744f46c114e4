import {
  ENCAPSULATION_BYTES,
  GUID_BYTES,
  PID,
  ParameterListWriter,
  VENDOR,
  makeGuid,
  type Guid,
  type Sample,
} from '../rtps/index.js';

/**
 * How a service call is told from another on the wire, by the DDS vendor of the peer:
 * - `header`: rmw_cyclonedds puts {uint64 client, int64 sequence} in front of the body (cdds_request_header_t);
 * - `inline-qos`: rmw_fastrtps, rmw_connextdds and DDS-RPC 1.0 carry a sample identity as inline QoS. Ours too.
 */
export type ServiceEncoding = 'header' | 'inline-qos';

/** Which call a request or reply belongs to. */
export interface CallIdentity {
  /** `header`: 8 octets; `inline-qos`: the GUID of the client's reply reader, or of its request writer */
  readonly client: Buffer;
  readonly sequence: bigint;
}

const HEADER_BYTES = 16;
const CLIENT_BYTES = 8;
const IDENTITY_BYTES = 24;
const SEQUENCE_HIGH_SHIFT = 32n;
const LOW_WORD = 0xffff_ffffn;
const BIG_ENDIAN_CDR = 0;
/** Octets 2 and 3 of the encapsulation carry the count of padding bytes: they are never copied to another payload. */
const OPTIONS_OFFSET = 2;

export function encodingFor(vendorId: number): ServiceEncoding {
  return vendorId === VENDOR.cycloneDds ? 'header' : 'inline-qos';
}

/** Puts the header between encapsulation and body; 16 octets do not change the body's alignment. */
export function prependHeader(payload: Buffer, identity: CallIdentity): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  identity.client.copy(header, 0, 0, CLIENT_BYTES);
  header.writeBigInt64LE(identity.sequence, CLIENT_BYTES);
  return Buffer.concat([
    payload.subarray(0, ENCAPSULATION_BYTES),
    header,
    payload.subarray(ENCAPSULATION_BYTES),
  ]);
}

/** Undefined when the payload is too short. `client` is in the octet order that {@link prependHeader} writes. */
export function splitHeader(payload: Buffer): { identity: CallIdentity; body: Buffer } | undefined {
  const end = ENCAPSULATION_BYTES + HEADER_BYTES;
  if (payload.length < end) return undefined;
  const bigEndian = payload[1] === BIG_ENDIAN_CDR;
  const client = Buffer.from(payload.subarray(ENCAPSULATION_BYTES, ENCAPSULATION_BYTES + CLIENT_BYTES));
  if (bigEndian) client.reverse();
  const at = ENCAPSULATION_BYTES + CLIENT_BYTES;
  const sequence = bigEndian ? payload.readBigInt64BE(at) : payload.readBigInt64LE(at);
  const body = Buffer.concat([payload.subarray(0, ENCAPSULATION_BYTES), payload.subarray(end)]);
  body.fill(0, OPTIONS_OFFSET, ENCAPSULATION_BYTES);
  return { identity: { client, sequence }, body };
}

/**
 * SampleIdentity_t as inline QoS, under both numbers: Fast DDS before 2.10 knows only 0x800f, and from 2.14 on ignores that one
 * in messages of other vendors (ParameterList::updateCacheChangeFromInlineQos).
 */
export function identityInlineQos(identity: CallIdentity): Buffer {
  const value = Buffer.alloc(IDENTITY_BYTES);
  identity.client.copy(value, 0, 0, GUID_BYTES);
  value.writeInt32LE(Number(identity.sequence >> SEQUENCE_HIGH_SHIFT), GUID_BYTES);
  value.writeUInt32LE(Number(identity.sequence & LOW_WORD), GUID_BYTES + 4);
  return new ParameterListWriter()
    .bytes(PID.relatedSampleIdentity, value)
    .bytes(PID.relatedSampleIdentityFastDds, value)
    .inline();
}

/** The related sample identity of a request or reply, if it carries one. */
export function relatedIdentity(sample: Sample): CallIdentity | undefined {
  const { inlineQos } = sample;
  const value = inlineQos?.get(PID.relatedSampleIdentity) ?? inlineQos?.get(PID.relatedSampleIdentityFastDds);
  if (!inlineQos || !value || value.length < IDENTITY_BYTES) return undefined;
  const little = inlineQos.littleEndian;
  const high = little ? value.readInt32LE(GUID_BYTES) : value.readInt32BE(GUID_BYTES);
  const low = little ? value.readUInt32LE(GUID_BYTES + 4) : value.readUInt32BE(GUID_BYTES + 4);
  return {
    client: Buffer.from(value.subarray(0, GUID_BYTES)),
    sequence: (BigInt(high) << SEQUENCE_HIGH_SHIFT) | BigInt(low),
  };
}

/**
 * The identity that the reply to a request must carry: the client's reply reader, when the request names it (rmw_fastrtps
 * does), else the request's writer; and the request's own sequence number.
 */
export function replyIdentity(request: Sample): CallIdentity {
  const related = relatedIdentity(request)?.client;
  const named = related?.some((octet) => octet !== 0) ? related : undefined;
  const client: Guid = named ?? makeGuid(request.participant.prefix, request.writerId);
  return { client, sequence: BigInt(request.sequenceNumber) };
}
