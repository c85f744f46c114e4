/** Which joint states are believed: sizes, angles modulo a turn, and what counts as frozen. */
import { describe, expect, it } from 'vitest';
import { gate } from '../../src/safety/gate.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import type { GateState } from '../../src/safety/gate-state.js';
import type { GateConfig, GateJoint, Measured, Reason } from '../../src/safety/types.js';
import { START_NS, TICK_NS, checksOf, config, engaged, joint, measured, proposal } from './fixtures.js';

const at = (k: number): bigint => START_NS + BigInt(k) * TICK_NS;

describe('the size of a state', () => {
  it.each<[string, Measured]>([
    ['a position too many', measured(at(1), [0, 0], [0])],
    ['a velocity too many', measured(at(1), [0], [0, 0])],
    ['a position too few', measured(at(1), [], [0])],
    ['a velocity too few', measured(at(1), [0], [])],
  ])('has to fit in full: %s', (_name, known) => {
    const velocity = config();
    const { verdict } = gate(velocity, engaged(velocity), proposal([0]), known, null, at(1));
    expect(verdict.kind).toBe('cannot-evaluate');
    expect(checksOf(verdict.reasons)).toEqual(['state-non-finite']);
  });
});

it('a step just as large as allowed is believed', () => {
  const velocity = config();
  const laterNs = START_NS + 500_000_000n; // no rounding in 0.5 s
  const after = (step: number): string[] =>
    checksOf(
      gate(velocity, engaged(velocity), proposal([0]), measured(laterNs, [step]), null, laterNs).verdict
        .reasons,
    );
  const allowed = 1.5 * 0.5 + 1e-3;
  expect(after(allowed)).not.toContain('state-jump');
  expect(after(allowed + 1e-12)).toContain('state-jump');
});

describe('a step of a whole turn', () => {
  const turn = 2 * Math.PI;
  const steps = (own: Partial<GateJoint>, from: number, to: number): Reason[] => {
    const gateConfig = config({ joints: [joint(own)] });
    const { verdict } = gate(
      gateConfig,
      engaged(gateConfig, [from]),
      proposal([0]),
      measured(at(1), [to]),
      null,
      at(1),
    );
    return verdict.reasons.filter(({ check }) => check === 'state-jump');
  };
  const endless = { minPosition: -Infinity, maxPosition: Infinity };
  const allowed = 1.5 * 0.01 + 1e-3;

  it.each([0, 1, -1, 2, -3])('counts what is left of it on a joint without limits: %d turns', (turns) => {
    for (const left of [0.9 * allowed, -0.9 * allowed])
      expect(steps(endless, 0.4, 0.4 + turns * turn + left)).toEqual([]);
    for (const left of [1.1 * allowed, -1.1 * allowed])
      expect(steps(endless, 0.4, 0.4 + turns * turn + left)).toEqual([
        {
          check: 'state-jump',
          joint: 'elbow',
          value: expect.closeTo(1.1 * allowed, 9) as number,
          limit: expect.closeTo(allowed, 9) as number,
          unit: 'rad',
        },
      ]);
  });

  it.each<[string, Partial<GateJoint>]>([
    ['with an upper limit only', { minPosition: -Infinity, maxPosition: 100 }],
    ['with a lower limit only', { minPosition: -100, maxPosition: Infinity }],
    ['with both', { minPosition: -100, maxPosition: 100 }],
    ['that is prismatic', { ...endless, unit: 'm' }],
    ['that is prismatic, with an upper limit only', { minPosition: -Infinity, maxPosition: 100, unit: 'm' }],
    ['that is prismatic, with a lower limit only', { minPosition: -100, maxPosition: Infinity, unit: 'm' }],
  ])('is a jump of a joint %s', (_name, own) => {
    expect(steps(own, 0, turn)).toMatchObject([{ value: expect.closeTo(turn, 9) as number }]);
  });
});

describe('a state that repeats', () => {
  /** Whether one that was engaged at `rate` counts as frozen when it is the same after `ms`. */
  const frozenAfter = (ms: number, rate: number, overrides: Partial<GateConfig>): boolean => {
    const gateConfig = config(overrides);
    const nowNs = START_NS + BigInt(ms) * 1_000_000n;
    const same = measured(nowNs, [0], [rate]);
    const { verdict } = gate(gateConfig, engaged(gateConfig, [0], [rate]), null, same, null, nowNs);
    return checksOf(verdict.reasons).includes('state-frozen');
  };

  it('shows nothing where just the margin was to be travelled', () => {
    expect(frozenAfter(1000, 0.5, { positionMargin: 0.5 })).toBe(false);
    expect(frozenAfter(1000, 0.5, { positionMargin: 0.499 })).toBe(true);
  });

  it('is not frozen yet after just stateFrozenMs', () => {
    expect(frozenAfter(500, 1, { positionMargin: 0.4, stateFrozenMs: 500 })).toBe(false);
    expect(frozenAfter(500, 1, { positionMargin: 0.4, stateFrozenMs: 499 })).toBe(true);
  });

  /** Ticks `from` to `to` with a state that stays as it was at the start, with the same request. */
  function repeat(
    gateConfig: GateConfig,
    start: GateState,
    from: number,
    to: number,
    request: number,
  ): [GateState, readonly Reason[]] {
    let state = start;
    let reasons: readonly Reason[] = [];
    const known = gateConfig.joints.map(() => 0);
    const names = gateConfig.joints.map(({ name }) => name);
    const asked = proposal(
      known.map((_, i) => (i === known.length - 1 ? request : 0)),
      { joints: names },
    );
    for (let k = from; k <= to; k++) {
      const result = gate(gateConfig, state, asked, measured(at(k), known), null, at(k));
      state = result.state;
      reasons = result.verdict.reasons;
    }
    return [state, reasons];
  }
  const velocity = config();
  const quick = config({
    joints: [joint({ maxVelocity: 4, maxAcceleration: 1000, minPosition: -9, maxPosition: 9 })],
  });

  it('is named with the time for which it did', () => {
    // 4 ticks up to 0.1 rad/s at 4 rad/s^2; 1 mrad of travel has been passed when tick 4 comes
    const [state, reasons] = repeat(velocity, engaged(velocity), 1, 60, 0.1);
    expect(state.fault?.check).toBe('state-frozen');
    const value = reasons.find(({ check }) => check === 'state-frozen')?.value;
    expect(reasons).toContainEqual({
      check: 'state-frozen',
      joint: 'elbow',
      value,
      limit: 500,
      unit: 'ms',
    });
    expect(value).toBeGreaterThan(500);
    expect(value).toBeLessThanOrEqual(600);
  });

  it('is no fault at rest, also after some motion that it has not shown', () => {
    const [moved] = repeat(velocity, engaged(velocity), 1, 20, 0.2);
    expect(repeat(velocity, moved, 21, 200, 0)[0].mode).toBe('active');
  });

  it('is no fault before stateFrozenMs, however far the joint was to move', () => {
    const [state, reasons] = repeat(quick, engaged(quick), 1, 40, 3);
    expect(state.mode).toBe('active');
    expect(checksOf(reasons)).not.toContain('state-frozen');
    const stopped = gateEvent(quick, state, 'estop', null, at(40)).state;
    // 3 rad/s at 5 rad/s^2 would take 60 ticks more: put at rest as a reset requires it
    const still = config({ joints: [{ ...quick.joints[0]!, maxDeceleration: 1000 }] });
    const [rest] = repeat(still, stopped, 41, 45, 0);
    expect(gateEvent(still, rest, 'reset', measured(at(45), [0]), at(45)).outcome.accepted).toBe(true);
  });

  it.each([1, 2, 3])('keeps a fault from being reset, where it is that of the last of %d joints', (m) => {
    const joints = Array.from({ length: m }, (_, i) => joint(i === 0 ? {} : { name: `joint${i}` }));
    const several = config({ joints });
    const [state] = repeat(several, engaged(several), 1, 80, 0.2);
    expect(state.fault?.message).toContain(joints[m - 1]!.name);
    const [rest] = repeat(several, state, 81, 90, 0);
    const reset = gateEvent(
      several,
      rest,
      'reset',
      measured(
        at(90),
        joints.map(() => 0),
      ),
      at(90),
    );
    expect(reset.outcome).toMatchObject({ accepted: false });
    expect(reset.state).toBe(rest);
  });
});
