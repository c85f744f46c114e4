import { describe, expect, test } from 'vitest';
import { cartpole, gripper, pendulum, simulate, withConfig, withoutDamping } from './robots.js';

const HANGING = Math.PI;

describe('pendulum', () => {
  test.each([0.05, 1, 2.5])('swings with the period of the closed form from %f rad', (amplitude) => {
    simulate(pendulum, {}, { maxPhysicsStep: 0.001 }, (robot) => {
      robot.setInitial({ positions: { hinge: HANGING + amplitude }, velocities: {} });
      const expected =
        (2 * Math.PI * Math.sqrt(2 / 30)) / arithmeticGeometricMean(1, Math.cos(amplitude / 2));
      let previous = amplitude;
      const crossings: number[] = [];
      while (crossings.length < 3) {
        robot.advance(0.001);
        const angle = robot.truth().positions[0]! - HANGING;
        if (previous > 0 !== angle > 0) crossings.push(robot.time - (0.001 * angle) / (angle - previous));
        previous = angle;
      }
      expect(crossings[2]! - crossings[0]!).toBeCloseTo(expected, 3);
    });
  });

  test('keeps its energy over ten seconds of free swinging', () => {
    simulate(pendulum, {}, { maxPhysicsStep: 0.0005 }, (robot) => {
      robot.setInitial({ positions: { hinge: 0.5 }, velocities: {} });
      const energy = () => {
        const [angle, velocity] = [robot.truth().positions[0]!, robot.truth().velocities[0]!];
        return velocity ** 2 / 6 + 5 * Math.cos(angle);
      };
      const start = energy();
      let worst = 0;
      for (let tick = 0; tick < 1000; tick++) {
        robot.advance();
        worst = Math.max(worst, Math.abs(energy() - start));
      }
      expect(worst).toBeLessThan(0.01); // of 10 J between top and bottom
      expect(worst).toBeGreaterThan(0);
    });
  });

  test('is the very integration of Pendulum-v1 when stepped at its 50 ms', () => {
    const slow = withConfig(pendulum, { controlRateHz: 20 });
    simulate(slow, {}, { maxPhysicsStep: 0.05 }, (robot) => {
      let [theta, velocity] = [2.5, -0.4];
      robot.setInitial({ positions: { hinge: theta }, velocities: { hinge: velocity } });
      for (let step = 0; step < 60; step++) {
        const u = 2 * Math.sin(step / 3);
        // gymnasium/envs/classic_control/pendulum.py, g = 10, m = l = 1; this run stays below its clip at 8 rad/s
        velocity += (15 * Math.sin(theta) + 3 * u) * 0.05;
        theta += velocity * 0.05;
        robot.applyCommand([u]);
        robot.advance();
        expect(robot.truth().positions[0]).toBeCloseTo(theta, 8);
        expect(robot.truth().velocities[0]).toBeCloseTo(velocity, 8);
        expect(Math.abs(velocity)).toBeLessThan(8);
      }
    });
  });

  test('stays within 0.03 rad of the exact motion for a second at the default step', () => {
    simulate(pendulum, {}, {}, (robot) => {
      let state: [number, number] = [2.5, -0.4];
      robot.setInitial({ positions: { hinge: state[0] }, velocities: { hinge: state[1] } });
      for (let tick = 0; tick < 100; tick++) {
        const u = 2 * Math.sin(tick / 15);
        for (let i = 0; i < 100; i++) state = rungeKutta(state, u, 1e-4);
        robot.applyCommand([u]);
        robot.advance();
        expect(Math.abs(robot.truth().positions[0]! - state[0])).toBeLessThan(0.03);
      }
    });
  });
});

describe('velocity drives', () => {
  const arm = withConfig(gripper, { commandInterface: 'velocity' });

  test('move several joints at their own velocities and do not sink under gravity', () => {
    simulate(arm, {}, {}, (robot) => {
      for (let tick = 1; tick <= 100; tick++) {
        robot.applyCommand([0.5, 0, 0.02]);
        robot.advance();
      }
      const [shoulder, lift, finger] = robot.truth().positions;
      expect(shoulder).toBeCloseTo(0.5, 3);
      expect(lift).toBeCloseTo(0.2, 3); // starts at home, 0.2
      expect(finger).toBeCloseTo(0.03, 3); // 0.01 + 1 s x 0.02 m/s
      expect(Math.abs(robot.truth().velocities[1]!)).toBeLessThan(1e-4);
    });
  });

  test('a blocked drive does not wind up: it leaves the end stop as soon as it is told to', () => {
    simulate(arm, {}, {}, (robot) => {
      for (let tick = 0; tick < 300; tick++) {
        robot.applyCommand([1, 0, 0]); // reaches 1.5 rad after 1.5 s and pushes on
        robot.advance();
      }
      expect(robot.truth().positions[0]).toBeGreaterThan(1.49);
      for (let tick = 0; tick < 10; tick++) {
        robot.applyCommand([-1, 0, 0]);
        robot.advance();
      }
      expect(robot.truth().velocities[0]).toBeCloseTo(-1, 1);
    });
  });

  test('lag by their declared time constant', () => {
    simulate(arm, { actuatorLag: 0.05 }, {}, (robot) => {
      for (let tick = 1; tick <= 20; tick++) {
        robot.applyCommand([1, 0, 0]);
        robot.advance();
        expect(robot.truth().velocities[0]).toBeCloseTo(1 - Math.exp(-tick / 5), 1);
      }
    });
  });
});

describe('cart-pole', () => {
  test('keeps its energy when nothing drives or damps it', () => {
    const free = withoutDamping(withConfig(cartpole, { commandInterface: 'effort', controlRateHz: 100 }));
    simulate(free, {}, { maxPhysicsStep: 0.0001 }, (robot) => {
      robot.setInitial({ positions: { pole_hinge: 0.4 }, velocities: {} });
      const energy = () => {
        const [, theta] = robot.truth().positions;
        const [v, w] = robot.truth().velocities;
        const inertia = 0.2 / 12 + 0.2 * 0.25;
        return (
          0.6 * v! ** 2 +
          0.1 * Math.cos(theta!) * v! * w! +
          0.5 * inertia * w! ** 2 +
          0.2 * 9.81 * 0.5 * Math.cos(theta!)
        );
      };
      const start = energy();
      let swing = 0;
      for (let tick = 0; tick < 300; tick++) {
        robot.advance();
        expect(Math.abs(energy() - start)).toBeLessThan(1e-3);
        swing = Math.max(swing, Math.abs(robot.truth().positions[1]! - 0.4));
      }
      expect(swing).toBeGreaterThan(3);
    });
  });

  test('the velocity drive tracks a ramp within 0.01 m/s, with the pole swinging', () => {
    simulate(cartpole, {}, {}, (robot) => {
      robot.setInitial({ positions: { slider: -0.5, pole_hinge: 2 }, velocities: {} });
      for (let tick = 1; tick <= 60; tick++) {
        const command = 0.02 * tick; // 2 m/s^2
        robot.applyCommand([command]);
        robot.advance();
        expect(Math.abs(robot.truth().velocities[0]! - command)).toBeLessThan(0.01);
      }
    });
  });

  test('the velocity drive pushes no harder than the joint allows', () => {
    simulate(cartpole, {}, {}, (robot) => {
      robot.setInitial({ positions: { pole_hinge: HANGING }, velocities: {} });
      robot.applyCommand([2]);
      robot.advance(0.002);
      expect(robot.sense().efforts[0]).toBe(100);
      // 100 N on 1.2 kg of cart and hanging pole; the pole's inertia takes part: between M + m and M
      expect(robot.truth().velocities[0]).toBeGreaterThan((0.002 * 100) / 1.2);
      expect(robot.truth().velocities[0]).toBeLessThan((0.002 * 100) / 1.0);
    });
  });
});

function arithmeticGeometricMean(a: number, b: number): number {
  while (Math.abs(a - b) > 1e-14) [a, b] = [(a + b) / 2, Math.sqrt(a * b)];
  return a;
}

/** One step of the exact equation of motion, theta'' = 15 sin theta + 3 u. */
function rungeKutta([theta, velocity]: [number, number], u: number, h: number): [number, number] {
  const f = (angle: number) => 15 * Math.sin(angle) + 3 * u;
  const [v1, a1] = [velocity, f(theta)];
  const [v2, a2] = [velocity + (h / 2) * a1, f(theta + (h / 2) * v1)];
  const [v3, a3] = [velocity + (h / 2) * a2, f(theta + (h / 2) * v2)];
  const [v4, a4] = [velocity + h * a3, f(theta + h * v3)];
  return [theta + (h / 6) * (v1 + 2 * v2 + 2 * v3 + v4), velocity + (h / 6) * (a1 + 2 * a2 + 2 * a3 + a4)];
}
