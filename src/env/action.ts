import type { ActionConfig } from '../robot/index.js';

/**
 * The command that an action means.
 * @param action (m) in [-1, 1]
 * @param lastExecuted (m) the newest command that went out, the base of `increment`
 * @param out (m) in the unit of the command interface; returned
 */
export function actionToCommand<T extends Float32Array | Float64Array>(
  config: ActionConfig,
  action: ArrayLike<number>,
  lastExecuted: ArrayLike<number>,
  out: T,
): T {
  for (let i = 0; i < out.length; i++) {
    const step = config.scale[i]! * action[i]!;
    out[i] = config.mode === 'increment' ? lastExecuted[i]! + step : step;
  }
  return out;
}

/**
 * The inverse: the action that two commands in a row mean, whoever asked for them.
 * @param lastExecuted (m) the command before, the base of `increment`
 * @param executed (m) the command a policy step later
 * @returns (m) in [-1, 1]; null where no action means that: it would lie outside
 */
export function commandToAction(
  config: ActionConfig,
  lastExecuted: ArrayLike<number>,
  executed: ArrayLike<number>,
): Float32Array | null {
  const action = new Float32Array(executed.length);
  for (let i = 0; i < action.length; i++) {
    const step = executed[i]! - (config.mode === 'increment' ? lastExecuted[i]! : 0);
    const share = step / config.scale[i]!;
    if (!(Math.abs(share) <= 1 + ACTION_TOLERANCE)) return null;
    action[i] = Math.min(Math.max(share, -1), 1);
  }
  return action;
}

/** Rounding of what was written with single precision. */
const ACTION_TOLERANCE = 1e-5;

/** A proposal is good for this many policy periods from the state it answers: one, and half as much again for jitter. */
export const PROPOSAL_LIFETIME_PERIODS = 1.5;
/** A prediction is good for this many policy periods from the state that it starts from; it comes after its proposal. */
export const EVIDENCE_LIFETIME_PERIODS = 2;
