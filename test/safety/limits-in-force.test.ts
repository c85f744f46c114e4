/** Limits that depend on more than one joint's own state: hand-overs, scaling of all joints, soft limits, rates of effort. */
import { describe, expect, it } from 'vitest';
import { gate } from '../../src/safety/gate.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import { lastSent, type GateState } from '../../src/safety/gate-state.js';
import type { GateConfig, Verdict } from '../../src/safety/types.js';
import { START_NS, TICK_NS, checksOf, config, engaged, joint, measured, proposal } from './fixtures.js';

interface Course {
  readonly verdicts: readonly Verdict[];
  readonly sent: readonly number[][];
  readonly state: GateState;
}

/** `ticks` of one request, on joints that follow at once. */
function follow(gateConfig: GateConfig, request: readonly number[], ticks: number, from?: GateState): Course {
  const m = gateConfig.joints.length;
  let state = from ?? engaged(gateConfig);
  const position = new Float64Array(m);
  const verdicts: Verdict[] = [];
  const sent: number[][] = [];
  for (let tick = 1; tick <= ticks; tick++) {
    const now = START_NS + BigInt(tick) * TICK_NS;
    const velocity =
      gateConfig.interface === 'velocity' ? lastSent(state, new Float64Array(m)) : position.map(() => 0);
    const given = proposal(request, { seq: tick, joints: gateConfig.joints.map(({ name }) => name) });
    const result = gate(gateConfig, state, given, measured(now, [...position], [...velocity]), null, now);
    state = result.state;
    verdicts.push(result.verdict);
    const values = [...result.verdict.command!.copyValues()];
    sent.push(values);
    values.forEach((value, i) => {
      position[i] =
        gateConfig.interface === 'position'
          ? value
          : position[i]! + (gateConfig.interface === 'velocity' ? value * 0.01 : 0);
    });
  }
  return { verdicts, sent, state };
}

describe('transition', () => {
  const onTransition = { velocityScale: 0.2, accelerationScale: 0.5, duration: 0.2 };
  const eased = config({ onTransition, joints: [joint({ minPosition: -9, maxPosition: 9 })] });

  it('allows a share of velocity and acceleration for its duration, and all of them afterwards', () => {
    const { sent, verdicts } = follow(eased, [1], 60);
    expect(sent[0]![0]).toBeCloseTo(0.5 * 4 * 0.01, 12);
    expect(sent[18]![0]).toBeCloseTo(0.2, 12); // 190 ms after engaging
    expect(sent[19]![0]).toBeCloseTo(0.2 + 4 * 0.01, 12);
    expect(sent[59]![0]).toBeCloseTo(1, 12);
    expect(checksOf(verdicts[18]!.reasons)).toContain('transition');
    expect(checksOf(verdicts[19]!.reasons)).not.toContain('transition');
  });

  it('brakes with all of max_deceleration a joint that is taken over faster than that', () => {
    const { sent, verdicts } = follow(eased, [0.8], 20, engaged(eased, [0], [0.8]));
    sent.slice(0, 12).forEach(([value], i) => {
      expect(value).toBeCloseTo(0.8 - 5 * 0.01 * (i + 1), 9);
    });
    expect(sent[18]![0]).toBeCloseTo(0.2, 9);
    expect(verdicts.flatMap(({ reasons }) => checksOf(reasons))).not.toContain('infeasible');
  });

  it('begins again when authority goes from one source to another', () => {
    const { state } = follow(eased, [1], 60);
    const at = START_NS + 60n * TICK_NS;
    const { state: handed, outcome } = gateEvent(eased, state, 'engage', measured(at, [0.4], [1]), at);
    expect(outcome.accepted).toBe(true);
    const now = at + TICK_NS;
    const { verdict } = gate(eased, handed, proposal([1]), measured(now, [0.41], [1]), null, now);
    expect(verdict.command!.value(0)).toBeCloseTo(1 - 5 * 0.01, 9);
  });

  it('touches nothing where its scales are 1', () => {
    const plain = config({ onTransition: { velocityScale: 1, accelerationScale: 1, duration: 5 } });
    expect(checksOf(follow(plain, [0.01], 1).verdicts[0]!.reasons)).toEqual([]);
  });
});

describe('uniform scaling', () => {
  const joints = [
    joint({ maxVelocity: 1, maxAcceleration: 4 }),
    joint({ name: 'joint1', maxVelocity: 2, maxAcceleration: 2, minPosition: -9, maxPosition: 9 }),
  ];
  const uniform = config({ joints, limitScaling: 'uniform' });

  it('slows all joints by what limits one, and keeps the direction of motion', () => {
    const { sent, verdicts } = follow(uniform, [0.4, -1.6], 40);
    for (const [a, b] of sent) expect(b! / a!).toBeCloseTo(-4, 9);
    expect(sent[0]![1]).toBeCloseTo(-2 * 0.01, 12);
    expect(verdicts[0]!.reasons).toContainEqual({
      check: 'scaled',
      joint: 'joint1',
      value: expect.closeTo(0.02 / 1.6, 9) as number,
      limit: 1,
    });
    const apart = follow(config({ joints }), [0.4, -1.6], 5).sent[4]!;
    expect(apart[1]! / apart[0]!).not.toBeCloseTo(-4, 2);
  });

  it('stops all joints where one is at its limit', () => {
    const { sent } = follow(uniform, [1, 0.5], 400);
    expect(sent[399]).toEqual([expect.closeTo(0, 9), expect.closeTo(0, 9)]);
  });

  it('makes all others wait for a joint that has to brake first', () => {
    const state = engaged(uniform, [0, 0], [-0.5, 0]);
    const { sent } = follow(uniform, [0.5, 0.5], 12, state);
    expect(sent[0]).toEqual([expect.closeTo(-0.45, 9), 0]);
    expect(sent[9]![1]).toBeCloseTo(0, 9);
    expect(sent[11]![1]).toBeGreaterThan(0);
  });

  it('takes set-points to their goal on a straight line, together', () => {
    const position = config({ interface: 'position', joints, limitScaling: 'uniform' });
    const { sent } = follow(position, [0.2, 0.8], 400);
    for (const [a, b] of sent) expect(b).toBeCloseTo(4 * a!, 6);
    expect(sent[399]).toEqual([expect.closeTo(0.2, 6), expect.closeTo(0.8, 6)]);
  });

  it('is at a loss with a set-point beyond reason, and stands', () => {
    const endless = config({
      interface: 'position',
      limitScaling: 'uniform',
      joints: [joint({ minPosition: -Infinity, maxPosition: Infinity }), joints[1]!],
    });
    const { sent } = follow(endless, [1e308, 0.5], 50);
    expect(sent.flat().every(Number.isFinite)).toBe(true);
  });

  it('scales efforts, too', () => {
    const effort = config({
      interface: 'effort',
      limitScaling: 'uniform',
      joints: joints.map((each) => ({ ...each, minPosition: -100, maxPosition: 100, maxVelocity: 1 })),
    });
    expect(follow(effort, [40, -5], 1).sent[0]).toEqual([10, -1.25]);
    expect(follow({ ...effort, limitScaling: 'per_joint' }, [40, -5], 1).sent[0]).toEqual([10, -5]);
  });
});

describe('k_position', () => {
  it('keeps the speed towards a limit below its product with the distance', () => {
    const soft = config({ joints: [joint({ kPosition: 2, maxDeceleration: 50 })] });
    const { sent } = follow(soft, [1], 300);
    let position = 0;
    for (const [value] of sent) {
      expect(value).toBeLessThanOrEqual(2 * (1 - position) + 1e-9);
      position += value! * 0.01;
    }
    const down = follow(soft, [-1], 300).sent;
    expect(position).toBeGreaterThan(0.95);
    expect(down[150]![0]).toBeCloseTo(-sent[150]![0]!, 9);
    const hard = follow(config({ joints: [joint({ maxDeceleration: 50 })] }), [1], 300).sent;
    expect(hard[80]![0]).toBe(1);
    expect(sent[80]![0]).toBeLessThan(0.9);
  });
});

describe('effort rate', () => {
  const slow = config({
    interface: 'effort',
    joints: [joint({ maxEffortRate: 100, minPosition: -100, maxPosition: 100 })],
  });

  it('changes the effort by its product with the period at most', () => {
    const { sent, verdicts } = follow(slow, [3.5], 5);
    [1, 2, 3, 3.5, 3.5].forEach((value, i) => expect(sent[i]![0]).toBeCloseTo(value, 9));
    expect(verdicts[0]!.reasons).toEqual([
      {
        check: 'effort-rate',
        joint: 'elbow',
        value: 3.5,
        limit: expect.closeTo(1, 9) as number,
        unit: 'N m',
      },
    ]);
    expect(verdicts[4]!.kind).toBe('pass');
  });

  it('gives way to the barrier, which may brake at any rate', () => {
    const { state } = follow(slow, [5], 5);
    const now = START_NS + 6n * TICK_NS;
    const { verdict } = gate(slow, state, proposal([5], { seq: 6 }), measured(now, [0], [1.2]), null, now);
    expect(verdict.command!.value(0)).toBeCloseTo(-4, 9);
  });
});
