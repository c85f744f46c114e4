import { badInput, type Rng } from '../core/index.js';
import type { VectorEnv } from '../env/index.js';
import type { Policy } from './policy-snapshot.js';

export interface PolicyEvaluation {
  readonly meanReturn: number;
  /** undiscounted, per episode */
  readonly returns: Float64Array;
  /** policy steps, per episode */
  readonly lengths: Int32Array;
  /** episodes that the task ended for good */
  readonly terminated: number;
}

/** Undiscounted returns of whole episodes. The environment must hold one robot. */
export function evaluatePolicy<Carry>(
  env: VectorEnv,
  policy: Policy<Carry>,
  episodes: number,
  rng: Rng,
): PolicyEvaluation {
  if (env.count !== 1) throw badInput(`evaluation needs an environment of one robot, got ${env.count}`);
  const returns = new Float64Array(episodes);
  const lengths = new Int32Array(episodes);
  let terminated = 0;
  for (let episode = 0; episode < episodes; episode++) {
    env.reset(0, rng);
    let carry = policy.begin();
    let frame = env.frames;
    for (let over = false; !over;) {
      const choice = policy.step(carry, frame);
      carry = choice.carry;
      const result = env.step(choice.action);
      returns[episode] = returns[episode]! + result.rewards[0]!;
      lengths[episode] = lengths[episode]! + 1;
      frame = result.frames;
      over = result.terminated[0] === 1 || result.truncated[0] === 1;
      if (result.terminated[0] === 1) terminated++;
    }
  }
  const meanReturn = returns.reduce((sum, value) => sum + value, 0) / episodes;
  return { meanReturn, returns, lengths, terminated };
}
