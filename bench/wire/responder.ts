/**
 * The other end of a round trip: answers every JointState with a command that repeats its first position, or, over plain UDP, every
 * datagram with itself. Started by wire.ts with what it answers over; SIGTERM ends it, with what it cost as one JSON line.
 */
import { createSocket } from 'node:dgram';
import { createMiddleware, type JointState, type QosProfile } from '../../src/io/ros/index.js';

/** Of a responder. */
export interface ResponderCost {
  /** user and system time since the first state [s] */
  readonly cpuSeconds: number;
  /** wall time since the first state [s] */
  readonly seconds: number;
  /** of heap and buffers, after garbage was collected, from some seconds after the first state on [MB] */
  readonly heapGrowthMb: number;
  /** from opening the node to a match both ways; null over plain UDP */
  readonly discoveryMs: number | null;
}

const DEEP: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: 1000 };
/** What is allocated once is allocated by then. */
const WARM_UP_MS = 3_000;
/** of udp-echo.c */
const FIRST_PORT = 45_000;

let begin: { readonly cpu: NodeJS.CpuUsage; readonly ns: bigint } | null = null;
let usedMb = NaN;
let discoveryMs: number | null = null;

const over = process.argv[2] as 'rtps' | 'rclnodejs' | 'udp';
const close = over === 'udp' ? echo() : await answer(over);

async function answer(adapter: 'rtps' | 'rclnodejs'): Promise<() => Promise<void>> {
  const openedNs = process.hrtime.bigint();
  const middleware = await createMiddleware({ adapter, nodeName: 'responder' });
  const commands = middleware.createPublisher(
    '/forward_command_controller/commands',
    'std_msgs/msg/Float64MultiArray',
    DEEP,
  );
  const data = new Float64Array(1);
  const command = { layout: { dim: [], data_offset: 0 }, data };
  const states = middleware.createSubscription<JointState>(
    '/joint_states',
    'sensor_msgs/msg/JointState',
    DEEP,
    (state) => {
      begin ??= start();
      data[0] = state.position[0]!;
      commands.publish(command);
    },
  );
  const poll = setInterval(() => {
    if (commands.matched === 0 || states.matched === 0) return;
    discoveryMs = Number(process.hrtime.bigint() - openedNs) / 1e6;
    clearInterval(poll);
  }, 1);
  return () => middleware.close();
}

function echo(): () => Promise<void> {
  const socket = createSocket({
    type: 'udp4',
    // As the participant's: without it each send waits for a look-up of what is an address already.
    lookup: (host, _family, done) => {
      done(null, host, 4);
    },
  });
  socket.on('message', (datagram, { port, address }) => {
    begin ??= start();
    socket.send(datagram, port, address);
  });
  socket.bind(FIRST_PORT + Number(process.env['ROS_DOMAIN_ID']), '127.0.0.1');
  return () => new Promise((resolve) => socket.close(() => resolve()));
}

function start(): NonNullable<typeof begin> {
  setTimeout(() => (usedMb = used()), WARM_UP_MS).unref();
  return { cpu: process.cpuUsage(), ns: process.hrtime.bigint() };
}

/** [MB] */
function used(): number {
  globalThis.gc!();
  globalThis.gc!(); // buffers are let go of behind the objects that held them
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

process.on('SIGTERM', () => {
  if (begin === null) process.exit(1);
  const { user, system } = process.cpuUsage(begin.cpu);
  const cost: ResponderCost = {
    cpuSeconds: (user + system) / 1e6,
    seconds: Number(process.hrtime.bigint() - begin.ns) / 1e9,
    heapGrowthMb: used() - usedMb,
    discoveryMs,
  };
  console.log(JSON.stringify(cost));
  void close().then(() => process.exit(0));
});
