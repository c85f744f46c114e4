import type { ControllerKind } from '../robot/index.js';

/** What the supervisor tells the guard process, see src/io/ipc/process-config.ts. */
export interface GuardProcessConfig {
  readonly robotFolder: string;
  /** instead of the controller that robot.yaml names */
  readonly controller?: ControllerKind;
  readonly socketPath: string;
  readonly nodeName: string;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  /** auto: engage as soon as states are fresh and the agent has shown itself alive; manual: wait for ~/engage */
  readonly engage: 'auto' | 'manual';
  /** serial port of the operator's device */
  readonly teleopPort?: string | undefined;
  /** the agent predicts what it proposes, and has no authority without */
  readonly predicted: boolean;
}

/** An agent that has answered nothing for this long loses its authority [ms], and for at least so many policy steps. */
export const AGENT_TIMEOUT_MS = 200;
export const AGENT_TIMEOUT_STEPS = 3;

/** A guard that no supervisor has joined by then ends: nobody would notice if it stalled [ms]. */
export const SUPERVISOR_TIMEOUT_MS = 10_000;

/** Heartbeat to the supervisor [ms], sent by the guard's own event loop so that a hung loop is silent. */
export const HEARTBEAT_MS = 10;
