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

/** A proposal is good for this many policy periods from the state it answers: one, and half as much again for jitter. */
export const PROPOSAL_LIFETIME_PERIODS = 1.5;
/** A prediction is good for this many policy periods from the state that it starts from; it comes after its proposal. */
export const EVIDENCE_LIFETIME_PERIODS = 2;
