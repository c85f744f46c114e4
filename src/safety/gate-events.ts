import { estopFault, latchedText, restartFault, vetoFault } from './faults.js';
import { isAtRest } from './gate.js';
import { FIELD, HEADER, fieldOffset, toSeconds, type GateState } from './gate-state.js';
import { seedPipeline } from './pipeline.js';
import { acceptState, isFiniteState, unusableAgeMs } from './state-checks.js';
import type { EventOutcome, GateConfig, GateEvent, Measured } from './types.js';

const FROZEN =
  'the joint state has not changed since; restart its driver, or move the joint a little by hand';

export interface EventResult {
  readonly state: GateState;
  readonly outcome: EventOutcome;
}

/**
 * A request to change the mode. engage: take proposals; where they are taken already, somebody else's from now on. release: take none, hold (also the way from mute to sending hold).
 * stop: ramp to rest, then hold. estop: latch, from any mode. reset: clear a latched fault or e-stop, to hold, never to motion.
 * mute: send nothing, from hold at rest only. Pure; refusals leave the state as it is. Whether the button of an e-stop is
 * still pressed is the caller's to know: send `estop` again for as long as it is.
 */
export function gateEvent(
  config: GateConfig,
  state: GateState,
  event: GateEvent,
  measured: Measured | null,
  nowNs: bigint,
): EventResult {
  switch (event) {
    case 'engage':
      return engage(config, state, measured, nowNs);
    case 'release':
      return release(config, state, measured, nowNs);
    case 'stop':
      return accept(isMoving(state) ? { ...state, mode: 'stopping' } : state);
    case 'estop':
      return accept(
        state.mode === 'estop' ? state : { ...state, mode: 'estop', fault: state.fault ?? estopFault(nowNs) },
      );
    case 'reset':
      return reset(config, state, measured, nowNs);
    case 'mute':
      return mute(config, state);
  }
}

/**
 * The state after a command of the gate was vetoed: latched, in the place of any other fault, since no reset clears it. The mode
 * of an e-stop stays. Pure.
 * @param reason of the veto, for people
 */
export function latchVeto(state: GateState, reason: string, nowNs: bigint): GateState {
  if (state.fault?.check === 'veto') return state;
  return { ...state, mode: state.mode === 'estop' ? 'estop' : 'fault', fault: vetoFault(reason, nowNs) };
}

/**
 * A new gate in the place of one whose process was fenced: latched, so that nobody drives before somebody has looked. Pure.
 * @param why it was fenced, for people
 */
export function latchRestart(state: GateState, why: string, nowNs: bigint): GateState {
  return { ...state, mode: 'fault', fault: restartFault(why, nowNs) };
}

function engage(config: GateConfig, state: GateState, measured: Measured | null, nowNs: bigint): EventResult {
  if (state.mode === 'active') return accept(inTransition(state, nowNs));
  if (state.fault !== null) return refuse(state, latchedText(state.fault));
  if (state.mode === 'stopping') return refuse(state, 'still stopping; engage once at rest');
  const why = unfit(config, measured, nowNs) ?? movingOut(config, measured!);
  if (why !== undefined) return refuse(state, why);
  const seeded = state.silent ? seed(config, state, measured!, nowNs) : state;
  return accept({ ...inTransition(seeded, nowNs), mode: 'active' });
}

function inTransition(state: GateState, nowNs: bigint): GateState {
  const numbers = state.numbers.slice();
  numbers[HEADER.engagedAt] = toSeconds(nowNs);
  return { ...state, numbers };
}

function release(
  config: GateConfig,
  state: GateState,
  measured: Measured | null,
  nowNs: bigint,
): EventResult {
  if (state.fault !== null) return refuse(state, latchedText(state.fault));
  if (state.mode === 'active') return accept({ ...state, mode: 'holding' });
  if (state.mode !== 'mute') return accept(state);
  const why = unfit(config, measured, nowNs);
  if (why !== undefined) return refuse(state, why);
  return accept({ ...seed(config, state, measured!, nowNs), mode: 'holding' });
}

function reset(config: GateConfig, state: GateState, measured: Measured | null, nowNs: bigint): EventResult {
  if (state.fault === null) return refuse(state, 'nothing is latched');
  if (state.fault.check === 'veto') return refuse(state, latchedText(state.fault));
  if (state.silent) return accept({ ...state, mode: 'mute', fault: null });
  const why = unfit(config, measured, nowNs) ?? (isFrozen(config, state) ? FROZEN : undefined);
  if (why !== undefined) return refuse(state, `the cause is still present: ${why}`);
  if (!isAtRest(config, state.numbers)) return refuse(state, 'still ramping to rest; reset once at rest');
  const numbers = state.numbers.slice();
  acceptState(config, numbers, measured!);
  numbers.fill(
    0,
    fieldOffset(FIELD.frozenTime, config.joints.length),
    fieldOffset(FIELD.model, config.joints.length),
  );
  return accept({ ...state, mode: 'holding', fault: null, numbers });
}

function mute(config: GateConfig, state: GateState): EventResult {
  if (state.mode === 'mute') return accept(state);
  if (state.fault !== null) return refuse(state, latchedText(state.fault));
  if (state.mode !== 'holding' || !isAtRest(config, state.numbers)) {
    return refuse(state, 'the last command would stay in force; release, and mute once at rest');
  }
  return accept({ ...state, mode: 'mute', silent: true });
}

/** Why the state does not allow sending to begin or to go on, if anything. */
function unfit(config: GateConfig, measured: Measured | null, nowNs: bigint): string | undefined {
  if (measured === null) return 'no joint state has arrived; check the state topic';
  if (!isFiniteState(config, measured)) return 'the joint state is not finite, or has the wrong size';
  const ageMs = unusableAgeMs(config, toSeconds(measured.receivedNs), toSeconds(nowNs));
  if (ageMs === undefined) return undefined;
  return `the joint state is ${ageMs.toFixed(1)} ms old, limit ${config.stateTimeoutMs} ms`;
}

/** Outside its limits a joint may be engaged at rest or moving inward, so that it can be brought back. */
function movingOut(config: GateConfig, measured: Measured): string | undefined {
  for (let i = 0; i < config.joints.length; i++) {
    const { name, minPosition, maxPosition, maxVelocity, unit } = config.joints[i]!;
    const position = measured.positions[i]!;
    const outward =
      position > maxPosition
        ? measured.velocities[i]!
        : position < minPosition
          ? -measured.velocities[i]!
          : 0;
    if (outward > 0.01 * maxVelocity) {
      return `joint '${name}' at ${position} ${unit} is outside [${minPosition}, ${maxPosition}] ${unit} and moving further out`;
    }
  }
  return undefined;
}

/** A joint state that repeats while motion is commanded; the count stays until the state changes. */
function isFrozen(config: GateConfig, state: GateState): boolean {
  const m = config.joints.length;
  const from = fieldOffset(FIELD.frozenTime, m);
  for (let i = 0; i < m; i++) if (state.numbers[from + i]! * 1e3 > config.stateFrozenMs) return true;
  return false;
}

/** The first command goes on from the measured state, so that nothing jumps. */
function seed(config: GateConfig, state: GateState, measured: Measured, nowNs: bigint): GateState {
  const m = config.joints.length;
  const numbers = state.numbers.slice();
  const rates = new Float64Array(m);
  acceptState(config, numbers, measured);
  numbers.fill(0, fieldOffset(FIELD.sent, m), fieldOffset(FIELD.position, m));
  numbers.fill(0, fieldOffset(FIELD.frozenTime, m), fieldOffset(FIELD.model, m));
  for (let i = 0; i < m; i++) {
    const { maxVelocity } = config.joints[i]!;
    if (config.interface === 'effort') continue;
    rates[i] = Math.min(Math.max(measured.velocities[i]!, -maxVelocity), maxVelocity);
    const sent = config.interface === 'velocity' ? rates[i]! : measured.positions[i]!;
    numbers[fieldOffset(FIELD.sent, m) + i] = sent;
    numbers[fieldOffset(FIELD.rate, m) + i] = rates[i]!;
    numbers[fieldOffset(FIELD.requested, m) + i] = sent;
    numbers[fieldOffset(FIELD.model, m) + i] = measured.velocities[i]!;
  }
  numbers[HEADER.sentAt] = toSeconds(nowNs);
  numbers[HEADER.modelAt] = toSeconds(measured.receivedNs);
  const pipeline = config.interface === 'velocity' ? seedPipeline(rates) : new Float64Array(0);
  return { ...state, silent: false, numbers, pipeline };
}

function isMoving(state: GateState): boolean {
  return state.mode === 'active' || state.mode === 'holding';
}

function accept(state: GateState): EventResult {
  return { state, outcome: { accepted: true } };
}

function refuse(state: GateState, why: string): EventResult {
  return { state, outcome: { accepted: false, why } };
}
