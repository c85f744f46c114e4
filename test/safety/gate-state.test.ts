/** The start state, the last commands, and the small functions of faults and policy steps that it is used with. */
import { describe, expect, it } from 'vitest';
import { latchFault } from '../../src/safety/faults.js';
import { gate } from '../../src/safety/gate.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import { HEADER, createGateState, lastSent } from '../../src/safety/gate-state.js';
import { interpolate } from '../../src/safety/interpolator.js';
import { START_NS, TICK_NS, checksOf, config, engaged, joint, measured } from './fixtures.js';

describe('the start state', () => {
  it('has received nothing: any state is newer', () => {
    const { numbers } = createGateState(config());
    for (const field of [HEADER.measuredAt, HEADER.jumpAt, HEADER.engagedAt])
      expect(numbers[field]).toBe(-Infinity);
  });

  it('is in no transition where hold is sent before anybody was given authority', () => {
    const eased = config({ onTransition: { velocityScale: 0.5, accelerationScale: 0.5, duration: 1 } });
    const at = START_NS + TICK_NS;
    const held = gateEvent(eased, createGateState(eased), 'release', measured(START_NS, [0]), START_NS);
    expect(held.state.mode).toBe('holding');
    expect(checksOf(gate(eased, held.state, null, measured(at, [0]), null, at).verdict.reasons)).toEqual([
      'mode',
    ]);
  });
});

it('the last commands are copied in the order of the joints', () => {
  const joints = [joint(), joint({ name: 'joint1' }), joint({ name: 'joint2' })];
  const state = engaged(config({ joints }), [0, 0, 0], [0.1, -0.2, 0.3]);
  expect([...lastSent(state, new Float64Array(3))]).toEqual([0.1, -0.2, 0.3]);
});

it('a fault tells of its own cause, and not of what else was the case', () => {
  const reasons = [
    { check: 'proposal-missing' },
    { check: 'state-frozen', joint: 'elbow', value: 510, limit: 500, unit: 'ms' },
    { check: 'infeasible', joint: 'wrist', value: 2, limit: 1, unit: 'rad/s' },
    { check: 'state-frozen', joint: 'wrist', value: 520, limit: 500, unit: 'ms' },
  ] as const;
  expect(latchFault(null, 'frozen', true, reasons, 1n)?.message).toBe(
    "state-frozen: joint 'elbow' 510 ms, limit 500 ms; state-frozen: joint 'wrist' 520 ms, limit 500 ms",
  );
});

it('the last tick of a policy step asks for its target exactly, whatever rounding there is from where it began', () => {
  const [origin, target] = [Float64Array.of(1e16), Float64Array.of(0.1)];
  for (const subTick of [3, 4]) {
    const asked = interpolate('velocity', origin, target, subTick, 4, new Float64Array(1));
    expect([...asked]).toEqual([0.1]);
  }
});
