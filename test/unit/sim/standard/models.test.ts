import { describe, expect, test } from 'vitest';
import { listStandardTasks } from '../../../../sim/index.js';
import { RawPhysics, engine, largestDifference, standardEnv } from './standard-envs.js';

/**
 * What MuJoCo compiles the public models to: Gymnasium's `envs/mujoco/assets/*.xml` (walker2d_v5.xml for the walker) and dm_control's
 * `suite/*.xml`.
 */
const PUBLISHED = {
  'inverted-pendulum.xml': {
    masses: [10.47197551, 5.01859164],
    gears: [100],
    damping: [1, 1],
    armature: [0, 0],
    ranges: [-1, 1, -Math.PI / 2, Math.PI / 2],
    controls: [-3, 3],
    timestep: 0.02,
    integrator: 'RK4',
  },
  'inverted-double-pendulum.xml': {
    masses: [10.47197551, 4.19873858, 4.19873858],
    gears: [500],
    damping: [0.05, 0.05, 0.05],
    armature: [0, 0, 0],
    ranges: [-1, 1, 0, 0, 0, 0],
    controls: [-1, 1],
    timestep: 0.01,
    integrator: 'RK4',
  },
  'hopper.xml': {
    masses: [3.66519143, 4.05789051, 2.7813567, 5.31557477],
    gears: [200, 200, 200],
    damping: [0, 0, 0, 1, 1, 1],
    armature: [0, 0, 0, 1, 1, 1],
    ranges: [0, 0, 0, 0, 0, 0, ...degrees(-150, 0, -150, 0, -45, 45)],
    controls: [-1, 1, -1, 1, -1, 1],
    timestep: 0.002,
    integrator: 'RK4',
  },
  'walker2d.xml': {
    masses: [3.66519143, 4.05789051, 2.7813567, 3.1667254, 4.05789051, 2.7813567, 3.1667254],
    gears: [100, 100, 100, 100, 100, 100],
    damping: [0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
    armature: [0, 0, 0, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01],
    ranges: [0, 0, 0, 0, 0, 0, ...degrees(-150, 0, -150, 0, -45, 45, -150, 0, -150, 0, -45, 45)],
    controls: [-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1],
    timestep: 0.002,
    integrator: 'RK4',
  },
  'half-cheetah.xml': {
    masses: [6.25020921, 1.54351464, 1.5874477, 1.09539749, 1.43807531, 1.20083682, 0.88451883],
    gears: [120, 90, 60, 120, 60, 30],
    damping: [0, 0, 0, 6, 4.5, 3, 4.5, 3, 1.5],
    armature: [0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
    ranges: [0, 0, 0, 0, 0, 0, -0.52, 1.05, -0.785, 0.785, -0.4, 0.785, -1, 0.7, -1.2, 0.87, -0.5, 0.5],
    controls: [-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1],
    timestep: 0.01,
    integrator: 'Euler',
  },
  'cartpole.xml': {
    masses: [1, 0.1],
    gears: [10],
    damping: [5e-4, 2e-6],
    armature: [0, 0],
    ranges: [-1.8, 1.8, 0, 0],
    controls: [-1, 1],
    timestep: 0.01,
    integrator: 'RK4',
  },
  'pendulum.xml': {
    masses: [1],
    gears: [1],
    damping: [0.1],
    armature: [0],
    ranges: [0, 0],
    controls: [-1, 1],
    timestep: 0.02,
    integrator: 'Euler',
  },
  'reacher.xml': {
    masses: [0.04188790205, 0.03560471674, 0.0041887902],
    gears: [0.05, 0.05],
    damping: [0.01, 0.01],
    armature: [0, 0],
    ranges: [0, 0, ...degrees(-160, 160)],
    controls: [-1, 1, -1, 1],
    timestep: 0.02,
    integrator: 'Euler',
  },
} as const;

function degrees(...values: number[]): number[] {
  return values.map((value) => (value * Math.PI) / 180);
}

describe('models compile to what the public ones do', () => {
  test.each(Object.entries(PUBLISHED))('%s', (file, published) => {
    const raw = new RawPhysics(file);
    const option = raw.model.opt;
    const { mjINT_EULER, mjINT_RK4 } = engine.mjtIntegrator;
    expect(largestDifference(raw.facts('body_mass').slice(1), published.masses)).toBeLessThan(1e-8);
    expect(raw.facts('actuator_gear').filter((_, i) => i % 6 === 0)).toEqual(published.gears);
    expect(raw.facts('dof_damping')).toEqual(published.damping);
    expect(raw.facts('dof_armature')).toEqual(published.armature);
    expect(largestDifference(raw.facts('jnt_range'), published.ranges)).toBeLessThan(1e-12);
    expect(raw.facts('actuator_ctrlrange')).toEqual(published.controls);
    expect(option.timestep).toBe(published.timestep);
    expect(option.integrator).toBe((published.integrator === 'RK4' ? mjINT_RK4 : mjINT_EULER).value);
    option.delete();
  });

  test('sliding friction is that of the public models, both feet of the walker with that of v5', () => {
    const sliding = (file: string) =>
      new RawPhysics(file).facts('geom_friction').filter((_, i) => i % 3 === 0);
    expect(sliding('hopper.xml')).toEqual([1, 0.9, 0.9, 0.9, 2]);
    expect(sliding('walker2d.xml')).toEqual([0.7, 0.9, 0.9, 0.9, 1.9, 0.9, 0.9, 1.9]);
    expect(sliding('half-cheetah.xml')).toEqual(Array.from({ length: 9 }, () => 0.4));
  });

  test('the springs of the half cheetah are those published', () => {
    const stiffness = new RawPhysics('half-cheetah.xml').facts('jnt_stiffness');
    expect(stiffness).toEqual([0, 0, 0, 240, 180, 120, 180, 120, 60]);
  });
});

/** gymnasium/envs/__init__.py, frame_skip and timestep; dm_control: time limit over control step, repeated twice by default */
test.each([
  ['pendulum-v1', 0.05, 200, -160],
  ['inverted-pendulum', 0.04, 1000, 1000],
  ['inverted-double-pendulum', 0.05, 1000, 9100],
  ['hopper', 0.008, 1000, 3000],
  ['walker2d', 0.008, 1000, 3500],
  ['half-cheetah', 0.05, 1000, 8000],
  ['cartpole-balance', 0.02, 500, 950],
  ['cartpole-swingup', 0.02, 500, 800],
  ['pendulum-swingup', 0.04, 500, 800],
  ['reacher-easy', 0.04, 500, 900],
  ['reacher-hard', 0.04, 500, 900],
])('%s decides every %d s, %d times, for a return of %d', (name, seconds, steps, threshold) => {
  const { actionRepeat } = listStandardTasks().find((task) => task.name === name)!;
  const env = standardEnv(name, { actionRepeat });
  expect(env.stepSeconds).toBeCloseTo(seconds, 12);
  expect(env.task).toMatchObject({ name, episodeSteps: steps, goalReturn: threshold });
});
