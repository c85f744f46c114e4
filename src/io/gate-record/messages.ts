/** Values of the recorded gate in the field names of their definitions, src/io/ros/gate-texts.ts. */

export interface GateTickMessage {
  /** when the tick began */
  readonly made_ns: bigint;
  /** when its command was handed to the wire; 0n: nothing was sent */
  readonly sent_ns: bigint;
  readonly velocity_scale: number;
  /** after the tick */
  readonly mode: string;
  /** who had it: hold (nobody), agent or teleop */
  readonly authority: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** false: no joint state has come, and what follows is empty */
  readonly has_state: boolean;
  readonly state_received_ns: bigint;
  readonly position: Float64Array;
  readonly velocity: Float64Array;
  /** agent, teleop or script; empty: nothing was proposed */
  readonly source: string;
  readonly proposal: bigint;
  readonly proposal_expires_ns: bigint;
  /** empty: those of the robot, in their order */
  readonly proposal_joints: readonly string[];
  readonly target: Float64Array;
  /** false: no predictor is in use */
  readonly predicted: boolean;
  readonly evidence_authority: number;
  readonly evidence_expires_ns: bigint;
  readonly evidence_gone_ns: bigint;
  /** the point on the way to the target that was asked of the gate; empty: nothing was */
  readonly requested: Float64Array;
  /** of the gate; empty: there was none */
  readonly command: Float64Array;
  /** why a command of the gate was not sent, from the first veto on; empty: none was vetoed */
  readonly veto: string;
}

export interface GateEventMessage {
  readonly at_ns: bigint;
  readonly event: string;
  readonly accepted: boolean;
  readonly why: string;
  /** after it */
  readonly mode: string;
  readonly has_state: boolean;
  readonly state_received_ns: bigint;
  readonly position: Float64Array;
  readonly velocity: Float64Array;
}

export interface GateStateMessage {
  readonly at_ns: bigint;
  readonly mode: string;
  readonly silent: boolean;
  /** empty: nothing is latched */
  readonly fault_check: string;
  readonly fault_message: string;
  readonly fault_cleared_by: string;
  readonly fault_since_ns: bigint;
  readonly commands: bigint;
  readonly numbers: Float64Array;
  readonly pipeline: Float64Array;
  readonly origin: Float64Array;
  readonly source: string;
  readonly proposal: bigint;
  readonly sub_tick: number;
}

/** What is recorded of the gate by topic, with its message type. */
export const GATE_TOPICS = {
  tick: { topic: '/dynabridge/gate/tick', type: 'dynabridge_msgs/msg/GateTick' },
  event: { topic: '/dynabridge/gate/event', type: 'dynabridge_msgs/msg/GateEvent' },
  state: { topic: '/dynabridge/gate/state', type: 'dynabridge_msgs/msg/GateState' },
} as const;
