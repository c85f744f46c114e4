/** The vocabulary of the gate. Vectors are in the order of `GateConfig.joints` (= RobotModel.commanded). */
import type { CommandInterface, LimitScaling, StopAction } from '../robot/model.js';
import type { ClearanceModel } from './clearance-model.js';
import type { GatedCommand } from './gated-command.js';

/** Limits of one commanded joint as the gate enforces them; every field is required: configuration fails closed. */
export interface GateJoint {
  readonly name: string;
  /** unit of its position: rad for revolute and continuous, m for prismatic */
  readonly unit: 'rad' | 'm';
  /** [rad] or [m]; -Infinity and Infinity on continuous joints only */
  readonly minPosition: number;
  readonly maxPosition: number;
  readonly maxVelocity: number;
  readonly maxAcceleration: number;
  /** the deceleration that the robot can really deliver */
  readonly maxDeceleration: number;
  /** Infinity when not limited */
  readonly maxJerk: number;
  readonly maxEffort: number;
  /** change of the requested effort per second [N m/s] or [N/s]; Infinity when not limited */
  readonly maxEffortRate: number;
  /** speed towards a position limit per distance from it [1/s]; Infinity when not limited */
  readonly kPosition: number;
  /** effort per velocity excess for the velocity barrier of effort interfaces [N m s/rad] or [N s/m] */
  readonly kVelocity: number;
}

/** Tighter limits for a while after somebody is given authority. Deceleration is not touched: it is what stops the robot. */
export interface TransitionLimits {
  /** of maxVelocity, above 0 to 1 */
  readonly velocityScale: number;
  /** of maxAcceleration, above 0 to 1 */
  readonly accelerationScale: number;
  /** [s]; 0: no transition */
  readonly duration: number;
}

export interface GateConfig {
  readonly interface: CommandInterface;
  readonly joints: readonly GateJoint[];
  /** [s] */
  readonly controlPeriod: number;
  /** declared time from send to act, plus the age that a state already has when it is received [s] */
  readonly commandLatency: number;
  /** declared first-order actuator time constant [s] */
  readonly actuatorLag: number;
  /** distance kept clear of each position limit [rad] or [m] */
  readonly positionMargin: number;
  readonly stateTimeoutMs: number;
  readonly stateFrozenMs: number;
  readonly limitScaling: LimitScaling;
  readonly onTransition: TransitionLimits;
  /** share of each maxVelocity that is in force, in (0, 1]; default 1 */
  readonly velocityScale?: number;
  /** what links keep clear of; absent: nothing is checked, and never for effort */
  readonly clearance?: ClearanceModel;
  /** required for effort, absent otherwise */
  readonly stopAction?: StopAction;
}

export type ProposalSource = 'agent' | 'teleop' | 'script';

/** What somebody would like to be sent. */
export interface Proposal {
  readonly source: ProposalSource;
  readonly joints: readonly string[];
  /** [rad], [rad/s] or [N m] (linear: [m], [m/s], [N]) by the command interface */
  readonly command: Float64Array;
  readonly seq: number;
  /** monotonic time after which this proposal is not there */
  readonly expiresNs: bigint;
}

/** The newest state of the commanded joints, mapped by name. */
export interface Measured {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  readonly receivedNs: bigint;
}

/** The model's prediction, computed elsewhere; it may only lower the agent's authority, and the older it is the more. */
export interface Evidence {
  /** 0 (no authority) to 1 (full) */
  readonly authority: number;
  /** monotonic; from then on it leaves half of the authority at most */
  readonly expiresNs: bigint;
  /** monotonic; from then on it leaves none */
  readonly goneNs: bigint;
}

export const CHECKS = [
  'mode',
  'proposal-missing',
  'proposal-expired',
  'proposal-shape',
  'proposal-non-finite',
  'state-missing',
  'state-stale',
  'state-frozen',
  'state-non-finite',
  'state-jump',
  'position',
  'velocity',
  'acceleration',
  'jerk',
  'effort',
  'evidence',
  'infeasible',
  'not-guaranteed',
  'tick-early',
  'transition',
  'scaled',
  'effort-rate',
  'self-collision',
  'workspace',
] as const;
export type Check = (typeof CHECKS)[number];

/** Why a verdict is what it is. `value` and `limit` in `unit`; joint absent where the whole vector is concerned. */
export interface Reason {
  readonly check: Check;
  readonly joint?: string;
  /** what is concerned where that is no joint, e.g. two links */
  readonly where?: string;
  readonly value?: number;
  readonly limit?: number;
  readonly unit?: string;
}

/**
 * pass: sent as proposed; limited: sent, changed; blocked: the proposal was refused and the hold or stop command is sent instead;
 * cannot-evaluate: the state does not allow a judgement, the stateless hold is sent (or nothing while mute).
 */
export type VerdictKind = 'pass' | 'limited' | 'blocked' | 'cannot-evaluate';

export interface Verdict {
  readonly kind: VerdictKind;
  /** null only while silent (mute, or latched while mute): nothing may be sent */
  readonly command: GatedCommand | null;
  readonly reasons: readonly Reason[];
}

/**
 * mute: nothing is sent (the start state). holding: sends hold, takes no proposals. active: sends gated proposals, or hold while
 * there is none. stopping: ramps to rest through the gate. fault and estop are latched: they ramp to rest, then hold.
 */
export const GATE_MODES = ['mute', 'holding', 'active', 'stopping', 'fault', 'estop'] as const;
export type GateMode = (typeof GATE_MODES)[number];

export interface Fault {
  readonly check: Check | 'estop' | 'guard-restart' | 'veto';
  readonly message: string;
  /** monotonic */
  readonly sinceNs: bigint;
  /** what clears it, for people */
  readonly clearedBy: string;
}

/** Requests that change the mode; each is refused with a reason while its condition does not hold. */
export type GateEvent = 'engage' | 'release' | 'stop' | 'estop' | 'reset' | 'mute';

export type EventOutcome = { readonly accepted: true } | { readonly accepted: false; readonly why: string };
