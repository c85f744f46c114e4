/** Joints of different limits, states and requests: each is treated as it would be as the only one. */
import { describe, expect, it } from 'vitest';
import { gate } from '../../src/safety/gate.js';
import type { GateConfig, GateJoint, Reason, Verdict } from '../../src/safety/types.js';
import { START_NS, TICK_NS, config, engaged, joint, measured, proposal } from './fixtures.js';
import { Twin } from './twin.js';

interface Part {
  readonly joint: GateJoint;
  readonly position: number;
  readonly velocity: number;
  /** asked at tick k, 1 to TICKS */
  readonly request: (k: number) => number;
  /** the tick whose state is measured at tick k; default k */
  readonly shown?: (k: number) => number;
}

interface Course {
  readonly sent: number[];
  /** those of the joint, and those of no joint */
  readonly reasons: Reason[][];
  readonly modes: string[];
  readonly kinds: Verdict['kind'][];
}

const TICKS = 170;
const LATENCY = 0.02;
const LAG = 0.05;

/** Gates the parts together, each a joint as declared; nobody asks at ticks 60 to 79, and the states of two ticks are lost. */
function course(base: GateConfig, parts: readonly Part[]): Course[] {
  const together = { ...base, joints: parts.map((part) => part.joint) };
  const names = together.joints.map(({ name }) => name);
  const twins = parts.map(
    ({ position, velocity, joint: { maxEffort, maxAcceleration } }) =>
      new Twin({
        kind: base.interface,
        latency: LATENCY,
        lag: LAG,
        position,
        velocity,
        startsAt: Number(START_NS) * 1e-9,
        inertia: maxEffort / maxAcceleration,
      }),
  );
  const past = [twins.map(({ position, velocity }) => ({ position, velocity }))];
  const start = past[0]!;
  let state = engaged(
    together,
    start.map(({ position }) => position),
    start.map(({ velocity }) => velocity),
  );
  const courses: Course[] = parts.map(() => ({ sent: [], reasons: [], modes: [], kinds: [] }));
  for (let k = 1; k <= TICKS; k++) {
    const nowNs = START_NS + BigInt(k) * TICK_NS;
    for (const twin of twins) twin.advanceTo(Number(nowNs) * 1e-9);
    past.push(twins.map(({ position, velocity }) => ({ position, velocity })));
    const shown = parts.map((part, i) => past[part.shown?.(k) ?? k]![i]!);
    const states = measured(
      nowNs,
      shown.map(({ position }) => position),
      shown.map(({ velocity }) => velocity),
    );
    const asked =
      k >= 60 && k < 80
        ? null
        : proposal(
            parts.map((part) => part.request(k)),
            { joints: names },
          );
    const result = gate(together, state, asked, k === 30 || k === 31 ? null : states, null, nowNs);
    state = result.state;
    const { command, reasons, kind } = result.verdict;
    courses.forEach((each, i) => {
      each.sent.push(command!.value(i));
      each.reasons.push(reasons.filter(({ joint: of }) => of === undefined || of === names[i]));
      each.modes.push(state.mode);
      each.kinds.push(kind);
      twins[i]!.send(Number(nowNs) * 1e-9, command!.value(i));
    });
  }
  return courses;
}

const JOINTS: readonly GateJoint[] = [
  joint({ maxJerk: 300, maxEffortRate: 300 }),
  joint({
    name: 'joint1',
    minPosition: -2,
    maxPosition: 0.5,
    maxVelocity: 2,
    maxJerk: 90,
    maxEffort: 20,
    maxEffortRate: 90,
  }),
  joint({ name: 'joint2', minPosition: -0.4, maxPosition: 3, maxAcceleration: 2, maxEffortRate: 40 }),
];
const STARTS = [
  [0.7, 0.3],
  [0.2, -0.25],
  [-0.1, 0.15],
] as const;

/** Requests that run into every joint's limits, one way or the other. */
const REQUESTS: Record<GateConfig['interface'], readonly ((k: number) => number)[]> = {
  velocity: [(k) => 2 * Math.sin(k / 12), (k) => (k % 70 < 50 ? 0.8 : -2.4), () => -0.6],
  position: [(k) => 0.7 + 0.5 * Math.sin(k / 25), (k) => (k % 70 < 50 ? 0.8 : -0.4), () => -0.6],
  effort: [(k) => 12 * Math.sin(k / 12), (k) => (k % 70 < 50 ? 12 : -27), () => -8],
};

describe.each(['velocity', 'position', 'effort'] as const)('%s interface', (kind) => {
  const gateConfig = config({
    interface: kind,
    commandLatency: LATENCY,
    actuatorLag: LAG,
    positionMargin: 0.004,
    stateFrozenMs: 200,
  });
  const parts = JOINTS.map((each, i): Part => {
    const [position, velocity] = STARTS[i]!;
    return { joint: each, position, velocity, request: REQUESTS[kind][i]! };
  });

  it('treats each of three joints as it would alone', () => {
    const together = course(gateConfig, parts);
    parts.forEach((part, i) => {
      const alone = course(gateConfig, [part])[0]!;
      expect(together[i]!.modes).not.toContain('fault');
      expect(together[i]!.sent).toEqual(alone.sent);
      expect(together[i]!.reasons).toEqual(alone.reasons);
      const own = alone.reasons.flat().filter(({ joint: of }) => of !== undefined);
      expect(own.map(({ check }) => check)).toContain('position');
    });
    const checks = new Set(together.flatMap(({ reasons }) => reasons.flat().map(({ check }) => check)));
    const limited = { velocity: 'jerk', position: 'jerk', effort: 'effort-rate' } as const;
    expect([...checks]).toEqual(expect.arrayContaining(['position', limited[kind], 'state-missing']));
  });

  it.each([0, 1, 2])('passes a request only where it passes for all: joint %d decides', (decides) => {
    const calm = parts.map((part, i) => {
      const still = kind === 'position' ? 0.1 * (i + 1) : 0;
      const request = (k: number): number => (i === decides && k > 5 ? 50 : still);
      return { ...part, position: 0.1 * (i + 1), velocity: 0, request };
    });
    const { kinds } = course(gateConfig, calm)[0]!;
    expect(kinds.slice(0, 6)).toEqual(['pass', 'pass', 'pass', 'pass', 'pass', 'limited']);
  });

  // from tick 112 on each joint moves steadily, and slowly enough that 150 ms of it are no jump
  const steady = parts.map((part, i) => {
    const rate = [0.12, -0.2, 0.12][i]!;
    const request = (k: number): number => {
      if (kind === 'position') return part.position + rate * 0.01 * Math.max(k - 100, 0);
      if (kind === 'velocity') return k < 100 ? 0 : rate;
      return k >= 100 && k < 112 ? [2.5, -8, 5][i]! : 0;
    };
    return { ...part, velocity: 0, request };
  });
  /** The state of tick `from` is shown until tick `to`. */
  const stuck = (part: Part, from: number, to: number): Part => {
    const shown = part.shown ?? ((k: number): number => k);
    return { ...part, shown: (k) => (k >= from && k < to ? from : shown(k)) };
  };

  it.each([0, 1, 2])('notices that joint %d repeats its state, at the tick when it would alone', (i) => {
    const [alone] = course(gateConfig, [stuck(steady[i]!, 120, 160)]);
    const changed = steady.map((part, j) => (j === i ? stuck(part, 120, 160) : part));
    const together = course(gateConfig, changed);
    expect(alone!.modes).toContain('fault');
    expect(together[i]!.modes).toEqual(alone!.modes);
    expect(together[i]!.reasons).toEqual(alone!.reasons);
  });

  it.each([0, 1, 2])('counts the time of joint %d anew once its state has changed', (i) => {
    const twice = (part: Part): Part => stuck(stuck(part, 120, 135), 136, 151);
    const changed = steady.map((part, j) => (j === i ? twice(part) : part));
    expect(course(gateConfig, changed)[i]!.modes).not.toContain('fault');
  });
});
