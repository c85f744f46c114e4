/**
 * Who may move the robot: nobody (hold), the operator at the teleoperation device, or the agent. The operator takes authority from
 * whoever has it by pressing the enable button with the sticks at rest, and keeps it while the button is held and commands come.
 * Losing it leads to hold, never to the agent, which gets authority by an explicit request only. Pure; time is an argument.
 */
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

/**
 * taken: the operator has authority from now on. not-neutral: the button was pressed with a stick deflected, and has to be released
 * first. released, lost: the operator gave authority up, or is not heard any more; hold from now on.
 */
export type ArbiterEvent = 'taken' | 'not-neutral' | 'released' | 'lost';

export interface ArbiterStep {
  readonly state: ArbiterState;
  readonly event?: ArbiterEvent;
}

/** Nobody moves the robot; a button that is held down all along takes nothing. */
export const NOBODY: ArbiterState = { owner: 'hold', released: false };

/** @param input null where there is no link to a device */
export function followOperator(state: ArbiterState, input: OperatorInput | null, nowNs: bigint): ArbiterStep {
  const drives = state.owner === 'teleop';
  const hold = (released: boolean): ArbiterState => ({ owner: drives ? 'hold' : state.owner, released });
  if (input === null || nowNs >= input.expiresNs) {
    return drives ? { state: hold(false), event: 'lost' } : { state: hold(false) };
  }
  if (!input.enable) return drives ? { state: hold(true), event: 'released' } : { state: hold(true) };
  if (drives || !state.released) return { state };
  if (!input.neutral) return { state: hold(false), event: 'not-neutral' };
  return { state: { owner: 'teleop', released: false }, event: 'taken' };
}

/** Gives the agent authority. @returns why it may not have it, for people, while the operator does */
export function grantAgent(state: ArbiterState): { readonly state: ArbiterState; readonly why?: string } {
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
