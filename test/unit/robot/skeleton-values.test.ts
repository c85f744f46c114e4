import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { parse } from 'yaml';
import { robotSchema } from '../../../src/robot/robot-schema.js';
import { robotSkeleton } from '../../../src/robot/skeleton/index.js';

const POLICY_RATE = v.getDefault(robotSchema.entries.policy_rate_hz);
const INERTIAL =
  '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>';

interface JointText {
  readonly type?: string;
  /** attributes of <limit>; without it there is no such tag */
  readonly limit?: string;
  /** further tags */
  readonly inside?: string;
  /** command interfaces; undefined: none of ros2_control at all */
  readonly offers?: readonly string[];
  readonly link?: string;
}

/** A row of links l0, l1, ... and of joints between them, j1, j2, ... */
function skeletonOf(...joints: readonly JointText[]) {
  const elements = joints.map(
    ({ type = 'revolute', limit, inside = '', link = INERTIAL }, i) =>
      `<joint name="j${i + 1}" type="${type}"><parent link="l${i}"/><child link="l${i + 1}"/>
${limit === undefined ? '' : `<limit ${limit}/>`}${inside}</joint><link name="l${i + 1}">${link}</link>`,
  );
  const control = joints.flatMap(({ offers }, i) =>
    offers === undefined
      ? []
      : [
          `<joint name="j${i + 1}">${offers.map((kind) => `<command_interface name="${kind}"/>`).join('')}</joint>`,
        ],
  );
  const system =
    control.length === 0 ? '' : `<ros2_control name="s" type="system">${control.join('')}</ros2_control>`;
  const text = `<robot name="row"><link name="l0"/>${elements.join('')}${system}</robot>`;
  return robotSkeleton({ text, path: 'row.urdf', folder: '/tmp/none/row' });
}

interface Config {
  readonly action: { readonly mode: unknown; readonly scale: unknown };
  readonly home_pose: Readonly<Record<string, unknown>>;
}
const configOf = (skeleton: ReturnType<typeof skeletonOf>) => parse(skeleton.files['robot.yaml']!) as Config;
const limitsOf = (skeleton: ReturnType<typeof skeletonOf>) =>
  (parse(skeleton.files['joint_limits.yaml']!) as { joint_limits: Record<string, object> }).joint_limits;
const range = (lower: number, upper: number) => `lower="${lower}" upper="${upper}" velocity="3" effort="8"`;

describe('the action of a skeleton', () => {
  it('is three quarters of the way that the velocity limit allows in a policy step, for positions', () => {
    const skeleton = skeletonOf({ limit: range(-1, 1), offers: ['position'] });
    expect(configOf(skeleton).action).toEqual({ mode: 'increment', scale: { j1: (0.75 * 3) / POLICY_RATE } });
    expect(skeleton.files['robot.yaml']).toContain('  scale: # 0.75 * max_velocity / policy_rate_hz, so');
  });

  it('is the whole effort, for efforts', () => {
    const skeleton = skeletonOf({ limit: range(-1, 1), offers: ['effort'] });
    expect(configOf(skeleton).action).toEqual({ mode: 'absolute', scale: { j1: 8 } });
    expect(skeleton.files['robot.yaml']).toContain('  scale: # the whole effort\n');
  });

  it('is asked for where it rests on an acceleration, for velocities', () => {
    const skeleton = skeletonOf({ limit: range(-1, 1), offers: ['velocity'] });
    expect(configOf(skeleton).action).toEqual({ mode: 'increment', scale: null });
    expect(skeleton.missing.find(({ key }) => key === 'action.scale')?.write).toContain(
      '0.75 * max_acceleration',
    );
  });

  it('is asked for as a whole where the interface is not known', () => {
    const skeleton = skeletonOf({ limit: range(-1, 1) });
    expect(configOf(skeleton).action).toEqual({ mode: null, scale: null });
    const keys = skeleton.missing.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(['action.mode', 'action.scale']));
  });

  it('is asked for joint by joint where a limit is missing or 0', () => {
    const still = 'lower="-1" upper="1" velocity="0" effort="0"';
    for (const kind of ['position', 'effort']) {
      const skeleton = skeletonOf({ limit: still, offers: [kind] }, { type: 'continuous', offers: [kind] });
      expect(configOf(skeleton).action.scale).toEqual({ j1: null, j2: null });
      expect(skeleton.missing.map(({ key }) => key)).toEqual(
        expect.arrayContaining(['action.scale.j1', 'action.scale.j2']),
      );
    }
  });
});

describe('the home pose of a skeleton', () => {
  it.each([
    [-1, 1, 0],
    [0, 1, 0.5],
    [-0.05, 0.95, 0], // 0 is just as far in as 5 % of the range
    [-0.95, 0.05, 0],
    [-0.05, 1, 0.475],
    [-1, 0.05, -0.475],
    [1, 2, 1.5],
    [0.1234567, 0.7654321, 0.444444],
  ])('within [%f, %f] is %f: 0, or the middle where 0 is next to an end', (lower, upper, home) => {
    const skeleton = skeletonOf({ limit: range(lower, upper), offers: ['position'] });
    expect(configOf(skeleton).home_pose).toEqual({ j1: home });
  });

  it('is within the soft limits where there are some', () => {
    const soft =
      '<safety_controller soft_lower_limit="1" soft_upper_limit="2" k_position="1" k_velocity="1"/>';
    const skeleton = skeletonOf({ limit: range(-3, 3), inside: soft, offers: ['position'] });
    expect(configOf(skeleton).home_pose).toEqual({ j1: 1.5 });
  });

  it('is asked for where a joint’s range is missing; a continuous one needs none', () => {
    const skeleton = skeletonOf({ offers: ['position'] }, { type: 'continuous', offers: ['position'] });
    expect(configOf(skeleton).home_pose).toEqual({ j1: null, j2: 0 });
  });
});

describe('the roles of a skeleton', () => {
  it('take the one interface that all commanded joints offer', () => {
    const { roles } = skeletonOf(
      { limit: range(-1, 1), offers: ['position', 'velocity'] },
      { limit: range(-1, 1), offers: ['velocity', 'effort'] },
      { limit: range(-1, 1), offers: [] },
      { limit: range(-1, 1) },
      { type: 'fixed', inside: '<mimic joint="j1"/>' },
      { limit: range(-1, 1), inside: '<mimic joint="j1"/>', offers: ['position'] },
    );
    const names = (joints: readonly { readonly name: string }[]) => joints.map(({ name }) => name);
    expect(roles.commandInterface).toBe('velocity');
    expect(names(roles.commanded)).toEqual(['j1', 'j2']);
    expect(names(roles.passive)).toEqual(['j3', 'j4']);
    expect(names(roles.fixed)).toEqual(['j5']);
    expect(names(roles.mimic)).toEqual(['j6']);
  });

  it('leave the interface open where there is a choice, none in common, or nothing commanded', () => {
    const of = (...offers: readonly string[][]) =>
      skeletonOf(...offers.map((kinds) => ({ limit: range(-1, 1), offers: kinds }))).roles;
    expect(of(['position', 'effort'])).not.toHaveProperty('commandInterface');
    expect(of(['position'], ['effort'])).not.toHaveProperty('commandInterface');
    expect(of([])).not.toHaveProperty('commandInterface');
    expect(of(['gripper']).commanded).toEqual([]);
  });

  it.each([
    [undefined, 'position'],
    ['position', 'position'],
    ['velocity', 'velocity'],
  ])('name a topic of their kind as an example: %s', (kind, named) => {
    const { missing } = skeletonOf({ limit: range(-1, 1), ...(kind !== undefined && { offers: [kind] }) });
    const topic = missing.find(({ key }) => key === 'command_topic');
    expect(topic?.write).toContain(`e.g. /forward_${named}_controller/commands;`);
  });

  it('say that the URDF does not tell the interface', () => {
    const { missing } = skeletonOf({ limit: range(-1, 1) });
    expect(missing[0]?.write).toBe(
      'position | velocity | effort, as the controller takes; the URDF’s <ros2_control> does not say',
    );
  });

  it('mention the stop action where the interface is open, ask for it with efforts only', () => {
    const of = (...offers: readonly string[]) => {
      const { files, missing } = skeletonOf({ limit: range(-1, 1), offers });
      const mentioned = files['robot.yaml']!.includes('# stop_action: only for command_interface effort');
      return [mentioned, missing.some(({ key }) => key === 'stop_action')];
    };
    expect(of('velocity', 'effort')).toEqual([true, false]);
    expect(of('velocity')).toEqual([false, false]);
    expect(of('effort')).toEqual([false, true]);
  });
});

describe('the limits of a skeleton', () => {
  const ACCELERATION = { has_acceleration_limits: true, max_acceleration: null };

  it('are those of the URDF', () => {
    expect(limitsOf(skeletonOf({ limit: range(-1, 2), offers: ['position'] }))).toEqual({
      j1: {
        ...{ has_position_limits: true, min_position: -1, max_position: 2 },
        ...{ has_velocity_limits: true, max_velocity: 3 },
        ...ACCELERATION,
        ...{ has_effort_limits: true, max_effort: 8 },
      },
    });
  });

  it('of a continuous joint without a <limit> are asked for', () => {
    const skeleton = skeletonOf({ type: 'continuous', offers: ['velocity'] });
    expect(limitsOf(skeleton)).toEqual({
      j1: {
        ...{ has_velocity_limits: true, max_velocity: null },
        ...ACCELERATION,
        ...{ has_effort_limits: true, max_effort: null },
      },
    });
  });

  it('that are 0 or missing are to be written into the URDF', () => {
    const skeleton = skeletonOf(
      { limit: 'lower="-1" upper="1" velocity="0" effort="8"', offers: ['position'] },
      { limit: 'lower="-1" upper="1" velocity="3" effort="0"', offers: ['position'] },
      { offers: ['position'] },
      { type: 'continuous', limit: 'velocity="0" effort="8"', offers: ['position'] },
    );
    const limits = limitsOf(skeleton);
    expect(limits['j1']).not.toHaveProperty('max_velocity');
    expect(limits['j1']).toMatchObject({ max_effort: 8 });
    expect(limits['j2']).toMatchObject({ max_velocity: 3 });
    expect(limits['j2']).not.toHaveProperty('max_effort');
    expect(limits['j3']).toEqual(ACCELERATION);
    expect(limits['j4']).not.toHaveProperty('has_velocity_limits');
    const of = (joint: string) => skeleton.flaws.filter((flaw) => flaw.includes(`joint '${joint}'`));
    for (const joint of ['j1', 'j2', 'j4']) expect(of(joint)[0]).toContain('lets it never move');
    expect(of('j3')[0]).toContain('needs limits');
  });

  it('that cannot be read are told once', () => {
    const { flaws } = skeletonOf({ limit: 'lower="-1" upper="1" velocity="0"', offers: ['position'] });
    expect(flaws).toEqual([expect.stringContaining("joint 'j1' in /tmp/none/row/row.urdf:2")]);
  });
});

describe('the links of a skeleton', () => {
  const moving = { limit: range(-1, 1), offers: ['position'] };
  const massless = (skeleton: ReturnType<typeof skeletonOf>) =>
    skeleton.flaws.flatMap((flaw) => /link '(\w+)' .* has no mass/.exec(flaw)?.[1] ?? []);

  it('need mass where they move, of their own or of what is fixed to them', () => {
    const zero = INERTIAL.replace('mass value="1"', 'mass value="0"');
    expect(massless(skeletonOf(moving))).toEqual([]);
    expect(massless(skeletonOf({ ...moving, link: `<visual/>${INERTIAL}` }))).toEqual([]);
    expect(massless(skeletonOf({ ...moving, link: '' }, { ...moving, link: zero }, moving))).toEqual([
      'l1',
      'l2',
    ]);
    expect(massless(skeletonOf({ type: 'fixed', link: '' }, moving))).toEqual([]);
    expect(
      massless(skeletonOf({ ...moving, link: '' }, { type: 'fixed', link: '' }, { type: 'fixed' })),
    ).toEqual([]);
    expect(massless(skeletonOf({ ...moving, link: '' }, { type: 'fixed', link: '' }, moving))).toEqual([
      'l1',
    ]);
  });
});

describe('the name of a skeleton', () => {
  const LINKS = '<link name="a"/><link name="b"/>';
  const JOINT = '<joint name="j" type="continuous"><parent link="a"/><child link="b"/></joint>';
  const named = (start: string, name?: string) =>
    robotSkeleton({
      text: `${start}${LINKS}${JOINT}</robot>`,
      path: 'in.urdf',
      ...(name !== undefined && { name }),
    });

  it.each([
    ['my arm', 'my_arm'],
    ['..hidden', '_hidden'],
    ['a..b-c_1', 'a..b-c_1'],
    ['../up', '__up'],
  ])('%s makes the folder and file %s', (name, expected) => {
    const skeleton = named(`<robot name="${name}">`);
    expect(basename(skeleton.folder)).toBe(expected);
    expect(Object.keys(skeleton.files)[0]).toBe(`${expected}.urdf`);
  });

  it.each([
    ['<robot name="old">', '<robot name="new">'],
    ["<robot name = 'old'>", '<robot name = "new">'],
    ['<robot version="1"\n  name="old">', '<robot version="1"\n  name="new">'],
    ['<!-- <robot name="x"> -->\n<robot name="old">', '<!-- <robot name="x"> -->\n<robot name="new">'],
  ])('is replaced in %j, and nothing else is', (start, expected) => {
    expect(named(start, 'new').files['new.urdf']).toBe(`${expected}${LINKS}${JOINT}</robot>`);
  });
});
