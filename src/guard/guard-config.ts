import type { Clock } from '../core/index.js';
import type { Middleware, NodeArguments } from '../io/ros/index.js';
import type { ControllerKind, Robot } from '../robot/index.js';
import type { WireRecording } from './wire-recording.js';

/**
 * auto: the agent is engaged as soon as states are fresh and it has shown itself alive; manual: by ~/engage; operator: there is no agent,
 * the operator drives alone.
 */
export type Engage = 'auto' | 'manual' | 'operator';

/** What the supervisor tells the guard process, see src/io/ipc/process-config.ts. */
export interface GuardProcessConfig {
  readonly robotFolder: string;
  /** instead of the controller that robot.yaml names */
  readonly controller?: ControllerKind;
  readonly socketPath: string;
  readonly node: NodeArguments;
  /** by others, through the lifecycle services of the node: nothing moves before they activate it */
  readonly managed: boolean;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  readonly engage: Engage;
  /** serial port of the operator's device */
  readonly teleopPort?: string | undefined;
  /** the agent predicts what it proposes, and has no authority without */
  readonly predicted: boolean;
  /** why the guard that this one replaces was fenced; default: there was none */
  readonly afterFence?: string | undefined;
  /** tell the recorder of all that crosses the wire and goes into the gate; default: of neither */
  readonly recordWire?: boolean;
}

export interface GuardOptions {
  readonly robot: Robot;
  readonly middleware: Middleware;
  readonly clock: Clock;
  readonly node: NodeArguments;
  /** by others, through the lifecycle services of the node: nothing moves before they activate it; default: false */
  readonly managed?: boolean;
  readonly engage: Engage;
  /** serial port of the operator's device; default: none */
  readonly teleopPort?: string | undefined;
  /** the agent predicts what it proposes, and has no authority without */
  readonly predicted: boolean;
  /** why the guard that this one replaces was fenced: latched until it is reset; default: there was none */
  readonly afterFence?: string | undefined;
  /** where what goes into the gate is told; its tap is on the middleware already. Default: nowhere */
  readonly recording?: WireRecording | undefined;
  /** called once, when the guard has stopped the robot and has nothing left to do */
  readonly onFinished: () => void;
}

/** The supervisor's node, whose publisher of commands stands by for an emergency stop. */
export function supervisorNode(node: NodeArguments): NodeArguments {
  return { ...node, nodeName: `${node.nodeName}_supervisor`, parameters: {} };
}

/** An agent loses its authority when it has missed so many policy steps, and agent.timeout_ms have passed. */
export const AGENT_TIMEOUT_STEPS = 3;

/** A guard that no supervisor has joined by then ends: nobody would notice if it stalled [ms]. */
export const SUPERVISOR_TIMEOUT_MS = 10_000;

/** Heartbeat to the supervisor [ms], sent by the guard's own event loop so that a hung loop is silent. */
export const HEARTBEAT_MS = 10;
