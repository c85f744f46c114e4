import { describe, expect, it } from 'vitest';
import { kinematicChain, loadRobot } from '../../../src/robot/index.js';
import { parseUrdf } from '../../../src/robot/parse-urdf.js';
import { contextOf, listOf, loadEdited, type Edit } from './scratch-robot.js';

const urdf = (find: string, replace: string): Edit => ['arm.urdf', find, replace];
const limits = (find: string, replace: string): Edit => ['joint_limits.yaml', find, replace];
const robot = (find: string, replace: string): Edit => ['robot.yaml', find, replace];
const elbow = (lines: string): Edit => limits('  elbow:\n', `  elbow:\n    ${lines}\n`);
const other = (joint: string, lines: string): Edit =>
  limits('joint_limits:\n', `joint_limits:\n  ${joint}: { ${lines} }\n`);

const LATENCY = 'command_latency: 0.02';
const ELBOW_LIMIT = '<limit lower="0" upper="2.5" velocity="3.0" effort="20"/>';
const WHEEL_LIMIT = '<limit lower="0" upper="1" velocity="9" effort="1" colour="red"/>';
/** paths are those of a scratch copy */
const file: unknown = expect.stringMatching(/arm\.urdf$/);

describe('what is refused is named for machines too', () => {
  const cases: readonly (readonly [title: string, edits: Edit | readonly Edit[], context: object])[] = [
    // joint_limits.yaml
    [
      'a looser velocity',
      elbow('has_velocity_limits: true\n    max_velocity: 3.5'),
      { joint: 'elbow', key: 'max_velocity' },
    ],
    [
      'a flag without its value',
      elbow('has_effort_limits: true'),
      { joint: 'elbow', key: 'has_effort_limits' },
    ],
    ['a value without its flag', elbow('max_velocity: 1.0'), { joint: 'elbow', key: 'max_velocity' }],
    ['wraparound', elbow('angle_wraparound: true'), { joint: 'elbow', key: 'angle_wraparound' }],
    ['limits of an unknown joint', limits('  elbow:\n', '  elbo:\n'), { joint: 'elbo' }],
    ['limits of a fixed joint', other('mount', 'has_jerk_limits: false'), { joint: 'mount' }],
    [
      'a missing limit',
      limits('has_acceleration_limits: true\n    max_acceleration: 5.0', ''),
      { joint: 'elbow' },
    ],
    ['a limit of zero', limits('max_acceleration: 5.0', 'max_acceleration: 0'), { joint: 'elbow' }],
    [
      'half of the limits',
      [urdf(WHEEL_LIMIT, ''), other('wheel', 'has_velocity_limits: true, max_velocity: 1')],
      { joint: 'wheel' },
    ],
    // URDF
    ['no limit', urdf(ELBOW_LIMIT, ''), { file }],
    [
      'inverted limits',
      urdf('lower="0" upper="2.5"', 'lower="2.5" upper="0"'),
      { file, lower: 2.5, upper: 0 },
    ],
    [
      'a negative velocity',
      urdf('upper="2.5" velocity="3.0"', 'upper="2.5" velocity="-3"'),
      { file, value: -3 },
    ],
    [
      'soft limits of a continuous joint',
      urdf('colour="red"/>', '/><safety_controller k_velocity="1" soft_lower_limit="0"/>'),
      { file },
    ],
    [
      'soft limits outside',
      urdf('soft_upper_limit="2.0"', 'soft_upper_limit="2.2"'),
      { file, min: -2, max: 2.2 },
    ],
    [
      'a floating joint',
      urdf('<joint name="wheel" type="continuous">', '<joint name="wheel" type="floating">'),
      { file, type: 'floating' },
    ],
    ['an unknown type', urdf('type="continuous"', 'type="continous"'), { file, type: 'continous' }],
    ['no child', urdf('<child link="forearm"/>', ''), { file }],
    ['an axis without direction', urdf('<axis xyz="0 0 2"/>', '<axis xyz="0 0 0"/>'), { file }],
    ['negative damping', urdf('damping="0.7"', 'damping="-0.7"'), { file, value: -0.7 }],
    ['a second tag', urdf(ELBOW_LIMIT, ELBOW_LIMIT + ELBOW_LIMIT), { file }],
    ['no name', urdf('<joint name="wheel" type', '<joint type'), { file, attribute: 'name' }],
    ['a bad number', urdf('upper="2.5"', 'upper="2,5"'), { file, attribute: 'upper', value: '2,5' }],
    ['no velocity', urdf('upper="2.5" velocity="3.0"', 'upper="2.5"'), { file, attribute: 'velocity' }],
    ['a bad vector', urdf('xyz="0 0 0.3"', 'xyz="0 0.3"'), { file, attribute: 'xyz', value: '0 0.3' }],
    [
      'two parents',
      urdf('<child link="wheel_link"/>', '<child link="finger_link"/>'),
      { link: 'finger_link' },
    ],
    [
      'a second root',
      urdf('<link name="wheel_link"/>', '<link name="wheel_link"/><link name="island"/>'),
      { roots: ['world', 'island'] },
    ],
    [
      'a name that is there twice',
      urdf('<joint name="wheel" type', '<joint name="elbow" type'),
      { name: 'elbow' },
    ],
    [
      'an unknown link',
      urdf('<child link="forearm"/>', '<child link="foream"/>'),
      { joint: 'elbow', link: 'foream' },
    ],
    [
      'a loop',
      urdf('<parent link="world"/>', '<parent link="forearm"/>'),
      { loop: expect.arrayContaining(['base', 'upper_arm', 'forearm']) as unknown },
    ],
    ['no mass', urdf('<mass value="2"/>', ''), { file }],
    ['a negative mass', urdf('<mass value="2"/>', '<mass value="-2"/>'), { file, value: -2 }],
    [
      'a mimic of an unknown joint',
      urdf('<mimic joint="finger"', '<mimic joint="fingr"'),
      { joint: 'finger_mirror', target: 'fingr' },
    ],
    [
      'a mimic of a mimic',
      urdf('colour="red"/>', '/><mimic joint="finger_mirror"/>'),
      { joint: 'wheel', target: 'finger_mirror' },
    ],
    [
      'a mesh that is not there',
      urdf('filename="meshes/shoulder.stl"', 'filename="file:///no/mesh.stl"'),
      { file, filename: 'file:///no/mesh.stl', candidates: ['/no/mesh.stl'] },
    ],
    [
      'an unknown joint of ros2_control',
      urdf('<joint name="finger">', '<joint name="fingers">'),
      { joint: 'fingers' },
    ],
    // robot.yaml
    ['rates', robot(LATENCY, `${LATENCY}\npolicy_rate_hz: 30`), { control: 100, policy: 30 }],
    [
      'an unknown link of a pair',
      robot(LATENCY, `${LATENCY}\ndisabled_collisions: [[base, foream]]`),
      { link: 'foream' },
    ],
    [
      'an interface that is not offered',
      robot('command_interface: position', 'command_interface: velocity'),
      { joint: 'shoulder' },
    ],
    [
      'a passive joint that is driven',
      robot('observed: [finger]\n  passive: [wheel]', 'passive: [wheel, finger]'),
      { joint: 'finger' },
    ],
    ['no scale', robot('shoulder: 0.02, ', ''), { joint: 'shoulder' }],
    ['a scale of another joint', robot('shoulder: 0.02', 'shoulder: 0.02, finger: 1'), { joint: 'finger' }],
    ['a home pose outside', robot('shoulder: 0.5', 'shoulder: 2.2'), { joint: 'shoulder', value: 2.2 }],
    ['an unknown joint', robot('[elbow, shoulder]', '[elbw, shoulder]'), { joint: 'elbw' }],
    ['a fixed joint', robot('observed: [finger]', 'observed: [finger, mount]'), { joint: 'mount' }],
    ['a repeated joint', robot('observed: [finger]', 'observed: [finger, elbow]'), { joint: 'elbow' }],
    ['a forgotten joint', robot('passive: [wheel]', 'passive: []'), { joint: 'wheel' }],
  ];

  it.each(cases)('%s', (_title, edits, context) => {
    expect(contextOf(() => loadEdited(...listOf(edits)))).toStrictEqual(context);
  });

  it('malformed XML, a second root, and XML that is refused', () => {
    const of = (text: string) => contextOf(() => parseUrdf(text, 'a.urdf'));
    expect(of('<robot name="a">\n  <link name="b">\n</robot>')).toStrictEqual({
      file: 'a.urdf',
      line: 3,
      column: 1,
    });
    expect(of('<robot name="a"/>\n<robot name="b"/>')).toStrictEqual({ file: 'a.urdf', line: 2 });
    const deep = `<robot name="a">${'<x>'.repeat(5000)}${'</x>'.repeat(5000)}<link name="b"/></robot>`;
    expect(of(deep)).toStrictEqual({ file: 'a.urdf' });
  });

  it('a chain to an unknown link, or over an unknown joint', () => {
    const { model } = loadRobot('reacher');
    expect(contextOf(() => kinematicChain(model, 'tool'))).toStrictEqual({ link: 'tool' });
    expect(contextOf(() => kinematicChain(model, 'tip', ['shoulder']))).toStrictEqual({
      link: 'tip',
      joint: 'elbow',
    });
  });
});
