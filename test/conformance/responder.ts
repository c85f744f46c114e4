/** The dynabridge side of the conformance tests: answers every JointState with a command. */
import {
  createRtpsMiddleware,
  type JointState,
  type QosProfile,
  type RtpsMiddleware,
} from '../../src/io/ros/index.js';

/** sec * this + nanosec is peer.c's sequence number */
const STAMP_BASE = 1_000_000;
const DEEP: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: 1000 };

export interface ResponderOptions {
  readonly reliableStates?: boolean;
  readonly stateTopic?: string;
  readonly commandTopic?: string;
  /** further values in each command */
  readonly pad?: number;
}

export class Responder {
  /** sequence numbers in order of arrival */
  readonly received: number[] = [];
  lastState: JointState | undefined;

  private constructor(readonly middleware: RtpsMiddleware) {}

  static async open(domainId: number, nodeName: string, options: ResponderOptions = {}): Promise<Responder> {
    const middleware = await createRtpsMiddleware({ nodeName, env: { ROS_DOMAIN_ID: String(domainId) } });
    const responder = new Responder(middleware);
    const {
      stateTopic = '/joint_states',
      commandTopic = '/forward_command_controller/commands',
      pad = 0,
    } = options;
    const commands = middleware.createPublisher(commandTopic, 'std_msgs/msg/Float64MultiArray', DEEP);
    const data = new Float64Array(1 + pad);
    const qos: QosProfile = options.reliableStates === false ? { ...DEEP, reliability: 'best_effort' } : DEEP;
    middleware.createSubscription(stateTopic, 'sensor_msgs/msg/JointState', qos, (state) => {
      responder.lastState = state;
      responder.received.push(state.header.stamp.sec * STAMP_BASE + state.header.stamp.nanosec);
      data[0] = state.position[0]!;
      commands.publish({ layout: { dim: [], data_offset: 0 }, data });
    });
    return responder;
  }

  close(): Promise<void> {
    return this.middleware.close();
  }
}

/** 0, 1, .. n - 1 */
export function sequence(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Polls until the condition holds; throws after `timeoutMs`. */
export async function until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const POLL_MS = 5;
  for (let waited = 0; !condition(); waited += POLL_MS) {
    if (waited >= timeoutMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
