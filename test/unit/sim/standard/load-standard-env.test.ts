import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import { findStandardTask, listStandardTasks } from '../../../../sim/index.js';
import { modelPath, standardEnv } from './standard-envs.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynabridge-standard-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** A hopper as somebody else writes it: other names, attribute order, units and nesting of defaults; the same mechanics. */
const FOREIGN_HOPPER = `
<mujoco>
  <option integrator="RK4" timestep=".002"/>
  <worldbody>
    <geom type="plane" pos="0 0 0" size="50 50 1" condim="3" name="ground" margin=".001" solref=".02 1" solimp=".8 .8 .01"/>
    <body pos="0 0 1.25" name="trunk">
      <joint range="-1 1" limited="false" type="slide" pos="0 0 -1.25" axis="1 0 0" name="px"/>
      <joint ref="1.25" limited="false" type="slide" pos="0 0 -1.25" axis="0 0 1" name="pz"/>
      <joint limited="false" type="hinge" axis="0 1 0" name="ry"/>
      <geom fromto="0 0 .2 0 0 -.2" size=".05" type="capsule" class="limb" name="g0"/>
      <body name="upper" pos="0 0 -.2">
        <joint range="-150 0" limited="true" damping="1" armature="1" axis="0 -1 0" name="j0"/>
        <geom fromto="0 0 0 0 0 -.45" size=".05" type="capsule" class="limb" name="g1"/>
        <body name="lower" pos="0 0 -.45">
          <joint range="-150 0" limited="true" damping="1" armature="1" axis="0 -1 0" name="j1"/>
          <geom fromto="0 0 0 0 0 -.5" size=".04" type="capsule" class="limb" name="g2"/>
          <body name="paw" pos="0 0 -.5">
            <joint range="-45 45" limited="true" damping="1" armature="1" axis="0 -1 0" name="j2"/>
            <geom fromto="-.13 0 0 .26 0 0" size=".06" type="capsule" class="limb" friction="2" name="g3"/>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <default>
    <default class="limb"><geom friction=".9" margin=".001" condim="1" solref=".02 1" solimp=".8 .8 .01"/></default>
  </default>
  <actuator>
    <general ctrllimited="true" ctrlrange="-1 1" gainprm="200" joint="j0"/>
    <motor joint="j1" gear="200" ctrlrange="-1 1" ctrllimited="true"/>
    <motor joint="j2" gear="200" ctrlrange="-1 1" ctrllimited="true"/>
  </actuator>
</mujoco>`;

describe('a model from elsewhere', () => {
  test('a differently written hopper runs as a hopper, and like ours', () => {
    const envs = [
      standardEnv('hopper'),
      standardEnv('hopper', { mjcf: file('foreign.xml', FOREIGN_HOPPER) }),
    ];
    const rng = new Rng(1);
    envs.forEach((env) => env.reset(0, new Rng(5)));
    const [ours, foreign] = envs as [(typeof envs)[0], (typeof envs)[0]];
    expect(foreign.layout).toEqual(ours.layout);
    expect(foreign.stepSeconds).toBe(0.008);
    for (let step = 0; step < 20; step++) {
      const action = Float32Array.from([1, 2, 3], () => rng.uniform(-1, 1));
      const rewards = envs.map((env) => env.step(action).rewards[0]!);
      expect(rewards[1]).toBeCloseTo(rewards[0]!, 3);
      envs[1]!.frames.forEach((value, i) => expect(value).toBeCloseTo(ours.frames[i]!, 3));
    }
  });

  test('files that it includes are found beside it', () => {
    mkdirSync(join(folder, 'common'));
    file('common/looks.xml', '<mujoco><asset><material name="self" rgba="1 0 0 1"/></asset></mujoco>');
    const text = readFileSync(modelPath('reacher.xml'), 'utf8')
      .replace('<default>', '<include file="./common/looks.xml"/>\n<default>')
      .replace('name="hand" type="capsule"', 'name="hand" type="capsule" material="self"');
    expect(text).toContain('material="self"');
    const env = standardEnv('reacher-easy', { mjcf: file('reacher.xml', text) });
    env.reset(0, new Rng(1));
    expect(env.step(new Float32Array(2)).frames.length).toBe(6);
  });

  test('a longer step of the model makes a longer control step', () => {
    const slower = FOREIGN_HOPPER.replace('timestep=".002"', 'timestep=".001"');
    expect(standardEnv('hopper', { mjcf: file('slower.xml', slower) }).stepSeconds).toBeCloseTo(0.004, 12);
  });

  test('poles of another length move the height at which a double pendulum is judged', () => {
    const text = readFileSync(modelPath('inverted-double-pendulum.xml'), 'utf8');
    const longer = text
      .replaceAll('0 0 0 0 0 0.6', '0 0 0 0 0 1.2')
      .replaceAll('pos="0 0 0.6"', 'pos="0 0 1.2"');
    const { task, layout } = standardEnv('inverted-double-pendulum', { mjcf: file('longer.xml', longer) });
    const ends = new Uint8Array(2);
    const tilts = [1.13, 1.15]; // 2.4 m * cos
    task.terminated(2, layout, Float32Array.from(tilts.flatMap((tilt) => [0, tilt, 0, 0, 0, 0, 0])), ends);
    expect([...ends]).toEqual([0, 1]);
  });
});

describe('refuses, saying what and where,', () => {
  const refuse = (task: string, name: string, text: string) => () =>
    standardEnv(task, { mjcf: file(name, text) });

  test('an unknown task', () => {
    expect(() => findStandardTask('ant')).toThrow(
      "there is no standard task 'ant'; the tasks are pendulum-v1, inverted-pendulum, inverted-double-pendulum, hopper, " +
        'walker2d, half-cheetah, cartpole-balance, cartpole-swingup, pendulum-swingup, reacher-easy, reacher-hard',
    );
    expect(listStandardTasks().every((task) => findStandardTask(task.name) === task)).toBe(true);
  });

  test('a missing file', () => {
    expect(() => standardEnv('hopper', { mjcf: '/nowhere/hopper.xml' })).toThrow(
      'model file /nowhere/hopper.xml cannot be read (ENOENT); expected the path of an MJCF file',
    );
  });

  test('XML that MuJoCo rejects', () => {
    expect(refuse('hopper', 'broken.xml', '<mujoco><worldbody><bod/></worldbody></mujoco>')).toThrow(
      /the physics engine rejects .*broken\.xml: .*unrecognized element.*'bod', line 1/,
    );
    expect(refuse('hopper', 'text.xml', 'a hopper')).toThrow(/the physics engine rejects .*text\.xml/);
    expect(refuse('hopper', 'lost.xml', '<mujoco><include file="lost-part.xml"/></mujoco>')).toThrow(
      /lost-part\.xml/,
    );
  });

  test('a model of something else', () => {
    expect(() => standardEnv('half-cheetah', { mjcf: modelPath('hopper.xml') })).toThrow(
      /hopper\.xml is no model of task 'half-cheetah': it has joints \(slide, slide, hinge, hinge, hinge, hinge\) and 3 actuators, expected \(slide, slide, hinge(, hinge){6}\) and 6/,
    );
    const driven = FOREIGN_HOPPER.replace(/<motor joint="j2".*/, '');
    expect(refuse('hopper', 'weak.xml', driven)).toThrow(/and 2 actuators, expected .* and 3/);
    const free = '<mujoco><worldbody><body><freejoint/><geom size="1"/></body></worldbody></mujoco>';
    expect(refuse('hopper', 'free.xml', free)).toThrow(/it has joints \(free or ball\) and 0 actuators/);
  });

  test('actuators without a range, to which actions could not be scaled', () => {
    const unlimited = FOREIGN_HOPPER.replace('gear="200" ctrlrange="-1 1" ctrllimited="true"', 'gear="200"');
    expect(refuse('hopper', 'unlimited.xml', unlimited)).toThrow(
      /actuator 1 in .*unlimited\.xml has control range \[0, 0\]; give it a ctrlrange/,
    );
  });

  test('models that lack what the reward is told of', () => {
    const fingerless = readFileSync(modelPath('reacher.xml'), 'utf8').replaceAll(
      'name="finger"',
      'name="tip"',
    );
    expect(refuse('reacher-hard', 'fingerless.xml', fingerless)).toThrow(/has no geom named 'finger'/);
    const blunt = readFileSync(modelPath('inverted-double-pendulum.xml'), 'utf8').replace(/<site.*/, '');
    expect(refuse('inverted-double-pendulum', 'blunt.xml', blunt)).toThrow(/blunt\.xml has no site 0/);
  });

  test.each([0, 1.5, NaN])('%d environments, and as many repeats', (count) => {
    expect(() => standardEnv('hopper', { count })).toThrow(
      `${count} environments asked for, expected a whole number >= 1`,
    );
    expect(() => standardEnv('hopper', { actionRepeat: count })).toThrow(
      `action repeat is ${count}, expected a whole number >= 1`,
    );
  });

  test('with exit code 2', () => {
    expect(() => standardEnv('ant')).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
    expect(() => standardEnv('hopper', { mjcf: '/nowhere' })).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT' }),
    );
  });
});
