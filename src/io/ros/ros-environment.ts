import { badInput } from '../../core/index.js';
import { MAX_DOMAIN_ID } from '../rtps/index.js';
import type { GidBytes } from './definitions.js';

/** Environment variables, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How far discovery goes (ROS_AUTOMATIC_DISCOVERY_RANGE, ROS 2 Iron and later). */
export type DiscoveryRange = 'off' | 'localhost' | 'subnet';

export interface RosNetwork {
  readonly domainId: number;
  readonly range: DiscoveryRange;
  /** dotted quad of the interface that sockets are bound to */
  readonly address: string;
  readonly multicast: boolean;
  /** dotted quads or host names to probe by unicast */
  readonly peers: readonly string[];
  readonly gidBytes: GidBytes;
}

/** One IPv4 address of this machine. */
export interface NetworkAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly internal: boolean;
}

export interface NetworkOverrides {
  readonly domainId?: number;
  /** interface name or dotted quad */
  readonly networkInterface?: string;
}

const LOOPBACK = '127.0.0.1';
const DISTROS_WITH_LONG_GID = new Set(['foxy', 'galactic', 'humble']);

/**
 * What ROS_DOMAIN_ID, ROS_LOCALHOST_ONLY, ROS_AUTOMATIC_DISCOVERY_RANGE, ROS_STATIC_PEERS and ROS_DISTRO ask for. Unlike ROS,
 * which defaults to SUBNET, we stay on loopback unless told otherwise. Throws BAD_INPUT for values that mean nothing.
 *
 * @param addresses IPv4 addresses of this machine
 */
export function resolveRosNetwork(
  env: Environment,
  addresses: readonly NetworkAddress[],
  overrides: NetworkOverrides = {},
): RosNetwork {
  const range = discoveryRange(env);
  // With LOCALHOST set by ROS_LOCALHOST_ONLY, and with OFF, ROS 2 ignores static peers.
  const ignoresPeers = range === 'off' || env.ROS_LOCALHOST_ONLY === '1';
  const staticPeers = ignoresPeers ? [] : splitPeers(env.ROS_STATIC_PEERS);
  const stays = range !== 'subnet' && staticPeers.every(isThisMachine);
  const address = chooseAddress(stays, addresses, overrides.networkInterface);
  return {
    domainId: overrides.domainId ?? domainId(env.ROS_DOMAIN_ID),
    range,
    address,
    multicast: range === 'subnet' || (range === 'localhost' && address === LOOPBACK),
    peers:
      range === 'off' ? [] : [...new Set([address, ...staticPeers.filter((peer) => !isThisMachine(peer))])],
    gidBytes: DISTROS_WITH_LONG_GID.has(env.ROS_DISTRO ?? '') ? 24 : 16,
  };
}

function domainId(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= MAX_DOMAIN_ID) return value;
  throw badInput(`ROS_DOMAIN_ID is '${text}', expected an integer from 0 to ${MAX_DOMAIN_ID}`);
}

function discoveryRange(env: Environment): DiscoveryRange {
  if (env.ROS_LOCALHOST_ONLY === '1') return 'localhost';
  switch (env.ROS_AUTOMATIC_DISCOVERY_RANGE ?? '') {
    case '':
    case 'LOCALHOST':
      return 'localhost';
    case 'SUBNET':
    case 'SYSTEM_DEFAULT':
      return 'subnet';
    case 'OFF':
      return 'off';
    default:
      throw badInput(
        `ROS_AUTOMATIC_DISCOVERY_RANGE is '${env.ROS_AUTOMATIC_DISCOVERY_RANGE}', ` +
          'expected LOCALHOST, SUBNET, OFF or SYSTEM_DEFAULT',
      );
  }
}

function splitPeers(text: string | undefined): string[] {
  return (text ?? '')
    .split(';')
    .map((peer) => peer.trim())
    .filter((peer) => peer !== '');
}

function isThisMachine(peer: string): boolean {
  return peer === 'localhost' || peer.startsWith('127.');
}

function chooseAddress(
  loopback: boolean,
  addresses: readonly NetworkAddress[],
  wanted: string | undefined,
): string {
  if (wanted !== undefined) {
    const found = addresses.find((entry) => entry.address === wanted || entry.interfaceName === wanted);
    if (found) return found.address;
    throw badInput(`network interface '${wanted}' is not on this machine; it has ${listed(addresses)}`);
  }
  if (loopback) return LOOPBACK;
  const external = addresses.filter((entry) => !entry.internal);
  if (external.length === 1) return external[0]!.address;
  throw badInput(
    external.length === 0
      ? 'discovery beyond this machine was asked for, but it has no network interface with an IPv4 address'
      : `discovery beyond this machine was asked for; say on which network interface: ${listed(external)}`,
  );
}

function listed(addresses: readonly NetworkAddress[]): string {
  return addresses.map((entry) => `${entry.interfaceName} (${entry.address})`).join(', ');
}

/** Why plain DDS would not be heard, or would bypass what the user set up; undefined when it is fine. */
export function objectionToPlainDds(env: Environment): string | undefined {
  const rmw = env.RMW_IMPLEMENTATION ?? '';
  if (rmw !== '' && !/(fastrtps|cyclonedds|connextdds|gurumdds)/.test(rmw)) {
    return `RMW_IMPLEMENTATION is '${rmw}', which does not speak DDS: nodes would not hear each other`;
  }
  if (env.ROS_SECURITY_ENABLE === 'true') {
    return 'ROS_SECURITY_ENABLE is true, and the rtps adapter has no DDS security: secured nodes would not hear it';
  }
  return undefined;
}
