import { describe, expect, test } from 'vitest';
import { listRobots, loadRobot } from '../../../src/robot/index.js';
import { nominalImperfections, type SimulatedRobot } from '../../../sim/index.js';
import { simulate } from './robots.js';

/**
 * Farthest that a joint may get from its home pose [rad] or [m]. A position drive sags by g / (w^2 r) under gravity, with
 * w = 100 rad/s (world-options.ts) and r the lever of what it carries: 12 mrad at 8 cm, the wrist of arm6.
 */
const SAG = 0.015;
/** the cart-pole falls over by itself */
const robots = listRobots().filter((name) => name !== 'cartpole');

describe.each(robots)('%s', (name) => {
  const robot = loadRobot(name);
  const home = robot.model.measured.map((joint) => robot.config.homePose[joint]!);
  const farthest = (simulated: SimulatedRobot) =>
    Math.max(...home.map((value, i) => Math.abs(simulated.truth().positions[i]! - value)));

  test('holds still at home for ten seconds without a command', () => {
    simulate(robot, nominalImperfections(robot), {}, (simulated) => {
      let worst = 0;
      for (let tick = 0; tick < 10 * robot.config.controlRateHz; tick++) {
        simulated.advance();
        worst = Math.max(worst, farthest(simulated));
      }
      expect(worst).toBeLessThan(SAG);
      expect(Math.max(...simulated.truth().velocities.map(Math.abs))).toBeLessThan(1e-4);
    });
  });
});
