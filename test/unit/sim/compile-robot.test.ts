import { expect, test } from 'vitest';
import type { SimulatedRobot } from '../../../sim/index.js';
import { compileRobot, parseImperfections } from '../../../sim/index.js';
import { loadRobot, type Robot } from '../../../src/robot/index.js';
import { cartpole, engine, gripper, simulate, withConfig, withUrdf } from './robots.js';

const commands = [0.5, 0.3, 0.03]; // shoulder, lift, finger_left

test('drives every commanded joint to its set-point in command order', () => {
  simulate(gripper, {}, {}, (robot) => {
    for (let tick = 0; tick < 200; tick++) {
      robot.applyCommand(commands);
      robot.advance();
    }
    const { positions, velocities } = robot.truth();
    expect(positions[0]).toBeCloseTo(0.5, 2);
    expect(positions[1]).toBeCloseTo(0.3 - 9.81 / 100 ** 2, 4); // a lift sags by g / w^2, world-options.ts
    expect(positions[2]).toBeCloseTo(0.03, 3);
    expect(Math.hypot(...velocities)).toBeLessThan(1e-3);
  });
});

test('the mimic finger follows its leader by multiplier and offset while moving', () => {
  simulate(gripper, {}, {}, (robot) => {
    const address = (name: string) => robot.compiled.joints.find(({ joint }) => joint.name === name)!.qpos;
    const state = new Float64Array(robot.stateSize);
    let travel = 0;
    for (let tick = 0; tick < 100; tick++) {
      robot.applyCommand([0, 0.2, 0.02 + 0.015 * Math.sin(tick / 10)]);
      robot.advance();
      robot.saveState(state);
      const qpos = qposOf(robot, state);
      expect(
        Math.abs(qpos[address('finger_right')]! - (0.005 + 0.5 * qpos[address('finger_left')]!)),
      ).toBeLessThan(2e-4);
      travel = Math.max(travel, Math.abs(qpos[address('finger_right')]! - 0.01));
    }
    expect(travel).toBeGreaterThan(0.005);
  });
});

test('an observed joint holds the pose it starts with and is measured after the commanded ones', () => {
  simulate(gripper, {}, {}, (robot) => {
    expect(gripper.model.measured).toEqual(['shoulder', 'lift', 'finger_left', 'wrist']);
    for (let tick = 0; tick < 100; tick++) robot.advance();
    expect(robot.sense().positions[3]).toBeCloseTo(0.7, 2); // not 0, where a free wrist would swing to
  });
});

test('drives never exceed the maximum effort', () => {
  simulate(gripper, {}, {}, (robot) => {
    let most = 0;
    for (let tick = 0; tick < 100; tick++) {
      robot.applyCommand([tick % 20 < 10 ? 1.5 : -1.5, 0.2, 0.01]);
      robot.advance();
      most = Math.max(most, Math.abs(robot.sense().efforts[0]!));
    }
    expect(most).toBe(40);
  });
});

test('physics steps divide the control period and are no longer than asked for', () => {
  const compiled = compileRobot(engine, cartpole, parseImperfections(), { maxPhysicsStep: 0.0015 });
  expect(compiled.stepsPerTick).toBe(7);
  expect(compiled.physicsStep).toBeCloseTo(0.01 / 7, 15);
  compiled.dispose();
});

test('takes limits and friction from the robot model and not from the URDF text', () => {
  const compiled = compileRobot(
    engine,
    gripper,
    parseImperfections({ addedFriction: { lift: 1 }, dampingScale: 2 }),
  );
  const lift = compiled.joints.find(({ joint }) => joint.name === 'lift')!;
  expect((compiled.model.dof_frictionloss as Float64Array)[lift.dof]).toBe(3);
  expect((compiled.model.dof_damping as Float64Array)[lift.dof]).toBe(10);
  compiled.dispose();
});

test('a link behind a fixed joint is found as part of the link that carries it', () => {
  const compiled = compileRobot(engine, gripper, parseImperfections());
  expect(compiled.body('camera')).toBe(compiled.body('hand'));
  expect(() => compiled.body('column')).toThrow(
    /'column' is not a moving link of gripper; its links are world, column/,
  );
  compiled.dispose();
});

test('names the URDF and the remedy when a moving link has no inertia', () => {
  const broken = withUrdf(cartpole, (urdf) => urdf.replace(/<inertial>[\s\S]*?<\/inertial>/g, ''));
  expect(() => compileRobot(engine, broken, parseImperfections())).toThrow(
    /rejects .*cartpole\.urdf: .*needs an <inertial>/,
  );
});

test('names a collision mesh that is missing or cannot be read, and runs without collisions', () => {
  const missing = withUrdf(gripper, (urdf) => urdf.replaceAll('tip.obj', 'lost.obj'));
  expect(() => compileRobot(engine, missing, parseImperfections())).toThrow(
    /'package:\/\/gripper\/meshes\/lost\.obj' was not found/,
  );
  compileRobot(engine, missing, parseImperfections(), { collisions: false }).dispose();
  const unreadable = withUrdf(gripper, (urdf) => urdf.replaceAll('meshes/tip.obj', 'robot.yaml'));
  expect(() => compileRobot(engine, unreadable, parseImperfections())).toThrow(
    /format that the simulator cannot read/,
  );
});

const FLANGE = { name: 'ft', type: 'force_torque', link: 'camera', topic: '/ft', timeoutMs: 100 } as const;
const measuring = withConfig(gripper, { sensors: [FLANGE] });

test('a robot whose links stay apart, for forces to be measured between them, moves as ever', () => {
  const end = (robot: Robot) =>
    simulate(robot, {}, {}, (simulated) => {
      for (let tick = 0; tick < 200; tick++) {
        simulated.applyCommand(commands);
        simulated.advance();
      }
      return simulated.truth().positions;
    });
  const [apart, fused] = [end(measuring), end(gripper)];
  apart.forEach((position, i) => expect(position).toBeCloseTo(fused[i]!, 6));
  const compiled = compileRobot(engine, measuring, parseImperfections());
  expect(compiled.body('camera')).not.toBe(compiled.body('hand'));
  expect(() => compiled.body('column')).toThrow(/'column' is not a moving link/);
  compiled.dispose();
});

test('a link without mass may carry a force-torque sensor', () => {
  const arm6 = loadRobot('arm6');
  simulate(withConfig(arm6, { sensors: [{ ...FLANGE, link: 'tool0' }] }), {}, {}, (robot) => {
    robot.advance();
    expect([...robot.sense().sensors].map((value) => Math.abs(value))).toEqual(new Array(6).fill(0));
  });
});

test.each([
  ['fused', gripper],
  ['apart', measuring],
])('overlapping shapes of the base and its first link do not touch, those further on do: %s', (_, robot) => {
  const shape = '<collision><geometry><box size="0.2 0.2 0.2"/></geometry></collision>';
  const shaped = (links: string[]) =>
    withUrdf(robot, (urdf) =>
      links.reduce((text, link) => text.replace(`<link name="${link}">`, `$&${shape}`), urdf),
    );
  const contacts = (links: string[]) => {
    const compiled = compileRobot(engine, shaped(links));
    const data = new engine.MjData(compiled.model);
    engine.mj_forward(compiled.model, data);
    const count = data.ncon;
    data.delete();
    compiled.dispose();
    return count;
  };
  expect(contacts(['column', 'carriage'])).toBe(0);
  expect(contacts(['column', 'carriage', 'arm'])).toBeGreaterThan(0);
});

test('refuses friction on a joint that does not exist, listing those that do', () => {
  expect(() => compileRobot(engine, cartpole, parseImperfections({ addedFriction: { elbow: 1 } }))).toThrow(
    /'elbow', which cartpole does not have; its joints are slider, pole_hinge/,
  );
});

test('refuses world options out of range', () => {
  expect(() => compileRobot(engine, cartpole, parseImperfections(), { maxPhysicsStep: 0 })).toThrow(
    /maxPhysicsStep/,
  );
});

/** qpos leads MuJoCo's integration state, after time: read it through a second robot restored from the state. */
function qposOf(robot: SimulatedRobot, state: Float64Array): Float64Array {
  const { commanded, measured } = robot.compiled;
  const nq = robot.compiled.model.nq;
  const before = 2 + commanded.length + 3 * measured.length;
  return state.subarray(before + 1, before + 1 + nq);
}
