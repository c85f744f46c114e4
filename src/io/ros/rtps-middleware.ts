import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { badInput, type Clock } from '../../core/index.js';
import {
  participantGuid,
  Participant,
  type ParticipantOptions,
  type Writer,
  type Reader,
} from '../rtps/index.js';
import { CodecCache } from './codec.js';
import { mismatchText } from './mismatch-text.js';
import type {
  MessageInfo,
  Middleware,
  Publisher,
  QosProfile,
  ServiceClient,
  ServiceServer,
  Subscription,
} from './middleware.js';
import {
  fullNodeName,
  nodeIdentity,
  resolveName,
  topicToDds,
  typeToDds,
  type NodeIdentity,
  type Remap,
} from './names.js';
import { NodeAnnouncer } from './node-announcer.js';
import {
  resolveRosNetwork,
  type Environment,
  type NetworkAddress,
  type NetworkOverrides,
} from './ros-environment.js';
import { RtpsServiceClient } from './service-client.js';
import { serviceEndpoints } from './service-endpoints.js';
import { RtpsServiceServer } from './service-server.js';

export interface RtpsMiddlewareOptions extends NetworkOverrides {
  readonly nodeName: string;
  /** Default '/' */
  readonly namespace?: string;
  readonly remaps?: readonly Remap[];
  /** Default `process.env` */
  readonly env?: Environment;
  /** time base of `receivedNs`. Default: CLOCK_MONOTONIC */
  readonly clock?: Clock;
  readonly limits?: ParticipantOptions['limits'];
  readonly onEvent?: ParticipantOptions['onEvent'];
  readonly onError?: ParticipantOptions['onError'];
  readonly openTransport?: ParticipantOptions['openTransport'];
}

/**
 * Joins the ROS 2 graph as a DDS participant of our own: no ROS installation needed. The network follows the ROS_* variables,
 * but stays on loopback unless they, or `networkInterface`, say otherwise.
 * Throws BAD_INPUT for values that mean nothing and UNAVAILABLE without a free port.
 */
export async function createRtpsMiddleware(options: RtpsMiddlewareOptions): Promise<RtpsMiddleware> {
  const node = nodeIdentity(options.nodeName, options.namespace, options.remaps);
  const network = resolveRosNetwork(options.env ?? process.env, machineAddresses(), options);
  const peers = await Promise.all(network.peers.map(resolvePeer));
  const { clock, limits, onEvent, onError, openTransport } = options;
  const participant = await Participant.open({
    domainId: network.domainId,
    address: network.address,
    multicast: network.multicast,
    peers,
    ...(network.range === 'off' && { acceptSource: () => false }),
    name: fullNodeName(node),
    ...(clock && { clock }),
    ...(limits && { limits }),
    ...(onEvent && { onEvent }),
    ...(onError && { onError }),
    ...(openTransport && { openTransport }),
  });
  const announcer = new NodeAnnouncer(
    participant,
    node,
    participantGuid(participant.prefix),
    network.gidBytes,
  );
  const codecs = new CodecCache((options.env ?? process.env).ROS_DISTRO);
  return new ParticipantMiddleware(participant, node, announcer, codecs);
}

/** {@link Middleware} on our own RTPS participant. */
export interface RtpsMiddleware extends Middleware {
  readonly name: 'rtps';
  /** for diagnosis: counters, remote participants and their endpoints */
  readonly participant: Participant;
}

class ParticipantMiddleware implements RtpsMiddleware {
  readonly name = 'rtps';
  private services = 0;

  constructor(
    readonly participant: Participant,
    private readonly node: NodeIdentity,
    private readonly announcer: NodeAnnouncer,
    private readonly codecs: CodecCache,
  ) {}

  createPublisher<T>(topic: string, type: string, qos: QosProfile): Publisher<T> {
    const name = resolveName(topic, this.node);
    const codec = this.codecs.get<T>(type);
    const writer = this.participant.createWriter({ ...ddsEndpoint(name, type, qos), depth: qos.depth });
    this.announcer.add(writer.guid, true);
    return {
      topic: name,
      get matched() {
        return writer.matched;
      },
      publish: (message) => {
        writer.write(codec.encode(message));
      },
      publishBytes: (payload) => {
        writer.write(payload);
      },
      close: () => {
        this.announcer.remove(writer.guid);
        this.participant.removeWriter(writer);
      },
    };
  }

  createSubscription<T>(
    topic: string,
    type: string,
    qos: QosProfile,
    onMessage: (message: T, info: MessageInfo) => void,
  ): Subscription {
    const name = resolveName(topic, this.node);
    const codec = this.codecs.get<T>(type);
    const { stats } = this.participant;
    const reader = this.participant.createReader({
      ...ddsEndpoint(name, type, qos),
      onSample: ({ payload, isKey, receivedNs, sourceNs }) => {
        if (isKey) return;
        let message: T;
        try {
          message = codec.decode(payload);
        } catch {
          stats.malformed++; // not of this type, whatever its name
          return;
        }
        onMessage(message, { receivedNs, sourceNs, payload });
      },
    });
    this.announcer.add(reader.guid, false);
    return {
      topic: name,
      get matched() {
        return reader.matched;
      },
      close: () => {
        this.announcer.remove(reader.guid);
        this.participant.removeReader(reader);
      },
    };
  }

  createService<Request, Response>(
    service: string,
    type: string,
    handle: (request: Request) => Response | Promise<Response>,
  ): ServiceServer {
    const name = resolveName(service, this.node);
    const server = new RtpsServiceServer<Request, Response>(
      this.participant,
      name,
      serviceEndpoints(name, type, this.serviceId()),
      this.codecs.get(`${type}_Request`),
      this.codecs.get(`${type}_Response`),
      handle,
    );
    return this.announced(server);
  }

  createClient<Request, Response>(service: string, type: string): ServiceClient<Request, Response> {
    const name = resolveName(service, this.node);
    const client = new RtpsServiceClient<Request, Response>(
      this.participant,
      name,
      serviceEndpoints(name, type, this.serviceId()),
      this.codecs.get(`${type}_Request`),
      this.codecs.get(`${type}_Response`),
    );
    return this.announced(client);
  }

  otherPublishers(topic: string, except?: string): number {
    const name = topicToDds(resolveName(topic, this.node));
    const exempt = except === undefined ? undefined : resolveName(except, this.node);
    let count = 0;
    for (const { name: node, writers } of this.participant.remoteParticipants) {
      if (node === exempt) continue;
      for (const writer of writers.values()) if (writer.topic === name) count++;
    }
    return count;
  }

  offers(topic: string): readonly QosProfile[] {
    const name = topicToDds(resolveName(topic, this.node));
    return this.participant.remoteParticipants
      .flatMap(({ writers }) => [...writers.values()])
      .filter((writer) => writer.topic === name)
      .map(({ reliable, transientLocal }) => ({
        reliability: reliable ? 'reliable' : 'best_effort',
        durability: transientLocal ? 'transient_local' : 'volatile',
        depth: 0, // not told by discovery
      }));
  }

  mismatches(topic: string): readonly string[] {
    const name = resolveName(topic, this.node);
    return this.participant.mismatches(topicToDds(name)).map((mismatch) => mismatchText(name, mismatch));
  }

  async close(): Promise<void> {
    this.announcer.close();
    await this.participant.close();
  }

  private announced<T extends { readonly endpoints: { reader: Reader; writer: Writer }; close(): void }>(
    service: T,
  ): T {
    const { reader, writer } = service.endpoints;
    this.announcer.add(reader.guid, false);
    this.announcer.add(writer.guid, true);
    const close = service.close.bind(service);
    service.close = () => {
      this.announcer.remove(reader.guid);
      this.announcer.remove(writer.guid);
      close();
    };
    return service;
  }

  /** Unique among all clients and services of all processes. */
  private serviceId(): string {
    return `${this.participant.prefix.toString('hex')}.${++this.services}`;
  }
}

function ddsEndpoint(
  topic: string,
  type: string,
  qos: QosProfile,
): { topic: string; type: string; reliable: boolean; transientLocal: boolean } {
  return {
    topic: topicToDds(topic),
    type: typeToDds(type),
    reliable: qos.reliability === 'reliable',
    transientLocal: qos.durability === 'transient_local',
  };
}

function machineAddresses(): NetworkAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, entries]) =>
    (entries ?? [])
      .filter((entry) => entry.family === 'IPv4')
      .map(({ address, internal }) => ({ interfaceName, address, internal })),
  );
}

async function resolvePeer(host: string): Promise<string> {
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch (cause) {
    throw badInput(`ROS_STATIC_PEERS names '${host}', which has no IPv4 address: ${String(cause)}`, { host });
  }
}
