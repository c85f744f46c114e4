import { badInput } from '../core/index.js';
import { gate } from './gate.js';
import { createGateState, lastSent, type GateState } from './gate-state.js';
import { interpolate } from './interpolator.js';
import type { Evidence, GateConfig, Measured, Proposal, ProposalSource, Verdict } from './types.js';

/** Plain data, never mutated, like the gate's state in it. */
export interface ShaperState {
  readonly gate: GateState;
  /** command executed last when the running target arrived (m) */
  readonly origin: Float64Array;
  /** which target is running; null while none is */
  readonly source: ProposalSource | null;
  readonly seq: number;
  /** control ticks since it arrived; with a fraction where the robot went on along points in between */
  readonly subTick: number;
}

export interface ShapedTick {
  readonly state: ShaperState;
  readonly verdict: Verdict;
  /** asked of the gate at this tick (m); null when there was no proposal */
  readonly requested: Float64Array | null;
}

/** The start: mute. `decimation` is control ticks per policy step, controlRate / policyRate. Throws on bad values. */
export function createShaperState(config: GateConfig, decimation: number): ShaperState {
  if (!Number.isInteger(decimation) || decimation < 1) {
    throw badInput(`decimation is ${decimation}; policy_rate_hz must divide control_rate_hz`, { decimation });
  }
  const origin = new Float64Array(config.joints.length);
  return { gate: createGateState(config), origin, source: null, seq: 0, subTick: 0 };
}

/**
 * One control tick, in the guard and in the simulator alike: `target` is the newest proposal, the same object or a copy on every
 * tick until the next one replaces it (told apart by source and seq); the gate is asked for the point between the last executed
 * command and the target, and decides. Teleop is passed on as it is. Pure.
 */
export function shapeTick(
  config: GateConfig,
  decimation: number,
  state: ShaperState,
  target: Proposal | null,
  measured: Measured | null,
  evidence: Evidence | null,
  nowNs: bigint,
): ShapedTick {
  const m = config.joints.length;
  if (target === null) {
    const held = gate(config, state.gate, null, measured, evidence, nowNs);
    return { state: { ...state, gate: held.state, source: null }, verdict: held.verdict, requested: null };
  }
  const isNew = target.source !== state.source || target.seq !== state.seq;
  const origin = isNew ? lastSent(state.gate, new Float64Array(m)) : state.origin;
  const subTick = isNew ? 0 : state.subTick + 1;
  const direct = target.source === 'teleop' || target.command.length !== m;
  const requested = direct
    ? target.command
    : interpolate(config.interface, origin, target.command, subTick, decimation, new Float64Array(m));
  const { source, joints, seq, expiresNs } = target;
  const proposal = direct ? target : { source, joints, command: requested, seq, expiresNs };
  const { state: next, verdict } = gate(config, state.gate, proposal, measured, evidence, nowNs);
  return { state: { gate: next, origin, source, seq, subTick }, verdict, requested };
}
