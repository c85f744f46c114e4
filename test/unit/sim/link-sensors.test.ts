import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SimulatedRobot, compileRobot, parseImperfections } from '../../../sim/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import { cartpole, engine, simulate, withConfig } from './robots.js';

const swing = loadRobot(fileURLToPath(new URL('../../fixtures/sim/swing', import.meta.url)));
const G = 9.81;
/** of the fixture: masses [kg], distances of their centres and of the tool from the hinge [m], inertias about the hinge's axis */
const ARM = { mass: 1, at: 0.3, inertia: 0.03 };
const TOOL = { mass: 0.5, at: 0.7, inertia: 0.002, origin: 0.6, turned: 0.5 };

type Triple = readonly [number, number, number];

/** A vector of the world in the frame of the tool, when the hinge is at `q`. */
function inTool([x, y, z]: Triple, q: number): Triple {
  const [s, c] = [Math.sin(q), Math.cos(q)];
  const [u, v] = [c * x - s * z, s * x + c * z]; // turned back about y
  const [t, d] = [Math.sin(TOOL.turned), Math.cos(TOOL.turned)];
  return [d * u + t * y, -t * u + d * y, v];
}

/** What an accelerometer that hangs `l` below the hinge feels, in the world: its acceleration against free fall. */
function felt(l: number, q: number, velocity: number, acceleration: number): Triple {
  const [s, c] = [Math.sin(q), Math.cos(q)];
  return [-l * c * acceleration + l * s * velocity ** 2, 0, l * s * acceleration + l * c * velocity ** 2 + G];
}

/** Of the free compound pendulum [rad/s^2]. */
function swinging(q: number): number {
  const moment = (ARM.mass * ARM.at + TOOL.mass * TOOL.at) * G;
  const inertia = ARM.inertia + ARM.mass * ARM.at ** 2 + TOOL.inertia + TOOL.mass * TOOL.at ** 2;
  return (-moment * Math.sin(q)) / inertia;
}

/** What the sensors read by rigid-body mechanics, in the order of a frame. */
function expected(q: number, velocity: number, acceleration: number): number[] {
  const [s, c] = [Math.sin(q), Math.cos(q)];
  const [fx, , fz] = felt(TOOL.at, q, velocity, acceleration);
  const force: Triple = [-TOOL.mass * fx, 0, -TOOL.mass * fz];
  const [rx, rz] = [-(TOOL.at - TOOL.origin) * s, -(TOOL.at - TOOL.origin) * c];
  const torque: Triple = [0, rz * force[0] - rx * force[2] - TOOL.inertia * acceleration, 0];
  return [
    ...inTool(felt(TOOL.origin, q, velocity, acceleration), q),
    ...inTool([0, velocity, 0], q),
    ...inTool(force, q),
    ...inTool(torque, q),
  ];
}

function expectClose(actual: ArrayLike<number>, wanted: readonly number[]): void {
  expect(actual).toHaveLength(wanted.length);
  wanted.forEach((value, i) => expect(actual[i], `number ${i}`).toBeCloseTo(value, 6));
}

describe('sensors of a link', () => {
  it('read gravity upwards and the weight of the tool downwards, hanging at rest', () => {
    simulate(swing, {}, {}, (robot) => {
      robot.advance();
      expectClose(robot.sense().sensors, [0, 0, G, 0, 0, 0, 0, 0, -TOOL.mass * G, 0, 0, 0]);
    });
  });

  it.each([
    [0.4, 0],
    [1.2, 2.5],
    [-2, -4],
  ])('read what rigid-body mechanics says of a free swing through %f rad at %f rad/s', (q, velocity) => {
    simulate(swing, {}, {}, (robot) => {
      robot.setInitial({ positions: { hinge: q }, velocities: { hinge: velocity } });
      expectClose(robot.sense().sensors, expected(q, velocity, swinging(q)));
      for (let tick = 0; tick < 20; tick++) robot.advance();
      const { positions, velocities } = robot.truth();
      expect(Math.abs(positions[0]! - q)).toBeGreaterThan(0.05);
      expectClose(robot.sense().sensors, expected(positions[0]!, velocities[0]!, swinging(positions[0]!)));
    });
  });

  it('read a robot at rest while the brakes hold it aslant, and a free one once they let go', () => {
    simulate(swing, {}, {}, (robot) => {
      robot.setInitial({ positions: { hinge: 1 }, velocities: {} });
      robot.hold(true);
      expectClose(robot.sense().sensors, expected(1, 0, 0));
      robot.advance();
      expectClose(robot.sense().sensors, expected(1, 0, 0));
      robot.hold(false);
      robot.sample(0.01);
      expectClose(robot.sense().sensors, expected(1, 0, swinging(1)));
    });
  });

  it('read what the whole robot weighs below a base that does not move', () => {
    const foot = {
      name: 'foot',
      type: 'force_torque',
      link: 'base',
      topic: '/foot',
      timeoutMs: 100,
    } as const;
    simulate(withConfig(swing, { sensors: [foot] }), {}, {}, (robot) => {
      expectClose(robot.sense().sensors, [0, 0, -(ARM.mass + TOOL.mass) * G, 0, 0, 0]);
    });
  });

  it('read the same in a link that is one body with what carries it', () => {
    const [imu] = swing.config.sensors;
    simulate(withConfig(swing, { sensors: [imu!] }), {}, {}, (robot) => {
      robot.setInitial({ positions: { hinge: 1.2 }, velocities: { hinge: 2.5 } });
      expectClose(robot.sense().sensors, expected(1.2, 2.5, swinging(1.2)).slice(0, 6));
    });
  });

  it('go on bit for bit from a saved state', () => {
    const compiled = compileRobot(engine, swing, parseImperfections());
    const [first, second] = [new SimulatedRobot(compiled), new SimulatedRobot(compiled)];
    first.setInitial({ positions: { hinge: 1 }, velocities: {} });
    for (let tick = 0; tick < 5; tick++) first.advance();
    const saved = new Float64Array(first.stateSize);
    first.saveState(saved);
    second.restoreState(saved);
    expect(second.sense().sensors).toEqual(first.sense().sensors);
    for (const robot of [first, second]) for (let tick = 0; tick < 5; tick++) robot.advance();
    expect(second.sense().sensors).toEqual(first.sense().sensors);
    for (const robot of [first, second]) robot.dispose();
    compiled.dispose();
  });

  it('are none where robot.yaml names none', () => {
    simulate(cartpole, {}, {}, (robot) => expect(robot.sense().sensors).toHaveLength(0));
  });
});
