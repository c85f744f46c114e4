/**
 * A planar arm of two links beside a post, over a table. The witness has its own kinematics (planar trigonometry) and finds distances
 * by trying points of the segments.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRobot } from '../../src/robot/index.js';
import { segmentDistance } from '../../src/safety/clearance-model.js';
import { gate } from '../../src/safety/gate.js';
import { gateConfigFromRobot } from '../../src/safety/gate-config.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import { createGateState } from '../../src/safety/gate-state.js';
import type { GateConfig, Proposal, Verdict } from '../../src/safety/types.js';
import { START_NS, checksOf, measured } from './fixtures.js';
import { Twin } from './twin.js';

const LINK = 0.3;
const POST = { x: 0.42, radius: 0.03, height: 0.5 };
const ARM_RADIUS = 0.025;
const THRESHOLD = 0.01;
const CEILING = 0.55;

const link = (name: string) => `
  <link name="${name}">
    <collision><origin xyz="0 0 ${LINK / 2}"/><geometry><capsule radius="${ARM_RADIUS}" length="${LINK}"/></geometry></collision>
  </link>`;
const hinge = (name: string, parent: string, child: string, height: number) => `
  <joint name="${name}" type="revolute">
    <origin xyz="0 0 ${height}"/><parent link="${parent}"/><child link="${child}"/><axis xyz="0 1 0"/>
    <limit lower="-3" upper="3" velocity="2" effort="10"/>
  </joint>`;
const URDF = `<robot name="post">
  <link name="base">
    <collision><origin xyz="${POST.x} 0 ${POST.height / 2}"/>
      <geometry><cylinder radius="${POST.radius}" length="${POST.height}"/></geometry></collision>
  </link>${hinge('shoulder', 'base', 'upper', 0)}${link('upper')}${hinge('elbow', 'upper', 'lower', LINK)}${link('lower')}
</robot>`;
const LIMITS = `joint_limits:
  shoulder: {has_acceleration_limits: true, max_acceleration: 6}
  elbow: {has_acceleration_limits: true, max_acceleration: 9}
`;
const robotYaml = (more: Readonly<Record<string, unknown>>) =>
  JSON.stringify({
    command_interface: 'velocity',
    command_topic: '/c',
    command_latency: 0.02,
    actuator_lag: 0.03,
    position_margin: 0.01,
    on_transition: { velocity_scale: 1, acceleration_scale: 1, duration: 0 },
    joints: { commanded: ['shoulder', 'elbow'] },
    home_pose: { shoulder: -1, elbow: 0.5 },
    action: { mode: 'absolute', scale: 1 },
    self_collision_proximity_threshold: THRESHOLD,
    ...more,
  });

function robotOf(more: Readonly<Record<string, unknown>> = {}, urdf = URDF) {
  const folder = mkdtempSync(path.join(tmpdir(), 'post-'));
  try {
    writeFileSync(path.join(folder, 'post.urdf'), urdf);
    writeFileSync(path.join(folder, 'joint_limits.yaml'), LIMITS);
    writeFileSync(path.join(folder, 'robot.yaml'), robotYaml(more));
    return loadRobot(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const configOf = (more?: Readonly<Record<string, unknown>>, urdf?: string) =>
  gateConfigFromRobot(robotOf(more, urdf));

/** Distance of the arm from the post, and of its highest point from the floor [m]; angles from straight up, towards +x. */
function witness(shoulder: number, elbow: number): { apart: number; highest: number } {
  const joint = { x: LINK * Math.sin(shoulder), z: LINK * Math.cos(shoulder) };
  const tip = {
    x: joint.x + LINK * Math.sin(shoulder + elbow),
    z: joint.z + LINK * Math.cos(shoulder + elbow),
  };
  let apart = Infinity;
  for (const [from, to] of [
    [{ x: 0, z: 0 }, joint],
    [joint, tip],
  ] as const) {
    for (let i = 0; i <= 60; i++) {
      const x = from.x + (i / 60) * (to.x - from.x);
      const z = from.z + (i / 60) * (to.z - from.z);
      const above = Math.max(z - POST.height, -z, 0);
      apart = Math.min(apart, Math.hypot(x - POST.x, above));
    }
  }
  return { apart: apart - POST.radius - ARM_RADIUS, highest: Math.max(joint.z, tip.z) + ARM_RADIUS };
}

interface Course {
  readonly nearest: number;
  readonly highest: number;
  readonly verdicts: readonly Verdict[];
  readonly position: readonly number[];
}

/** The arm on joints that delay and lag as declared, driven by what `ask` wants at each tick. */
function drive(
  config: GateConfig,
  ask: (tick: number) => readonly number[],
  start = [-1, 0.5],
  ticks = 500,
): Course {
  const kind = config.interface === 'position' ? 'position' : 'velocity';
  const { commandLatency: latency, actuatorLag: lag } = config;
  const twins = start.map(
    (position) => new Twin({ kind, latency, lag, position, startsAt: Number(START_NS) * 1e-9 }),
  );
  let state = createGateState(config);
  const verdicts: Verdict[] = [];
  let [nearest, highest] = [Infinity, -Infinity];
  for (let tick = 1; tick <= ticks; tick++) {
    const now = START_NS + BigInt(tick) * 10_000_000n;
    for (const twin of twins) twin.advanceTo(Number(now) * 1e-9);
    const [shoulder, elbow] = twins.map(({ position }) => position) as [number, number];
    const seen = witness(shoulder, elbow);
    nearest = Math.min(nearest, seen.apart);
    highest = Math.max(highest, seen.highest);
    const state_ = measured(
      now,
      [shoulder, elbow],
      twins.map(({ velocity }) => velocity),
    );
    if (tick === 1) state = gateEvent(config, state, 'engage', state_, now).state;
    const proposal: Proposal = {
      source: 'agent',
      joints: ['shoulder', 'elbow'],
      command: Float64Array.from(ask(tick)),
      seq: tick,
      expiresNs: now + 50_000_000n,
    };
    const result = gate(config, state, proposal, state_, null, now);
    state = result.state;
    verdicts.push(result.verdict);
    result.verdict.command!.copyValues().forEach((value, i) => twins[i]!.send(Number(now) * 1e-9, value));
  }
  return { nearest, highest, verdicts, position: twins.map(({ position }) => position) };
}

const checks = (course: Course) => new Set(course.verdicts.flatMap(({ reasons }) => checksOf(reasons)));

describe.each(['velocity', 'position'])('self-collision, %s interface', (command_interface) => {
  const config = configOf({ command_interface });
  const into = command_interface === 'velocity' ? [2, -0.5] : [1.9, -0.3];

  it('lets the arm come near the post, and no nearer than the threshold', () => {
    const course = drive(config, () => into);
    expect(course.nearest).toBeGreaterThanOrEqual(THRESHOLD);
    expect(course.nearest).toBeLessThan(THRESHOLD + 0.02);
    expect(checks(course)).toContain('self-collision');
    const { clearance: _, ...unchecked } = config;
    expect(drive(unchecked, () => into).nearest).toBeLessThan(0);
  });

  it('keeps clear whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.double({ min: -4, max: 4, noNaN: true }), fc.double({ min: -4, max: 4, noNaN: true })),
          {
            minLength: 30,
            maxLength: 30,
          },
        ),
        fc.integer({ min: 1, max: 40 }),
        (asked, hold) => {
          const course = drive(
            config,
            (tick) => asked[Math.floor(tick / hold) % asked.length]!,
            [-1, 0.5],
            300,
          );
          expect(course.nearest).toBeGreaterThanOrEqual(THRESHOLD - 1e-6);
          expect(checks(course)).not.toContain('infeasible');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('lets the arm leave the post again', () => {
    const away = command_interface === 'velocity' ? [-1, 0] : [-1, 0.5];
    const course = drive(config, (tick) => (tick < 300 ? into : away), [-1, 0.5], 700);
    expect(witness(course.position[0]!, course.position[1]!).apart).toBeGreaterThan(0.2);
  });

  it('moves only apart where it is too close already', () => {
    const close = [0.55, 0.2]; // the tip beside the post, within the threshold
    const before = witness(close[0]!, close[1]!).apart;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(THRESHOLD);
    const velocity = command_interface === 'velocity';
    const nearer = drive(config, () => (velocity ? [1, 0] : [1, 0.2]), close, 100);
    expect(nearer.nearest).toBeGreaterThan(before - 1e-6);
    const apart = drive(config, () => (velocity ? [-1, 0] : [-1, 0.2]), close, 500);
    expect(witness(apart.position[0]!, apart.position[1]!).apart).toBeGreaterThan(0.1);
  });
});

describe('workspace', () => {
  it('keeps every moving link inside the box', () => {
    const config = configOf({
      self_collision_proximity_threshold: undefined,
      workspace: { min: [-1, -1, -1], max: [1, 1, CEILING] },
    });
    const course = drive(config, () => [1, -0.5]);
    expect(course.highest).toBeLessThanOrEqual(CEILING);
    expect(course.highest).toBeGreaterThan(CEILING - 0.03);
    expect(course.verdicts.flatMap(({ reasons }) => reasons)).toContainEqual(
      expect.objectContaining({
        check: 'workspace',
        where: `link 'lower' and the wall z < ${CEILING} m`,
        unit: 'm',
      }),
    );
  });
});

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
    expect(() => configOf({}, URDF.replace(/<capsule [^>]*>/, '<cone radius="1"/>'))).toThrow(
      "link 'upper' of robot 'post' has a <collision> <cone> whose size is not known here",
    );
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

  it('checks nothing unless asked, and no pair that is disabled', () => {
    expect(configOf({ self_collision_proximity_threshold: undefined })).not.toHaveProperty('clearance');
    expect(configOf({ disabled_collisions: [['lower', 'base']] }).clearance!.pairs).toEqual([]);
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
        for (let i = 0; i <= 40; i++) {
          for (let j = 0; j <= 40; j++) {
            const [a, b] = [on(0, i / 40), on(6, j / 40)];
            nearest = Math.min(nearest, Math.hypot(...a.map((value, axis) => value - b[axis]!)));
          }
        }
        const length = (at: number) =>
          Math.hypot(...[0, 1, 2].map((i) => points[at + 3 + i]! - points[at + i]!));
        const distance = segmentDistance(points, 0, 6);
        expect(distance).toBeLessThanOrEqual(nearest + 1e-6); // all but parallel lines count as parallel
        expect(distance).toBeGreaterThanOrEqual(nearest - (length(0) + length(6)) / 80);
      }),
      { numRuns: 300 },
    );
  });
});
