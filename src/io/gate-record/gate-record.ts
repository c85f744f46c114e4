import {
  reasonNames,
  type Evidence,
  type EventOutcome,
  type Fault,
  type GateEvent,
  type GateMode,
  type Measured,
  type Proposal,
  type ProposalSource,
  type ShaperState,
} from '../../safety/index.js';
import type { GateEventMessage, GateStateMessage, GateTickMessage } from './messages.js';

/** What one control tick gave to the gate, and what came of it. */
export interface GateTick {
  /** when the tick began */
  readonly madeNs: bigint;
  /** when the command left; 0n: nothing was sent */
  readonly sentNs: bigint;
  /** share of the velocities in force */
  readonly velocityScale: number;
  readonly target: Proposal | null;
  readonly measured: Measured | null;
  readonly evidence: Evidence | null;
  /** after the tick */
  readonly mode: string;
  readonly authority: string;
  readonly verdict: string;
  /** bit i: CHECKS[i] */
  readonly reasons: number;
  readonly requested: Float64Array;
  /** of the gate; empty: there was none */
  readonly command: Float64Array;
  /** why a command was vetoed; null while none was */
  readonly veto: string | null;
}

/** A request to the gate, and its outcome. */
export interface GateRequest {
  readonly atNs: bigint;
  readonly event: GateEvent;
  readonly measured: Measured | null;
  readonly outcome: EventOutcome;
  /** after it */
  readonly mode: string;
}

const NONE = new Float64Array(0);

/** @param joints the gate's, which are not written where a proposal names the same */
export function tickToMessage(tick: GateTick, joints: readonly string[]): GateTickMessage {
  const { target, evidence, verdict, mode, authority, requested, command } = tick;
  return {
    made_ns: tick.madeNs,
    sent_ns: tick.sentNs,
    velocity_scale: tick.velocityScale,
    ...{ mode, authority, verdict },
    reasons: reasonNames(tick.reasons),
    ...measuredToMessage(tick.measured),
    source: target?.source ?? '',
    proposal: BigInt(target?.seq ?? 0),
    proposal_expires_ns: target?.expiresNs ?? 0n,
    proposal_joints: target === null || sameNames(target.joints, joints) ? [] : target.joints,
    target: target?.command ?? NONE,
    predicted: evidence !== null,
    evidence_authority: evidence?.authority ?? 0,
    evidence_expires_ns: evidence?.expiresNs ?? 0n,
    evidence_gone_ns: evidence?.goneNs ?? 0n,
    ...{ requested, command },
    veto: tick.veto ?? '',
  };
}

/** What the gate was given in a recorded tick. @param joints the gate's */
export function inputsOf(
  message: GateTickMessage,
  joints: readonly string[],
): Pick<GateTick, 'target' | 'measured' | 'evidence'> {
  const named = message.proposal_joints.length > 0;
  return {
    target:
      message.source === ''
        ? null
        : {
            source: message.source as ProposalSource,
            joints: named ? message.proposal_joints : joints,
            command: message.target,
            seq: Number(message.proposal),
            expiresNs: message.proposal_expires_ns,
          },
    measured: measuredOf(message),
    evidence: message.predicted
      ? {
          authority: message.evidence_authority,
          expiresNs: message.evidence_expires_ns,
          goneNs: message.evidence_gone_ns,
        }
      : null,
  };
}

export function requestToMessage({ atNs, event, measured, outcome, mode }: GateRequest): GateEventMessage {
  const { accepted } = outcome;
  return {
    at_ns: atNs,
    ...{ event, accepted, mode },
    why: outcome.accepted ? '' : outcome.why,
    ...measuredToMessage(measured),
  };
}

export function stateToMessage(state: ShaperState, atNs: bigint): GateStateMessage {
  const { gate, origin, source, seq, subTick } = state;
  const { mode, silent, fault, numbers, pipeline } = gate;
  return {
    at_ns: atNs,
    ...{ mode, silent, numbers, pipeline, origin },
    fault_check: fault?.check ?? '',
    fault_message: fault?.message ?? '',
    fault_cleared_by: fault?.clearedBy ?? '',
    fault_since_ns: fault?.sinceNs ?? 0n,
    commands: BigInt(gate.seq),
    source: source ?? '',
    proposal: BigInt(seq),
    sub_tick: subTick,
  };
}

export function stateOf(message: GateStateMessage): ShaperState {
  const { silent, numbers, pipeline, origin, source } = message;
  const fault: Fault | null =
    message.fault_check === ''
      ? null
      : {
          check: message.fault_check as Fault['check'],
          message: message.fault_message,
          sinceNs: message.fault_since_ns,
          clearedBy: message.fault_cleared_by,
        };
  const mode = message.mode as GateMode;
  return {
    gate: { mode, silent, fault, seq: Number(message.commands), numbers, pipeline },
    origin,
    source: source === '' ? null : (source as ProposalSource),
    seq: Number(message.proposal),
    subTick: message.sub_tick,
  };
}

export function measuredOf(
  message: Pick<GateTickMessage, 'has_state' | 'state_received_ns' | 'position' | 'velocity'>,
): Measured | null {
  if (!message.has_state) return null;
  const { position: positions, velocity: velocities, state_received_ns: receivedNs } = message;
  return { positions, velocities, receivedNs };
}

function measuredToMessage(measured: Measured | null) {
  return {
    has_state: measured !== null,
    state_received_ns: measured?.receivedNs ?? 0n,
    position: measured?.positions ?? NONE,
    velocity: measured?.velocities ?? NONE,
  };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]));
}
