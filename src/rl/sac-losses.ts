/**
 * SAC's losses as functions of what the networks put out (Haarnoja et al. 2018, arXiv 1812.05905), with their gradients. B batch;
 * q (2 x B) are the values of the twin critics.
 */

/** y = r + gamma (1 - terminated) (min_i Q'_i(s', a') - alpha log pi(a'|s')), (B) */
export function criticTargets(
  rewards: Float32Array,
  terminated: Float32Array,
  q: Float32Array,
  logProb: Float32Array,
  gamma: number,
  temperature: number,
): Float64Array {
  const b = rewards.length;
  return Float64Array.from(rewards, (reward, i) => {
    const soft = Math.min(q[i]!, q[b + i]!) - temperature * logProb[i]!;
    return reward + gamma * (1 - terminated[i]!) * soft;
  });
}

/** 1/2 mean (Q_i - y)^2 summed over i, and its gradient with respect to q (2 x B). */
export function criticLoss(q: Float32Array, y: Float64Array): { loss: number; dq: Float32Array } {
  const b = y.length;
  const dq = new Float32Array(2 * b);
  let sum = 0;
  for (let i = 0; i < 2 * b; i++) {
    const error = q[i]! - y[i % b]!;
    sum += error * error;
    dq[i] = error / b;
  }
  return { loss: (0.5 * sum) / b, dq };
}

export interface ActorLoss {
  readonly loss: number;
  /** mean of -log pi over the batch [nat] */
  readonly entropy: number;
  /** gradients with respect to log pi (B) and q (2 x B) */
  readonly dLogProb: Float32Array;
  readonly dq: Float32Array;
}

/** mean (alpha log pi(a|s) - min_i Q_i(s, a)); where both critics agree, the gradient goes to the first. */
export function actorLoss(logProb: Float32Array, q: Float32Array, temperature: number): ActorLoss {
  const b = logProb.length;
  const dq = new Float32Array(2 * b);
  let [sumLogProb, sumQ] = [0, 0];
  for (let i = 0; i < b; i++) {
    sumLogProb += logProb[i]!;
    sumQ += Math.min(q[i]!, q[b + i]!);
    dq[q[i]! <= q[b + i]! ? i : b + i] = -1 / b;
  }
  return {
    loss: (temperature * sumLogProb - sumQ) / b,
    entropy: -sumLogProb / b,
    dLogProb: new Float32Array(b).fill(temperature / b),
    dq,
  };
}
