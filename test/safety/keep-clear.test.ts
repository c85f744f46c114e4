/**
 * A planar arm of two links beside a post, over a table. The witness has its own kinematics (planar trigonometry) and finds distances
 * by trying points of the segments.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gate } from '../../src/safety/gate.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import { createGateState } from '../../src/safety/gate-state.js';
import type { GateConfig, Proposal, Verdict } from '../../src/safety/types.js';
import { START_NS, checksOf, measured } from './fixtures.js';
import { ARM_RADIUS, CEILING, LINK, POST, THRESHOLD, configOf } from './post-arm.js';
import { Twin } from './twin.js';

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
