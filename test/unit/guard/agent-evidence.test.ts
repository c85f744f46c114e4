import { describe, expect, it } from 'vitest';
import { AgentEvidence } from '../../../src/guard/agent-evidence.js';
import type { EvidenceMessage } from '../../../src/io/ipc/index.js';
import { findRobot, loadRobot } from '../../../src/robot/index.js';

const LIFETIME_NS = 80n;
const { model } = loadRobot(findRobot('cartpole'));
const made = () => new AgentEvidence(model, LIFETIME_NS);

function message(policyStep: number, more: Partial<EvidenceMessage> = {}): EvidenceMessage {
  const nothing = { reason: 'clean', member: -1, joint: -1, value: 0, limit: 0 } as const;
  return { type: 'evidence', policyStep, expiresNs: 1_000n, authority: 1, ...nothing, ...more };
}

describe('AgentEvidence', () => {
  it('leaves the agent nothing before the first prediction, and after another agent has connected', () => {
    const evidence = made();
    expect(evidence.inForce('agent', 0n)).toEqual({ ratio: 0, why: 'the agent has predicted nothing yet' });
    evidence.take(message(1), 1, 950n);
    expect(evidence.inForce('agent', 950n).ratio).toBe(1);
    evidence.forget();
    expect(evidence.inForce('agent', 950n).ratio).toBe(0);
  });

  it('leaves less the later the next prediction is', () => {
    const evidence = made();
    evidence.take(message(1), 1, 950n);
    const ratios = [999n, 1_000n, 1_079n, 1_080n].map((now) => evidence.inForce('agent', now));
    expect(ratios.map(({ ratio }) => ratio)).toEqual([1, 0.5, 0.5, 0]);
    expect(ratios[2]!.why).toBe('no prediction comes from the agent');
  });

  it.each([
    ['beyond', 1_000_000n, 580n],
    ['before', 579n, 579n],
  ])(
    'lets no prediction live longer than its lifetime from arrival (%s it)',
    (_what, expiresNs, expected) => {
      const evidence = made();
      evidence.take(message(1, { expiresNs }), 1, 500n);
      expect(evidence.newest).toEqual({ authority: 1, expiresNs: expected, goneNs: expected + LIFETIME_NS });
    },
  );

  it.each([
    ['a step that was never asked for', 4],
    ['the same step again', 2],
    ['an earlier step', 1],
  ])('refuses a prediction of %s and keeps the one before', (_what, policyStep) => {
    const evidence = made();
    expect(evidence.take(message(2, { authority: 0.5 }), 3, 950n)).toBe(true);
    expect(evidence.take(message(policyStep), 3, 950n)).toBe(false);
    expect(evidence.inForce('agent', 950n).ratio).toBe(0.5);
  });

  it.each(['teleop', 'hold'] as const)('lowers nothing for %s', (owner) => {
    expect(made().inForce(owner, 0n).ratio).toBe(1);
  });

  it('tells a change once, with the reason, and no more than one in a second', () => {
    const evidence = new AgentEvidence(model, 10_000_000_000n);
    const expiresNs = 10_000_000_000n;
    const crossing = { reason: 'position', member: 3, joint: 0, value: 1.3456, limit: 1.2 } as const;
    evidence.take(message(1, { expiresNs }), 9, 950n);
    expect(evidence.change('agent', 950n)).toBeNull();
    evidence.take(message(2, { expiresNs, authority: 0.5, ...crossing }), 9, 950n);
    expect(evidence.change('agent', 950n)).toEqual({
      ratio: 0.5,
      why: "member 3 of the model expects joint 'slider' at 1.35 m, limit 1.2 m",
    });
    evidence.take(message(3, { expiresNs }), 9, 951n);
    expect(evidence.change('agent', 1_000_000_949n)).toBeNull();
    expect(evidence.change('agent', 1_000_000_950n)).toEqual({ ratio: 1, why: 'nothing speaks against it' });
    expect(evidence.change('agent', 3_000_000_000n)).toBeNull();
    evidence.take(message(4, { expiresNs, authority: 0 }), 9, 3_000_000_000n);
    expect(evidence.change('teleop', 3_000_000_000n)).toBeNull(); // nothing is lowered for the operator
  });

  it.each([
    [
      { reason: 'velocity', joint: 1, value: -9.87654, limit: -9 },
      /'pole_hinge' at -9.88 rad\/s, limit -9 rad\/s/,
    ],
    [
      { reason: 'disagreement', value: 14.2, limit: 12 },
      /disagree by 14.2 nat, limit 12: unlike what was recorded/,
    ],
    [{ reason: 'non-finite', value: NaN }, /not a number/],
    [{ reason: 'recovering' }, /clean again, not for long enough/],
  ] as const)('says why: %o', (more, text) => {
    const evidence = made();
    evidence.take(message(1, { authority: 0, ...more }), 1, 950n);
    expect(evidence.inForce('agent', 950n).why).toMatch(text);
  });
});
