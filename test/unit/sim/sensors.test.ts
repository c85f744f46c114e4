import { expect, test } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { cartpole, pendulum, simulate } from './robots.js';

const weightless = { gravity: 0 };

test('without imperfections the sensors tell the truth', () => {
  simulate(cartpole, {}, {}, (robot) => {
    robot.setInitial({ positions: { pole_hinge: 0.2 }, velocities: { slider: 0.3 } });
    robot.advance();
    expect([...robot.sense().positions]).toEqual([...robot.truth().positions]);
    expect([...robot.sense().velocities]).toEqual([...robot.truth().velocities]);
  });
});

test('encoders round to whole counts, hinges and sliders each to their own', () => {
  simulate(cartpole, { angularResolution: 0.01, linearResolution: 0.002 }, {}, (robot) => {
    robot.setInitial({ positions: { slider: 0.1234, pole_hinge: 0.256 }, velocities: {} });
    expect(robot.sense().positions[0]).toBeCloseTo(0.124, 12);
    expect(robot.sense().positions[1]).toBeCloseTo(0.26, 12);
    expect(robot.truth().positions[1]).toBe(0.256);
  });
});

test('noise has the declared mean and deviation, repeats with its seed and differs with another', () => {
  const noise = { positionNoise: 0.01, velocityNoise: 0.2 };
  const readings = (seed: number) =>
    simulate(pendulum, noise, weightless, (robot) => {
      robot.setInitial({ positions: { hinge: 1 }, velocities: {} }, new Rng(seed, 'sensors'));
      return Array.from({ length: 4000 }, () => {
        robot.advance(0.002);
        return [robot.sense().positions[0]!, robot.sense().velocities[0]!] as const;
      });
    });
  const seen = readings(5);
  for (const [index, mean, deviation] of [
    [0, 1, 0.01],
    [1, 0, 0.2],
  ] as const) {
    const values = seen.map((reading) => reading[index]);
    const average = values.reduce((sum, value) => sum + value) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length);
    expect(Math.abs(average - mean)).toBeLessThan((4 * deviation) / Math.sqrt(values.length)); // 4 standard errors
    expect(Math.abs(spread / deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * values.length));
  }
  expect(readings(5)).toEqual(seen);
  expect(readings(6)[0]).not.toEqual(seen[0]);
});

test('a differentiated velocity is the difference of two readings over the period', () => {
  simulate(pendulum, { velocitySource: 'differentiated', angularResolution: 0.001 }, weightless, (robot) => {
    robot.setInitial({ positions: { hinge: 0.5 }, velocities: { hinge: 1 } });
    const before = robot.sense().positions[0]!;
    robot.advance();
    expect(robot.sense().velocities[0]).toBeCloseTo((robot.sense().positions[0]! - before) / 0.01, 9);
    expect(robot.sense().velocities[0]).toBeCloseTo(1, 9); // ten counts of 1 mrad in 10 ms
  });
});

test('the velocity low-pass settles with its cut-off frequency', () => {
  simulate(pendulum, { velocitySource: 'differentiated', velocityCutoffHz: 5 }, weightless, (robot) => {
    robot.setInitial({ positions: {}, velocities: {} });
    robot.push({ joint: 'hinge', impulse: 1 / 3 }); // 1 rad/s from the first step on
    for (let tick = 1; tick <= 30; tick++) {
      robot.advance();
      expect(robot.sense().velocities[0]).toBeCloseTo(1 - Math.exp(-2 * Math.PI * 5 * 0.01 * tick), 9);
    }
  });
});

test('sense repeats the reading until time passes', () => {
  simulate(pendulum, { positionNoise: 0.01 }, {}, (robot) => {
    robot.advance();
    const first = [...robot.sense().positions];
    expect([...robot.sense().positions]).toEqual(first);
    robot.advance();
    expect([...robot.sense().positions]).not.toEqual(first);
  });
});
