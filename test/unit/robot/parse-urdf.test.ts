import { describe, expect, it } from 'vitest';
import { parseUrdf } from '../../../src/robot/parse-urdf.js';
import { contextOf, expectBadInput, listOf, loadEdited, type Edit } from './scratch-robot.js';

const urdf = (find: string, replace: string): Edit => ['arm.urdf', find, replace];
const ELBOW_LIMIT = '<limit lower="0" upper="2.5" velocity="3.0" effort="20"/>';

describe('a URDF is refused, naming file, line, element and what to write', () => {
  const cases: readonly (readonly [
    title: string,
    edits: Edit | readonly Edit[],
    parts: readonly string[],
  ])[] = [
    [
      'malformed XML',
      urdf('<link name="forearm"/>', '<link name="forearm">'),
      ['arm.urdf:', 'malformed XML'],
    ],
    ['no robot element', urdf('<robot name="arm"', '<robot nam="arm"'), ['arm.urdf:2', '<robot name="...">']],
    [
      'xacro',
      urdf('velocity="9"', 'velocity="${speed}"'),
      ['arm.urdf:57', '"${speed}" is xacro', 'xacro robot.urdf.xacro > robot.urdf'],
    ],
    [
      'inverted limits',
      urdf('lower="0" upper="2.5"', 'lower="2.5" upper="0"'),
      [
        "joint 'elbow' in",
        'arm.urdf:35',
        '<limit lower="2.5" upper="0"> is inverted; write lower < upper [rad]',
      ],
    ],
    ['empty range', urdf('lower="0" upper="2.5"', 'lower="1" upper="1"'), ["joint 'elbow'", 'is empty']],
    [
      'no limit',
      urdf(ELBOW_LIMIT, ''),
      ["joint 'elbow' in", 'arm.urdf:32', '<limit lower="..." upper="..."'],
    ],
    ['no lower', urdf('lower="0" upper="2.5"', 'upper="2.5"'), ["joint 'elbow'", 'write lower="..." [rad]']],
    [
      'no velocity',
      urdf('upper="2.5" velocity="3.0"', 'upper="2.5"'),
      ["joint 'elbow'", 'write velocity="..." [rad/s]'],
    ],
    [
      'no effort',
      urdf('velocity="0.1" effort="10"', 'velocity="0.1"'),
      ["joint 'finger'", 'write effort="..." [N]'],
    ],
    [
      'negative velocity',
      urdf('upper="2.5" velocity="3.0"', 'upper="2.5" velocity="-3"'),
      ["joint 'elbow'", 'velocity -3 rad/s is negative'],
    ],
    [
      'bad number',
      urdf('upper="2.5"', 'upper="2,5"'),
      ["joint 'elbow'", 'upper="2,5"', 'upper is not a number'],
    ],
    ['NaN', urdf('upper="2.5"', 'upper="nan"'), ["joint 'elbow'", 'upper is not a number']],
    ['infinity', urdf('upper="2.5"', 'upper="1e999"'), ["joint 'elbow'", 'upper is not a number']],
    [
      'bad vector',
      urdf('xyz="0 0 0.3"', 'xyz="0 0.3"'),
      ["joint 'shoulder'", 'arm.urdf:15', 'write xyz="x y z"'],
    ],
    [
      'zero axis',
      urdf('<axis xyz="0 0 2"/>', '<axis xyz="0 0 0"/>'),
      ["joint 'shoulder' in", 'arm.urdf:18', 'has no direction; write a unit vector'],
    ],
    [
      'an axis too short to have a direction',
      urdf('<axis xyz="0 0 2"/>', '<axis xyz="0 0 9e-10"/>'),
      ["joint 'shoulder' in", 'has no direction'],
    ],
    ['negative damping', urdf('damping="0.7"', 'damping="-0.7"'), ["joint 'shoulder'", 'write damping >= 0']],
    [
      'soft limits outside',
      urdf('soft_upper_limit="2.0"', 'soft_upper_limit="2.2"'),
      ["joint 'shoulder'", 'arm.urdf:22', 'inside [-2.1, 2.1] rad'],
    ],
    [
      'half of the soft limits',
      urdf('soft_upper_limit="2.0"', ''),
      ["joint 'shoulder'", 'write soft_upper_limit="..."'],
    ],
    [
      'the other half of the soft limits',
      urdf('soft_lower_limit="-2.0" ', ''),
      ["joint 'shoulder'", 'write soft_lower_limit="..."'],
    ],
    [
      'soft limits inverted',
      urdf('soft_upper_limit="2.0"', 'soft_upper_limit="-2.05"'),
      ["joint 'shoulder'", 'soft limits must be ordered'],
    ],
    [
      'soft limits without room',
      urdf('soft_upper_limit="2.0"', 'soft_upper_limit="-2.0"'),
      ["joint 'shoulder'", 'soft limits must be ordered'],
    ],
    [
      'soft limits on a continuous joint',
      urdf(
        'effort="1" colour="red"/>',
        'effort="1"/><safety_controller k_velocity="1" soft_lower_limit="0"/>',
      ),
      ["joint 'wheel'", 'remove soft_lower_limit'],
    ],
    [
      'floating joint',
      urdf('<joint name="wheel" type="continuous">', '<joint name="wheel" type="floating">'),
      ["joint 'wheel' in", 'type "floating"', 'write type="fixed"'],
    ],
    [
      'planar joint',
      urdf('type="continuous"', 'type="planar"'),
      ["joint 'wheel'", 'type "planar"', 'write type="fixed"'],
    ],
    ['unknown type', urdf('type="continuous"', 'type="continous"'), ["did you mean 'continuous'?"]],
    [
      'no type',
      urdf('<joint name="wheel" type="continuous">', '<joint name="wheel">'),
      ["joint 'wheel'", 'type="..."'],
    ],
    [
      'nameless joint',
      urdf('<joint name="wheel" type', '<joint type'),
      ['arm.urdf:53', 'write <joint name="...">'],
    ],
    ['nameless link', urdf('<link name="forearm"/>', '<link/>'), ['arm.urdf:37', 'write <link name="...">']],
    ['no child', urdf('<child link="forearm"/>', ''), ["joint 'elbow'", 'write <child link="..."/>']],
    [
      'unknown link',
      urdf('<child link="forearm"/>', '<child link="foream"/>'),
      ["joint 'elbow'", 'link="foream"', "did you mean 'forearm'?"],
    ],
    [
      'duplicate joint',
      urdf('<joint name="wheel" type', '<joint name="elbow" type'),
      ["joint 'elbow' in", 'arm.urdf:53', 'first used at line 32', 'rename one'],
    ],
    [
      'duplicate link',
      urdf('<link name="wheel_link"/>', '<link name="wheel_link"/><link name="forearm"/>'),
      ["link 'forearm'", 'first used at line 37'],
    ],
    [
      'two parents',
      urdf('<child link="wheel_link"/>', '<child link="finger_link"/>'),
      ["link 'finger_link'", "'finger' and 'wheel'"],
    ],
    [
      'second tag',
      urdf(ELBOW_LIMIT, ELBOW_LIMIT + ELBOW_LIMIT),
      ["joint 'elbow'", 'second <limit>', 'keep one'],
    ],
    [
      'disconnected tree',
      urdf('<link name="wheel_link"/>', '<link name="wheel_link"/><link name="island"/>'),
      ['arm.urdf:2', "'world', 'island'", '<child link="island"/>'],
    ],
    [
      'loop beside the tree',
      urdf('<parent link="upper_arm"/>', '<parent link="wheel_link"/>'),
      ['links form a loop', 'forearm -> wheel_link -> forearm', 'remove one joint'],
    ],
    [
      'loop without a root',
      urdf('<parent link="world"/>', '<parent link="forearm"/>'),
      ['links form a loop', 'base -> upper_arm -> forearm'],
    ],
    [
      'joint on itself',
      urdf('<child link="wheel_link"/>', '<child link="forearm"/>'),
      ["link 'forearm'", 'two parents'],
    ],
    [
      'unknown mimic target',
      urdf('<mimic joint="finger"', '<mimic joint="fingr"'),
      ["joint 'finger_mirror'", '<mimic joint="fingr">', "did you mean 'finger'?"],
    ],
    [
      'mimic of itself',
      urdf('<mimic joint="finger"', '<mimic joint="finger_mirror"'),
      ['cannot mimic itself'],
    ],
    ['mimic of a fixed joint', urdf('<mimic joint="finger"', '<mimic joint="mount"'), ["'mount' is fixed"]],
    [
      'mimic of a mimic joint',
      urdf(
        'effort="1" colour="red"/>',
        'effort="1"/><mimic joint="finger_mirror" multiplier="2" offset="1"/>',
      ),
      [
        "joint 'wheel'",
        "'finger_mirror' is itself a mimic joint",
        '<mimic joint="finger" multiplier="-2" offset="1.02"/>',
      ],
    ],
    [
      'mimic of a mimic joint that turns at another rate',
      [
        urdf('multiplier="-1" offset="0.01"', 'multiplier="4" offset="0.5"'),
        urdf(
          'effort="1" colour="red"/>',
          'effort="1"/><mimic joint="finger_mirror" multiplier="2" offset="1"/>',
        ),
      ],
      ['<mimic joint="finger" multiplier="8" offset="2"/>'], // 2 (4 q + 0.5) + 1
    ],
    [
      'unknown mimic target whose nearest name is its own',
      urdf('<mimic joint="finger"', '<mimic joint="finger_mirro"'),
      ['names no joint of this file (known: '],
    ],
    [
      'unknown ros2_control joint',
      urdf('<joint name="finger">', '<joint name="fingers">'),
      ["joint 'fingers'", '<ros2_control>', "did you mean 'finger'?"],
    ],
    [
      'mesh not found',
      urdf('package://arm/meshes/shoulder.stl', 'package://arm/meshes/none.stl'),
      ["link 'base' in", 'arm.urdf:11', 'package://arm/meshes/none.stl', 'not found at'],
    ],
    [
      'relative mesh not found',
      urdf('filename="meshes/shoulder.stl"', 'filename="none.stl"'),
      ['"none.stl" not found'],
    ],
    [
      'file:// mesh not found',
      urdf('filename="meshes/shoulder.stl"', 'filename="file:///no/mesh.stl"'),
      ['not found at /no/mesh.stl'],
    ],
    [
      'mesh with a foreign scheme',
      urdf('filename="meshes/shoulder.stl"', 'filename="http://x/y.stl"'),
      ['not an address of a local file'],
    ],
    [
      'file:// mesh without an absolute path',
      urdf('filename="meshes/shoulder.stl"', 'filename="file://meshes/shoulder.stl"'),
      ['"file://meshes/shoulder.stl" is not an address of a local file', 'file:///<path>'],
    ],
    [
      'negative mass',
      urdf('<mass value="2"/>', '<mass value="-2"/>'),
      ["link 'upper_arm'", 'arm.urdf:27', 'write value >= 0 [kg]'],
    ],
    ['no inertia', urdf('<mass value="2"/>', ''), ["link 'upper_arm'", '<inertial> has no <mass>']],
    ['missing product of inertia', urdf('ixz="0"', ''), ["link 'upper_arm'", 'write ixz="..." [kg m^2]']],
    [
      'soft limits below',
      urdf('soft_lower_limit="-2.0"', 'soft_lower_limit="-2.2"'),
      ["joint 'shoulder'", 'inside [-2.1, 2.1] rad'],
    ],
  ];
  it.each(cases)('%s', (_title, edits, parts) =>
    expectBadInput(() => loadEdited(...listOf(edits)), ...parts),
  );
});

describe('what is no URDF', () => {
  const LINK = '<link name="b"/>';

  it.each([
    ['<sdf/>', 'a.urdf:1: root element is <sdf>'],
    [`<robot name="r"><xacro:arm/>${LINK}</robot>`, 'a.urdf:1: <xacro:arm> is xacro, not URDF'],
    [`<robot name="r"><link name="x\${1}"/></robot>`, 'a.urdf:1: "x${1}" is xacro, not URDF'],
    [`<robot name="r"><link name="b"><visual><a\nb="\${c}"/></visual></link></robot>`, '"${c}" is xacro'],
  ])('is refused: %s', (text, message) => {
    expectBadInput(() => parseUrdf(text, 'a.urdf'), message);
    expect(contextOf(() => parseUrdf(text, 'a.urdf'))).toStrictEqual({ file: 'a.urdf' });
  });
});

describe('the tree of a URDF', () => {
  const links = (...names: string[]) => names.map((name) => `<link name="${name}"/>`).join('');
  const fixed = (parent: string, child: string) =>
    `<joint name="${parent}-${child}" type="fixed"><parent link="${parent}"/><child link="${child}"/></joint>`;

  it('keeps siblings in the order of the file, at the root and below', () => {
    const joints = [fixed('a', 'c'), fixed('a', 'b'), fixed('c', 'e'), fixed('c', 'd')].join('');
    const tree = parseUrdf(`<robot name="r">${links('a', 'b', 'c', 'd', 'e')}${joints}</robot>`, 'a.urdf');
    expect(tree.links).toEqual(['a', 'c', 'e', 'd', 'b']);
    expect(tree.joints.map(({ name }) => name)).toEqual(['a-c', 'c-e', 'c-d', 'a-b']);
  });

  it('names a loop without the links that only hang on it', () => {
    const joints = [fixed('b', 'tip'), fixed('a', 'b'), fixed('b', 'a')].join('');
    const text = `<robot name="r">${links('tip', 'a', 'b')}${joints}</robot>`;
    expectBadInput(
      () => parseUrdf(text, 'a.urdf'),
      "joint 'a-b' in a.urdf:1: links form a loop (b -> a -> b);",
    );
    expect(contextOf(() => parseUrdf(text, 'a.urdf'))).toStrictEqual({ loop: ['b', 'a', 'b'] });
  });
});

describe('parseUrdf', () => {
  it('names line and column of malformed XML', () => {
    expectBadInput(
      () => parseUrdf('<robot name="a">\n  <link name="b">\n</robot>', 'a.urdf'),
      'a.urdf:3:1',
      "Expected closing tag 'link'",
    );
    expectBadInput(() => parseUrdf('', 'a.urdf'), 'a.urdf:1:1', 'malformed XML');
  });

  it('refuses another root element, a second one and a robot without links', () => {
    expectBadInput(() => parseUrdf('<sdf/>', 'a.urdf'), 'a.urdf:1', 'root element is <sdf>');
    expectBadInput(
      () => parseUrdf('<robot name="a"/>\n<robot name="b"/>', 'a.urdf'),
      'a.urdf:2',
      'second root',
    );
    expectBadInput(
      () => parseUrdf('<robot name="a"/>', 'a.urdf'),
      'a.urdf:1',
      'write at least <link name="base"/>',
    );
  });

  it('accepts soft limits that equal the limits', () => {
    const { joints } = loadEdited(
      urdf(
        'soft_lower_limit="-2.0" soft_upper_limit="2.0"',
        'soft_lower_limit="-2.1" soft_upper_limit="2.1"',
      ),
      ['joint_limits.yaml', 'min_position: -1.9', 'min_position: -2.1'],
    ).model;
    expect(joints.find(({ name }) => name === 'shoulder')?.limits?.softPosition).toStrictEqual({
      min: -2.1,
      max: 2.1,
      kPosition: 100,
      kVelocity: 15,
    });
  });

  it('makes a unit vector of an axis, however short', () => {
    for (const length of ['1e-9', '7']) {
      const { joints } = loadEdited(urdf('<axis xyz="0 0 2"/>', `<axis xyz="0 -${length} 0"/>`)).model;
      const { x, y, z } = joints.find(({ name }) => name === 'shoulder')!.axis;
      expect([x, y, z]).toEqual([0, -1, 0]);
    }
  });

  it('accepts a lone link', () => {
    expect(parseUrdf('<robot name="a"><link name="b"/></robot>', 'a.urdf')).toMatchObject({
      name: 'a',
      rootLink: 'b',
      joints: [],
    });
  });

  it('keeps comments, entities and processing instructions out of names', () => {
    const { name, links } = parseUrdf(
      '<?xml version="1.0"?><!-- <link name="x"/> --><robot name="R&amp;D"><link name="b"/></robot>',
      'a.urdf',
    );
    expect(name).toBe('R&D');
    expect(links).toEqual(['b']);
  });

  it('refuses what could subvert the parser', () => {
    const external =
      '<!DOCTYPE r [<!ENTITY a SYSTEM "/etc/passwd">]><robot name="&a;"><link name="b"/></robot>';
    expectBadInput(() => parseUrdf(external, 'a.urdf'), 'a.urdf: XML is refused: External entities');
    const deep = `<robot name="a">${'<x>'.repeat(5000)}${'</x>'.repeat(5000)}<link name="b"/></robot>`;
    expectBadInput(() => parseUrdf(deep, 'a.urdf'), 'a.urdf: XML is refused', 'nested');
  });
});
