import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShaperState, shapeTick, type ShaperState } from '../../src/safety/command-shaper.js';
import { describe as describeReason } from '../../src/safety/faults.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import { createGateState } from '../../src/safety/gate-state.js';
import { interpolate } from '../../src/safety/interpolator.js';
import { reasonMask, reasonNames } from '../../src/safety/reasons.js';
import { CHECKS, type GateConfig, type Proposal, type ProposalSource } from '../../src/safety/types.js';
import { START_NS, TICK_NS, checksOf, config, engaged, joint, measured, proposal } from './fixtures.js';

describe('interpolate', () => {
  it.each([
    ['velocity', 0, 1.25],
    ['velocity', 3, 2],
    ['velocity', 9, 2],
    ['position', 1, 1.5],
    ['effort', 0, 2],
  ] as const)('%s at sub-tick %d of 4 asks for %d', (commandInterface, subTick, expected) => {
    const out = interpolate(
      commandInterface,
      Float64Array.of(1),
      Float64Array.of(2),
      subTick,
      4,
      new Float64Array(1),
    );
    expect(out[0]).toBe(expected);
  });

  it('meets the target exactly, and passes NaN on', () => {
    const out = interpolate(
      'velocity',
      Float64Array.of(0.1),
      Float64Array.of(0.3),
      2,
      3,
      new Float64Array(1),
    );
    expect(out[0]).toBe(0.3);
    expect(interpolate('velocity', out, Float64Array.of(NaN), 0, 3, new Float64Array(1))[0]).toBeNaN();
  });
});

function start(gateConfig: GateConfig, decimation: number): ShaperState {
  return { ...createShaperState(gateConfig, decimation), gate: engaged(gateConfig) };
}

describe('shapeTick', () => {
  const velocity = config();

  function run(
    targets: readonly (Proposal | null)[],
    decimation = 4,
  ): { requested: (number | null)[]; sent: number[] } {
    let state = start(velocity, decimation);
    const requested: (number | null)[] = [];
    const sent: number[] = [];
    targets.forEach((target, k) => {
      const nowNs = START_NS + BigInt(k + 1) * TICK_NS;
      const shaped = shapeTick(velocity, decimation, state, target, measured(nowNs, [0]), null, nowNs);
      state = shaped.state;
      requested.push(shaped.requested === null ? null : shaped.requested[0]!);
      sent.push(shaped.verdict.command!.value(0));
    });
    return { requested, sent };
  }

  const toward = (value: number, seq: number, source: ProposalSource = 'agent'): Proposal =>
    proposal([value], { seq, source });

  it('ramps from the last executed command to each new target, and stays there', () => {
    const { requested } = run([1, 1, 1, 1, 1, 2, 2].map((seq) => toward(seq === 1 ? 0.08 : 0.16, seq)));
    [0.02, 0.04, 0.06, 0.08, 0.08, 0.1, 0.12].forEach((value, k) => {
      expect(requested[k]).toBeCloseTo(value, 12);
    });
  });

  it('begins again where the gate stopped short of the target', () => {
    const { requested, sent } = run([toward(1, 1), toward(1, 2)]);
    expect(requested[0]).toBe(0.25);
    expect(sent[0]).toBeCloseTo(0.04, 12);
    expect(requested[1]).toBeCloseTo(0.04 + 0.96 / 4, 12);
  });

  it('takes another source with the same number as new, and passes teleop on as it is', () => {
    const { requested } = run([toward(0.04, 1), toward(0.03, 1, 'teleop'), toward(0.05, 1, 'script')]);
    expect(requested[1]).toBe(0.03);
    expect(requested[2]).toBeCloseTo(0.03 + 0.02 / 4, 12);
  });

  it('holds without a target, and starts the next one afresh', () => {
    const { requested, sent } = run([toward(0.08, 1), null, toward(0.08, 1)]);
    expect(requested[1]).toBeNull();
    expect(sent[1]).toBe(0);
    expect(requested[2]).toBeCloseTo(0.02, 12);
  });

  it.each([
    ['of the wrong size', proposal([0, 0]), 'proposal-shape'],
    ['with a value too many', proposal([0, 0], { joints: ['elbow'] }), 'proposal-shape'],
    ['that is NaN', proposal([NaN]), 'proposal-non-finite'],
    ['that has expired', proposal([0], { expiresNs: 0n }), 'proposal-expired'],
  ])('leaves a target %s to the gate', (_name, target, check) => {
    const at = START_NS + TICK_NS;
    const { verdict } = shapeTick(velocity, 4, start(velocity, 4), target, measured(at, [0]), null, at);
    expect(verdict.kind).toBe('blocked');
    expect(checksOf(verdict.reasons)).toContain(check);
  });

  it.each([0, 1.5, -1, NaN])('refuses a decimation of %d', (decimation) => {
    expect(() => createShaperState(velocity, decimation)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('policy_rate_hz') as string,
        context: { decimation },
      }),
    );
  });

  it('starts mute, with no target running, at one control tick per policy step too', () => {
    expect(createShaperState(velocity, 1)).toEqual({
      gate: createGateState(velocity),
      origin: Float64Array.of(0),
      source: null,
      seq: 0,
      subTick: 0,
    });
  });
});

const CONFIGS = [
  config({ joints: [joint(), joint({ name: 'joint1' })], commandLatency: 0.02, actuatorLag: 0.03 }),
  config({ joints: [joint(), joint({ name: 'joint1' })], interface: 'position' }),
  config({ joints: [joint(), joint({ name: 'joint1' })], interface: 'effort' }),
];

/** `ticks` ticks of a fixed pseudo-random target. */
function advance(gateConfig: GateConfig, from: ShaperState, first: number, ticks: number): ShaperState {
  let state = from;
  for (let k = first; k < first + ticks; k++) {
    const nowNs = START_NS + BigInt(k + 1) * TICK_NS;
    const target = proposal([Math.sin(k * k), Math.cos(k * k)], { seq: k - (k % 4) });
    state = shapeTick(gateConfig, 4, state, target, measured(nowNs, [0, 1e-4 * k]), null, nowNs).state;
  }
  return state;
}

function begin(gateConfig: GateConfig): ShaperState {
  return { ...createShaperState(gateConfig, 4), gate: engaged(gateConfig, [0, 0]) };
}

describe.each(CONFIGS)('the state of the $interface shaper', (gateConfig) => {
  it('is never changed: the same inputs give the same results', () => {
    const state = advance(gateConfig, begin(gateConfig), 0, 10);
    const before = structuredClone(state);
    Object.freeze(state);
    Object.freeze(state.gate);
    const once = advance(gateConfig, state, 10, 5);
    expect(state).toEqual(before);
    expect(advance(gateConfig, state, 10, 5)).toEqual(once);
    expect(advance(gateConfig, before, 10, 5)).toEqual(once);
  });

  it('does not change its inputs', () => {
    const at = START_NS + TICK_NS;
    const target = Object.freeze(proposal([0.3, -0.3]));
    const state = Object.freeze(measured(at, [0.01, 0], [0.1, 0]));
    const copies = structuredClone([target, state]);
    shapeTick(gateConfig, 4, begin(gateConfig), target, state, null, at);
    gateEvent(gateConfig, begin(gateConfig).gate, 'engage', state, at);
    expect([target, state]).toEqual(copies);
  });
});

describe('reasons', () => {
  it('survive as a mask', () => {
    fc.assert(
      fc.property(fc.subarray([...CHECKS]), (checks) => {
        expect(reasonNames(reasonMask(checks.map((check) => ({ check }))))).toEqual(checks);
      }),
    );
    expect(reasonMask([{ check: 'mode' }, { check: 'proposal-expired' }])).toBe(0b101);
    expect(reasonNames(1 << 30)).toEqual([]);
  });

  it('read as one line', () => {
    expect(
      describeReason({ check: 'velocity', joint: 'elbow', value: 2.34567, limit: 1, unit: 'rad/s' }),
    ).toBe("velocity: joint 'elbow' 2.346 rad/s, limit 1 rad/s");
    expect(describeReason({ check: 'evidence', value: 0.5, limit: 1 })).toBe('evidence: 0.5, limit 1');
    expect(describeReason({ check: 'mode' })).toBe('mode');
    expect(
      describeReason({ check: 'workspace', where: "link 'hand'", value: -0.0123456, limit: 0, unit: 'm' }),
    ).toBe("workspace: link 'hand' -0.01235 m, limit 0 m");
  });
});
