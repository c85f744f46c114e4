import { describe, expect, it } from 'vitest';
import { gate } from '../../src/safety/gate.js';
import { gateEvent, latchRestart, latchVeto } from '../../src/safety/gate-events.js';
import { FIELD, createGateState, fieldOffset, type GateState } from '../../src/safety/gate-state.js';
import {
  GATE_MODES,
  type GateConfig,
  type GateEvent,
  type GateMode,
  type Measured,
} from '../../src/safety/types.js';
import { START_NS, TICK_NS, checksOf, config, engaged, joint, measured, proposal } from './fixtures.js';

const velocity = config();

/** Ticks of hold from `state`, with fresh states at `position`; returns the state and the time after them. */
function rest(
  gateConfig: GateConfig,
  state: GateState,
  fromNs: bigint,
  ticks = 30,
  position = 0,
): [GateState, bigint] {
  let current = state;
  let nowNs = fromNs;
  for (let k = 0; k < ticks; k++) {
    nowNs += TICK_NS;
    current = gate(gateConfig, current, null, measured(nowNs, [position]), null, nowNs).state;
  }
  return [current, nowNs];
}

function faulted(): [GateState, bigint] {
  let state = engaged(velocity);
  for (const k of [1n, 2n]) {
    const nowNs = START_NS + k * TICK_NS;
    state = gate(velocity, state, null, measured(nowNs, [0.5]), null, nowNs).state;
  }
  return rest(velocity, state, START_NS + 2n * TICK_NS, 30, 0.5);
}

/** A state in each mode, at rest but for 'stopping', and the time of it. */
function inMode(mode: GateMode): [GateState, bigint] {
  switch (mode) {
    case 'mute':
      return [createGateState(velocity), START_NS];
    case 'holding':
      return [gateEvent(velocity, engaged(velocity), 'release', null, START_NS).state, START_NS];
    case 'active':
      return [engaged(velocity), START_NS];
    case 'stopping':
      return [gateEvent(velocity, engaged(velocity, [0], [0.5]), 'stop', null, START_NS).state, START_NS];
    case 'fault':
      return faulted();
    case 'estop':
      return rest(velocity, gateEvent(velocity, engaged(velocity), 'estop', null, START_NS).state, START_NS);
  }
}

/** What each event makes of each mode with a fresh state; null: refused. */
const TABLE: Record<GateMode, Record<GateEvent, GateMode | null>> = {
  mute: { engage: 'active', release: 'holding', stop: 'mute', estop: 'estop', reset: null, mute: 'mute' },
  holding: {
    engage: 'active',
    release: 'holding',
    stop: 'stopping',
    estop: 'estop',
    reset: null,
    mute: 'mute',
  },
  active: { engage: 'active', release: 'holding', stop: 'stopping', estop: 'estop', reset: null, mute: null },
  stopping: { engage: null, release: 'stopping', stop: 'stopping', estop: 'estop', reset: null, mute: null },
  fault: { engage: null, release: null, stop: 'fault', estop: 'estop', reset: 'holding', mute: null },
  estop: { engage: null, release: null, stop: 'estop', estop: 'estop', reset: 'holding', mute: null },
};

describe.each(GATE_MODES)('in mode %s', (mode) => {
  it.each(Object.entries(TABLE[mode]))('%s leads to %s', (event, expected) => {
    const [state, nowNs] = inMode(mode);
    expect(state.mode).toBe(mode);
    const position = state.fault?.check === 'state-jump' ? 0.5 : 0;
    const result = gateEvent(velocity, state, event as GateEvent, measured(nowNs, [position]), nowNs);
    expect(result.outcome.accepted).toBe(expected !== null);
    expect(result.state.mode).toBe(expected ?? mode);
    if (expected === null) expect(result.state).toBe(state);
  });

  it('a command is sent, except while mute', () => {
    const [state, nowNs] = inMode(mode);
    const { verdict } = gate(
      velocity,
      state,
      proposal([0]),
      measured(nowNs + TICK_NS, [0]),
      null,
      nowNs + TICK_NS,
    );
    expect(verdict.command === null).toBe(mode === 'mute');
    expect(checksOf(verdict.reasons).includes('mode')).toBe(mode !== 'active');
  });
});

function why(state: GateState, event: GateEvent, given: Measured | null, nowNs = START_NS): string {
  const { outcome } = gateEvent(velocity, state, event, given, nowNs);
  return outcome.accepted ? 'accepted' : outcome.why;
}

describe('engage and release from mute', () => {
  it.each<[string, Measured | null, string]>([
    ['no state', null, 'no joint state'],
    ['NaN', measured(START_NS, [NaN]), 'not finite'],
    ['the wrong size', measured(START_NS, []), 'wrong size'],
    ['a stale state', measured(START_NS - 100_001_000n, [0]), '100.0 ms old, limit 100 ms'],
    ['a state from the future', measured(START_NS + 1n * TICK_NS, [0]), '-10.0 ms old'],
  ])('are refused with %s', (_name, given, expected) => {
    expect(why(createGateState(velocity), 'engage', given)).toContain(expected);
    expect(why(createGateState(velocity), 'release', given)).toContain(expected);
  });

  it.each([
    ['above, at rest', 1.1, 0, true],
    ['above, inward', 1.1, -0.5, true],
    ['above, outward', 1.1, 0.0101, false],
    ['above, outward within noise', 1.1, 0.0099, true],
    ['below, at rest', -1.1, 0, true],
    ['below, inward', -1.1, 0.5, true],
    ['below, outward', -1.1, -0.0101, false],
    ['above, outward by just 1 % of maxVelocity', 1.1, 0.01, true],
    ['below, outward by just 1 % of maxVelocity', -1.1, -0.01, true],
    ['at the limit, outward', 1, 0.5, true],
    ['at the lower limit, outward', -1, -0.5, true],
  ])('engage outside a limit: %s', (_name, position, speed, accepted) => {
    const outcome = why(createGateState(velocity), 'engage', measured(START_NS, [position], [speed]));
    expect(outcome === 'accepted').toBe(accepted);
    if (!accepted) expect(outcome).toContain("'elbow'");
  });

  it.each([0.5, 4])('engage outside a limit at 1 % of maxVelocity %d at most', (maxVelocity) => {
    const gateConfig = config({ joints: [joint({ maxVelocity })] });
    const accepted = (speed: number): boolean => {
      const given = measured(START_NS, [1.1], [speed]);
      return gateEvent(gateConfig, createGateState(gateConfig), 'engage', given, START_NS).outcome.accepted;
    };
    expect(accepted(0.0099 * maxVelocity)).toBe(true);
    expect(accepted(0.0101 * maxVelocity)).toBe(false);
  });

  it('start from no effort, wherever the joint is and however it moves', () => {
    const rated = config({ interface: 'effort', joints: [joint({ maxEffortRate: 100 })] });
    const at = START_NS + TICK_NS;
    const given = measured(at, [0.5], [0.25]);
    const { verdict } = gate(rated, engaged(rated, [0.5], [0.25]), proposal([5]), given, null, at);
    expect(verdict.command!.value(0)).toBeCloseTo(100 * 0.01, 9);
  });

  it('start from the measured velocity, within limits', () => {
    const state = engaged(velocity, [0], [1.5]);
    const { verdict } = gate(velocity, state, null, measured(START_NS, [0], [1.5]), null, START_NS);
    expect(verdict.command!.value(0)).toBe(1);
  });

  it('forget what was sent before the last mute', () => {
    const [held, nowNs] = rest(velocity, { ...engaged(velocity, [0], [0.1]), mode: 'holding' }, START_NS);
    const muted = gateEvent(velocity, held, 'mute', null, nowNs).state;
    const later = nowNs + 10_000_000_000n;
    const { state } = gateEvent(velocity, muted, 'engage', measured(later, [0.9], [0.2]), later);
    const { verdict } = gate(velocity, state, null, measured(later, [0.9], [0.2]), null, later);
    expect(verdict.reasons.map((reason) => reason.check)).not.toContain('state-jump');
    expect(verdict.command!.value(0)).toBe(0.2);
  });
});

describe('an event', () => {
  const fresh = measured(START_NS, [0.1], [0.05]);

  it.each(GATE_MODES.flatMap((mode) => Object.keys(TABLE[mode]).map((event) => [mode, event] as const)))(
    'in mode %s leaves the state that it was given as it is: %s',
    (mode, event) => {
      const [state, nowNs] = inMode(mode);
      const before = structuredClone(state);
      const later = nowNs + TICK_NS;
      gateEvent(velocity, state, event as GateEvent, { ...fresh, receivedNs: later }, later);
      expect(state).toEqual(before);
    },
  );

  it('that gives authority to another source needs no state: the gate judges it at the next tick', () => {
    for (const given of [null, measured(START_NS, [NaN]), measured(START_NS - 10n ** 9n, [0])])
      expect(why(engaged(velocity), 'engage', given)).toBe('accepted');
  });
});

describe('mute', () => {
  it('is refused while the last command would keep the robot moving', () => {
    const moving: GateState = { ...engaged(velocity, [0], [0.5]), mode: 'holding' };
    expect(why(moving, 'mute', null)).toContain('stay in force');
    const [held] = rest(velocity, moving, START_NS);
    expect(why(held, 'mute', null)).toBe('accepted');
  });
});

describe('e-stop', () => {
  it('keeps the first cause', () => {
    const [fault, nowNs] = faulted();
    const pressed = gateEvent(velocity, fault, 'estop', null, nowNs).state;
    expect(pressed).toMatchObject({ mode: 'estop', fault: { check: 'state-jump' } });
    const first = gateEvent(velocity, engaged(velocity), 'estop', null, START_NS).state;
    const again = gateEvent(velocity, first, 'estop', null, START_NS + 5n).state;
    expect(again).toBe(first);
    expect(again.fault).toMatchObject({ check: 'estop', sinceNs: START_NS });
  });

  it('from mute stays silent, refuses to engage, and resets to mute', () => {
    const pressed = gateEvent(velocity, createGateState(velocity), 'estop', null, START_NS).state;
    const at = measured(START_NS, [0]);
    expect(gate(velocity, pressed, proposal([0]), at, null, START_NS).verdict.command).toBeNull();
    expect(why(pressed, 'engage', at)).toContain('e-stop');
    expect(gateEvent(velocity, pressed, 'reset', null, START_NS).state).toEqual(createGateState(velocity));
  });

  it('stays latched through later faults of the state', () => {
    let state = gateEvent(velocity, engaged(velocity), 'estop', null, START_NS).state;
    for (const k of [1n, 2n, 3n]) {
      const nowNs = START_NS + k * TICK_NS;
      state = gate(velocity, state, null, measured(nowNs, [0.5]), null, nowNs).state;
    }
    expect(state).toMatchObject({ mode: 'estop', fault: { check: 'estop' } });
  });
});

describe('reset', () => {
  it('is refused while the robot still ramps down', () => {
    const moving = gateEvent(velocity, engaged(velocity, [0], [0.5]), 'estop', null, START_NS).state;
    expect(why(moving, 'reset', measured(START_NS, [0]))).toContain('still ramping');
  });

  it('is refused while there is no fresh state', () => {
    const [state, nowNs] = faulted();
    expect(why(state, 'reset', null, nowNs)).toContain('the cause is still present: no joint state');
  });

  it('is refused while a frozen state has not changed, and accepted once it has', () => {
    let state = engaged(velocity);
    let nowNs = START_NS;
    for (let k = 0; k < 120; k++) {
      nowNs += TICK_NS;
      state = gate(velocity, state, proposal([0.2]), measured(nowNs, [0]), null, nowNs).state;
    }
    expect(state).toMatchObject({ mode: 'fault', fault: { check: 'state-frozen' } });
    expect(why(state, 'reset', measured(nowNs, [0]), nowNs)).toContain('has not changed');
    nowNs += TICK_NS;
    state = gate(velocity, state, null, measured(nowNs, [0.001]), null, nowNs).state;
    expect(why(state, 'reset', measured(nowNs, [0.001]), nowNs)).toBe('accepted');
  });

  it('is refused from beyond stateFrozenMs on', () => {
    const pressed = gateEvent(velocity, engaged(velocity), 'estop', null, START_NS).state;
    const frozenFor = (seconds: number): GateState => {
      const numbers = pressed.numbers.slice();
      numbers[fieldOffset(FIELD.frozenTime, 1)] = seconds;
      return { ...pressed, numbers };
    };
    const at = measured(START_NS, [0]);
    expect(why(frozenFor(0.5), 'reset', at)).toBe('accepted');
    expect(why(frozenFor(0.5001), 'reset', at)).toContain('has not changed');
  });

  it('leads to holding, and motion takes a new engage', () => {
    const [state, nowNs] = faulted();
    const held = gateEvent(velocity, state, 'reset', measured(nowNs, [0.5]), nowNs).state;
    expect(held).toMatchObject({ mode: 'holding', fault: null });
    const at = nowNs + TICK_NS;
    const { verdict } = gate(velocity, held, proposal([0.01]), measured(at, [0.5]), null, at);
    expect(verdict).toMatchObject({ kind: 'blocked' });
    expect(verdict.command!.value(0)).toBe(0);
    expect(gateEvent(velocity, held, 'engage', measured(nowNs, [0.5]), nowNs).state.mode).toBe('active');
  });
});

describe('a veto', () => {
  const REASON = "joint 'elbow' velocity 2 rad/s beyond max_velocity 1 rad/s";

  it.each(GATE_MODES)('latches from %s for good, and takes the place of any other fault', (mode) => {
    const [before, nowNs] = inMode(mode);
    const state = latchVeto(before, REASON, nowNs);
    expect(state.mode).toBe(mode === 'estop' ? 'estop' : 'fault');
    expect(state.fault).toMatchObject({ check: 'veto', message: `a command was vetoed: ${REASON}` });
    const [later, laterNs] = rest(velocity, state, nowNs);
    const at = measured(laterNs, [0]);
    for (const event of ['reset', 'engage', 'release'] as const) {
      expect(why(later, event, at, laterNs)).toContain('nothing while this process runs');
    }
    const stopped = gateEvent(velocity, later, 'estop', at, laterNs).state;
    expect(stopped).toMatchObject({ mode: 'estop', fault: { check: 'veto' } });
    expect(why(stopped, 'reset', at, laterNs)).toContain('report the bug');
  });

  it('keeps its first reason', () => {
    const state = latchVeto(engaged(velocity), REASON, START_NS);
    expect(latchVeto(state, 'another', START_NS + TICK_NS)).toBe(state);
  });
});

describe('a gate in the place of one that was fenced', () => {
  it('sends nothing, gives authority to nobody, and is mute once it is reset', () => {
    const state = latchRestart(createGateState(velocity), 'it was silent', START_NS);
    expect(state).toMatchObject({ mode: 'fault', silent: true, fault: { check: 'guard-restart' } });
    const at = measured(START_NS, [0]);
    expect(gate(velocity, state, proposal([0.1]), at, null, START_NS).verdict.command).toBeNull();
    for (const event of ['engage', 'release', 'mute'] as const) {
      expect(why(state, event, at, START_NS)).toContain('the guard was started again: it was silent');
    }
    const { state: reset } = gateEvent(velocity, state, 'reset', null, START_NS);
    expect(reset).toMatchObject({ mode: 'mute', silent: true, fault: null });
    expect(gateEvent(velocity, reset, 'engage', at, START_NS).outcome.accepted).toBe(true);
  });
});

describe('stopping', () => {
  it('ramps to rest and then holds', () => {
    const [state, nowNs] = inMode('stopping');
    const [halfway] = rest(velocity, state, nowNs, 9);
    expect(halfway.mode).toBe('stopping');
    const [done] = rest(velocity, state, nowNs, 10);
    expect(done.mode).toBe('holding');
  });

  it('of effort joints ends when they are measured at rest', () => {
    const effort = config({ interface: 'effort' });
    const state = gateEvent(effort, engaged(effort), 'stop', null, START_NS).state;
    const step = (speed: number): GateMode =>
      gate(effort, state, null, measured(START_NS + TICK_NS, [0], [speed]), null, START_NS + TICK_NS).state
        .mode;
    expect([0.0101, 0.0099, -0.0101].map(step)).toEqual(['stopping', 'holding', 'stopping']);
  });
});
