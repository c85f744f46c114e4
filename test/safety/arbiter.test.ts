import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NOBODY,
  arbitrate,
  followOperator,
  grantAgent,
  lockOn,
  lockText,
  revoke,
  strongestLock,
  type ArbiterEvent,
  type ArbiterState,
  type LockInput,
  type OperatorInput,
} from '../../src/safety/arbiter.js';
import { proposal } from './fixtures.js';

const NOW = 1_000n;
const input = (enable: boolean, neutral = true, expiresNs = NOW + 1n): OperatorInput => ({
  enable,
  neutral,
  expiresNs,
});
/** Follows inputs one after the other. */
function follow(from: ArbiterState, ...inputs: (OperatorInput | null)[]) {
  const events: (ArbiterEvent | undefined)[] = [];
  let state = from;
  for (const one of inputs) {
    const step = followOperator(state, one, NOW);
    state = step.state;
    events.push(step.event);
  }
  return { owner: state.owner, state, events };
}
const AGENT = grantAgent(NOBODY).state;
const TELEOP = follow(NOBODY, input(false), input(true)).state;

describe('the operator', () => {
  it.each([
    ['nobody', NOBODY],
    ['the agent', AGENT],
  ])('takes authority from %s by pressing enable with the sticks at rest', (_, from) => {
    expect(follow(from, input(false), input(true))).toMatchObject({
      owner: 'teleop',
      events: [undefined, 'taken'],
    });
  });

  it('takes nothing with a button that was held all along, or held while the link came up', () => {
    expect(follow(AGENT, input(true), input(true))).toMatchObject({
      owner: 'agent',
      events: [undefined, undefined],
    });
    expect(follow(AGENT, input(false), null, input(true)).owner).toBe('agent');
    const expired = input(false, true, NOW);
    expect(follow(AGENT, input(false), expired, input(true)).owner).toBe('agent');
  });

  it('takes nothing with a stick deflected, also not by letting it go: the button has to be pressed anew', () => {
    expect(follow(AGENT, input(false), input(true, false), input(true, true))).toMatchObject({
      owner: 'agent',
      events: [undefined, 'not-neutral', undefined],
    });
    expect(follow(AGENT, input(false), input(true, false), input(false), input(true)).owner).toBe('teleop');
  });

  it('drives with deflected sticks while the button is held', () => {
    expect(follow(TELEOP, input(true, false), input(true, false)).owner).toBe('teleop');
  });

  it.each([
    ['releases the button', input(false), 'released'],
    ['is not heard any more', input(true, true, NOW), 'lost'],
    ['has no link any more', null, 'lost'],
  ] as const)('loses authority to nobody when it %s, also where the agent had it before', (_, end, event) => {
    const taken = follow(AGENT, input(false), input(true)).state;
    expect(follow(taken, end)).toMatchObject({ owner: 'hold', events: [event] });
    expect(follow(taken, end, null, input(false), end).owner).toBe('hold');
  });
});

describe('the enable button', () => {
  it('takes authority back by being pressed again, once it was seen released', () => {
    expect(follow(TELEOP, input(false), input(true))).toMatchObject({
      owner: 'teleop',
      events: ['released', 'taken'],
    });
  });

  it.each([
    ['the link comes back', null],
    ['it is heard again', input(true, true, NOW)],
  ])('takes nothing while it is held on and %s', (_, gone) => {
    expect(follow(TELEOP, gone, input(true))).toMatchObject({
      owner: 'hold',
      events: ['lost', undefined],
    });
  });

  it('is not taken for released while the operator drives', () => {
    const released = follow(NOBODY, input(false)).state;
    expect(followOperator(released, input(true), NOW)).toEqual({
      state: { owner: 'teleop', released: false },
      event: 'taken',
    });
  });
});

describe('the agent', () => {
  it('is given authority that nobody has, and the edge of the enable button stays as it was', () => {
    for (const released of [false, true]) {
      const owner = 'agent';
      expect(grantAgent({ owner: 'hold', released })).toEqual({ state: { owner, released } });
      expect(grantAgent({ owner, released })).toEqual({ state: { owner, released } });
    }
  });

  it('gets authority by request, and not while the operator has it', () => {
    expect(AGENT.owner).toBe('agent');
    expect(grantAgent(TELEOP)).toEqual({
      state: TELEOP,
      why: 'the operator has authority; release the enable button first',
    });
  });

  it('keeps it while the operator does nothing, or is not there', () => {
    expect(follow(AGENT, null, input(false), input(false), null).owner).toBe('agent');
  });
});

describe('revoke', () => {
  it.each([
    ['the agent', AGENT],
    ['the operator', TELEOP],
  ])('takes authority from %s, and a button that is still held takes nothing back', (_, from) => {
    expect(revoke(from).owner).toBe('hold');
    expect(follow(revoke(from), input(true), input(true)).owner).toBe('hold');
    expect(follow(revoke(from), input(false), input(true)).owner).toBe('teleop');
  });

  it('leaves nobody as it is', () => {
    const { state } = follow(NOBODY, input(false));
    expect(revoke(state)).toBe(state);
  });
});

it('never gives the agent authority by anything that the operator does', () => {
  const any = fc.record({
    enable: fc.boolean(),
    neutral: fc.boolean(),
    expiresNs: fc.constantFrom(NOW - 1n, NOW, NOW + 1n),
  });
  fc.assert(
    fc.property(fc.constantFrom(NOBODY, TELEOP), fc.array(fc.option(any)), (from, inputs) => {
      let state: ArbiterState = from;
      for (const one of inputs) {
        const step = followOperator(state, one, NOW);
        expect(step.state.owner).not.toBe('agent');
        if (step.event === 'taken') expect(one).toEqual({ enable: true, neutral: true, expiresNs: NOW + 1n });
        if (state.owner !== 'teleop' && step.state.owner === 'teleop') expect(step.event).toBe('taken');
        state = step.state;
      }
    }),
  );
});

describe('arbitrate', () => {
  const agent = proposal([1]);
  const teleop = proposal([2], { source: 'teleop' });

  it('passes on the proposal of the source in authority, and no other', () => {
    expect(arbitrate(AGENT, [agent, teleop])).toBe(agent);
    expect(arbitrate(TELEOP, [agent, teleop])).toBe(teleop);
    expect(arbitrate(NOBODY, [agent, teleop])).toBeNull();
    expect(arbitrate(TELEOP, [agent, null])).toBeNull();
    expect(arbitrate(AGENT, [null, teleop])).toBeNull();
  });
});

describe('locks', () => {
  const MS = 1_000_000n;
  const lock = (changes: Partial<LockInput>): LockInput => ({
    topic: '/pause',
    priority: 50,
    timeoutMs: 500,
    locked: false,
    receivedNs: 0n,
    ...changes,
  });
  const PRIORITIES = { teleop: 100, agent: 10 };
  const engaged = (priority: number) => ({ topic: '/pause', priority, why: 'true' }) as const;

  it('are open only while their publisher says so, and said so lately', () => {
    expect(strongestLock([lock({})], 500n * MS)).toBeNull();
    expect(strongestLock([lock({})], 500n * MS + 1n)).toMatchObject({ why: 'silent' });
    expect(strongestLock([lock({ receivedNs: null })], 0n)).toMatchObject({ why: 'silent' });
    expect(strongestLock([lock({ locked: true })], 1n)).toEqual(engaged(50));
    expect(strongestLock([], 1n)).toBeNull();
  });

  it('are silent by the time since they were heard, whenever that was', () => {
    const heard = lock({ receivedNs: 7_000n * MS });
    expect(strongestLock([heard], 7_500n * MS)).toBeNull();
    expect(strongestLock([heard], 7_500n * MS + 1n)).toMatchObject({ why: 'silent' });
  });

  it('of one priority count in their order', () => {
    const first = lock({ topic: '/first', locked: true });
    const second = lock({ topic: '/second', locked: true });
    expect(strongestLock([first, second], 1n)?.topic).toBe('/first');
    expect(strongestLock([second, first], 1n)?.topic).toBe('/second');
  });

  it('count by the highest priority of those that are engaged', () => {
    const low = lock({ locked: true, priority: 20 });
    const high = lock({ locked: true, priority: 200 });
    const open = lock({ priority: 255 });
    for (const locks of [
      [low, high, open],
      [open, high, low],
    ])
      expect(strongestLock(locks, 1n)?.priority).toBe(200);
  });

  it('lock the sources of lower priority, not those of their own or of a higher one, and never hold', () => {
    const sources = ['agent', 'teleop', 'hold'] as const;
    const lockedBy = (priority: number) =>
      sources.filter((source) => lockOn(source, engaged(priority), PRIORITIES));
    expect(lockedBy(10)).toEqual([]);
    expect(lockedBy(11)).toEqual(['agent']);
    expect(lockedBy(100)).toEqual(['agent']);
    expect(lockedBy(101)).toEqual(['agent', 'teleop']);
    expect(lockOn('agent', null, PRIORITIES)).toBeNull();
  });

  it('keep authority from the agent and say why', () => {
    const why = '/pause is true, which locks all below priority 50';
    expect(lockText(engaged(50))).toBe(why);
    expect(grantAgent(NOBODY, engaged(50))).toEqual({ state: NOBODY, why });
  });

  it('keep authority from the operator, who has to press anew when they are gone', () => {
    const { state } = follow(NOBODY, input(false));
    const pressed = followOperator(state, input(true), NOW, true);
    expect(pressed).toMatchObject({ state: { owner: 'hold' }, event: 'locked-out' });
    expect(followOperator(pressed.state, input(true), NOW, true).event).toBeUndefined();
    expect(follow(pressed.state, input(true)).owner).toBe('hold');
    expect(follow(pressed.state, input(false), input(true)).owner).toBe('teleop');
  });
});
