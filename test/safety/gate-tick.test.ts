/** What one tick of the gate leaves to the next: what it remembers of commands and set-points, when a tick is early, and rest. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateEnvelope } from '../../sim/twin/rate-envelope.js';
import { gate, type GateResult } from '../../src/safety/gate.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import { FIELD, fieldOffset, withSendTime, type GateState } from '../../src/safety/gate-state.js';
import type { GateConfig, Measured, Proposal } from '../../src/safety/types.js';
import { START_NS, TICK_NS, checksOf, config, engaged, joint, measured, proposal } from './fixtures.js';

const at = (k: number): bigint => START_NS + BigInt(k) * TICK_NS;

/** Tick k, 10 ms each, with no evidence. */
function tick(
  gateConfig: GateConfig,
  state: GateState,
  k: number,
  asked: Proposal | null,
  known: Measured | null,
): GateResult {
  return gate(gateConfig, state, asked, known, null, at(k));
}

/** Travel of ticks of 10 ms at v, v - a dt, ... [rad]. */
function travelled(velocity: number, deceleration: number): number {
  let distance = 0;
  for (let v = velocity; v > 1e-12; v -= deceleration * 0.01) distance += v * 0.01;
  return distance;
}

describe('a velocity-controlled joint with latency and lag', () => {
  const latency = 0.02;
  const lag = 0.1;
  const lagging = config({
    commandLatency: latency,
    actuatorLag: lag,
    joints: [joint({ maxPosition: 0.1, minPosition: -0.1, maxAcceleration: 1000 })],
  });

  it.each([1, -1])(
    'is taken to move as commanded where its state does not show it, in direction %d',
    (sign) => {
      let state = engaged(lagging);
      const steps = 12;
      // a step to 0.5 rad/s at the first tick; the state says that nothing moves
      for (let k = 1; k < steps; k++) {
        const result = tick(lagging, state, k, proposal([sign * 0.5]), measured(at(k), [0]));
        expect(result.verdict.kind).toBe('pass');
        state = result.state;
      }
      const { reasons } = tick(lagging, state, steps, proposal([sign]), measured(at(steps), [0])).verdict;
      // sent at tick 1, it has been acting since one latency later
      const model = 0.5 * (1 - Math.exp(-((steps - 1) * 0.01 - latency) / lag));
      const reach = lag * model + 0.5 * latency;
      const limit = reasons.find(({ check }) => check === 'position')!.limit!;
      expect(travelled(sign * limit, 5)).toBeCloseTo(0.1 - reach, 9);
    },
  );

  it('is taken to have moved as commanded while no state came', () => {
    let state = engaged(lagging);
    state = tick(lagging, state, 1, proposal([0.4]), measured(at(1), [0])).state;
    for (let k = 2; k <= 6; k++) state = tick(lagging, state, k, proposal([0.4]), null).state;
    // braking from 0.4 by 5 rad/s^2: 0.35, 0.3, ... 0.15 at tick 6
    const { reasons } = tick(lagging, state, 7, proposal([1]), measured(at(7), [0])).verdict;
    const sent = (k: number): number => 0.4 - 0.05 * (k - 1);
    let model = 0;
    for (let k = 1; k <= 4; k++) model = sent(k) + (model - sent(k)) * Math.exp(-0.01 / lag); // acting from tick 3 to tick 7
    const reach = lag * model + (sent(5) + sent(6)) * 0.01;
    const limit = reasons.find(({ check }) => check === 'position')!.limit!;
    expect(travelled(limit, 5)).toBeCloseTo(0.1 - reach, 9);
  });

  it('remembers no more commands than those of the state timeout and the latency, however long no state comes', () => {
    let state = engaged(lagging);
    for (let k = 1; k <= 200; k++) {
      state = tick(lagging, state, k, null, null).state;
      expect(state.pipeline.length / 2).toBeLessThanOrEqual(100 / 10 + 2 + 2);
    }
  });
});

it.each(['position', 'effort'] as const)('remembers no commands of a %s interface', (kind) => {
  const gateConfig = config({ interface: kind });
  let state = engaged(gateConfig, [0.1]);
  expect(state.pipeline.length).toBe(0);
  for (let k = 1; k <= 3; k++)
    state = tick(gateConfig, state, k, proposal([0.1]), measured(at(k), [0.1])).state;
  expect(state.pipeline.length).toBe(0);
});

describe('an early tick', () => {
  const velocity = config();
  const early = (gateConfig: GateConfig, state: GateState, afterNs: bigint): [boolean, GateState] => {
    const now = START_NS + afterNs;
    const { verdict, state: next } = gate(gateConfig, state, proposal([0.01]), measured(now, [0]), null, now);
    return [checksOf(verdict.reasons).includes('tick-early'), next];
  };

  it('does not put off the next one: they are counted from the last command that was made', () => {
    const [first, state] = early(velocity, engaged(velocity), 4_000_000n);
    expect(first).toBe(true);
    expect(early(velocity, state, 8_000_000n)[0]).toBe(false);
  });

  it('comes before half of a period, not at it', () => {
    // 2^-8 s and its half, which no conversion rounds
    const binary = config({ controlPeriod: 0.00390625 });
    expect(early(binary, engaged(binary), 1_953_125n)[0]).toBe(false);
    expect(early(binary, engaged(binary), 1_953_124n - 1_000n)[0]).toBe(true);
  });

  it('is one like any other for effort, whose commands add up to nothing', () => {
    const effort = config({ interface: 'effort' });
    const now = START_NS + 1_000_000n;
    const { verdict } = gate(effort, engaged(effort), proposal([3]), measured(now, [0]), null, now);
    expect(verdict).toMatchObject({ kind: 'pass', reasons: [] });
    expect(verdict.command!.value(0)).toBe(3);
  });
});

describe('pass', () => {
  it.each([
    ['large', 100, 100 * 1e-9],
    ['small', 1e-3, 1e-9],
  ])(
    'is a command that is the request up to rounding, relative to its size and to 1: %s',
    (_, size, rounding) => {
      const gateConfig = config({
        joints: [joint({ maxVelocity: size, minPosition: -1e4, maxPosition: 1e4 })],
      });
      const state = engaged(gateConfig, [0], [size]);
      const kind = (request: number): string =>
        tick(gateConfig, state, 1, proposal([request]), measured(at(1), [size * 0.01], [size])).verdict.kind;
      expect(kind(size + 0.9 * rounding)).toBe('pass');
      expect(kind(size + 1.1 * rounding)).toBe('limited');
    },
  );
});

describe('modes', () => {
  const velocity = config();

  it.each(['holding', 'stopping'] as const)(
    'without a state for long, %s does not become another',
    (mode) => {
      const moving: GateState = { ...engaged(velocity, [0], [0.9]), mode };
      const { state, verdict } = tick(velocity, moving, 12, null, measured(START_NS, [0], [0.9]));
      expect(checksOf(verdict.reasons)).toContain('state-stale');
      expect(state.mode).toBe(mode);
    },
  );

  it('end stopping where the set-points of all joints stand, wherever that is', () => {
    const position = config({ interface: 'position', joints: [joint(), joint({ name: 'joint1' })] });
    for (const [speeds, ticks] of [
      [[0, 0.19], 4],
      [[0.19, 0], 4],
    ] as const) {
      let { state } = gateEvent(position, engaged(position, [0.5, 0.7], speeds), 'stop', null, START_NS);
      const modes: string[] = [];
      for (let k = 1; k <= ticks; k++) {
        state = tick(position, state, k, null, measured(at(k), [0.5, 0.7], speeds)).state;
        modes.push(state.mode);
      }
      // 0.19 rad/s at 5 rad/s^2: at rest with the fourth command
      expect(modes).toEqual(['stopping', 'stopping', 'stopping', 'holding']);
    }
  });

  it('end stopping of effort joints below 1 % of maxVelocity', () => {
    const effort = config({ interface: 'effort', joints: [joint({ maxVelocity: 4 })] });
    const { state } = gateEvent(effort, engaged(effort), 'stop', null, START_NS);
    const step = (speed: number): string =>
      tick(effort, state, 1, null, measured(at(1), [0], [speed])).state.mode;
    expect([0.039, 0.041, -0.041].map(step)).toEqual(['holding', 'stopping', 'stopping']);
  });
});

describe('a state that is not believed', () => {
  it('judges no position of a velocity-controlled joint, and still that of a set-point', () => {
    const judged = (kind: 'velocity' | 'position'): string[] => {
      const gateConfig = config({ interface: kind });
      return checksOf(tick(gateConfig, engaged(gateConfig, [1.1]), 1, null, null).verdict.reasons);
    };
    expect(judged('velocity')).toEqual(['proposal-missing', 'state-missing']);
    expect(judged('position')).toEqual(['proposal-missing', 'state-missing', 'position']);
  });
});

describe('a hold of set-points', () => {
  it('is where the next request goes on from', () => {
    const position = config({ interface: 'position' });
    let state = engaged(position);
    let last = 0;
    const step = (k: number, asked: Proposal | null): string => {
      const result = tick(position, state, k, asked, measured(at(k), [last]));
      state = result.state;
      last = result.verdict.command!.value(0);
      return result.verdict.kind;
    };
    for (let k = 1; k <= 20; k++) step(k, proposal([0.5]));
    for (let k = 21; k <= 60; k++) step(k, null);
    const held = last;
    expect(held).toBeGreaterThan(0.01);
    expect(held).toBeLessThan(0.4);
    expect(step(61, proposal([held]))).toBe('pass');
    expect(last).toBe(held);
  });
});

describe('an effort-controlled joint brakes by its state', () => {
  const effort = config({
    interface: 'effort',
    stateTimeoutMs: 125, // 2^-3 s, which no conversion rounds
    joints: [joint({ minPosition: -100, maxPosition: 100 })],
  });
  const stopped = (speed: number): GateState =>
    gateEvent(effort, engaged(effort, [0], [speed]), 'stop', null, START_NS).state;
  const sent = (state: GateState, known: Measured, nowNs: bigint): number =>
    gate(effort, state, null, known, null, nowNs).verdict.command!.value(0);

  it('until that is as old as the timeout, and then neither brakes nor limits its velocity', () => {
    const known = measured(START_NS, [0], [0.2]);
    expect(sent(stopped(0.2), known, START_NS + 125_000_000n)).toBeCloseTo(-4, 9);
    expect(Math.abs(sent(stopped(0.2), known, START_NS + 125_001_000n))).toBe(0);
    const fast = measured(START_NS, [0], [1.2]); // the barrier of a state that is believed: 20 (1 - 1.2)
    expect(sent(stopped(1.2), fast, START_NS + 125_000_000n)).toBeCloseTo(-10, 9);
    expect(Math.abs(sent(stopped(1.2), fast, START_NS + 125_001_000n))).toBe(0);
  });

  it('not where that is of the future', () => {
    const known = measured(at(2), [0], [0.2]);
    expect(Math.abs(sent(stopped(0.2), known, at(1)))).toBe(0);
    expect(sent(stopped(0.2), known, at(2))).toBeCloseTo(-4, 9);
  });

  it('not where that repeats although it claims to move', () => {
    let state = engaged(effort, [0], [0.2]);
    for (let k = 1; k <= 60; k++) {
      const result = tick(effort, state, k, null, measured(at(k), [0], [0.2]));
      state = result.state;
      const frozen = state.fault?.check === 'state-frozen';
      expect(result.verdict.command!.value(0)).toBeCloseTo(frozen ? 0 : -4, 9);
    }
    expect(state.mode).toBe('fault');
    expect(state.numbers[fieldOffset(FIELD.velocity, 1)]).toBe(0.2);
  });
});

describe('a command that leaves late', () => {
  const ms = (time: number): bigint => START_NS + BigInt(Math.round(time * 1e6));

  it.each(['velocity', 'position'] as const)(
    'leaves the next one (%s) only the time since half a period before',
    (kind) => {
      const quick = config({ interface: kind, joints: [joint({ maxAcceleration: 4, maxVelocity: 100 })] });
      const state = engaged(quick);
      const first = gate(quick, state, proposal([100]), measured(ms(10), [0]), null, ms(10));
      const sent = withSendTime(quick, first.state, ms(10), ms(17));
      const second = gate(quick, sent, proposal([100]), measured(ms(20), [0]), null, ms(20));
      const rate = fieldOffset(FIELD.rate, 1);
      expect(first.state.numbers[rate]).toBeCloseTo(4 * 0.01, 9);
      expect(second.state.numbers[rate]).toBeCloseTo(4 * 0.018, 9); // 4 rad/s2 for 8 ms more
    },
  );

  it('is taken to act from then', () => {
    const lagging = config({
      commandLatency: 0.01,
      actuatorLag: 0.01,
      joints: [joint(), joint({ name: 'joint1' })],
    });
    const first = gate(lagging, engaged(lagging), proposal([1, 0.5]), measured(ms(10), [0, 0]), null, ms(10));
    const before = structuredClone(first.state);
    const sent = withSendTime(lagging, first.state, ms(10), ms(17)).pipeline;
    expect([...sent.subarray(-3)]).toEqual([5.017, ...first.state.pipeline.subarray(-2)]);
    expect([...sent.subarray(0, -3)]).toEqual([...first.state.pipeline.subarray(0, -3)]);
    expect(first.state).toEqual(before); // left as it was
  });

  it('by no more than half a period leaves it all of its time, so that braking loses nothing', () => {
    const velocity = config();
    const first = gate(velocity, engaged(velocity), proposal([1]), measured(ms(10), [0]), null, ms(10));
    expect(withSendTime(velocity, first.state, ms(10), ms(15))).toBe(first.state);
    expect(withSendTime(velocity, first.state, ms(10), ms(15.01))).not.toBe(first.state);
  });

  it('changes nothing where the tick was early, and sent the last command once more', () => {
    const velocity = config();
    const { state } = gate(velocity, engaged(velocity), proposal([1]), measured(ms(4), [0]), null, ms(4));
    expect(withSendTime(velocity, state, ms(4), ms(14))).toBe(state);
  });

  it('never makes two commands differ by more than the time between their leaving allows', () => {
    const { maxAcceleration, maxDeceleration } = joint();
    const free = config({ joints: [joint({ minPosition: -Infinity, maxPosition: Infinity })] });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 25 }), fc.boolean())), (ticks) => {
        const envelope = new RateEnvelope(0.005); // half a period
        let state = engaged(free);
        const bound = Math.max(maxAcceleration, maxDeceleration);
        let at = 0;
        let left = 0; // when the last command left that was no repetition
        for (const [delay, forward] of ticks) {
          at = Math.max(at + 10, left); // a tick waits until the one before it is done
          const asked = proposal([forward ? 1 : -1]);
          const { state: next, verdict } = gate(free, state, asked, measured(ms(at), [0]), null, ms(at));
          state = withSendTime(free, next, ms(at), ms(at + delay));
          if (!checksOf(verdict.reasons).includes('tick-early')) {
            const [command] = verdict.command!.copyValues();
            expect(envelope.excess(command!, (at + delay - left) / 1e3, bound, bound)).toBe(0);
            left = at + delay;
          }
        }
      }),
    );
  });
});
