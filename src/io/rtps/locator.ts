import { LOCATOR_BYTES, LOCATOR_KIND_UDPV4, PORT } from './protocol.js';

/** A UDPv4 address (RTPS 9.3.2). */
export interface Locator {
  /** dotted quad */
  readonly address: string;
  readonly port: number;
}

const PORT_OFFSET = 4;
const IPV4_OFFSET = 20;
const MAX_PORT = 65_535;

export function multicastPort(domainId: number): number {
  return PORT.base + PORT.domainGain * domainId + PORT.multicastDiscovery;
}

/** The port on which a participant hears unicast discovery; we use it for everything. */
export function unicastPort(domainId: number, participantIndex: number): number {
  return (
    PORT.base + PORT.domainGain * domainId + PORT.unicastDiscovery + PORT.participantGain * participantIndex
  );
}

export function encodeLocator(locator: Locator): Buffer {
  const bytes = Buffer.alloc(LOCATOR_BYTES);
  bytes.writeInt32LE(LOCATOR_KIND_UDPV4, 0);
  bytes.writeUInt32LE(locator.port, PORT_OFFSET);
  locator.address.split('.').forEach((octet, i) => {
    bytes[IPV4_OFFSET + i] = Number(octet);
  });
  return bytes;
}

/** Undefined for anything but a usable UDPv4 address. */
export function decodeLocator(value: Buffer, littleEndian: boolean): Locator | undefined {
  if (value.length < LOCATOR_BYTES) return undefined;
  const kind = littleEndian ? value.readInt32LE(0) : value.readInt32BE(0);
  const port = littleEndian ? value.readUInt32LE(PORT_OFFSET) : value.readUInt32BE(PORT_OFFSET);
  if (kind !== LOCATOR_KIND_UDPV4 || port === 0 || port > MAX_PORT) return undefined;
  const address = value.subarray(IPV4_OFFSET, LOCATOR_BYTES).join('.');
  return address === '0.0.0.0' ? undefined : { address, port };
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.');
}
