import { describe, expect, it } from 'vitest';
import { gate, type GateResult } from '../../src/safety/gate.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import { createGateState, type GateState } from '../../src/safety/gate-state.js';
import type { Evidence, GateConfig, Measured, Proposal } from '../../src/safety/types.js';
import { START_NS, TICK_NS, checksOf, config, engaged, joint, measured, proposal } from './fixtures.js';

interface Given {
  readonly proposal?: Proposal | null;
  readonly measured?: Measured | null;
  readonly evidence?: Evidence | null;
  readonly nowNs?: bigint;
}

/** One tick, by default the first one after engaging, with a fresh state at rest and a request for 0.01. */
function tick(gateConfig: GateConfig, state: GateState, given: Given = {}): GateResult {
  const nowNs = given.nowNs ?? START_NS + TICK_NS;
  return gate(
    gateConfig,
    state,
    given.proposal === undefined ? proposal([0.01]) : given.proposal,
    given.measured === undefined ? measured(nowNs, [0]) : given.measured,
    given.evidence ?? null,
    nowNs,
  );
}

const velocity = config();

describe('proposals', () => {
  it.each<[string, Proposal | null, string[]]>([
    ['is missing', null, ['proposal-missing']],
    ['is too short', proposal([]), ['proposal-shape']],
    ['is too long', proposal([0, 0]), ['proposal-shape']],
    ['has too few values', proposal([0], { command: new Float64Array(0) }), ['proposal-shape']],
    ['names no joint', proposal([0], { joints: [] }), ['proposal-shape']],
    ['names another joint', proposal([0], { joints: ['wrist'] }), ['proposal-shape']],
    ['is NaN', proposal([NaN]), ['proposal-non-finite']],
    ['is infinite', proposal([-Infinity]), ['proposal-non-finite']],
    ['expires now', proposal([0], { expiresNs: START_NS + TICK_NS }), ['proposal-expired']],
    [
      'is all of that',
      proposal([NaN], { joints: ['wrist'], expiresNs: 0n }),
      ['proposal-shape', 'proposal-non-finite', 'proposal-expired'],
    ],
  ])('blocks and holds when the proposal %s, with every reason', (_name, given, expected) => {
    const { verdict } = tick(velocity, engaged(velocity), { proposal: given });
    expect(verdict.kind).toBe('blocked');
    expect(checksOf(verdict.reasons)).toEqual(expected);
    expect(verdict.command!.value(0)).toBe(0);
  });

  it('passes one that expires a nanosecond later', () => {
    const given = proposal([0.01], { expiresNs: START_NS + TICK_NS + 1n });
    const { verdict } = tick(velocity, engaged(velocity), { proposal: given });
    expect(verdict).toMatchObject({ kind: 'pass', reasons: [] });
    expect(verdict.command!.value(0)).toBe(0.01);
  });

  it('is not taken unless active, and a missing one is then no reason', () => {
    const state: GateState = { ...engaged(velocity), mode: 'holding' };
    expect(tick(velocity, state).verdict).toMatchObject({ kind: 'blocked', reasons: [{ check: 'mode' }] });
    expect(tick(velocity, state, { proposal: null }).verdict.reasons).toEqual([{ check: 'mode' }]);
    expect(tick(velocity, state).verdict.command!.value(0)).toBe(0);
  });

  it('is sent nothing for while mute', () => {
    const state = createGateState(velocity);
    const result = tick(velocity, state);
    expect(result.verdict).toMatchObject({ kind: 'blocked', command: null, reasons: [{ check: 'mode' }] });
    expect(result.state).toBe(state);
  });
});

describe('joint states', () => {
  const at = START_NS + TICK_NS;

  it.each<[string, Measured | null, string[]]>([
    ['missing', null, ['state-missing']],
    ['NaN in position', measured(at, [NaN]), ['state-non-finite']],
    ['infinite in velocity', measured(at, [0], [Infinity]), ['state-non-finite']],
    ['of the wrong size', measured(at, [0, 0]), ['state-non-finite']],
    ['short of velocities', measured(at, [0], []), ['state-non-finite']],
  ])(
    'cannot evaluate a state that is %s: holds, and stays active for one sample',
    (_name, given, expected) => {
      const result = tick(velocity, engaged(velocity), { measured: given });
      expect(result.verdict.kind).toBe('cannot-evaluate');
      expect(checksOf(result.verdict.reasons)).toEqual(expected);
      expect(result.verdict.command!.value(0)).toBe(0);
      expect(result.state.mode).toBe('active');
    },
  );

  it('believes a state of exactly stateTimeoutMs, and not one that is older or from the future', () => {
    const state = engaged(velocity);
    const late = (nowNs: bigint): GateResult =>
      tick(velocity, state, { measured: measured(START_NS, [0]), nowNs });
    expect(late(START_NS + 100_000_000n).verdict.kind).not.toBe('cannot-evaluate');
    const stale = late(START_NS + 100_001_000n);
    expect(stale.verdict.kind).toBe('cannot-evaluate');
    expect(stale.verdict.reasons[0]).toMatchObject({ check: 'state-stale', limit: 100, unit: 'ms' });
    const future = tick(velocity, state, { measured: measured(at + 1000n, [0]) });
    expect(checksOf(future.verdict.reasons)).toContain('state-stale');
  });

  it('takes authority away for good when the state is stale', () => {
    let state: GateState = engaged(velocity);
    state = tick(velocity, state, { proposal: proposal([1]) }).state;
    const stale = tick(velocity, state, { measured: null, nowNs: at + 150_000_000n });
    expect(stale.state.mode).toBe('stopping');
    const back = at + 160_000_000n;
    const result = tick(velocity, stale.state, { measured: measured(back, [0]), nowNs: back });
    expect(result.state.mode).toBe('holding');
    expect(result.verdict.kind).toBe('blocked');
  });

  it('ramps to zero without any state, at the declared deceleration', () => {
    let state: GateState = engaged(velocity, [0], [0.2]);
    const sent: number[] = [];
    for (let k = 1n; k <= 6n; k++) {
      const result = tick(velocity, state, { measured: null, nowNs: START_NS + 200_000_000n + k * TICK_NS });
      sent.push(result.verdict.command!.value(0));
      state = result.state;
    }
    sent.forEach((value, i) => {
      expect(value).toBeCloseTo(Math.max(0.1 - 0.05 * i, 0), 9); // the first tick is late: two periods' worth
    });
  });

  it.each([
    ['just inside', 0.0159, 'fresh'],
    ['just outside', 0.0161, 'dropped'],
  ])('a jump %s 1.5 maxVelocity dt + 1 mm', (_name, position, expected) => {
    const result = tick(velocity, engaged(velocity), { measured: measured(at, [position]) });
    expect(checksOf(result.verdict.reasons).includes('state-jump')).toBe(expected === 'dropped');
    expect(result.state.mode).toBe('active');
  });

  it('drops one glitch and goes on', () => {
    const glitch = tick(velocity, engaged(velocity), { measured: measured(at, [0.5]) });
    expect(glitch.verdict.kind).toBe('cannot-evaluate');
    const same = tick(velocity, glitch.state, { measured: measured(at, [0.5]), nowNs: at + TICK_NS });
    expect(same.state.mode).toBe('active'); // the same message again is not a second one
    const none = tick(velocity, same.state, { measured: measured(START_NS, [0]), nowNs: at + 2n * TICK_NS });
    expect(none.verdict.kind).toBe('cannot-evaluate'); // nor is an older one an answer
    const good = tick(velocity, none.state, {
      measured: measured(at + 3n * TICK_NS, [0]),
      nowNs: at + 3n * TICK_NS,
    });
    expect(good.verdict.kind).toBe('pass');
  });

  it('latches when a second sample in a row jumps, names it, and goes on from the new one', () => {
    const first = tick(velocity, engaged(velocity), { measured: measured(at, [0.5]) });
    const second = tick(velocity, first.state, {
      measured: measured(at + TICK_NS, [0.5]),
      nowNs: at + TICK_NS,
    });
    expect(second.state).toMatchObject({
      mode: 'fault',
      fault: { check: 'state-jump', sinceNs: at + TICK_NS },
    });
    expect(second.state.fault!.message).toContain("joint 'elbow' 0.5 rad, limit 0.031 rad");
    const third = tick(velocity, second.state, {
      measured: measured(at + 2n * TICK_NS, [0.5]),
      nowNs: at + 2n * TICK_NS,
    });
    expect(checksOf(third.verdict.reasons)).not.toContain('state-jump');
    expect(third.state.fault).toBe(second.state.fault);
  });

  it('latches the second jump where it is also stale', () => {
    const first = tick(velocity, engaged(velocity), { measured: measured(at, [0.5]) });
    const late = at + TICK_NS + 150_000_000n;
    const second = tick(velocity, first.state, { measured: measured(at + TICK_NS, [0.5]), nowNs: late });
    expect(checksOf(second.verdict.reasons)).toContain('state-stale');
    expect(second.state.fault?.check).toBe('state-jump');
  });

  it('takes an angle modulo a full turn on a joint without limits only', () => {
    const turn = 2 * Math.PI;
    const wheel = config({ joints: [joint({ minPosition: -Infinity, maxPosition: Infinity })] });
    const wrapped = tick(wheel, engaged(wheel, [3.14]), { measured: measured(at, [3.141 - turn]) });
    expect(wrapped.verdict.kind).toBe('pass');
    const jumped = tick(wheel, engaged(wheel, [3.14]), { measured: measured(at, [3.16 - turn]) });
    expect(checksOf(jumped.verdict.reasons)).toContain('state-jump');
    const arm = config({ joints: [joint({ minPosition: -7, maxPosition: 7 })] });
    const limited = tick(arm, engaged(arm, [3.14]), { measured: measured(at, [3.141 - turn]) });
    expect(checksOf(limited.verdict.reasons)).toContain('state-jump');
  });
});

describe('frozen joint states', () => {
  /** Fresh messages with the given position, motion commanded, until the mode changes or 2 s have passed. */
  function drive(
    gateConfig: GateConfig,
    request: number,
    position: (k: number) => number,
    speed = 0,
  ): number | undefined {
    let state = engaged(gateConfig, [0], [speed]);
    for (let k = 1; k <= 200; k++) {
      const nowNs = START_NS + BigInt(k) * TICK_NS;
      const given = {
        proposal: proposal([request]),
        measured: measured(nowNs, [position(k)], [speed]),
        nowNs,
      };
      state = tick(gateConfig, state, given).state;
      if (state.mode === 'fault') {
        expect(state.fault!.check).toBe('state-frozen');
        return k;
      }
    }
    return undefined;
  }

  it('latch after stateFrozenMs of commanded motion', () => {
    // the command of tick 1 has been moving it since then: the first tick with more than 500 ms is number 52
    expect(drive(velocity, 0.5, () => 0)).toBeGreaterThanOrEqual(51);
    expect(drive(velocity, 0.5, () => 0)).toBeLessThanOrEqual(53);
  });

  it('do not latch at rest, nor while the state has any noise', () => {
    expect(drive(velocity, 0, () => 0)).toBeUndefined();
    expect(drive(velocity, 0.5, (k) => (k % 20 === 0 ? 1e-9 : 0))).toBeUndefined();
  });

  it('do not latch for a commanded travel below what a coarse encoder shows', () => {
    expect(drive(velocity, 0.0004, () => 0)).toBeUndefined(); // 0.8 mm in 2 s
    expect(drive(velocity, 0.001, () => 0)).toBeDefined(); // 2 mm
  });

  it('do not latch when a long creep ends in a fast start that has not shown yet', () => {
    let state = engaged(velocity, [0]);
    for (let k = 1; k <= 120; k++) {
      const nowNs = START_NS + BigInt(k) * TICK_NS;
      const request = k < 100 ? 1e-7 : 0.5; // a second below any resolution, then the arm moves, and shows it 150 ms later
      const position = k < 115 ? 0 : 5e-3 * (k - 114);
      state = tick(velocity, state, {
        proposal: proposal([request]),
        measured: measured(nowNs, [position]),
        nowNs,
      }).state;
      expect(state.mode).toBe('active');
    }
  });

  it('of effort joints show only where the state claims to move', () => {
    const effort = config({ interface: 'effort' });
    expect(drive(effort, 5, () => 0)).toBeUndefined();
    expect(drive(effort, 5, () => 0, 0.1)).toBeDefined();
  });
});

describe('velocity interface', () => {
  it.each([
    ['velocity', 1 + 1e-6, 1],
    ['velocity', -1 - 1e-6, -1],
  ])('limits %s %d to %d, and names value and limit', (check, request, limit) => {
    const state = engaged(velocity, [0], [limit]);
    const { verdict } = tick(velocity, state, { proposal: proposal([request]) });
    expect(verdict.kind).toBe('limited');
    expect(verdict.reasons).toEqual([{ check, joint: 'elbow', value: request, limit: 1, unit: 'rad/s' }]);
    expect(verdict.command!.value(0)).toBe(limit);
  });

  it.each([1, -1, 0.999, 0])('passes a velocity of %d', (request) => {
    const { verdict } = tick(velocity, engaged(velocity, [0], [request]), { proposal: proposal([request]) });
    expect(verdict).toMatchObject({ kind: 'pass', reasons: [] });
  });

  it.each([
    ['accelerating', 0.2, 0.24, 0.2401],
    ['accelerating the other way', -0.2, -0.24, -0.2401],
    ['braking', 0.2, 0.15, 0.1499],
    ['braking the other way', -0.2, -0.15, -0.1499],
    ['reversing', 0.025, -0.02, -0.0201],
  ])('limits the change of rate when %s', (_name, from, allowed, tooMuch) => {
    const state = engaged(velocity, [0], [from]);
    const within = tick(velocity, state, { proposal: proposal([allowed]) });
    expect(within.verdict).toMatchObject({ kind: 'pass', reasons: [] });
    const beyond = tick(velocity, state, { proposal: proposal([tooMuch]) });
    expect(beyond.verdict.kind).toBe('limited');
    expect(checksOf(beyond.verdict.reasons)).toEqual(['acceleration']);
    expect(beyond.verdict.command!.value(0)).toBeCloseTo(allowed, 9);
  });

  it.each([
    ['up', 1],
    ['down', -1],
  ])('limits to the stopping velocity, %s', (_name, sign) => {
    // 0.0015 to go at 5 rad/s^2 and 10 ms: 0.1 rad/s, then 0.05 (2 ticks)
    const state = engaged(velocity, [sign * 0.9985], [sign * 0.1]);
    const at = measured(START_NS, [sign * 0.9985], [sign * 0.1]);
    const pass = gate(
      velocity,
      state,
      proposal([sign * 0.0999]),
      { ...at, receivedNs: START_NS + TICK_NS },
      null,
      START_NS + TICK_NS,
    );
    expect(pass.verdict.kind).toBe('pass');
    const stop = gate(
      velocity,
      state,
      proposal([sign * 0.1001]),
      { ...at, receivedNs: START_NS + TICK_NS },
      null,
      START_NS + TICK_NS,
    );
    expect(checksOf(stop.verdict.reasons)).toEqual(['position']);
    expect(stop.verdict.command!.value(0)).toBeCloseTo(sign * 0.1, 9);
  });

  it.each([
    ['above', 1],
    ['below', -1],
  ])('moves only inward and slowly from %s a limit', (_name, sign) => {
    const state = engaged(velocity, [sign * 1.2]);
    let [inward, outward] = [state, state];
    for (let k = 1n; k <= 50n; k++) {
      const nowNs = START_NS + k * TICK_NS;
      const at = measured(nowNs, [sign * 1.2 - sign * Number(k) * 1e-6]);
      const out = gate(velocity, outward, proposal([sign]), at, null, nowNs);
      expect(Math.abs(out.verdict.command!.value(0))).toBe(0);
      expect(checksOf(out.verdict.reasons)).toContain('position');
      outward = out.state;
      inward = gate(velocity, inward, proposal([-sign]), at, null, nowNs).state;
    }
    const nowNs = START_NS + 51n * TICK_NS;
    const { verdict } = gate(velocity, inward, proposal([-sign]), measured(nowNs, [sign * 1.2]), null, nowNs);
    expect(verdict.command!.value(0)).toBeCloseTo(-sign * 0.1, 9);
  });

  it.each([
    ['up', 1],
    ['down', -1],
  ])('brakes at the declared rate within the margin, and beyond it latches infeasible, %s', (_name, sign) => {
    const margin = config({ positionMargin: 0.1 });
    // at 0.5 rad/s the joint needs 0.0275 to stop: more than the margin leaves, less than the limit leaves
    const inside = tick(margin, engaged(margin, [sign * 0.95], [sign * 0.5]), {
      proposal: proposal([sign]),
      measured: measured(START_NS + TICK_NS, [sign * 0.95], [sign * 0.5]),
    });
    expect(inside.verdict.command!.value(0)).toBeCloseTo(sign * 0.45, 9);
    expect(inside.state.mode).toBe('active');
    const beyond = tick(margin, engaged(margin, [sign * 0.99], [sign * 0.5]), {
      proposal: proposal([sign]),
      measured: measured(START_NS + TICK_NS, [sign * 0.99], [sign * 0.5]),
    });
    expect(beyond.state).toMatchObject({ mode: 'fault', fault: { check: 'infeasible' } });
    expect(beyond.state.fault!.message).toContain("joint 'elbow'");
    expect(Math.abs(beyond.verdict.command!.value(0))).toBeLessThan(0.45); // position beats acceleration
  });

  it('limits jerk where nothing of higher rank needs more, reaches the request, and does not ring', () => {
    const smooth = config({ joints: [joint({ maxJerk: 40 })] });
    let state = engaged(smooth);
    const sent = [0, 0];
    for (let k = 1n; k <= 45n; k++) {
      const nowNs = START_NS + k * TICK_NS;
      const result = gate(smooth, state, proposal([0.5]), measured(nowNs, [0]), null, nowNs);
      if (k === 1n) expect(checksOf(result.verdict.reasons)).toEqual(['acceleration', 'jerk']);
      sent.push(result.verdict.command!.value(0));
      state = result.state;
    }
    const jerks = sent.slice(2).map((value, i) => (value - 2 * sent[i + 1]! + sent[i]!) / 1e-4);
    expect(Math.max(...jerks.map(Math.abs))).toBeLessThanOrEqual(40 + 1e-6);
    expect(Math.max(...sent)).toBe(0.5);
    expect(sent.at(-1)).toBe(0.5);
  });

  it('gives jerk up for the position limit', () => {
    const smooth = config({ joints: [joint({ maxJerk: 1 })] });
    const at = START_NS + TICK_NS;
    const state = engaged(smooth, [0.9985], [0.1]);
    const { verdict } = gate(smooth, state, proposal([0.1]), measured(at, [0.9995], [0.1]), null, at);
    expect(verdict.command!.value(0)).toBeCloseTo(0.05, 9);
  });

  it('names metres on a prismatic joint', () => {
    const cart = config({ joints: [joint({ unit: 'm' })] });
    const { verdict } = tick(cart, engaged(cart, [0], [1]), { proposal: proposal([2]) });
    expect(verdict.reasons[0]!.unit).toBe('m/s');
  });

  it('repeats the last command when a tick comes before half a period, and counts no motion twice', () => {
    const first = tick(velocity, engaged(velocity), { proposal: proposal([0.02]) });
    const at = START_NS + TICK_NS;
    const early = tick(velocity, first.state, {
      proposal: proposal([0.04]),
      nowNs: at + TICK_NS / 2n - 1000n,
    });
    expect(checksOf(early.verdict.reasons)).toEqual(['tick-early']);
    expect(early.verdict.command!.value(0)).toBe(0.02);
    expect(early.state.pipeline).toBe(first.state.pipeline);
    const backwards = tick(velocity, first.state, { nowNs: START_NS, measured: measured(START_NS, [0]) });
    expect(backwards.verdict.command!.value(0)).toBe(0.02);
    const enough = tick(velocity, first.state, {
      proposal: proposal([0.04]),
      nowNs: at + TICK_NS / 2n + 1000n,
    });
    expect(enough.verdict.command!.value(0)).toBeCloseTo(0.04, 5);
  });

  it('gives each command two periods to be sent', () => {
    const { verdict } = tick(velocity, engaged(velocity));
    expect(verdict.command).toMatchObject({ seq: 1, expiresNs: START_NS + 3n * TICK_NS, joints: ['elbow'] });
  });
});

describe('position interface', () => {
  const position = config({ interface: 'position' });

  /** Ticks with a joint that sits at the last set-point. */
  function follow(gateConfig: GateConfig, start: number, targets: readonly number[]): number[] {
    let state = engaged(gateConfig, [start]);
    const sent = [start];
    targets.forEach((target, k) => {
      const nowNs = START_NS + BigInt(k + 1) * TICK_NS;
      const result = gate(
        gateConfig,
        state,
        proposal([target]),
        measured(nowNs, [sent.at(-1)!]),
        null,
        nowNs,
      );
      sent.push(result.verdict.command!.value(0));
      state = result.state;
    });
    return sent;
  }

  it('reaches a step without overshoot and without ringing', () => {
    const sent = follow(
      position,
      0,
      Array.from({ length: 200 }, () => 0.5),
    );
    expect(Math.max(...sent)).toBeLessThanOrEqual(0.5 + 1e-12);
    expect(sent.at(-1)).toBeCloseTo(0.5, 9);
    expect(sent.at(-2)).toBeCloseTo(0.5, 9);
  });

  it('follows a feasible ramp exactly', () => {
    let target = 0;
    const ramp = Array.from(
      { length: 100 },
      (_, k) => (target += 0.01 * Math.min(0.039 * (k + 1), 0.8, 0.04 * (99 - k))),
    );
    const sent = follow(position, 0, ramp);
    ramp.forEach((target, k) => {
      expect(sent[k + 1]).toBeCloseTo(target, 9);
    });
  });

  it('clips a target outside the limits less the margin, and says so', () => {
    const margin = config({ interface: 'position', positionMargin: 0.01 });
    const sent = follow(
      margin,
      0.9,
      Array.from({ length: 100 }, () => 1.5),
    );
    expect(sent.at(-1)).toBeCloseTo(0.99, 9);
    for (const [request, limit] of [
      [0.9901, 0.99],
      [-0.9901, -0.99],
    ] as const) {
      const { verdict } = tick(margin, engaged(margin, [limit]), {
        proposal: proposal([request]),
        measured: measured(START_NS + TICK_NS, [limit]),
      });
      expect(verdict.reasons).toEqual([
        { check: 'position', joint: 'elbow', value: request, limit, unit: 'rad' },
      ]);
    }
  });

  it('starts from the measured position: bumpless', () => {
    const { verdict } = tick(position, engaged(position, [0.3], [0]), {
      proposal: proposal([0.3]),
      measured: measured(START_NS + TICK_NS, [0.3]),
    });
    expect(verdict.kind).toBe('pass');
    expect(verdict.command!.value(0)).toBe(0.3);
  });

  it('holds by ramping to rest and then keeping the set-point, with or without a state', () => {
    let state = engaged(position, [0], [0.2]);
    const sent: number[] = [];
    for (let k = 1n; k <= 20n; k++) {
      const nowNs = START_NS + k * TICK_NS;
      const result = tick(position, state, { proposal: null, measured: null, nowNs });
      sent.push(result.verdict.command!.value(0));
      state = result.state;
    }
    expect(sent[0]).toBeCloseTo(0.0015, 9);
    expect(sent[2]).toBeCloseTo(0.003, 9);
    expect(new Set(sent.slice(3)).size).toBe(1);
  });

  it.each([
    ['above', 1],
    ['below', -1],
  ])('comes back slowly from %s a limit, and does not go further out', (_name, sign) => {
    const back = follow(
      position,
      sign * 1.1,
      Array.from({ length: 50 }, () => 0),
    );
    expect(back.at(-1)! * sign).toBeLessThan(1.1);
    expect(Math.abs(back.at(-1)! - back.at(-2)!)).toBeCloseTo(0.001, 9);
    const stay = follow(
      position,
      sign * 1.1,
      Array.from({ length: 5 }, () => sign * 1.2),
    );
    expect(Math.max(...stay.map((value) => value * sign))).toBeLessThanOrEqual(1.1);
  });

  it('survives set-points beyond reason on a joint without limits', () => {
    const wheel = config({
      interface: 'position',
      joints: [joint({ minPosition: -Infinity, maxPosition: Infinity })],
    });
    let state = engaged(wheel);
    [1e308, -1e308, 1e308, 0, 5e-324].forEach((target, k) => {
      const nowNs = START_NS + BigInt(k + 1) * TICK_NS;
      const evidence = { authority: k % 2, expiresNs: nowNs + 1n, goneNs: nowNs + 1n };
      const result = gate(wheel, state, proposal([target]), measured(nowNs, [0]), evidence, nowNs);
      expect(Math.abs(result.verdict.command!.value(0))).toBeLessThan(0.01);
      state = result.state;
    });
  });
});

describe('evidence', () => {
  const now = START_NS + TICK_NS;
  const fresh = { expiresNs: now + 1n, goneNs: now + 2n };
  const late = { expiresNs: now, goneNs: now + 1n };
  const gone = { expiresNs: now - 1n, goneNs: now };

  it.each([
    ['no predictor', null, 0.02, 'pass'],
    ['full', { authority: 1, ...fresh }, 0.02, 'pass'],
    ['above full', { authority: 7, ...fresh }, 0.02, 'pass'],
    ['half', { authority: 0.5, ...fresh }, 0.01, 'limited'],
    ['none', { authority: 0, ...fresh }, 0, 'limited'],
    ['negative', { authority: -1, ...fresh }, 0, 'limited'],
    ['not a number', { authority: NaN, ...fresh }, 0, 'limited'],
    ['full, late', { authority: 1, ...late }, 0.01, 'limited'],
    ['a quarter, late', { authority: 0.25, ...late }, 0.005, 'limited'],
    ['none, late', { authority: 0, ...late }, 0, 'limited'],
    ['full, gone', { authority: 1, ...gone }, 0, 'limited'],
    ['not a number, gone', { authority: NaN, ...gone }, 0, 'limited'],
    ['gone before it expires', { authority: 1, expiresNs: now + 9n, goneNs: now }, 0, 'limited'],
  ] as const)('%s: scales towards hold, never away from it', (_name, evidence, expected, kind) => {
    const { verdict } = tick(velocity, engaged(velocity), { proposal: proposal([0.02]), evidence });
    expect(verdict.command!.value(0)).toBeCloseTo(expected, 12);
    expect(verdict.kind).toBe(kind);
    const reasons = kind === 'pass' ? [] : [{ check: 'evidence', value: expected / 0.02, limit: 1 }];
    expect(verdict.reasons).toEqual(reasons);
  });

  it.each(['teleop', 'script'] as const)('says nothing of %s, which is not predicted', (source) => {
    const asked = proposal([0.02], { source });
    const { verdict } = tick(velocity, engaged(velocity), {
      proposal: asked,
      evidence: { authority: 0, ...gone },
    });
    expect(verdict.command!.value(0)).toBe(0.02);
    expect(verdict.reasons).toEqual([]);
  });

  it('is no reason where nothing is proposed', () => {
    const { verdict } = tick(velocity, engaged(velocity), {
      proposal: null,
      evidence: { authority: 0, ...gone },
    });
    expect(checksOf(verdict.reasons)).toEqual(['proposal-missing']);
  });
});

describe('faults', () => {
  it('ramp to rest at the declared rate, then hold, whatever is proposed', () => {
    let state = gateEvent(velocity, engaged(velocity, [0], [0.12]), 'estop', null, START_NS).state;
    const sent: number[] = [];
    for (let k = 1n; k <= 5n; k++) {
      const nowNs = START_NS + k * TICK_NS;
      const result = tick(velocity, state, {
        proposal: proposal([1]),
        nowNs,
        measured: measured(nowNs, [0], [0.1]),
      });
      sent.push(result.verdict.command!.value(0));
      state = result.state;
    }
    expect(sent.map((value) => Number(value.toFixed(9)))).toEqual([0.07, 0.02, 0, 0, 0]);
    expect(state.mode).toBe('estop');
  });
});
