import { expect, test } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import {
  findTask,
  nominalImperfections,
  realLikeImperfections,
  SimulatedVectorEnv,
} from '../../../sim/index.js';
import { cartpole, engine } from './robots.js';

/** action = K . [x, theta, v, thetadot, last executed velocity, previous action]; found by random search on the nominal robot */
const K = [1.59, 11.13, -0.37, 3.28, 2.4, -0.65];
const STARTS = 8;

test.each([
  ['nominal', nominalImperfections(cartpole)],
  ['real-like', realLikeImperfections(cartpole)],
])(
  'linear feedback balances the %s cart-pole through the gate, within reach of the goal',
  (_name, imperfections) => {
    const task = findTask(cartpole.model, 'balance');
    const env = new SimulatedVectorEnv({ engine, robot: cartpole, task, count: STARTS, imperfections });
    const rng = new Rng(99);
    for (let i = 0; i < STARTS; i++) env.reset(i, rng);
    const returns = new Float64Array(STARTS);
    const actions = new Float32Array(STARTS);
    for (let step = 0; step < task.episodeSteps; step++) {
      for (let i = 0; i < STARTS; i++) {
        let u = K[5]! * actions[i]!;
        for (let k = 0; k < 5; k++) u += K[k]! * env.frames[i * 5 + k]!;
        actions[i] = Math.max(-1, Math.min(1, u));
      }
      const { rewards, terminated } = env.step(actions);
      expect([...terminated]).toEqual(new Array(STARTS).fill(0));
      rewards.forEach((reward, i) => (returns[i]! += reward));
    }
    env.dispose();
    expect(Math.min(...returns)).toBeGreaterThan(task.goalReturn - 10);
    expect(returns.reduce((sum, value) => sum + value) / STARTS).toBeGreaterThan(task.goalReturn);
  },
);
