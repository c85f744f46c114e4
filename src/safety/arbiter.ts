/**
 * Who may move the robot: nobody (hold), the operator at the teleoperation device, or the agent. The operator takes authority from
 * whoever has it by pressing the enable button with the sticks at rest, and keeps it while the button is held and commands come.
 * Losing it leads to hold, never to the agent, which gets authority by an explicit request only. A lock takes authority from every
 * source of lower priority and keeps it from them (as in twist_mux). Pure; time is an argument.
 */
import type { LockConfig } from '../robot/index.js';
import type { Proposal } from './types.js';

export type Owner = 'hold' | 'teleop' | 'agent';

export interface ArbiterState {
  readonly owner: Owner;
  /** the enable button was seen released since then, so that pressing it is an edge */
  readonly released: boolean;
}

/** The operator's newest command, as far as authority is concerned. */
export interface OperatorInput {
  /** enable button */
  readonly enable: boolean;
  /** all axes within the dead band */
  readonly neutral: boolean;
  /** monotonic time after which it is not there */
  readonly expiresNs: bigint;
}

/** Who comes before whom. An e-stop comes before all, hold after all. */
export interface Priorities {
  readonly teleop: number;
  readonly agent: number;
}

/** A lock, and what was heard of it last. */
export interface LockInput extends LockConfig {
  readonly locked: boolean;
  /** monotonic time; null: nothing was heard yet */
  readonly receivedNs: bigint | null;
}

/** A lock that is engaged now. */
export interface EngagedLock {
  readonly topic: string;
  readonly priority: number;
  /** its publisher said so, or said nothing for its timeout */
  readonly why: 'true' | 'silent';
}

/**
 * taken: the operator has authority from now on. not-neutral: the button was pressed with a stick deflected, and has to be released
 * first. locked-out: the button was pressed under a lock, and has to be released first. released, lost: the operator gave authority up, or
 * is not heard any more; hold from now on.
 */
export type ArbiterEvent = 'taken' | 'not-neutral' | 'locked-out' | 'released' | 'lost';

export interface ArbiterStep {
  readonly state: ArbiterState;
  readonly event?: ArbiterEvent;
}

/** Nobody moves the robot; a button that is held down all along takes nothing. */
export const NOBODY: ArbiterState = { owner: 'hold', released: false };

/**
 * @param input null where there is no link to a device
 * @param locked whether a lock keeps authority from the operator
 */
export function followOperator(
  state: ArbiterState,
  input: OperatorInput | null,
  nowNs: bigint,
  locked = false,
): ArbiterStep {
  const drives = state.owner === 'teleop';
  const hold = (released: boolean): ArbiterState => ({ owner: drives ? 'hold' : state.owner, released });
  if (input === null || nowNs >= input.expiresNs) {
    return drives ? { state: hold(false), event: 'lost' } : { state: hold(false) };
  }
  if (!input.enable) return drives ? { state: hold(true), event: 'released' } : { state: hold(true) };
  if (drives || !state.released) return { state };
  if (locked) return { state: hold(false), event: 'locked-out' };
  if (!input.neutral) return { state: hold(false), event: 'not-neutral' };
  return { state: { owner: 'teleop', released: false }, event: 'taken' };
}

/**
 * Gives the agent authority.
 * @param lock that keeps it from the agent, if any
 * @returns why it may not have it, for people, while the operator has it or it is locked
 */
export function grantAgent(
  state: ArbiterState,
  lock: EngagedLock | null = null,
): { readonly state: ArbiterState; readonly why?: string } {
  if (lock !== null) return { state, why: lockText(lock) };
  if (state.owner === 'teleop')
    return { state, why: 'the operator has authority; release the enable button first' };
  return { state: { ...state, owner: 'agent' } };
}

/** Takes authority from whoever has it. A button that is still held takes nothing back. */
export function revoke(state: ArbiterState): ArbiterState {
  return state.owner === 'hold' ? state : { owner: 'hold', released: false };
}

/** The proposal of the source that has authority; none of another. */
export function arbitrate({ owner }: ArbiterState, proposals: readonly (Proposal | null)[]): Proposal | null {
  return proposals.find((proposal) => proposal?.source === owner) ?? null;
}

/** The engaged lock of the highest priority; null when none is. A lock of which nothing was heard in time is engaged. */
export function strongestLock(locks: readonly LockInput[], nowNs: bigint): EngagedLock | null {
  let strongest: EngagedLock | null = null;
  for (const { topic, priority, timeoutMs, locked, receivedNs } of locks) {
    const silent = receivedNs === null || Number(nowNs - receivedNs) / 1e6 > timeoutMs;
    if ((!silent && !locked) || priority <= (strongest?.priority ?? 0)) continue;
    strongest = { topic, priority, why: silent ? 'silent' : 'true' };
  }
  return strongest;
}

/** The lock, where it keeps authority from a source; null where it does not. Hold is never locked. */
export function lockOn(source: Owner, lock: EngagedLock | null, priorities: Priorities): EngagedLock | null {
  if (lock === null || source === 'hold') return null;
  return priorities[source] < lock.priority ? lock : null;
}

/** e.g. "/pause is true, which locks all below priority 50" */
export function lockText({ topic, priority, why }: EngagedLock): string {
  return `${topic} is ${why}, which locks all below priority ${priority}`;
}
