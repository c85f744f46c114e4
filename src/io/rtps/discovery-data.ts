import { entityIdOf, makeGuid, participantGuid, type Guid, type GuidPrefix } from './guid.js';
import type { Limits } from './limits.js';
import { decodeLocator, type Locator } from './locator.js';
import { ParameterListWriter, type ParameterList } from './parameter-list.js';
import {
  ALL_BUILTIN_ENDPOINTS,
  GUID_BYTES,
  GUID_PREFIX_BYTES,
  PID,
  PROTOCOL_VERSION,
  QOS,
  STATUS_INFO,
  VENDOR,
} from './protocol.js';
import type { LocatorSelector } from './reachability.js';
import type { ParticipantAnnouncement, RemoteEndpoint, RemoteParticipant } from './remote-participant.js';

const MS_PER_S = 1000;
/** Default of Cyclone DDS and of RTPS table 8.48 for a participant that names no lease [ms] */
const DEFAULT_LEASE_MS = 100_000;
/** RELIABLE max_blocking_time of 100 ms as Duration_t: seconds, 2^-32 s (ROS 2 default) */
const MAX_BLOCKING_TIME = [0, 429_496_730] as const;
const INFINITE = [0x7fff_ffff, 0xffff_ffff] as const;
/** strings and USER_DATA of peers beyond this are cut off [bytes] */
const MAX_TEXT_BYTES = 1024;

const versionBytes = Buffer.from([PROTOCOL_VERSION.major, PROTOCOL_VERSION.minor]);
const vendorBytes = Buffer.from([VENDOR.dynabridge >> 8, VENDOR.dynabridge & 0xff]);
const STATUS_INFO_LAST_OCTET = 3;

/**
 * Inline QoS of a disposal. It names the subject, as the payload does: Fast DDS ignores a key-only payload of more than 16 octets
 * (MessageReceiver::proc_Submsg_Data).
 */
export function disposalInlineQos(subject: Guid): Buffer {
  return new ParameterListWriter()
    .bytes(PID.keyHash, subject)
    .bytes(PID.statusInfo, Buffer.from([0, 0, 0, STATUS_INFO.disposed | STATUS_INFO.unregistered]))
    .inline();
}

export interface OwnParticipant {
  readonly prefix: GuidPrefix;
  readonly name: string;
  /** e.g. "enclave=/;", which ROS 2 expects */
  readonly userData: string;
  readonly leaseMs: number;
  readonly unicast: Locator;
  /** undefined: no multicast */
  readonly multicast: Locator | undefined;
}

/** SPDPdiscoveredParticipantData (RTPS 8.5.3.2) */
export function encodeParticipant(own: OwnParticipant): Buffer {
  const list = new ParameterListWriter()
    .bytes(PID.protocolVersion, versionBytes)
    .bytes(PID.vendorId, vendorBytes)
    .bytes(PID.participantGuid, participantGuid(own.prefix))
    .locator(PID.metatrafficUnicastLocator, own.unicast)
    .locator(PID.defaultUnicastLocator, own.unicast)
    .uint32(PID.participantLeaseDuration, Math.ceil(own.leaseMs / MS_PER_S), 0)
    .uint32(PID.builtinEndpointSet, ALL_BUILTIN_ENDPOINTS)
    .string(PID.entityName, own.name)
    .octets(PID.userData, Buffer.from(own.userData));
  if (own.multicast) list.locator(PID.metatrafficMulticastLocator, own.multicast);
  return list.payload();
}

export function encodeParticipantKey(prefix: GuidPrefix): Buffer {
  return new ParameterListWriter().bytes(PID.participantGuid, participantGuid(prefix)).payload();
}

export function encodeEndpointKey(guid: Guid): Buffer {
  return new ParameterListWriter().bytes(PID.endpointGuid, guid).payload();
}

export interface OwnEndpoint {
  readonly topic: string;
  readonly type: string;
  readonly reliable: boolean;
  readonly transientLocal: boolean;
  /** KEEP_LAST samples; a reader's is informative */
  readonly depth: number;
  readonly userData: string;
}

/** DiscoveredWriterData or DiscoveredReaderData (RTPS 8.5.4.4) */
export function encodeEndpoint(guid: Guid, endpoint: OwnEndpoint): Buffer {
  const reliability = endpoint.reliable ? QOS.reliable : QOS.bestEffort;
  const list = new ParameterListWriter()
    .bytes(PID.protocolVersion, versionBytes)
    .bytes(PID.vendorId, vendorBytes)
    .bytes(PID.endpointGuid, guid)
    .string(PID.topicName, endpoint.topic)
    .string(PID.typeName, endpoint.type)
    .uint32(PID.reliability, reliability, ...MAX_BLOCKING_TIME)
    .uint32(PID.durability, endpoint.transientLocal ? QOS.transientLocal : QOS.volatile)
    .uint32(PID.history, QOS.keepLast, endpoint.depth)
    .uint32(PID.liveliness, QOS.automaticLiveliness, ...INFINITE)
    // sequence<int16> with one element, XCDR1
    .bytes(PID.dataRepresentation, Buffer.from([1, 0, 0, 0, QOS.xcdr1, 0, 0, 0]));
  if (endpoint.userData !== '') list.octets(PID.userData, Buffer.from(endpoint.userData));
  return list.payload();
}

/** The GUID that a discovery sample is about, from its body or, for a disposal, its key hash. */
export function subjectGuid(
  list: ParameterList | undefined,
  inlineQos: ParameterList | undefined,
  pid: number,
): Guid | undefined {
  const guid = list?.get(pid) ?? inlineQos?.get(PID.keyHash);
  return guid && guid.length >= GUID_BYTES ? guid.subarray(0, GUID_BYTES) : undefined;
}

/** True when the sample says that its subject is gone. */
export function isDisposal(isKey: boolean, inlineQos: ParameterList | undefined): boolean {
  const status = inlineQos?.get(PID.statusInfo)?.[STATUS_INFO_LAST_OCTET] ?? 0;
  return isKey || (status & (STATUS_INFO.disposed | STATUS_INFO.unregistered)) !== 0;
}

export function decodeParticipant(
  list: ParameterList,
  select: LocatorSelector,
  limits: Limits,
): ParticipantAnnouncement | undefined {
  const guid = subjectGuid(list, undefined, PID.participantGuid);
  if (!guid) return undefined;
  const metatraffic = locators(list, PID.metatrafficUnicastLocator, select);
  const user = locators(list, PID.defaultUnicastLocator, select);
  const leaseS = list.uint32(PID.participantLeaseDuration);
  const leaseMs = leaseS === undefined ? DEFAULT_LEASE_MS : leaseS * MS_PER_S;
  const vendor = list.get(PID.vendorId);
  return {
    prefix: guid.subarray(0, GUID_PREFIX_BYTES),
    vendorId: vendor && vendor.length >= 2 ? vendor.readUInt16BE(0) : 0,
    name: list.string(PID.entityName)?.slice(0, MAX_TEXT_BYTES) ?? '',
    leaseMs: Math.min(leaseMs, limits.maxLeaseMs),
    builtinEndpoints: list.uint32(PID.builtinEndpointSet) ?? ALL_BUILTIN_ENDPOINTS,
    metatraffic,
    user: user.length > 0 ? user : metatraffic,
  };
}

export function decodeEndpoint(
  list: ParameterList,
  participant: RemoteParticipant,
  isWriter: boolean,
  select: LocatorSelector,
): RemoteEndpoint | undefined {
  const guid = subjectGuid(list, undefined, PID.endpointGuid);
  const topic = list.string(PID.topicName);
  const type = list.string(PID.typeName);
  if (!guid || !topic || !type || topic.length > MAX_TEXT_BYTES || type.length > MAX_TEXT_BYTES)
    return undefined;
  const own = locators(list, PID.unicastLocator, select);
  return {
    participant,
    guid: makeGuid(participant.prefix, entityIdOf(guid)),
    entityId: entityIdOf(guid),
    isWriter,
    topic,
    type,
    reliable: (list.uint32(PID.reliability) ?? (isWriter ? QOS.reliable : QOS.bestEffort)) >= QOS.reliable,
    transientLocal: (list.uint32(PID.durability) ?? QOS.volatile) >= QOS.transientLocal,
    hasPartition: (list.uint32(PID.partition) ?? 0) > 0,
    representations: representations(list),
    userData: list.octets(PID.userData)?.toString('utf8', 0, MAX_TEXT_BYTES) ?? '',
    locators: own.length > 0 ? own : undefined,
  };
}

function locators(list: ParameterList, pid: number, select: LocatorSelector): Locator[] {
  return select(
    list
      .all(pid)
      .map((value) => decodeLocator(value, list.littleEndian))
      .filter((locator) => locator !== undefined),
  );
}

/** sequence<int16>; absent or empty means XCDR1 (DDS-XTypes 1.3, 7.6.3.1.1) */
function representations(list: ParameterList): number[] {
  const value = list.get(PID.dataRepresentation);
  const count = list.uint32(PID.dataRepresentation) ?? 0;
  if (!value || count === 0) return [QOS.xcdr1];
  const available = Math.min(count, Math.floor((value.length - 4) / 2));
  return Array.from({ length: available }, (_, i) =>
    list.littleEndian ? value.readInt16LE(4 + 2 * i) : value.readInt16BE(4 + 2 * i),
  );
}
