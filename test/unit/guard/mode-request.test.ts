import { describe, expect, it } from 'vitest';
import { changeMode, type ModeRequestFacts } from '../../../src/guard/mode-request.js';
import { createGateState, gateEvent, type EventOutcome } from '../../../src/safety/index.js';
import { config, measured, START_NS } from '../../safety/fixtures.js';

const gateConfig = config();
const ready = measured(START_NS, [0]);
const MUTE = createGateState(gateConfig);
const ACTIVE = gateEvent(gateConfig, MUTE, 'engage', ready, START_NS).state;
const STOPPED = gateEvent(gateConfig, ACTIVE, 'estop', ready, START_NS).state;

/** A gate, and what was asked of it. */
function facts(state: typeof MUTE, more: Partial<ModeRequestFacts> = {}) {
  const asked: string[] = [];
  let gate = state;
  const request = (event: 'engage' | 'release' | 'stop'): EventOutcome => {
    asked.push(event);
    const next = gateEvent(gateConfig, gate, event, ready, START_NS);
    gate = next.state;
    return next.outcome;
  };
  const all: ModeRequestFacts = {
    owner: 'hold',
    mayEngage: true,
    locked: false,
    gate: () => gate,
    request,
    ...more,
  };
  return { all, asked, mode: () => gate.mode };
}
const ACCEPTED = { result: 'accepted', why: '' };

describe('changeMode', () => {
  it('does not even ask for the agent where robot.yaml does not let it', () => {
    const { all, asked, mode } = facts(MUTE, { mayEngage: false });
    expect(changeMode('agent', all).result).toBe('not-allowed');
    expect(asked).toEqual([]);
    expect(mode()).toBe('mute');
  });

  it('asks for the agent as ~/engage does, once', () => {
    const { all, asked } = facts(MUTE);
    expect(changeMode('agent', all)).toEqual(ACCEPTED);
    expect(asked).toEqual(['engage']);
  });

  const refused = (): EventOutcome => ({ accepted: false, why: 'so it is' });
  it.each([
    ['locked', { locked: true }],
    ['operator', { owner: 'teleop' }],
    ['not-ready', {}],
  ] as const)('tells a refusal by its reason: %s', (result, more) => {
    const { all } = facts(ACTIVE, { ...more, request: refused });
    expect(changeMode('agent', all)).toEqual({ result, why: 'so it is' });
  });

  it('does nothing while a stop is latched, whatever is wanted', () => {
    for (const wanted of ['hold', 'teleop', 'agent'] as const) {
      const { all, mode } = facts(STOPPED);
      const { result, why } = changeMode(wanted, all);
      expect(result).toBe('stopped');
      expect(why).toMatch(/e-stop/);
      expect(mode()).toBe('estop');
    }
  });

  it.each(['hold', 'teleop'] as const)('leads to hold from an agent that drives: %s', (wanted) => {
    const { all, asked, mode } = facts(ACTIVE, { owner: 'agent' });
    expect(changeMode(wanted, all)).toEqual(ACCEPTED);
    expect(asked).toEqual(['release']);
    expect(mode()).toBe('holding');
  });

  it('takes the robot from an operator who asks for hold, and leaves it to one who asks for teleop', () => {
    const first = facts(ACTIVE, { owner: 'teleop' });
    expect(changeMode('teleop', first.all)).toEqual(ACCEPTED);
    expect(first.asked).toEqual([]);
    expect(changeMode('hold', first.all)).toEqual(ACCEPTED);
    expect(first.mode()).toBe('holding');
  });

  it('sends nothing where nothing was sent', () => {
    const { all, mode } = facts(MUTE);
    expect(changeMode('hold', all)).toEqual(ACCEPTED);
    expect(mode()).toBe('mute');
  });
});
