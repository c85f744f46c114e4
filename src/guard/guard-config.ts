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
}

/** Valid proposals wanted before the agent is given authority (proof of life; source: PX4 offboard mode asks for a stream first). */
export const PROOF_OF_LIFE_PROPOSALS = 5;

/** Heartbeat to the supervisor [ms], sent by the guard's own event loop so that a hung loop is silent. */
export const HEARTBEAT_MS = 10;
