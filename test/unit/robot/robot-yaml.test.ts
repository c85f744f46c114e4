import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadRobot, withController } from '../../../src/robot/index.js';
import { ARM, expectBadInput, loadEdited, type Edit } from './scratch-robot.js';

const yaml = (find: string, replace: string): Edit => ['robot.yaml', find, replace];
const LATENCY = 'command_latency: 0.02';

describe('robot.yaml is refused, naming file, line, key and what to write', () => {
  const cases: readonly (readonly [title: string, edit: Edit, parts: readonly string[]])[] = [
    [
      'unknown key',
      yaml(LATENCY, 'command_latncy: 0.02'),
      ['robot.yaml:3', "unknown key 'command_latncy'", "did you mean 'command_latency'?"],
    ],
    [
      'unknown nested key',
      yaml('passive: [wheel]', 'pasive: [wheel]'),
      ["unknown key 'joints.pasive'", "did you mean 'passive'?"],
    ],
    [
      'missing key',
      yaml(LATENCY, ''),
      ["'command_latency' is missing", 'write command_latency: seconds from sending'],
    ],
    [
      'missing section',
      yaml('joints:\n  commanded: [elbow, shoulder]\n  observed: [finger]\n  passive: [wheel]\n', ''),
      ["'joints' is missing; write joints: {commanded: [...]"],
    ],
    [
      'missing nested key',
      yaml('mode: increment', ''),
      ["'action.mode' is missing; write action.mode: absolute | increment"],
    ],
    [
      'wrong type',
      yaml(LATENCY, 'command_latency: fast'),
      ['robot.yaml:3', '\'command_latency\' is "fast"; write seconds'],
    ],
    ['negative time', yaml(LATENCY, 'command_latency: -0.1'), ["'command_latency' is -0.1"]],
    ['NaN', yaml(LATENCY, 'command_latency: .nan'), ["'command_latency' is"]],
    [
      'unknown interface',
      yaml('command_interface: position', 'command_interface: torque'),
      ['robot.yaml:1', '"torque"; write position | velocity | effort'],
    ],
    [
      'bad topic',
      yaml('/forward_command_controller/commands', '/forward command'),
      ['robot.yaml:2', 'a ROS topic name'],
    ],
    [
      'unknown message type',
      yaml(LATENCY, `${LATENCY}\ncommand_message_type: std_msgs/msg/Float64`),
      ['std_msgs/msg/Float64MultiArray | trajectory_msgs/msg/JointTrajectory'],
    ],
    [
      'a timeout of zero, which would switch it off',
      yaml(LATENCY, `${LATENCY}\nteleop:\n  command_timeout_ms: 0`),
      [
        'robot.yaml:5',
        "'teleop.command_timeout_ms' is 0; write milliseconds from 10 to 100",
        'zero does not switch it off',
      ],
    ],
    [
      'a negative timeout',
      yaml(LATENCY, `${LATENCY}\nagent: {timeout_ms: -1}`),
      ["'agent.timeout_ms' is -1; write milliseconds from 20 to 2000"],
    ],
    [
      'a lock without a timeout',
      yaml(LATENCY, `${LATENCY}\nlocks: [{topic: /pause, priority: 50}]`),
      ["'locks.0.timeout_ms' is missing; write locks.0.timeout_ms: milliseconds from 10 to 10000"],
    ],
    [
      'a lock with a timeout of zero',
      yaml(LATENCY, `${LATENCY}\nlocks: [{topic: /pause, timeout_ms: 0, priority: 50}]`),
      ["'locks.0.timeout_ms' is 0", 'zero does not switch it off'],
    ],
    [
      'two sources of equal priority',
      yaml(LATENCY, `${LATENCY}\nagent: {priority: 100}`),
      ['robot.yaml:4', 'teleop.priority 100 is not above agent.priority 100', 'write a larger one'],
    ],
    [
      'an operator who comes after the agent',
      yaml(LATENCY, `${LATENCY}\nteleop: {priority: 5}`),
      ['robot.yaml:4', 'teleop.priority 5 is not above agent.priority 10'],
    ],
    [
      'a lock that locks nothing',
      yaml(LATENCY, `${LATENCY}\nlocks:\n- {topic: /pause, timeout_ms: 500, priority: 10}`),
      ['robot.yaml:5', 'lock /pause has priority 10 and would lock nothing', 'more than agent.priority 10'],
    ],
    [
      'a lock that is there twice',
      yaml(
        LATENCY,
        `${LATENCY}\nlocks:\n- {topic: /pause, timeout_ms: 500, priority: 50}\n- {topic: /pause, timeout_ms: 50, priority: 90}`,
      ),
      ['robot.yaml:6', 'lock /pause is there twice'],
    ],
    [
      'more speed than there is',
      yaml(LATENCY, `${LATENCY}\nteleop: {max_velocity_scale: 1.5}`),
      ["'teleop.max_velocity_scale' is 1.5; write share of max_velocity"],
    ],
    [
      'rates that do not divide',
      yaml(LATENCY, `${LATENCY}\ncontrol_rate_hz: 100\npolicy_rate_hz: 30`),
      ['robot.yaml:5', 'policy_rate_hz 30 Hz does not divide control_rate_hz 100 Hz', 'e.g. 33.33'],
    ],
    [
      'a policy faster than control',
      yaml(LATENCY, `${LATENCY}\npolicy_rate_hz: 200`),
      ['policy_rate_hz 200 Hz', 'e.g. 100'],
    ],
    ['zero rate', yaml(LATENCY, `${LATENCY}\ncontrol_rate_hz: 0`), ["'control_rate_hz' is 0"]],
    [
      'stop_action on a position interface',
      yaml(LATENCY, `${LATENCY}\nstop_action: zero`),
      ['robot.yaml:4', "stop_action 'zero' has no meaning for command_interface position", 'remove it'],
    ],
    [
      'an interface that ros2_control does not offer',
      yaml('command_interface: position', 'command_interface: velocity'),
      ["joint 'shoulder' in", 'robot.yaml:1', 'it offers position', '<command_interface name="velocity"/>'],
    ],
    [
      'unknown joint',
      yaml('[elbow, shoulder]', '[elbw, shoulder]'),
      ["joint 'elbw' in", 'robot.yaml:7', 'joints.commanded names no joint', "did you mean 'elbow'?"],
    ],
    [
      'forgotten joint',
      yaml('passive: [wheel]', 'passive: []'),
      ["joint 'wheel' in", 'arm.urdf:53', 'in no list of', 'joints.commanded (we drive it)'],
    ],
    [
      'a joint in two lists',
      yaml('observed: [finger]', 'observed: [finger, elbow]'),
      ["joint 'elbow'", 'already commanded; keep one'],
    ],
    [
      'a fixed joint',
      yaml('observed: [finger]', 'observed: [finger, mount]'),
      ["joint 'mount'", 'lists a fixed joint; remove it, it does not move'],
    ],
    [
      'a mimic joint',
      yaml('observed: [finger]', 'observed: [finger, finger_mirror]'),
      ["joint 'finger_mirror'", 'lists a mimic joint; remove it, it follows another joint'],
    ],
    [
      'nothing commanded',
      yaml('[elbow, shoulder]', '[]'),
      ["'joints.commanded' is []", 'at least one joint'],
    ],
    [
      'a passive joint that ros2_control drives',
      yaml('observed: [finger]\n  passive: [wheel]', 'passive: [wheel, finger]'),
      ["joint 'finger'", 'robot.yaml:8:', 'write it in joints.observed or joints.commanded'],
    ],
    [
      'a home pose outside',
      yaml('shoulder: 0.5', 'shoulder: 2.2'),
      ["joint 'shoulder' in", 'robot.yaml:11', 'home_pose 2.2 rad is outside [-1.9, 2.1] rad'],
    ],
    [
      'a default home pose outside',
      yaml('  finger: 0.02\n', ''),
      ["joint 'finger'", 'home_pose 0 m (the default) is outside [0.01, 0.04] m; write home_pose.finger'],
    ],
    [
      'a home pose of an unknown joint',
      yaml('shoulder: 0.5', 'sholder: 0.5'),
      ["joint 'sholder'", 'robot.yaml:11:', "did you mean 'shoulder'?"],
    ],
    [
      'a home pose of a mimic joint',
      yaml('shoulder: 0.5', 'finger_mirror: 0.5'),
      ["joint 'finger_mirror'", 'home_pose names no measured joint'],
    ],
    [
      'a scale of an uncommanded joint',
      yaml('shoulder: 0.02', 'shoulder: 0.02, finger: 1'),
      ["joint 'finger'", 'action.scale names no commanded joint'],
    ],
    [
      'a missing scale',
      yaml('shoulder: 0.02, ', ''),
      ["joint 'shoulder'", 'robot.yaml:15:', 'write shoulder: ...'],
    ],
    ['a zero scale', yaml('shoulder: 0.02', 'shoulder: 0'), ['action.scale']],
    ['malformed YAML', yaml('home_pose:', 'home_pose: {'), ['robot.yaml:', 'malformed YAML']],
    [
      'a list instead of keys',
      yaml('command_interface: position\n', '- command_interface: position\n'),
      ['robot.yaml:'],
    ],
    [
      'a horizon of no steps',
      yaml(LATENCY, `${LATENCY}\nprediction: {horizon: 0}`),
      ["'prediction.horizon' is 0; write policy steps to look ahead"],
    ],
    [
      'an unknown key of the prediction',
      yaml(LATENCY, `${LATENCY}\nprediction: {enable: false}`),
      ["unknown key 'prediction.enable'", "did you mean 'enabled'?"],
    ],
    [
      'a policy that would never run',
      yaml(LATENCY, `${LATENCY}\npolicy_rate_hz: 1e12`),
      ['policy_rate_hz 1000000000000 Hz does not divide'],
    ],
    [
      'a joint name that is a number',
      yaml('[elbow, shoulder]', '[elbow, 2]'),
      ["'joints.commanded.1' is 2; write string"],
    ],
  ];
  it.each(cases)('%s', (_title, edit, parts) => expectBadInput(() => loadEdited(edit), ...parts));
});

describe('effort interfaces', () => {
  const effort: readonly Edit[] = [
    yaml('command_interface: position', 'command_interface: effort'),
    [
      'arm.urdf',
      '<command_interface name="position"><param name="min">-2</param></command_interface>',
      '<command_interface name="effort"/>',
    ],
    ['arm.urdf', '<command_interface name="velocity"/>', '<command_interface name="effort"/>'],
  ];

  it('must say what to do on a stop', () => {
    expectBadInput(
      () => loadEdited(...effort),
      'robot.yaml',
      "'stop_action' is missing",
      'stop_action: damping | gravity_hold | zero',
    );
    expect(
      loadEdited(...effort, yaml(LATENCY, `${LATENCY}\nstop_action: gravity_hold`)).config.stopAction,
    ).toBe('gravity_hold');
  });

  it('cannot be sent as trajectories', () => {
    const type = 'command_message_type: trajectory_msgs/msg/JointTrajectory';
    expectBadInput(
      () => loadEdited(...effort, yaml(LATENCY, `${LATENCY}\nstop_action: zero\n${type}`)),
      'robot.yaml:5',
      'carries no effort commands',
    );
    expect(loadEdited(yaml(LATENCY, `${LATENCY}\n${type}`)).config.commandMessageType).toBe(
      'trajectory_msgs/msg/JointTrajectory',
    );
  });

  it('cannot be jogged, which is by velocities', () => {
    const jog = `${LATENCY}\nteleop: {joint_jog: true}`;
    expectBadInput(
      () => loadEdited(...effort, yaml(LATENCY, `${jog}\nstop_action: zero`)),
      'robot.yaml:4',
      'teleop.joint_jog is true, but JointJog carries velocities',
    );
    expect(loadEdited(yaml(LATENCY, jog)).config.teleop.jointJog).toBe(true);
  });
});

describe('points of a trajectory', () => {
  const trajectory = 'command_message_type: trajectory_msgs/msg/JointTrajectory';
  const velocity: readonly Edit[] = [
    yaml('command_interface: position', 'command_interface: velocity'),
    [
      'arm.urdf',
      '<command_interface name="position"><param name="min">-2</param></command_interface>',
      '<command_interface name="velocity"/>',
    ],
  ];
  const points = (count: string, type = trajectory): Edit =>
    yaml(LATENCY, `${LATENCY}\n${type}\ncommand_points: ${count}`);

  it('are one where robot.yaml does not say, and as many as it says', () => {
    expect(loadEdited().config.commandPoints).toBe(1);
    expect(loadEdited(points('10')).config.commandPoints).toBe(10);
    expect(withController(loadEdited(), 'jtc').config.commandPoints).toBe(1);
  });

  it.each(['0', '51', '2.5', '"3"'])('cannot be %s', (count) => {
    expectBadInput(() => loadEdited(points(count)), 'command_points', 'a whole number from 1 to 50');
  });

  it('are for trajectories of positions alone', () => {
    const place = ['robot.yaml:', 'command_points 3 needs', 'command_points: 1'];
    expectBadInput(() => loadEdited(...velocity, points('3')), ...place, 'JointTrajectory and velocity');
    const forward = 'command_message_type: std_msgs/msg/Float64MultiArray';
    expectBadInput(() => loadEdited(points('3', forward)), ...place, 'Float64MultiArray and position');
  });
});

describe('workspace', () => {
  it('is three numbers each', () => {
    const box = (min: string) => yaml(LATENCY, `${LATENCY}\nworkspace: {min: ${min}, max: [1, 1, 1]}`);
    expectBadInput(() => loadEdited(box('[0, low, 0]')), '\'workspace.min.1\' is "low"');
    expectBadInput(() => loadEdited(box('[0, .nan, 0]')), "'workspace.min.1' is NaN");
  });

  it('is absent, or a box with all three sides', () => {
    const box = (min: string, max: string) =>
      loadEdited(yaml(LATENCY, `${LATENCY}\nworkspace: {min: ${min}, max: ${max}}`)).config.workspace;
    expect(loadRobot(ARM).config).not.toHaveProperty('workspace');
    expect(box('[-1, -2, 0]', '[1, 2, 3]')).toStrictEqual({
      min: { x: -1, y: -2, z: 0 },
      max: { x: 1, y: 2, z: 3 },
    });
    for (const min of ['[1, 0, 0]', '[0, 1.5, 0]', '[0, 0, 2]'])
      expectBadInput(
        () => box(min, '[1, 1, 1]'),
        'robot.yaml:4: workspace',
        'is empty or inverted; write min < max',
      );
  });
});

describe('locks', () => {
  const locks = (text: string) => yaml(LATENCY, `${LATENCY}\nlocks: [${text}]`);
  const pause = '{topic: /pause, timeout_ms: 500, priority: 50}';

  it('are read', () => {
    expect(loadEdited(locks(pause)).config.locks).toEqual([
      { topic: '/pause', timeoutMs: 500, priority: 50 },
    ]);
  });

  it('may be several', () => {
    const stop = '{topic: /stop, timeout_ms: 100, priority: 200}';
    expect(loadEdited(locks(`${pause}, ${stop}`)).config.locks).toStrictEqual([
      { topic: '/pause', timeoutMs: 500, priority: 50 },
      { topic: '/stop', timeoutMs: 100, priority: 200 },
    ]);
  });

  it('are there once each', () => {
    expectBadInput(
      () => loadEdited(locks(`${pause}, ${pause}`)),
      'robot.yaml:4',
      'lock /pause is there twice',
    );
  });
});

describe('robot.yaml as a whole', () => {
  it('must be a map', () => {
    const folder = mkdtempSync(join(tmpdir(), 'robot-'));
    try {
      cpSync(ARM, folder, { recursive: true });
      writeFileSync(join(folder, 'robot.yaml'), '# nothing yet');
      expectBadInput(() => loadRobot(folder), 'robot.yaml', 'is missing; write');
      for (const text of ['7', 'text']) {
        writeFileSync(join(folder, 'robot.yaml'), text);
        expectBadInput(
          () => loadRobot(folder),
          'robot.yaml',
          `the file is ${JSON.stringify(parse(text))}; write`,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('may choose any interface where the URDF has no ros2_control', () => {
    const { config } = loadEdited(
      ['arm.urdf', '<ros2_control name="arm" type="system">', '<notes>'],
      ['arm.urdf', '</ros2_control>', '</notes>'],
      yaml('command_interface: position', 'command_interface: velocity'),
    );
    expect(config.commandInterface).toBe('velocity');
  });

  it('may not name a joint that offers no command interface', () => {
    expectBadInput(
      () =>
        loadEdited([
          'arm.urdf',
          '<joint name="elbow">\n      <command_interface name="position"/>\n      <command_interface name="velocity"/>',
          '<joint name="elbow">',
        ]),
      'is not offered',
      'it offers none',
    );
  });
});

describe('rates', () => {
  it('may be equal', () => {
    const { config } = loadEdited(yaml(LATENCY, `${LATENCY}\ncontrol_rate_hz: 50\npolicy_rate_hz: 50`));
    expect([config.controlRateHz, config.policyRateHz]).toStrictEqual([50, 50]);
  });

  it('may have a whole ratio that only rounding hides', () => {
    // 100 / 33.333333333333336 is 2.9999999999999996 or 3, by the last bit
    for (const policy of [33.33333333333333, 33.333333333333336])
      expect(loadEdited(yaml(LATENCY, `${LATENCY}\npolicy_rate_hz: ${policy}`)).config.policyRateHz).toBe(
        policy,
      );
  });
});

describe('self-collision', () => {
  const pairs = 'disabled_collisions: [[base, forearm]]';

  it('is checked where there is a threshold, for all but the named pairs', () => {
    const { config } = loadEdited(
      yaml(LATENCY, `${LATENCY}\nself_collision_proximity_threshold: 0.03\n${pairs}`),
    );
    expect(config.selfCollisionThreshold).toBe(0.03);
    expect(config.disabledCollisions).toStrictEqual([['base', 'forearm']]);
    expect(loadEdited(yaml(LATENCY, `${LATENCY}\n${pairs}`)).config).not.toHaveProperty(
      'selfCollisionThreshold',
    );
  });

  it('knows the links of a pair', () => {
    expectBadInput(
      () => loadEdited(yaml(LATENCY, `${LATENCY}\n${pairs.replace('forearm', 'foream')}`)),
      'robot.yaml:4',
      "disabled_collisions names link 'foream'",
      "did you mean 'forearm'?",
    );
  });
});

describe('home_pose', () => {
  it('may be at a limit', () => {
    for (const position of [-1.9, 2.1])
      expect(loadEdited(yaml('shoulder: 0.5', `shoulder: ${position}`)).config.homePose['shoulder']).toBe(
        position,
      );
  });

  it('is refused below the lower limit', () => {
    expectBadInput(
      () => loadEdited(yaml('shoulder: 0.5', 'shoulder: -2')),
      "joint 'shoulder' in",
      'home_pose -2 rad is outside [-1.9, 2.1] rad',
    );
  });
});

describe('action.scale', () => {
  it('may be one number for all commanded joints', () => {
    expect(loadEdited(yaml('{ shoulder: 0.02, elbow: 0.05 }', '0.1')).config.action.scale).toEqual([
      0.1, 0.1,
    ]);
  });
});

describe('prediction', () => {
  it('is on, four policy steps ahead, unless robot.yaml says otherwise', () => {
    const written = (text: string) => loadEdited(yaml(LATENCY, `${LATENCY}\n${text}`)).config.prediction;
    expect(written('')).toEqual({ enabled: true, horizon: 4 });
    expect(written('prediction: {enabled: false}')).toEqual({ enabled: false, horizon: 4 });
    expect(written('prediction: {horizon: 8}')).toEqual({ enabled: true, horizon: 8 });
  });
});
