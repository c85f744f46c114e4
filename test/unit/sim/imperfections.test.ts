import { expect, test } from 'vitest';
import {
  nominalImperfections,
  parseImperfections,
  realLikeImperfections,
  type ImperfectionsInput,
} from '../../../sim/index.js';
import { cartpole, pendulum } from './robots.js';

test('what is not named is ideal', () => {
  expect(parseImperfections()).toEqual({
    massScale: 1,
    frictionScale: 1,
    addedFriction: {},
    stictionRatio: 1,
    stribeckVelocity: 0.05,
    dampingScale: 1,
    actuatorGain: 1,
    actuatorLag: 0,
    commandDelay: 0,
    positionNoise: 0,
    velocityNoise: 0,
    angularResolution: 0,
    linearResolution: 0,
    velocitySource: 'direct',
    velocityCutoffHz: 0,
  });
});

test('training gets the declared delay and lag and nothing else', () => {
  expect(nominalImperfections(cartpole)).toEqual(
    parseImperfections({ commandDelay: 0.02, actuatorLag: 0.03 }),
  );
});

test('the real-like robot keeps the declared delay and lag, on which the gate rests', () => {
  for (const robot of [cartpole, pendulum]) {
    const real = realLikeImperfections(robot);
    expect(real.commandDelay).toBe(robot.config.commandLatency);
    expect(real.actuatorLag).toBe(robot.config.actuatorLag);
  }
  expect(realLikeImperfections(cartpole).addedFriction).toEqual({ slider: 2 }); // 2 % of 100 N
});

test.each<[ImperfectionsInput, RegExp]>([
  [{ massScale: 0 }, /'massScale' is 0, expected >0/],
  [{ stictionRatio: 0.5 }, /'stictionRatio' is 0\.5, expected >=1/],
  [{ commandDelay: NaN }, /'commandDelay' is NaN/],
  [{ addedFriction: { slider: -1 } }, /'addedFriction\.slider' is -1, expected >=0/],
  [{ backlash: 1 } as ImperfectionsInput, /'backlash'/],
])('refuses %j', (input, message) => {
  expect(() => parseImperfections(input)).toThrow(message);
});
