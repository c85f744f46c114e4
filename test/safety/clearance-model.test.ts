/** What a robot keeps clear of, and the distances that this is judged by. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearances, segmentDistance } from '../../src/safety/clearance-model.js';
import { gateConfigFromRobot } from '../../src/safety/gate-config.js';
import { contextOf } from '../unit/robot/scratch-robot.js';
import { gantry, WALL } from './gantry.js';
import { CEILING, LINK, THRESHOLD, URDF, configOf } from './post-arm.js';

describe('configuration', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['a home pose that touches', { home_pose: { shoulder: 1.25, elbow: 0.8 } }, "links 'lower' and 'base'"],
    ['an empty workspace', { workspace: { min: [0, 0, 1], max: [1, 1, 1] } }, 'empty or inverted'],
    ['a link that does not exist', { disabled_collisions: [['upper', 'lowe']] }, "did you mean 'lower'"],
    [
      'an effort interface',
      { command_interface: 'effort', stop_action: 'zero' },
      'position or velocity interface',
    ],
    [
      'a joint that is not commanded',
      { joints: { commanded: ['shoulder'], passive: ['elbow'] } },
      "joint 'elbow'",
    ],
  ])('refuses %s', (_name, more, message) => {
    expect(() => configOf(more)).toThrow(message);
  });

  it('encloses every shape in the smallest of its capsules', () => {
    const capsuleOf = (shape: string) => {
      const { capsules } = configOf({}, URDF.replace(/<capsule [^>]*>/g, shape)).clearance!;
      const { ends, radius } = capsules.find((capsule) => capsule.link === 'lower')!;
      const [a, b] = ends.map((end) => end.tail);
      return { radius, along: [b!.x - a!.x, b!.y - a!.y, b!.z - a!.z] };
    };
    const near = (value: number) => expect.closeTo(value, 12) as number;
    expect(capsuleOf('<sphere radius="0.02"/>')).toEqual({ radius: 0.02, along: [0, 0, 0] });
    const half = near(Math.hypot(0.01, 0.02) / 2);
    expect(capsuleOf('<box size="0.01 0.02 0.1"/>')).toEqual({ radius: half, along: [0, 0, near(0.1)] });
    expect(capsuleOf('<box size="0.01 0.1 0.02"/>')).toEqual({ radius: half, along: [0, near(0.1), 0] });
    expect(capsuleOf('<box size="0.1 0.01 0.02"/>')).toEqual({ radius: half, along: [near(0.1), 0, 0] });
  });

  it('takes a link without a shape for the point of its origin, and a joint without a home for 0', () => {
    const bare = URDF.replace(/<collision>[\s\S]*?<\/collision>/g, '');
    const box = { min: [-1, -1, -5], max: [1, 1, CEILING] };
    const more = { self_collision_proximity_threshold: 0.01, home_pose: undefined };
    const { capsules, pairs, walls } = configOf({ ...more, workspace: box }, bare).clearance!;
    expect(capsules.map(({ radius }) => radius)).toEqual([0, 0, 0]);
    expect(pairs).toEqual([]); // points of no size touch nothing
    expect(walls.map(({ axis, direction, at }) => [axis, direction, at])).toEqual([
      ...Array.from({ length: 2 }, () => [
        [0, -1, -1],
        [0, 1, 1],
        [1, -1, -1],
        [1, 1, 1],
        [2, -1, -5],
        [2, 1, CEILING],
      ]).flat(),
    ]);
    expect(walls.map(({ capsule }) => capsules[capsule]!.link)).not.toContain('base');
  });

  it('names the wall that the home pose is beyond', () => {
    const box = { min: [-1, -1, 0.1], max: [1, 1, 1] };
    expect(() => configOf({ workspace: box })).toThrow(
      "link 'upper' and the wall z > 0.1 m are 0.125 m too close",
    );
  });

  it('refuses a shape whose size it does not know', () => {
    const attempt = (): unknown => configOf({}, URDF.replace(/<capsule [^>]*>/, '<cone radius="1"/>'));
    expect(attempt).toThrow(
      "link 'upper' of robot 'post' has a <collision> <cone> whose size is not known here",
    );
    expect(contextOf(attempt)).toEqual({ link: 'upper' });
  });

  it('counts the whole range of a joint that slides into the lever of those before it', () => {
    const slide = URDF.replace(
      '<joint name="elbow" type="revolute">',
      '<joint name="elbow" type="prismatic">',
    )
      .replace(/(<joint name="elbow"[\s\S]*?)lower="-3" upper="3"/, '$1lower="-0.05" upper="0.04"')
      .replace(
        '<axis xyz="0 1 0"/>\n    <limit lower="-0.05"',
        '<axis xyz="0 0 1"/>\n    <limit lower="-0.05"',
      );
    const pose = { home_pose: { shoulder: -1, elbow: 0 } };
    const { pairs } = configOf(pose, slide).clearance!;
    const reach = LINK + LINK + 0.05; // to the elbow, the slide, and to the far end of the last link
    expect(pairs.map(({ lever }) => lever)).toContainEqual([expect.closeTo(reach, 9), 1]);
  });

  it('refuses a mesh, whose size it does not know', () => {
    const mesh = URDF.replace(/<capsule [^>]*>/, '<mesh filename="package://x/y.stl"/>');
    expect(() => configOf({}, mesh)).toThrow(/mesh|not found/);
  });

  it('pairs no point, which has no size, with anything', () => {
    const [first, ...later] = URDF.match(/<collision>[\s\S]*?<\/collision>/g)!;
    expect(configOf({}, URDF.replace(first, '')).clearance!.pairs).toEqual([]);
    const post = later.reduce((urdf, shape) => urdf.replace(shape, ''), URDF);
    expect(configOf({}, post).clearance!.pairs).toEqual([]);
  });

  it('counts the joints on the way to either link of a pair, from where the ways part', () => {
    const twoArms = URDF.replace('<parent link="upper"/>', '<parent link="base"/>');
    const { capsules, pairs } = configOf({}, twoArms).clearance!;
    expect(pairs.map(({ a, b }) => [capsules[a]!.link, capsules[b]!.link])).toEqual([['lower', 'upper']]);
    pairs[0]!.lever.forEach((each) => expect(each).toBeCloseTo(LINK, 12));
  });

  it('bounds the lever of a joint that turns by the lengths of the links after it', () => {
    const bent = URDF.replace('<origin xyz="0 0 0.3"/>', '<origin xyz="0.03 -0.04 0.3"/>');
    const [lever, ...others] = configOf({}, bent).clearance!.pairs.map((pair) => pair.lever);
    expect(others).toEqual([]);
    expect(lever![0]).toBeCloseTo(Math.hypot(0.03, 0.04, LINK) + LINK, 12);
    expect(lever![1]).toBeCloseTo(LINK, 12);
  });

  it('counts a joint that follows another at its multiple, and every link on the way', () => {
    const wrist = `
  <joint name="wrist" type="revolute">
    <origin xyz="0.03 -0.04 0.2"/><parent link="lower"/><child link="tip"/><axis xyz="0 1 0"/>
    <limit lower="-3" upper="3" velocity="2" effort="10"/><mimic joint="elbow" multiplier="-0.5"/>
  </joint>
  <link name="tip"><collision><origin xyz="0.1 0 0"/><geometry><sphere radius="0.02"/></geometry></collision></link>`;
    const box = { min: [-1, -1, -1], max: [2, 2, 2] };
    const { capsules, walls } = configOf(
      { workspace: box },
      URDF.replace('</robot>', `${wrist}</robot>`),
    ).clearance!;
    const tip = walls.find(({ capsule }) => capsules[capsule]!.link === 'tip')!;
    const reach = Math.hypot(0.03, 0.04, 0.2) + 0.1; // from the elbow to the wrist, and to the sphere
    expect(tip.lever[0]).toBeCloseTo(LINK + reach, 12);
    expect(tip.lever[1]).toBeCloseTo(reach + 0.5 * 0.1, 12);
  });

  it('checks only what it is asked for', () => {
    const both = configOf({ workspace: { min: [-1, -1, -1], max: [1, 1, 1] } }).clearance!;
    expect([both.pairs.length, both.threshold, both.walls.length]).toEqual([1, THRESHOLD, 12]);
    const wallsOnly = configOf({
      self_collision_proximity_threshold: undefined,
      workspace: { min: [-1, -1, -1], max: [1, 1, 1] },
    }).clearance!;
    expect([wallsOnly.pairs.length, wallsOnly.threshold, wallsOnly.walls.length]).toEqual([0, 0, 12]);
    expect(configOf().clearance!.walls).toEqual([]);
  });

  it('checks nothing unless asked, and no pair that is disabled', () => {
    expect(configOf({ self_collision_proximity_threshold: undefined })).not.toHaveProperty('clearance');
    expect(configOf({ disabled_collisions: [['lower', 'base']] }).clearance!.pairs).toEqual([]);
    expect(configOf({ disabled_collisions: [['lower', 'upper']] }).clearance!.pairs.length).toBe(1);
  });
});

describe('segment distance', () => {
  const number = fc.oneof(fc.double({ min: -2, max: 2, noNaN: true }), fc.constantFrom(0, 1));

  it.each([
    ['two points', [0, 0, 0, 0, 0, 0], [3, 4, 0, 3, 4, 0], 5],
    ['a point and the end of a segment', [0, 0, 0, 0, 0, 0], [1, 0, 0, 5, 0, 0], 1],
    ['a segment and a point beside its middle', [-1, 0, 0, 1, 0, 0], [0.5, 2, 0, 0.5, 2, 0], 2],
    ['a point and a segment beside it', [0, 2, 0, 0, 2, 0], [-1, 0, 0, 1, 0, 0], 2],
  ])('of %s is exact', (_what, a, b, distance) => {
    expect(segmentDistance(Float64Array.of(...a, ...b), 0, 6)).toBeCloseTo(distance, 12);
  });

  it('is that of the nearest two of many points, to their spacing', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 12, maxLength: 12 }), (values) => {
        const points = Float64Array.from(values);
        const on = (at: number, share: number) =>
          [0, 1, 2].map((i) => points[at + i]! + share * (points[at + 3 + i]! - points[at + i]!));
        let nearest = Infinity;
        for (let i = 0; i <= 20; i++) {
          for (let j = 0; j <= 20; j++) {
            const [a, b] = [on(0, i / 20), on(6, j / 20)];
            nearest = Math.min(nearest, Math.hypot(...a.map((value, axis) => value - b[axis]!)));
          }
        }
        const length = (at: number) =>
          Math.hypot(...[0, 1, 2].map((i) => points[at + 3 + i]! - points[at + i]!));
        const distance = segmentDistance(points, 0, 6);
        expect(distance).toBeLessThanOrEqual(nearest + 1e-6); // all but parallel lines count as parallel
        expect(distance).toBeGreaterThanOrEqual(nearest - (length(0) + length(6)) / 40);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the distance from walls', () => {
  const [radius, length] = [0.05, 0.3];
  const walls = { min: { x: -WALL, y: -WALL, z: -WALL }, max: { x: WALL, y: WALL, z: WALL } };

  it.each([
    ['along z', { x: 0, y: 0, z: 0 }, [0, 0, length / 2]],
    [
      'turned about x',
      { x: 0.4, y: 0, z: 0 },
      [0, (Math.sin(0.4) * length) / 2, (Math.cos(0.4) * length) / 2],
    ],
    [
      'turned about y',
      { x: 0, y: -0.7, z: 0 },
      [(Math.sin(0.7) * length) / 2, 0, (Math.cos(0.7) * length) / 2],
    ],
  ])('is that of the end of a capsule that is nearer: %s', (_way, rpy, reach) => {
    const robot = gantry({ kind: 'capsule', radius, length }, rpy);
    const { clearance } = gateConfigFromRobot({ ...robot, config: { ...robot.config, workspace: walls } });
    const at = [0.1, -0.07, 0];
    const left = clearances(clearance!, Float64Array.from(at.slice(0, 2)), new Float64Array(12));
    const expected = at.flatMap((position, axis) => [
      WALL + position - reach[axis]! - radius,
      WALL - position - reach[axis]! - radius,
    ]);
    const names = clearance!.walls.map(({ capsule }) => clearance!.capsules[capsule]!.link);
    const ofHead = [...left].filter((_, i) => names[i] === 'head');
    expected.forEach((distance, i) => expect(ofHead[i]).toBeCloseTo(distance, 12));
  });
});
