import { describe, expect, it } from 'vitest';
import { gate } from '../../src/safety/gate.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import type { GateConfig, Verdict } from '../../src/safety/types.js';
import { START_NS, TICK_NS, checksOf, config, engaged, joint, measured, proposal } from './fixtures.js';

const effort = config({ interface: 'effort' });
const wide = config({ interface: 'effort', joints: [joint({ minPosition: -100, maxPosition: 100 })] });

function ask(gateConfig: GateConfig, request: number, position: number, speed: number): Verdict {
  const at = START_NS + TICK_NS;
  const state = engaged(gateConfig, [position], [speed]);
  return gate(gateConfig, state, proposal([request]), measured(at, [position], [speed]), null, at).verdict;
}

describe('effort limit', () => {
  it.each([
    [10, 'pass', 10],
    [10 + 1e-6, 'limited', 10],
    [-10, 'pass', -10],
    [-10 - 1e-6, 'limited', -10],
    [1e308, 'limited', 10],
  ])('a request of %d N m: %s, %d', (request, kind, expected) => {
    const verdict = ask(wide, request, 0, 0);
    expect(verdict.kind).toBe(kind);
    expect(verdict.command!.value(0)).toBe(expected);
    if (kind === 'limited') {
      expect(verdict.reasons[0]).toEqual({
        check: 'effort',
        joint: 'elbow',
        value: request,
        limit: 10,
        unit: 'N m',
      });
    }
  });

  it('has no rate limit to apply where none is set, also when no time has passed', () => {
    const { verdict } = gate(wide, engaged(wide), proposal([3]), measured(START_NS, [0]), null, START_NS);
    expect(verdict.command!.value(0)).toBe(3);
  });

  it('gives no reason for an effort within the rate limit', () => {
    const rated = config({ interface: 'effort', joints: [joint({ maxEffortRate: 500 })] });
    expect(ask(rated, 4, 0, 0)).toMatchObject({ kind: 'pass', reasons: [] });
  });

  it('names newtons on a prismatic joint', () => {
    const cart = config({ interface: 'effort', joints: [joint({ unit: 'm' })] });
    expect(ask(cart, 20, 0, 0).reasons[0]!.unit).toBe('N');
    expect(ask(cart, 0, 0, 1.6).reasons[0]).toMatchObject({ check: 'not-guaranteed', unit: 'N' });
  });
});

describe('velocity barrier', () => {
  it.each([
    ['up', 1],
    ['down', -1],
  ])('falls from maxEffort to nothing as the joint reaches maxVelocity, %s', (_name, sign) => {
    // 20 N m s/rad * (1 - 0.9 rad/s) = 2 N m
    expect(ask(wide, sign * 1.99, 0, sign * 0.9).kind).toBe('pass');
    const verdict = ask(wide, sign * 2.01, 0, sign * 0.9);
    expect(checksOf(verdict.reasons)).toEqual(['velocity']);
    expect(verdict.command!.value(0)).toBeCloseTo(sign * 2, 9);
    expect(ask(wide, sign, 0, sign * 1.1).command!.value(0)).toBeCloseTo(-sign * 2, 9);
    expect(ask(wide, -sign * 10, 0, sign * 0.9).kind).toBe('pass');
  });

  it.each([
    ['up', 1],
    ['down', -1],
  ])('uses the stopping velocity near a position limit, %s', (_name, sign) => {
    // 0.0015 to go: 0.1 rad/s; at rest that allows 20 * 0.1 = 2 N m
    expect(ask(effort, sign * 1.99, sign * 0.9985, 0).kind).toBe('pass');
    const verdict = ask(effort, sign * 2.01, sign * 0.9985, 0);
    expect(checksOf(verdict.reasons)).toEqual(['position']);
    expect(verdict.command!.value(0)).toBeCloseTo(sign * 2, 9);
  });

  it('looks ahead by the latency and the lag', () => {
    const slow = config({ interface: 'effort', commandLatency: 0.02, actuatorLag: 0.03 });
    expect(ask(effort, 1, 0.9, 0.5).command!.value(0)).toBe(1);
    expect(ask(slow, 10, 0.9, 0.9).command!.value(0)).toBeLessThan(
      ask(effort, 10, 0.9, 0.9).command!.value(0),
    );
  });

  // 0.068 to go at 5 rad/s^2 and 10 ms: 0.8 rad/s, then 0.75, ... (16 ticks)
  it.each([
    ['moving up', 1, 0.5, 1 - 0.05 - 0.068 - 0.5 * 0.06, 0.3],
    ['moving down', -1, -0.5, -(1 - 0.05 - 0.068 - 0.5 * 0.06), -0.3],
    ['moving away from the upper limit', 1, -0.5, 1 - 0.05 - 0.068, 1.3],
    ['moving away from the lower limit', -1, 0.5, -(1 - 0.05 - 0.068), -1.3],
  ])('counts age, latency, lag and margin in full, and only towards the limit: %s', (...given) => {
    const [, sign, speed, position, expected] = given;
    const gateConfig = config({
      interface: 'effort',
      commandLatency: 0.02,
      actuatorLag: 0.03,
      positionMargin: 0.05,
      joints: [joint({ kVelocity: 5 })],
    });
    const state = engaged(gateConfig, [position], [speed]);
    const old = measured(START_NS, [position], [speed]); // 10 ms old
    const { verdict } = gate(gateConfig, state, proposal([sign * 10]), old, null, START_NS + TICK_NS);
    expect(checksOf(verdict.reasons)).toEqual(['position']);
    expect(verdict.command!.value(0)).toBeCloseTo(5 * expected, 6);
  });

  it.each([1, -1])('exactly at a limit (%d) is not outside it, and just maxEffort is guaranteed', (sign) => {
    expect(ask(effort, 0, sign, 0)).toMatchObject({ kind: 'pass', reasons: [] });
    expect(checksOf(ask(wide, 0, 0, sign * 1.5).reasons)).toEqual(['velocity']);
  });

  it.each([
    ['above', 1],
    ['below', -1],
  ])('pushes back inward, slowly, from %s a limit', (_name, sign) => {
    const outward = ask(effort, sign * 5, sign * 1.1, 0);
    expect(Math.abs(outward.command!.value(0))).toBe(0);
    expect(outward.reasons[0]).toMatchObject({ check: 'position', value: sign * 1.1, limit: sign });
    const inward = ask(effort, -sign * 5, sign * 1.1, 0);
    expect(inward.command!.value(0)).toBeCloseTo(-sign * 2, 9); // 20 * 10 % of maxVelocity
    expect(checksOf(inward.reasons)).toEqual(['position', 'position']);
    const fast = config({ interface: 'effort', joints: [joint({ maxVelocity: 2 })] });
    expect(ask(fast, -sign * 5, sign * 1.1, 0).command!.value(0)).toBeCloseTo(-sign * 4, 9);
  });

  it.each([
    ['up', 1],
    ['down', -1],
  ])('says not-guaranteed when it wants more than maxEffort, and sends maxEffort, %s', (_name, sign) => {
    expect(checksOf(ask(wide, 0, 0, sign * 1.499).reasons)).not.toContain('not-guaranteed');
    const verdict = ask(wide, 0, 0, sign * 1.501);
    expect(verdict.reasons[0]).toMatchObject({
      check: 'not-guaranteed',
      joint: 'elbow',
      limit: 10,
      unit: 'N m',
    });
    expect(verdict.reasons[0]!.value).toBeCloseTo(-sign * 10.02, 9);
    expect(verdict.command!.value(0)).toBe(-sign * 10);
  });

  it('keeps the limits of an inertia that maxEffort can brake, and not those of one that it cannot', () => {
    /** Highest position of an inertia [kg m^2] under full effort, with one period from measurement to effect. */
    const highest = (inertia: number): [number, boolean] => {
      const gateConfig = config({ interface: 'effort', positionMargin: 0.05 });
      let state = engaged(gateConfig);
      let [q, v, top, warned] = [0, 0, 0, false];
      for (let k = 1n; k <= 300n; k++) {
        const nowNs = START_NS + k * TICK_NS;
        const result = gate(gateConfig, state, proposal([10]), measured(nowNs, [q], [v]), null, nowNs);
        state = result.state;
        warned ||= checksOf(result.verdict.reasons).includes('not-guaranteed');
        v += (result.verdict.command!.value(0) / inertia) * 0.01;
        q += v * 0.01;
        top = Math.max(top, q);
      }
      return [top, warned];
    };
    expect(highest(1)[0]).toBeLessThanOrEqual(1);
    expect(highest(1)[1]).toBe(false);
    expect(highest(20)[0]).toBeGreaterThan(1);
    expect(highest(20)[1]).toBe(true);
  });
});

describe('stop action', () => {
  const at = START_NS + TICK_NS;

  function stopAt(gateConfig: GateConfig, speed: number, ageNs = 0n): Verdict {
    const state = gateEvent(gateConfig, engaged(gateConfig, [0], [speed]), 'stop', null, START_NS).state;
    return gate(gateConfig, state, proposal([5]), measured(at, [0], [speed]), null, at + ageNs).verdict;
  }

  it('damping brakes in proportion to the speed, within maxEffort', () => {
    expect(stopAt(wide, 0.2).command!.value(0)).toBeCloseTo(-4, 9);
    expect(stopAt(wide, -0.2).command!.value(0)).toBeCloseTo(4, 9);
    expect(stopAt(wide, 0.9).command!.value(0)).toBe(-10);
    expect(stopAt(wide, -0.9).command!.value(0)).toBe(10);
  });

  it('zero is zero', () => {
    expect(Math.abs(stopAt({ ...wide, stopAction: 'zero' }, 0.2).command!.value(0))).toBe(0);
  });

  it('is zero effort once the state is stale, and damping still on a single dropped sample', () => {
    expect(Math.abs(stopAt(wide, 0.2, 100_001_000n).command!.value(0))).toBe(0);
    const dropped = gate(
      wide,
      engaged(wide, [0], [0.2]),
      proposal([5]),
      measured(at, [NaN]),
      null,
      at,
    ).verdict;
    expect(dropped.kind).toBe('cannot-evaluate');
    expect(dropped.command!.value(0)).toBeCloseTo(-4, 9);
  });

  it('is what the evidence scales towards', () => {
    const evidence = { authority: 0.25, expiresNs: at + 1n, goneNs: at + 1n };
    const state = engaged(wide, [0], [0.2]);
    const { verdict } = gate(wide, state, proposal([4]), measured(at, [0], [0.2]), evidence, at);
    expect(verdict.command!.value(0)).toBeCloseTo(-4 + 0.25 * 8, 9);
  });
});
