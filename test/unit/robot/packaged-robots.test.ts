import { readFileSync } from 'node:fs';
import loadMujoco from '@mujoco/mujoco';
import { describe, expect, it } from 'vitest';
import { findRobot, listRobots, loadRobot } from '../../../src/robot/index.js';
import { parseXml, type XmlElement } from '../../../src/robot/xml-document.js';

describe('the packaged robots', () => {
  it('are the six-axis arm, the cartpole, the pendulum and the planar arm', () => {
    expect(listRobots()).toEqual(['arm6', 'cartpole', 'pendulum', 'reacher']);
    expect(findRobot('pendulum')).toMatch(/urdf\/pendulum$/);
  });

  it('pendulum: one effort joint without position limits, damped on a stop', () => {
    const { model, config } = loadRobot('pendulum');
    expect(model.measured).toEqual(['hinge']);
    expect(model.joints[0]?.limits).toEqual({
      maxVelocity: 12,
      maxAcceleration: 25,
      maxDeceleration: 25,
      maxEffort: 2,
      kVelocity: 0.5,
    });
    expect(config).toMatchObject({
      commandInterface: 'effort',
      stopAction: 'damping',
      action: { mode: 'absolute', scale: [2] },
      homePose: { hinge: Math.PI },
    });
  });

  it('cartpole: a velocity-driven slider and a passive pole', () => {
    const { model, config } = loadRobot('cartpole');
    expect(model.commanded).toEqual(['slider']);
    expect(model.measured).toEqual(['slider', 'pole_hinge']);
    expect(model.joints[0]?.limits).toEqual({
      position: { min: -1.2, max: 1.2 },
      maxVelocity: 2,
      maxAcceleration: 8,
      maxDeceleration: 8,
      maxEffort: 100,
    });
    expect(config.stopAction).toBeUndefined();
    // the largest action asks for three quarters of max_acceleration
    expect((config.action.scale[0] ?? 0) * config.policyRateHz).toBeCloseTo(0.75 * 8, 9);
  });

  it('reacher: two velocity-driven joints and a tip', () => {
    const { model, config } = loadRobot('reacher');
    expect(model.commanded).toEqual(['shoulder', 'elbow']);
    expect(model.links.at(-1)).toBe('tip');
    // the largest action asks for three quarters of max_acceleration
    model.commanded.forEach((name, i) => {
      const limits = model.joints.find((joint) => joint.name === name)?.limits;
      expect(config.action.scale[i]! * config.policyRateHz).toBeCloseTo(0.75 * limits!.maxAcceleration!, 9);
    });
  });

  it('arm6: six position-driven joints whose largest action is within every velocity limit', () => {
    const { model, config } = loadRobot('arm6');
    expect(model.measured).toHaveLength(6);
    expect(config.commandInterface).toBe('position');
    model.commanded.forEach((name, i) => {
      const limits = model.joints.find((joint) => joint.name === name)?.limits;
      expect(config.action.scale[i]! * config.policyRateHz).toBeLessThan(limits!.maxVelocity);
    });
  });

  it.each(['reacher', 'arm6'])(
    '%s: every link has the inertia of the solid cylinder that is drawn',
    (name) => {
      const number = (text: string | undefined) => Number(text);
      const urdf = parseXml(readFileSync(loadRobot(name).model.urdfPath, 'utf8'), 'robot.urdf');
      const child = (element: XmlElement, ...tags: string[]): XmlElement =>
        tags.reduce((parent, tag) => parent.children.find((other) => other.tag === tag)!, element);
      const links = urdf.children.filter(({ tag, children }) => tag === 'link' && children.length > 1);
      expect(links.length).toBe(loadRobot(name).model.commanded.length);
      for (const link of links) {
        const { radius, length } = child(link, 'visual', 'geometry', 'cylinder').attributes;
        const [m, r, l] = [child(link, 'inertial', 'mass').attributes['value'], radius, length].map(number);
        const inertia = child(link, 'inertial', 'inertia').attributes;
        expect(child(link, 'inertial', 'origin').attributes).toEqual(
          child(link, 'visual', 'origin').attributes,
        );
        expect(number(inertia['izz'])).toBeCloseTo((m! * r! ** 2) / 2, 8);
        expect(number(inertia['ixx'])).toBeCloseTo((m! * (3 * r! ** 2 + l! ** 2)) / 12, 7);
        expect(inertia['iyy']).toBe(inertia['ixx']);
        expect([inertia['ixy'], inertia['ixz'], inertia['iyz']].map(number)).toEqual([0, 0, 0]);
      }
    },
  );

  it('drop nothing but appearance', () => {
    for (const name of listRobots()) {
      const { dropped } = loadRobot(name).model;
      expect(dropped.length).toBeGreaterThan(0);
      for (const { path } of dropped) expect(path).toMatch(/^robot\/link\[\w+\]\/visual$/);
    }
  });
});

describe('the packaged robots in MuJoCo', () => {
  const compile = async (name: string) => {
    const mujoco = await loadMujoco();
    const model = mujoco.MjModel.from_xml_string(readFileSync(loadRobot(name).model.urdfPath, 'utf8'));
    if (model === null) throw new Error(`${name} does not compile`);
    return { mujoco, model, data: new mujoco.MjData(model) };
  };

  it.each([
    ['pendulum', 1],
    ['cartpole', 2],
    ['reacher', 2],
    ['arm6', 6],
  ])('%s compiles to %i degrees of freedom', async (name, count) => {
    const { model, data } = await compile(name);
    expect([model.nq, model.nv]).toEqual([count, count]);
    data.delete();
    model.delete();
  });

  it('the pendulum accelerates as Gymnasium’s Pendulum-v1: 3 g / (2 l) sin(angle) + 3 / (m l^2) torque', async () => {
    const { mujoco, model, data } = await compile('pendulum');
    (model.opt.gravity as Float64Array).set([0, 0, -10]);
    const { qpos, qfrc_applied, qacc } = data as unknown as Record<string, Float64Array | undefined>;
    for (const angle of [-2, -0.3, 0, 0.5, 3]) {
      for (const torque of [-2, 0, 1.5]) {
        qpos?.set([angle]);
        qfrc_applied?.set([torque]);
        mujoco.mj_forward(model, data);
        expect(qacc?.[0]).toBeCloseTo(15 * Math.sin(angle) + 3 * torque, 9);
      }
    }
    data.delete();
    model.delete();
  });
});
