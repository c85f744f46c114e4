import { createSocket, type Socket } from 'node:dgram';
import { DynabridgeError } from '../../core/index.js';
import { multicastPort, unicastPort, type Locator } from './locator.js';
import { DISCOVERY_GROUP, MAX_PARTICIPANT_INDEX } from './protocol.js';

/** Asked of the kernel, which may grant less [bytes] */
const RECEIVE_BUFFER_BYTES = 4 << 20;
const SEND_BUFFER_BYTES = 1 << 20;
/** SPDP stays on the link. */
const MULTICAST_TTL = 1;

/** Datagrams in and out; {@link openUdpTransport} is the real one, tests put loss in front of it. */
export interface Transport {
  /** dotted quad that peers can reach */
  readonly address: string;
  readonly port: number;
  /** index within the domain, from which the port follows (RTPS 9.6.1.1) */
  readonly participantIndex: number;
  /** false when the interface or the system refused multicast */
  readonly multicast: boolean;
  /** Hands the datagram to the kernel within the call, unless its buffer is full. */
  send(datagram: Buffer, to: Locator): void;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly domainId: number;
  /** dotted quad of the interface; sockets are bound to it */
  readonly address: string;
  readonly multicast: boolean;
  /** datagrams from elsewhere are dropped unread */
  readonly acceptSource: (address: string) => boolean;
  readonly onDatagram: (datagram: Buffer) => void;
}

/** Opens the first free participant index of the domain. Throws UNAVAILABLE when there is none. */
export async function openUdpTransport(options: TransportOptions): Promise<Transport> {
  const { domainId, address } = options;
  for (let index = 0; index <= MAX_PARTICIPANT_INDEX; index++) {
    const socket = newSocket(options, false);
    const error = await bind(socket, unicastPort(domainId, index), address);
    if (!error) {
      const group = options.multicast ? await joinGroup(options, socket) : undefined;
      return new UdpTransport(socket, group, address, unicastPort(domainId, index), index);
    }
    socket.close();
    if (error.code !== 'EADDRINUSE') throw bindFailure(error, options, unicastPort(domainId, index));
  }
  throw new DynabridgeError(
    'UNAVAILABLE',
    `all ${MAX_PARTICIPANT_INDEX + 1} participant ports of ROS domain ${domainId} are in use on ${address}; ` +
      'end unused ROS 2 processes or choose another ROS_DOMAIN_ID',
    { domainId, address },
  );
}

class UdpTransport implements Transport {
  private closed = false;

  constructor(
    private readonly socket: Socket,
    private readonly group: Socket | undefined,
    readonly address: string,
    readonly port: number,
    readonly participantIndex: number,
  ) {}

  get multicast(): boolean {
    return this.group !== undefined;
  }

  send(datagram: Buffer, to: Locator): void {
    if (!this.closed) this.socket.send(datagram, 0, datagram.length, to.port, to.address);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.group) await closed(this.group);
    await closed(this.socket);
  }
}

function newSocket(options: TransportOptions, shared: boolean): Socket {
  const socket = createSocket({
    type: 'udp4',
    reuseAddr: shared,
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    sendBufferSize: SEND_BUFFER_BYTES,
    // Addresses are literal already: answering at once keeps the send within the call.
    lookup: (host, _family, done) => {
      done(null, host, 4);
    },
  });
  socket.on('message', (datagram, source) => {
    if (options.acceptSource(source.address)) options.onDatagram(datagram);
  });
  return socket;
}

function bind(socket: Socket, port: number, address: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    socket.once('error', resolve);
    socket.bind({ port, address, exclusive: true }, () => {
      socket.off('error', resolve);
      socket.on('error', () => undefined); // ICMP and the like: peers come and go
      resolve(undefined);
    });
  });
}

/** Multicast is a convenience: where it cannot be had, discovery goes on by unicast. */
async function joinGroup(options: TransportOptions, sender: Socket): Promise<Socket | undefined> {
  const socket = newSocket(options, true);
  // Bound to the group's address: unicast to this port from anywhere is not for us.
  const error = await bind(socket, multicastPort(options.domainId), DISCOVERY_GROUP);
  try {
    if (error) throw error;
    socket.addMembership(DISCOVERY_GROUP, options.address);
    sender.setMulticastInterface(options.address);
    sender.setMulticastLoopback(true);
    sender.setMulticastTTL(MULTICAST_TTL);
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => {
      resolve();
    });
  });
}

function bindFailure(error: NodeJS.ErrnoException, options: TransportOptions, port: number): DynabridgeError {
  return new DynabridgeError(
    'UNAVAILABLE',
    `cannot open UDP port ${port} on ${options.address} for ROS domain ${options.domainId}: ${error.message}; ` +
      'check that the interface address exists on this machine',
    { address: options.address, port, domainId: options.domainId },
    { cause: error },
  );
}
