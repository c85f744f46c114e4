import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import {
  compileRobot,
  parseImperfections,
  realLikeImperfections,
  SimulatedRobot,
  type Imperfections,
} from '../../../sim/index.js';
import { cartpole, engine, gripper, heapBytes, pendulum, simulate } from './robots.js';

const weightless = { gravity: 0 };

describe('command path', () => {
  test.each([0, 1, 2, 5])('a delay of %i control ticks is exactly that many ticks', (ticks) => {
    simulate(pendulum, { commandDelay: ticks * 0.01 }, weightless, (robot) => {
      robot.setInitial({ positions: {}, velocities: {} });
      const velocities: number[] = [];
      for (let tick = 0; tick < ticks + 2; tick++) {
        robot.applyCommand([1]);
        robot.advance();
        velocities.push(robot.truth().velocities[0]!);
      }
      // 1 N m on 1/3 kg m^2 for 10 ms: 0.03 rad/s in each tick that it acts
      expect(velocities.slice(0, ticks)).toEqual(new Array(ticks).fill(0));
      expect(velocities[ticks]).toBeCloseTo(0.03, 12);
      expect(velocities[ticks + 1]).toBeCloseTo(0.06, 12);
    });
  });

  test('delayed commands arrive in order, each for one tick', () => {
    simulate(pendulum, { commandDelay: 0.03 }, weightless, (robot) => {
      robot.setInitial({ positions: {}, velocities: {} });
      const efforts: number[] = [];
      for (let tick = 1; tick <= 6; tick++) {
        robot.applyCommand([tick / 10]);
        robot.advance();
        efforts.push(robot.sense().efforts[0]!);
      }
      expect(efforts).toEqual([0, 0, 0, 0.1, 0.2, 0.3]);
    });
  });

  test('a second command before time passes replaces the first', () => {
    simulate(pendulum, { commandDelay: 0.01 }, weightless, (robot) => {
      robot.applyCommand([1]);
      robot.applyCommand([-0.5]);
      robot.advance();
      robot.advance();
      expect(robot.sense().efforts[0]).toBe(-0.5);
    });
  });

  test('the lag is a first-order filter with the declared time constant', () => {
    simulate(pendulum, { actuatorLag: 0.05 }, weightless, (robot) => {
      robot.applyCommand([1]);
      for (let tick = 1; tick <= 20; tick++) {
        robot.advance();
        expect(robot.sense().efforts[0]).toBeCloseTo(1 - Math.exp(-tick / 5), 9);
      }
    });
  });

  test('gain scales effort and velocity commands', () => {
    simulate(pendulum, { actuatorGain: 0.9 }, weightless, (robot) => {
      robot.applyCommand([1]);
      robot.advance();
      expect(robot.sense().efforts[0]).toBeCloseTo(0.9, 12);
    });
    simulate(cartpole, { actuatorGain: 0.9 }, weightless, (robot) => {
      robot.applyCommand([0.5]);
      for (let tick = 0; tick < 20; tick++) robot.advance();
      expect(robot.truth().velocities[0]).toBeCloseTo(0.45, 3);
    });
  });

  test('refuses commands of the wrong size or that are not finite', () => {
    simulate(cartpole, {}, {}, (robot) => {
      expect(() => robot.applyCommand([1, 2])).toThrow(/2 values, cartpole takes 1 \(slider\)/);
      expect(() => robot.applyCommand([NaN])).toThrow(/'slider' is NaN/);
    });
  });

  test('advances by whole physics steps only', () => {
    simulate(cartpole, {}, {}, (robot) => {
      robot.advance(0.004);
      expect(robot.time).toBeCloseTo(0.004, 12);
      expect(() => robot.advance(0.003)).toThrow(/whole multiple of the physics step 0.002 s/);
    });
  });
});

describe('plant parameters', () => {
  test('twice the mass takes half the acceleration', () => {
    simulate(pendulum, { massScale: 2 }, weightless, (robot) => {
      robot.setInitial({ positions: {}, velocities: {} });
      robot.applyCommand([1]);
      robot.advance();
      expect(robot.truth().velocities[0]).toBeCloseTo(0.015, 12);
    });
  });

  test('viscous damping slows at its own rate', () => {
    simulate(cartpole, { dampingScale: 10 }, weightless, (robot) => {
      robot.setInitial({ positions: {}, velocities: { pole_hinge: 1 } });
      for (let tick = 0; tick < 100; tick++) robot.advance();
      const inertia = 0.2 / 12 + 0.2 * 0.25;
      expect(robot.truth().velocities[1]).toBeCloseTo(Math.exp(-0.02 / inertia), 2);
    });
  });

  test('dry friction holds below its bound and brakes above it by what is left', () => {
    const friction = { addedFriction: { hinge: 0.5 } };
    simulate(pendulum, friction, weightless, (robot) => {
      robot.setInitial({ positions: {}, velocities: {} });
      robot.applyCommand([0.4]);
      for (let tick = 0; tick < 100; tick++) robot.advance();
      expect(Math.abs(robot.truth().positions[0]!)).toBeLessThan(2e-3); // soft constraint: creeps a little
      robot.applyCommand([1.5]);
      for (let tick = 0; tick < 50; tick++) robot.advance();
      expect(robot.truth().velocities[0]).toBeCloseTo(3 * (1.5 - 0.5) * 0.5, 1);
    });
  });

  test('stiction holds what kinetic friction would let go, and lets go above', () => {
    const stick = { addedFriction: { hinge: 0.5 }, stictionRatio: 1.6 };
    const speedAfter = (effort: number, ratio: number) =>
      simulate(pendulum, { ...stick, stictionRatio: ratio }, weightless, (robot) => {
        robot.setInitial({ positions: {}, velocities: {} });
        robot.applyCommand([effort]);
        for (let tick = 0; tick < 50; tick++) robot.advance();
        return robot.truth().velocities[0]!;
      });
    expect(speedAfter(0.7, 1)).toBeGreaterThan(0.25);
    expect(Math.abs(speedAfter(0.7, 1.6))).toBeLessThan(0.01);
    expect(speedAfter(0.9, 1.6)).toBeGreaterThan(0.4); // 0.8 at rest, then 0.5
  });
});

describe('disturbances and brakes', () => {
  test('an impulse on a joint changes its velocity by impulse / inertia, once', () => {
    simulate(pendulum, {}, weightless, (robot) => {
      robot.setInitial({ positions: {}, velocities: {} });
      robot.push({ joint: 'hinge', impulse: 0.1 });
      robot.advance();
      robot.advance();
      expect(robot.truth().velocities[0]).toBeCloseTo(0.3, 12);
    });
  });

  test('a force on a link acts at its centre of mass for its duration', () => {
    simulate(pendulum, {}, weightless, (robot) => {
      robot.setInitial({ positions: {}, velocities: {} });
      robot.push({ link: 'rod', force: [0.2, 0, 0], duration: 0.02 });
      for (let tick = 0; tick < 5; tick++) robot.advance();
      expect(robot.truth().velocities[0]).toBeCloseTo(0.2 * 0.5 * 3 * 0.02, 6); // arm 0.5 m, angle still about 0
    });
  });

  test('refuses pushes on what does not exist', () => {
    simulate(pendulum, {}, {}, (robot) => {
      expect(() => robot.push({ joint: 'knee', impulse: 1 })).toThrow(/'knee', which pendulum does not have/);
      expect(() => robot.push({ link: 'base', impulse: [1, 0, 0] })).toThrow(/'base' is not a moving link/);
      expect(() => robot.push({ joint: 'hinge', impulse: NaN })).toThrow(/not finite/);
    });
  });

  test('brakes stop every joint at once, hold it, and let go again', () => {
    simulate(cartpole, {}, {}, (robot) => {
      robot.setInitial({ positions: { pole_hinge: 1 }, velocities: { pole_hinge: 2 } });
      robot.advance();
      const [x, theta] = robot.truth().positions;
      robot.hold(true);
      robot.applyCommand([1]);
      for (let tick = 0; tick < 50; tick++) robot.advance();
      expect([...robot.truth().positions]).toEqual([x, theta]);
      expect([...robot.truth().velocities]).toEqual([0, 0]);
      expect(robot.time).toBeCloseTo(0.51, 9);
      robot.hold(false);
      for (let tick = 0; tick < 10; tick++) robot.advance();
      expect(Math.abs(robot.truth().positions[1]! - theta!)).toBeGreaterThan(0.005);
      expect(robot.truth().velocities[0]).toBeCloseTo(1, 2);
    });
  });

  test('a diverged simulation says so and does not start over in silence', () => {
    simulate(cartpole, {}, {}, (robot) => {
      robot.setInitial({ positions: {}, velocities: { pole_hinge: 1e200 } });
      expect(() => robot.advance()).toThrow(/simulation of cartpole diverged at 0\.010 s: joint 'slider'/);
    });
  });

  test('an end stop holds against the drive', () => {
    simulate(cartpole, {}, {}, (robot) => {
      robot.setInitial({ positions: { slider: 1.1, pole_hinge: Math.PI }, velocities: {} });
      robot.applyCommand([2]);
      for (let tick = 0; tick < 100; tick++) robot.advance();
      expect(robot.truth().positions[0]).toBeGreaterThan(1.15);
      expect(robot.truth().positions[0]).toBeLessThan(1.21);
    });
  });
});

describe('state', () => {
  const worst: Imperfections = {
    ...realLikeImperfections(cartpole),
    velocityNoise: 0.01,
    positionNoise: 1e-3,
  };
  const run = (robot: SimulatedRobot, ticks: number) => {
    const seen: number[] = [];
    for (let tick = 0; tick < ticks; tick++) {
      robot.applyCommand([Math.sin(robot.time * 7)]);
      robot.advance();
      seen.push(
        ...robot.sense().positions,
        ...robot.sense().velocities,
        ...robot.sense().efforts,
        ...robot.truth().positions,
      );
    }
    return seen;
  };

  test('a restored robot continues bit for bit, with delay, lag, stiction, noise and a push under way', () => {
    const compiled = compileRobot(engine, cartpole, worst);
    const [robot, other] = [new SimulatedRobot(compiled), new SimulatedRobot(compiled)];
    robot.setInitial({ positions: { pole_hinge: 0.3 }, velocities: {} }, new Rng(7));
    run(robot, 20);
    robot.push({ link: 'pole', force: [1, 0, 0], duration: 0.1 });
    run(robot, 3);
    const state = new Float64Array(robot.stateSize);
    robot.saveState(state);
    const expected = run(robot, 60);
    other.restoreState(state);
    expect(run(other, 60)).toEqual(expected);
    robot.restoreState(state);
    expect(run(robot, 60)).toEqual(expected);
    other.dispose();
    robot.dispose();
    compiled.dispose();
  });

  test('setInitial forgets everything that went before', () => {
    simulate(cartpole, worst, {}, (robot) => {
      const start = { positions: { pole_hinge: 0.3 }, velocities: { slider: 0.1 } };
      robot.setInitial(start, new Rng(3));
      const first = run(robot, 30);
      robot.push({ joint: 'slider', force: 5, duration: 1 });
      robot.hold(true);
      robot.setInitial(start, new Rng(3));
      expect(run(robot, 30)).toEqual(first);
    });
  });

  test('refuses a state of another size and an initial state that makes no sense', () => {
    simulate(cartpole, {}, {}, (robot) => {
      expect(() => robot.restoreState(new Float64Array(3))).toThrow(/3 values, expected/);
      expect(() => robot.setInitial({ positions: { knee: 1 }, velocities: {} })).toThrow(/joint 'knee'/);
      expect(() => robot.setInitial({ positions: { slider: NaN }, velocities: {} })).toThrow(
        /'slider' is NaN/,
      );
    });
  });
});

describe('memory', () => {
  test('a growing heap leaves a running robot as it was', () => {
    const compiled = compileRobot(engine, cartpole, parseImperfections());
    const [robot, quiet] = [new SimulatedRobot(compiled), new SimulatedRobot(compiled)];
    const start = { positions: { pole_hinge: 0.2 }, velocities: {} };
    robot.setInitial(start);
    quiet.setInitial(start);
    for (let tick = 0; tick < 20; tick++) quiet.advance();
    for (let tick = 0; tick < 10; tick++) robot.advance();
    const before = heapBytes(compiled);
    const ballast = [];
    while (heapBytes(compiled) === before) ballast.push(new engine.MjData(compiled.model));
    for (let tick = 0; tick < 10; tick++) robot.advance();
    expect([...robot.truth().positions]).toEqual([...quiet.truth().positions]);
    expect(ballast.length).toBeGreaterThan(0);
    for (const data of ballast) data.delete();
    robot.dispose();
    quiet.dispose();
    compiled.dispose();
  });

  test('two hundred compiled and disposed robots leave the heap as large as it was', () => {
    const cycle = () => {
      const compiled = compileRobot(engine, gripper, realLikeImperfections(gripper));
      const robot = new SimulatedRobot(compiled);
      robot.advance();
      robot.saveState(new Float64Array(robot.stateSize));
      robot.dispose();
      robot.dispose(); // a second time does nothing
      const bytes = heapBytes(compiled);
      compiled.dispose();
      compiled.dispose();
      return bytes;
    };
    for (let i = 0; i < 20; i++) cycle();
    const before = cycle();
    for (let i = 0; i < 200; i++) cycle();
    expect(cycle()).toBe(before);
  });
});
