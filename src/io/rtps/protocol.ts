/**
 * Numbers of the RTPS wire, from "The Real-time Publish-Subscribe Protocol (RTPS) DDS Interoperability Wire Protocol",
 * version 2.2 (OMG formal/2014-09-01). Section numbers below refer to it.
 */

/** "RTPS" (9.4.4), as a big-endian 32-bit integer */
export const PROTOCOL_MAGIC = 0x52545053;
export const PROTOCOL_VERSION = { major: 2, minor: 2 } as const;
/** Header: magic, version, vendor, guid prefix (9.4.4) [bytes] */
export const HEADER_BYTES = 20;
/** Submessage header: id, flags, octetsToNextHeader (9.4.5.1) [bytes] */
export const SUBMESSAGE_HEADER_BYTES = 4;
export const GUID_PREFIX_BYTES = 12;
export const GUID_BYTES = 16;

/** Vendor ids (9.3.1.2 and the OMG registry). Ours is not registered; peers treat it as unknown, which is what we want. */
export const VENDOR = {
  rtiConnext: 0x0101,
  fastDds: 0x010f,
  cycloneDds: 0x0110,
  dynabridge: 0x01fe,
} as const;

/** SubmessageKind (9.4.5.1.1) */
export const SUBMESSAGE = {
  pad: 0x01,
  ackNack: 0x06,
  heartbeat: 0x07,
  gap: 0x08,
  infoTimestamp: 0x09,
  infoSource: 0x0c,
  infoDestination: 0x0e,
  nackFragment: 0x12,
  heartbeatFragment: 0x13,
  data: 0x15,
  dataFragment: 0x16,
} as const;

/** Submessage flags (9.4.5.2 to 9.4.5.13); a bit means different things in different submessages. */
export const FLAG = {
  littleEndian: 0x01,
  /** DATA, DATA_FRAG: inline QoS present */
  inlineQos: 0x02,
  /** HEARTBEAT, ACKNACK: no answer required */
  final: 0x02,
  /** INFO_TS: no timestamp follows */
  invalidate: 0x02,
  /** DATA: the payload is a sample */
  payload: 0x04,
  /** DATA: the payload is a serialized key */
  key: 0x08,
  /** DATA_FRAG: the payload is a serialized key */
  fragmentKey: 0x04,
} as const;

/** ParameterId (9.6.2.2.2, table 9.12; related sample identity from DDS-RPC 1.0, 7.8.2) */
export const PID = {
  pad: 0x0000,
  sentinel: 0x0001,
  participantLeaseDuration: 0x0002,
  topicName: 0x0005,
  typeName: 0x0007,
  protocolVersion: 0x0015,
  vendorId: 0x0016,
  reliability: 0x001a,
  liveliness: 0x001b,
  durability: 0x001d,
  partition: 0x0029,
  userData: 0x002c,
  unicastLocator: 0x002f,
  defaultUnicastLocator: 0x0031,
  metatrafficUnicastLocator: 0x0032,
  metatrafficMulticastLocator: 0x0033,
  history: 0x0040,
  participantGuid: 0x0050,
  builtinEndpointSet: 0x0058,
  endpointGuid: 0x005a,
  entityName: 0x0062,
  keyHash: 0x0070,
  statusInfo: 0x0071,
  dataRepresentation: 0x0073,
  relatedSampleIdentity: 0x0083,
  /** eProsima's own number for the same; Fast DDS before 2.10 knows only this one */
  relatedSampleIdentityFastDds: 0x800f,
} as const;

/** EntityId_t of the built-in endpoints (9.3.1.3, tables 9.2 and 9.3), big-endian */
export const ENTITY = {
  unknown: 0x00000000,
  participant: 0x000001c1,
  spdpWriter: 0x000100c2,
  spdpReader: 0x000100c7,
  publicationsWriter: 0x000003c2,
  publicationsReader: 0x000003c7,
  subscriptionsWriter: 0x000004c2,
  subscriptionsReader: 0x000004c7,
} as const;

/** Entity kinds of user endpoints without a key (9.3.1.2, table 9.1) */
export const ENTITY_KIND = { writerNoKey: 0x03, readerNoKey: 0x04 } as const;

/** BuiltinEndpointSet_t (8.5.4.2): which discovery endpoints a participant has */
export const BUILTIN_ENDPOINT = {
  participantAnnouncer: 1 << 0,
  participantDetector: 1 << 1,
  publicationsAnnouncer: 1 << 2,
  publicationsDetector: 1 << 3,
  subscriptionsAnnouncer: 1 << 4,
  subscriptionsDetector: 1 << 5,
} as const;
export const ALL_BUILTIN_ENDPOINTS = 0x3f;

/** StatusInfo_t (9.6.3.4), last octet */
export const STATUS_INFO = { disposed: 0x1, unregistered: 0x2 } as const;

/** Well-known ports (9.6.1.1): PB + DG * domain + offset, and PG per participant */
export const PORT = {
  base: 7400,
  domainGain: 250,
  participantGain: 2,
  multicastDiscovery: 0,
  unicastDiscovery: 10,
} as const;
/** Highest domain whose ports stay below 65536 */
export const MAX_DOMAIN_ID = 232;
/** Highest participant index whose ports stay inside its own domain: (250 - 10) / 2 - 1 */
export const MAX_PARTICIPANT_INDEX = 119;
/** SPDP multicast group (9.6.1.4.1) */
export const DISCOVERY_GROUP = '239.255.0.1';

/** LOCATOR_KIND_UDPv4 (9.3.2) */
export const LOCATOR_KIND_UDPV4 = 1;
export const LOCATOR_BYTES = 24;

/** Representation identifiers of payloads (10.5), first two octets, big-endian */
export const ENCAPSULATION = {
  cdrBigEndian: 0x0000,
  cdrLittleEndian: 0x0001,
  parameterListBigEndian: 0x0002,
  parameterListLittleEndian: 0x0003,
} as const;
export const ENCAPSULATION_BYTES = 4;

/** QoS kinds as they travel in discovery (9.6.2.2.2; DDS 1.4) */
export const QOS = {
  bestEffort: 1,
  reliable: 2,
  volatile: 0,
  transientLocal: 1,
  automaticLiveliness: 0,
  keepLast: 0,
  /** XCDR version 1 (DDS-XTypes 1.3, 7.6.3.1.2) */
  xcdr1: 0,
} as const;

/** Bits of a SequenceNumberSet or FragmentNumberSet (9.4.2.6, 9.4.2.8) */
export const MAX_SET_BITS = 256;
