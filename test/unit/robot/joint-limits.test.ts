import { describe, expect, it } from 'vitest';
import type { JointLimits } from '../../../src/robot/index.js';
import { parseUrdf } from '../../../src/robot/parse-urdf.js';
import { resolveLimits } from '../../../src/robot/resolve-limits.js';
import { parseYaml } from '../../../src/robot/yaml-file.js';
import { expectBadInput, loadEdited, type Edit } from './scratch-robot.js';

const limits = (find: string, replace: string): Edit => ['joint_limits.yaml', find, replace];
const ELBOW = '  elbow:\n';
const elbow = (lines: string): Edit => limits(ELBOW, `${ELBOW}    ${lines.split('; ').join('\n    ')}\n`);
const other = (joint: string, lines: string): Edit =>
  limits('joint_limits:\n', `joint_limits:\n  ${joint}: { ${lines} }\n`);

function limitsOf(joint: string, ...edits: readonly Edit[]): JointLimits | undefined {
  return loadEdited(...edits).model.joints.find(({ name }) => name === joint)?.limits;
}

describe('limits of URDF and joint_limits.yaml together', () => {
  it('are the tighter of the two, and soft limits stay inside', () => {
    expect(limitsOf('shoulder')).toStrictEqual({
      position: { min: -1.9, max: 2.1 },
      softPosition: { min: -1.9, max: 2, kPosition: 100, kVelocity: 15 },
      kVelocity: 15,
      maxVelocity: 2,
      maxAcceleration: 6,
      maxDeceleration: 4,
      maxJerk: 100,
      maxEffort: 30,
    });
  });

  it('take from the URDF what the YAML leaves out, and deceleration from acceleration', () => {
    expect(limitsOf('elbow')).toStrictEqual({
      position: { min: 0, max: 2.5 },
      softPosition: { min: 0.1, max: 2.4, kPosition: 50, kVelocity: 10 },
      kVelocity: 10,
      maxVelocity: 3,
      maxAcceleration: 5,
      maxDeceleration: 5,
      maxEffort: 20,
    });
  });

  it('leave uncommanded joints as they are, without acceleration', () => {
    expect(limitsOf('finger')).toStrictEqual({
      position: { min: 0.01, max: 0.04 },
      maxVelocity: 0.1,
      maxEffort: 10,
    });
    expect(limitsOf('wheel')).toStrictEqual({ maxVelocity: 9, maxEffort: 1 });
  });

  it('may be absent on a passive joint', () => {
    expect(
      limitsOf('wheel', [
        'arm.urdf',
        '<limit lower="0" upper="1" velocity="9" effort="1" colour="red"/>',
        '',
      ]),
    ).toBeUndefined();
  });

  it('may be partial on a passive joint, whose URDF has none', () => {
    const limit = '<limit lower="0" upper="1" velocity="9" effort="1" colour="red"/>';
    const entry = other(
      'wheel',
      'has_velocity_limits: true, max_velocity: 8, has_effort_limits: true, max_effort: 1',
    );
    expect(limitsOf('wheel', ['arm.urdf', limit, ''], entry)).toMatchObject({ maxVelocity: 8, maxEffort: 1 });
    const slower = other('wheel', 'has_acceleration_limits: true, max_acceleration: 3');
    expect(limitsOf('wheel', slower)).toMatchObject({ maxAcceleration: 3, maxVelocity: 9 });
  });

  it('have a rate of effort where the YAML says so', () => {
    const entry = elbow('has_effort_rate_limits: true; max_effort_rate: 50');
    expect(limitsOf('elbow', entry)?.maxEffortRate).toBe(50);
  });

  it('take a missing k_position for none', () => {
    const soft = ' k_position="100" k_velocity="15"/>';
    expect(limitsOf('shoulder', ['arm.urdf', soft, ' k_velocity="15"/>'])?.softPosition?.kPosition).toBe(0);
  });

  it('accept limits that equal those of the URDF', () => {
    const edit = elbow(
      'has_position_limits: true; min_position: 0.0; max_position: 2.5; has_velocity_limits: true; max_velocity: 3.0',
    );
    expect(limitsOf('elbow', edit)).toMatchObject({ position: { min: 0, max: 2.5 }, maxVelocity: 3 });
  });

  it('are those of the URDF alone where an entry switches nothing on', () => {
    const entry = other('wheel', 'has_jerk_limits: false, has_acceleration_limits: false');
    expect(limitsOf('wheel', entry)).toStrictEqual({ maxVelocity: 9, maxEffort: 1 });
    const limit = '<limit lower="0" upper="1" velocity="9" effort="1" colour="red"/>';
    expect(limitsOf('wheel', ['arm.urdf', limit, ''], entry)).toBeUndefined();
  });

  it('accept soft limits that equal the position limits', () => {
    const edit = limits(
      'soft_lower_limit: 0.1\n    soft_upper_limit: 2.4',
      'soft_lower_limit: 0\n    soft_upper_limit: 2.5',
    );
    expect(limitsOf('elbow', edit)?.softPosition).toStrictEqual({
      min: 0,
      max: 2.5,
      kPosition: 50,
      kVelocity: 10,
    });
  });

  it('have no soft limits where the YAML switches off what the URDF does not say', () => {
    const edit = limits('has_soft_limits: true', 'has_soft_limits: false');
    expect(limitsOf('elbow', edit)?.softPosition).toBeUndefined();
  });

  it('list values that a false flag switches off', () => {
    const { dropped } = loadEdited(other('wheel', 'has_jerk_limits: false, max_jerk: 3.0')).model;
    expect(dropped.find(({ path }) => path.endsWith('joint_limits/wheel/max_jerk'))?.reason).toBe(
      'has_jerk_limits is false',
    );
  });
});

describe('joint_limits.yaml is refused, naming file, line, joint and what to write', () => {
  const cases: readonly (readonly [title: string, edit: Edit, parts: readonly string[]])[] = [
    [
      'looser velocity',
      elbow('has_velocity_limits: true; max_velocity: 3.5'),
      [
        "joint 'elbow' in",
        'joint_limits.yaml:18',
        "max_velocity 3.5 rad/s loosens the URDF's velocity 3 rad/s",
        'write at most 3',
      ],
    ],
    [
      'looser effort',
      elbow('has_effort_limits: true; max_effort: 21'),
      ["max_effort 21 N m loosens the URDF's effort 20 N m"],
    ],
    [
      'looser maximum position',
      elbow('has_position_limits: true; min_position: 0; max_position: 2.6'),
      ["[0, 2.6] rad loosens the URDF's [0, 2.5] rad"],
    ],
    [
      'looser minimum position',
      elbow('has_position_limits: true; min_position: -0.1; max_position: 2'),
      ["[-0.1, 2] rad loosens the URDF's [0, 2.5] rad"],
    ],
    [
      'inverted position',
      elbow('has_position_limits: true; min_position: 2; max_position: 1'),
      ["joint 'elbow'", 'range [2, 1] rad is inverted; write lower < upper'],
    ],
    [
      'has_velocity_limits: false against the URDF',
      elbow('has_velocity_limits: false'),
      ['has_velocity_limits: false loosens the URDF, which says velocity 3 rad/s'],
    ],
    [
      'has_position_limits: false against the URDF',
      elbow('has_position_limits: false'),
      ['which says [0, 2.5] rad'],
    ],
    [
      'a flag without its value',
      elbow('has_velocity_limits: true'),
      ['joint_limits.yaml:17', 'write max_velocity: ...'],
    ],
    [
      'a value without its flag',
      elbow('max_velocity: 1.0'),
      ['max_velocity: 1', 'write has_velocity_limits: true'],
    ],
    [
      'position limits on a continuous joint',
      other('wheel', 'has_position_limits: true, min_position: 0, max_position: 1'),
      ["joint 'wheel'", 'contradict type="continuous"', 'write has_position_limits: false'],
    ],
    [
      'wraparound on a revolute joint',
      elbow('angle_wraparound: true'),
      ["joint 'elbow'", 'write false, or type="continuous"'],
    ],
    [
      'soft limits on a continuous joint',
      other(
        'wheel',
        'has_soft_limits: true, soft_lower_limit: 0, soft_upper_limit: 1, k_position: 1, k_velocity: 1',
      ),
      ["joint 'wheel'", 'write has_soft_limits: false'],
    ],
    [
      'soft limits outside',
      limits('soft_upper_limit: 2.4', 'soft_upper_limit: 2.6'),
      ["joint 'elbow'", 'soft limits [0.1, 2.6] rad loosen [0, 2.5] rad'],
    ],
    [
      'soft limits inverted',
      limits('soft_upper_limit: 2.4', 'soft_upper_limit: 0.05'),
      ['range [0.1, 0.05] rad is inverted'],
    ],
    [
      'URDF soft limits outside a tightened range',
      limits('min_position: -1.9', 'min_position: 2.05'),
      ["joint 'shoulder'", 'range [2.05, 2] rad is inverted'],
    ],
    [
      'has_soft_limits: false against the URDF',
      limits('min_position: -1.9', 'min_position: -1.9\n    has_soft_limits: false'),
      ["joint 'shoulder'", 'has_soft_limits: false loosens the URDF, which says soft limits [-2, 2] rad'],
    ],
    [
      'soft limits outside those of the URDF',
      limits(
        'min_position: -1.9',
        'min_position: -1.9\n    has_soft_limits: true\n    soft_lower_limit: -1.9\n    soft_upper_limit: 2.05\n    k_position: 1\n    k_velocity: 1',
      ),
      ["joint 'shoulder'", 'soft limits [-1.9, 2.05] rad loosen [-1.9, 2] rad'],
    ],
    ['unknown joint', limits(ELBOW, '  elbo:\n'), ["joint 'elbo' in", "did you mean 'elbow'?"]],
    [
      'unknown joint, at its line',
      other('whel', 'has_jerk_limits: false'),
      ["joint 'whel' in", 'joint_limits.yaml:2:'],
    ],
    [
      'fixed joint',
      other('mount', 'has_jerk_limits: false'),
      ["joint 'mount'", 'limits a fixed joint; remove it'],
    ],
    [
      'unknown key',
      elbow('has_velocty_limits: true'),
      [
        'joint_limits.yaml:17',
        "unknown key 'joint_limits.elbow.has_velocty_limits'",
        "did you mean 'has_velocity_limits'?",
      ],
    ],
    [
      'text for a number',
      limits('max_velocity: 2.0', 'max_velocity: fast'),
      ['joint_limits.yaml:7', '\'joint_limits.shoulder.max_velocity\' is "fast"; write a number >= 0'],
    ],
    [
      'a negative magnitude',
      limits('max_velocity: 2.0', 'max_velocity: -2.0'),
      ["max_velocity' is -2; write a number >= 0"],
    ],
    ['an infinite number', limits('max_position: 2.1', 'max_position: .inf'), ['write a finite number']],
    [
      'a flag that is no boolean',
      limits('has_jerk_limits: true', 'has_jerk_limits: 1'),
      ["has_jerk_limits' is 1; write true or false"],
    ],
    [
      'a missing limit of a commanded joint',
      limits('has_acceleration_limits: true\n    max_acceleration: 5.0', ''),
      ["joint 'elbow' in", 'joint_limits.elbow: {has_acceleration_limits: true, max_acceleration: ...}'],
    ],
    [
      'a zero limit of a commanded joint',
      limits('max_acceleration: 5.0', 'max_acceleration: 0'),
      ["joint 'elbow' in", 'max_acceleration is 0', 'write max_acceleration > 0'],
    ],
    [
      'half the limits of a joint without any',
      other('wheel_free', 'has_velocity_limits: true, max_velocity: 1'),
      ["joint 'wheel_free'"],
    ],
    ['malformed YAML', limits('  elbow:', '  elbow: ['), ['joint_limits.yaml:', 'malformed YAML']],
    [
      'a duplicate key',
      limits('    max_velocity: 2.0', '    max_velocity: 2.0\n    max_velocity: 1.0'),
      ['joint_limits.yaml:8:5: malformed YAML', 'unique'],
    ],
    [
      'another root key',
      limits('joint_limits:\n', 'joint_limit:\n'),
      ["unknown key 'joint_limit'", "did you mean 'joint_limits'?"],
    ],
    [
      'soft limits below',
      limits('soft_lower_limit: 0.1', 'soft_lower_limit: -0.1'),
      ['soft limits [-0.1, 2.4] rad loosen [0, 2.5] rad'],
    ],
    [
      'an empty range',
      elbow('has_position_limits: true; min_position: 1; max_position: 1'),
      ['range [1, 1] rad is empty'],
    ],
  ];
  it.each(cases)('%s', (_title, edit, parts) => expectBadInput(() => loadEdited(edit), ...parts));

  it('velocity without effort on a joint whose URDF has neither', () => {
    expectBadInput(
      () =>
        loadEdited(
          ['arm.urdf', '<limit lower="0" upper="1" velocity="9" effort="1" colour="red"/>', ''],
          other('wheel', 'has_velocity_limits: true, max_velocity: 1'),
        ),
      "joint 'wheel'",
      'not both velocity and effort',
      'arm.urdf:53',
    );
  });

  const LIMIT = '<limit lower="0" upper="1" velocity="9" effort="1" colour="red"/>';
  const wheel = (groups: readonly string[]): Edit =>
    other('wheel', groups.map((name) => `has_${name}_limits: true, max_${name}: 1`).join(', '));

  it('effort without velocity on a joint whose URDF has neither', () => {
    expectBadInput(
      () => loadEdited(['arm.urdf', LIMIT, ''], wheel(['effort'])),
      "joint 'wheel'",
      'not both velocity and effort',
    );
  });

  it.each(['velocity', 'acceleration', 'effort'])('%s alone missing on a commanded joint', (missing) => {
    const others = ['velocity', 'acceleration', 'effort'].filter((name) => name !== missing);
    expectBadInput(
      () =>
        loadEdited(
          ['arm.urdf', LIMIT, ''],
          ['robot.yaml', 'commanded: [elbow, shoulder]', 'commanded: [elbow, shoulder, wheel]'],
          ['robot.yaml', 'passive: [wheel]', 'passive: []'],
          wheel(others),
        ),
      `write joint_limits.wheel: {has_${missing}_limits: true, max_${missing}: ...}`,
    );
  });

  it('all missing limits of a commanded continuous joint at once', () => {
    expectBadInput(
      () =>
        loadEdited(
          ['arm.urdf', '<limit lower="0" upper="1" velocity="9" effort="1" colour="red"/>', ''],
          ['robot.yaml', 'commanded: [elbow, shoulder]', 'commanded: [elbow, shoulder, wheel]'],
          ['robot.yaml', 'passive: [wheel]', 'passive: []'],
        ),
      "joint 'wheel'",
      '{has_velocity_limits: true, max_velocity: ..., has_acceleration_limits: true, max_acceleration: ..., has_effort_limits: true, max_effort: ...}',
    );
  });
});

describe('resolveLimits', () => {
  it('has no entry for a joint without limits', () => {
    const joint = (name: string, limit: string) =>
      `<link name="${name}l"/><joint name="${name}" type="continuous"><parent link="a"/><child link="${name}l"/>${limit}</joint>`;
    const { joints } = parseUrdf(
      `<robot name="a"><link name="a"/>${joint('free', '')}${joint('held', '<limit velocity="2" effort="3"/>')}</robot>`,
      'a.urdf',
    );
    const { byJoint } = resolveLimits(joints, new Map(), parseYaml('joint_limits: {}', 'a.yaml'));
    expect([...byJoint]).toStrictEqual([['held', { maxVelocity: 2, maxEffort: 3 }]]);
  });
});
