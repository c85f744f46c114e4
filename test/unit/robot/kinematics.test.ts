import loadMujoco from '@mujoco/mujoco';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinematicChain, linkPosition, loadRobot } from '../../../src/robot/index.js';
import { rotate, type KinematicModel } from '../../../src/robot/kinematics.js';
import { parseUrdf } from '../../../src/robot/parse-urdf.js';
import { expectBadInput } from './scratch-robot.js';

const mujoco = await loadMujoco();

// not fc.double, of whose values most are next to 0: axes and offsets along one direction only hide a wrong formula
const number = (min: number, max: number) =>
  fc.integer({ min: min * 1e6, max: max * 1e6 }).map((millionths) => millionths / 1e6);
const vector = (size: number) => fc.tuple(number(-size, size), number(-size, size), number(-size, size));

/** Joint i moves link i + 1, which hangs below any link before it; `mimic` makes it follow an earlier joint where there is one. */
const joint = fc.record({
  type: fc.constantFrom('revolute', 'continuous', 'prismatic', 'fixed'),
  parent: fc.nat(),
  axis: vector(3).filter((axis) => Math.hypot(...axis) > 0.1),
  xyz: vector(1),
  rpy: vector(4),
  mimic: fc.option(fc.record({ leader: fc.nat(), multiplier: number(-2, 2), offset: number(-1, 1) }), {
    freq: 3,
    nil: undefined,
  }),
  position: number(-3, 3),
});

interface Tree {
  readonly urdf: string;
  /** of the joints that move and follow no other */
  readonly positions: ReadonlyMap<string, number>;
}

function tree(joints: readonly (typeof joint extends fc.Arbitrary<infer T> ? T : never)[]): Tree {
  const positions = new Map<string, number>();
  const inertial =
    '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>';
  const elements = joints.map(({ type, parent, axis, xyz, rpy, mimic, position }, i) => {
    const leaders = [...positions.keys()];
    const follows = mimic !== undefined && type !== 'fixed' && leaders.length > 0;
    if (type !== 'fixed' && !follows) positions.set(`j${i}`, position);
    const leader = leaders[(mimic?.leader ?? 0) % Math.max(1, leaders.length)];
    return `<joint name="j${i}" type="${type}">
      <parent link="l${parent % (i + 1)}"/><child link="l${i + 1}"/>
      <origin xyz="${xyz.join(' ')}" rpy="${rpy.join(' ')}"/><axis xyz="${axis.join(' ')}"/>
      <limit lower="-9" upper="9" velocity="1" effort="1"/>
      ${follows ? `<mimic joint="${leader}" multiplier="${mimic.multiplier}" offset="${mimic.offset}"/>` : ''}
    </joint><link name="l${i + 1}">${inertial}</link>`;
  });
  return { urdf: `<robot name="tree"><link name="l0"/>${elements.join('')}</robot>`, positions };
}

function modelOf(urdf: string, measured: readonly string[]): KinematicModel {
  const { name, rootLink, links, joints } = parseUrdf(urdf, 'tree.urdf');
  const withRole = joints.map((parsed) => ({ ...parsed, role: 'commanded' as const }));
  return { name, rootLink, links, joints: withRole as unknown as KinematicModel['joints'], measured };
}

/** Positions of all links by MuJoCo's own kinematics, from the URDF text. */
function mujocoPositions(urdf: string, positions: ReadonlyMap<string, number>, model: KinematicModel) {
  const unfused = urdf
    .replace('<robot name="tree">', '$&<mujoco><compiler fusestatic="false"/></mujoco>')
    .replace(/<mimic[^>]*>/g, '');
  const compiled = mujoco.MjModel.from_xml_string(unfused);
  const data = new mujoco.MjData(compiled);
  for (const { name, type, mimic } of model.joints) {
    if (type === 'fixed') continue;
    const id = mujoco.mj_name2id(compiled, mujoco.mjtObj.mjOBJ_JOINT.value, name);
    const own = positions.get(mimic?.joint ?? name)!;
    (data.qpos as Float64Array)[(compiled.jnt_qposadr as Int32Array)[id]!] =
      mimic === undefined ? own : mimic.multiplier * own + mimic.offset;
  }
  mujoco.mj_kinematics(compiled, data);
  const links = model.links.slice(1).map((link) => {
    const body = mujoco.mj_name2id(compiled, mujoco.mjtObj.mjOBJ_BODY.value, link);
    return [link, [...(data.xpos as Float64Array).subarray(3 * body, 3 * body + 3)]] as const;
  });
  data.delete();
  compiled.delete();
  return links;
}

type Triple = readonly [number, number, number];
type Move = (vector: Triple) => Triple;

const turnX = (q: number): Move => {
  const [c, s] = [Math.cos(q), Math.sin(q)];
  return ([x, y, z]) => [x, c * y - s * z, s * y + c * z];
};
const turnY = (q: number): Move => {
  const [c, s] = [Math.cos(q), Math.sin(q)];
  return ([x, y, z]) => [c * x + s * z, y, c * z - s * x];
};
const turnZ = (q: number): Move => {
  const [c, s] = [Math.cos(q), Math.sin(q)];
  return ([x, y, z]) => [c * x - s * y, s * x + c * y, z];
};
const shift =
  (by: Triple): Move =>
  ([x, y, z]) => [x + by[0], y + by[1], z + by[2]];
/** The moves one after the other, the last one first. */
const chained =
  (...moves: readonly Move[]): Move =>
  (vector) =>
    moves.reduceRight((moved, move) => move(moved), vector);

/** An origin's frame by elementary turns: R = Rz(yaw) Ry(pitch) Rx(roll). */
const frameOf = (xyz: Triple, [roll, pitch, yaw]: Triple): Move =>
  chained(shift(xyz), turnZ(yaw), turnY(pitch), turnX(roll));

/** An axis given by how z is turned onto it, first about y, then about z; so that a turn about it is made of elementary turns. */
const tilted = (aboutZ: number, aboutY: number) => ({
  axis: chained(turnZ(aboutZ), turnY(aboutY))([0, 0, 1]),
  turn: (q: number): Move => chained(turnZ(aboutZ), turnY(aboutY), turnZ(q), turnY(-aboutY), turnZ(-aboutZ)),
});

describe('a chain with offsets, turns and axes in all directions', () => {
  const origins: readonly (readonly [xyz: Triple, rpy: Triple])[] = [
    [
      [0.3, -0.2, 0.5],
      [0.4, -0.7, 1.1],
    ],
    [
      [-0.6, 0.1, 0.7],
      [-1.2, 0.5, 0.9],
    ],
    [
      [0.2, 0.9, -0.4],
      [0.8, 1.3, -0.6],
    ],
    [
      [0.5, 0.3, 0.8],
      [-0.5, -0.9, 0.7],
    ],
    [
      [-0.1, -0.7, 0.6],
      [1.4, 0.6, 0.3],
    ],
    [
      [0.7, 0.4, -0.3],
      [0.9, -0.4, -1.3],
    ],
  ];
  const [shoulder, rail, elbow] = [tilted(0.6, 0.9), tilted(-1.1, 0.7), tilted(2.2, -0.8)];
  // two fixed joints in a row are folded into one frame; the last one carries the tip
  const types = ['fixed', 'fixed', 'revolute', 'prismatic', 'revolute', 'fixed'];
  const axes = [undefined, undefined, shoulder, rail, elbow, undefined];
  const joints = origins.map(
    ([xyz, rpy], i) => `<joint name="j${i}" type="${types[i]}"><parent link="l${i}"/><child link="l${i + 1}"/>
      <origin xyz="${xyz.join(' ')}" rpy="${rpy.join(' ')}"/><axis xyz="${(axes[i]?.axis ?? [1, 0, 0]).join(' ')}"/>
      <limit lower="-9" upper="9" velocity="1" effort="1"/></joint><link name="l${i + 1}"/>`,
  );
  const model = () =>
    modelOf(`<robot name="arm"><link name="l0"/>${joints.join('')}</robot>`, ['j2', 'j3', 'j4']);

  it.each([
    [0, 0, 0],
    [0.7, -0.3, 1.9],
    [-2.1, 0.8, -0.6],
  ])('puts the tip where elementary turns and shifts put it, at %f, %f, %f', (q2, q3, q4) => {
    const frames = origins.map(([xyz, rpy]) => frameOf(xyz, rpy));
    const along: Triple = [rail.axis[0] * q3, rail.axis[1] * q3, rail.axis[2] * q3];
    const expected = chained(
      ...[frames[0]!, frames[1]!],
      ...[frames[2]!, shoulder.turn(q2)],
      ...[frames[3]!, shift(along)],
      ...[frames[4]!, elbow.turn(q4)],
      frames[5]!,
    )([0.2, -0.5, 0.4]);
    const chain = kinematicChain(model(), 'l6', undefined, { x: 0.2, y: -0.5, z: 0.4 });
    expect(chain.joints).toEqual(['j2', 'j3', 'j4']);
    const position = linkPosition(chain, [q2, q3, q4], 0, new Float64Array(3));
    expected.forEach((value, axis) => expect(position[axis]).toBeCloseTo(value, 12));
  });

  it('turns a vector by roll, then pitch, then yaw', () => {
    const [roll, pitch, yaw] = [0.4, -0.7, 1.1];
    const [x, y, z] = chained(turnZ(yaw), turnY(pitch), turnX(roll))([0.2, -0.5, 0.4]);
    const turned = rotate({ x: roll, y: pitch, z: yaw }, { x: 0.2, y: -0.5, z: 0.4 });
    expect(turned.x).toBeCloseTo(x, 12);
    expect(turned.y).toBeCloseTo(y, 12);
    expect(turned.z).toBeCloseTo(z, 12);
  });
});

describe('linkPosition', () => {
  it('is where MuJoCo has each link of any tree, in any pose', () => {
    const seen = { mimic: 0, fixed: 0, prismatic: 0, links: 0 };
    fc.assert(
      fc.property(fc.array(joint, { minLength: 1, maxLength: 9 }), (joints) => {
        const { urdf, positions } = tree(joints);
        const measured = [...positions.keys()].reverse();
        const model = modelOf(urdf, measured);
        const row = Float64Array.from([99, ...measured.map((name) => positions.get(name)!)]);
        for (const [link, expected] of mujocoPositions(urdf, positions, model)) {
          const chain = kinematicChain(model, link);
          const position = linkPosition(chain, row, 1, new Float64Array(3));
          expected.forEach((value, axis) => expect(position[axis]).toBeCloseTo(value, 9));
          seen.links++;
        }
        for (const { type, mimic } of model.joints) {
          if (mimic !== undefined) seen.mimic++;
          if (type === 'fixed') seen.fixed++;
          if (type === 'prismatic') seen.prismatic++;
        }
      }),
      { numRuns: 150 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
  });

  it('is the closed form of two links in a plane', () => {
    const chain = kinematicChain(loadRobot('reacher').model, 'tip');
    expect(chain.joints).toEqual(['shoulder', 'elbow']);
    for (const [shoulder, elbow] of [
      [0, 0],
      [0.4, -1.1],
      [-2, 2.3],
    ] as const) {
      const [x, y, z] = linkPosition(chain, [shoulder, elbow], 0, new Float64Array(3));
      expect(x).toBeCloseTo(0.22 * Math.cos(shoulder) + 0.18 * Math.cos(shoulder + elbow), 12);
      expect(y).toBeCloseTo(0.22 * Math.sin(shoulder) + 0.18 * Math.sin(shoulder + elbow), 12);
      expect(z).toBeCloseTo(0.1, 12);
    }
  });

  it('of the root link is its origin', () => {
    const chain = kinematicChain(loadRobot('arm6').model, 'base');
    expect([...linkPosition(chain, [], 0, new Float64Array(3).fill(9))]).toEqual([0, 0, 0]);
  });
});

describe('kinematicChain', () => {
  it('refuses a link that does not exist, with the nearest name', () => {
    expectBadInput(() => kinematicChain(loadRobot('arm6').model, 'tool'), "no link 'tool'", "'tool0'");
  });

  it('refuses a link whose place depends on a joint that is not known', () => {
    expectBadInput(
      () => kinematicChain(loadRobot('reacher').model, 'tip', ['shoulder']),
      "the place of link 'tip' depends on joint 'elbow'",
      'known are shoulder',
    );
  });
});
