/**
 * The other end of a round trip: answers every JointState with a command that repeats its first position. Started by wire.ts with the
 * name of an adapter; SIGTERM ends it, with what it cost as one JSON line.
 */
import { createMiddleware, type JointState, type QosProfile } from '../../src/io/ros/index.js';

/** Of a responder. */
export interface ResponderCost {
  /** user and system time since the first state [s] */
  readonly cpuSeconds: number;
  /** wall time since the first state [s] */
  readonly seconds: number;
  /** of heap and buffers, after garbage was collected, from some seconds after the first state on [MB] */
  readonly heapGrowthMb: number;
}

const DEEP: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: 1000 };
/** What is allocated once is allocated by then. */
const WARM_UP_MS = 3_000;

const adapter = process.argv[2] as 'rtps' | 'rclnodejs';
const middleware = await createMiddleware({ adapter, nodeName: 'responder' });
const commands = middleware.createPublisher(
  '/forward_command_controller/commands',
  'std_msgs/msg/Float64MultiArray',
  DEEP,
);
const data = new Float64Array(1);
const command = { layout: { dim: [], data_offset: 0 }, data };
let begin: { readonly cpu: NodeJS.CpuUsage; readonly ns: bigint } | null = null;
let usedMb = NaN;
middleware.createSubscription<JointState>('/joint_states', 'sensor_msgs/msg/JointState', DEEP, (state) => {
  begin ??= start();
  data[0] = state.position[0]!;
  commands.publish(command);
});

function start(): NonNullable<typeof begin> {
  setTimeout(() => (usedMb = used()), WARM_UP_MS).unref();
  return { cpu: process.cpuUsage(), ns: process.hrtime.bigint() };
}

/** [MB] */
function used(): number {
  globalThis.gc!();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return (heapUsed + external + arrayBuffers) / 1e6;
}

process.on('SIGTERM', () => {
  if (begin === null) process.exit(1);
  const { user, system } = process.cpuUsage(begin.cpu);
  const cost: ResponderCost = {
    cpuSeconds: (user + system) / 1e6,
    seconds: Number(process.hrtime.bigint() - begin.ns) / 1e9,
    heapGrowthMb: used() - usedMb,
  };
  console.log(JSON.stringify(cost));
  void middleware.close().then(() => process.exit(0));
});
