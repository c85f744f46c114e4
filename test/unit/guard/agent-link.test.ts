import { describe, expect, it } from 'vitest';
import { AgentEvidence } from '../../../src/guard/agent-evidence.js';
import { AgentLink } from '../../../src/guard/agent-link.js';
import type { IpcConnection, IpcMessage, ProposalMessage } from '../../../src/io/ipc/index.js';
import { findRobot, loadRobot } from '../../../src/robot/index.js';

const LIFETIME_NS = 60n;

class FakeConnection {
  destroyed = false;
  readonly sent: IpcMessage[] = [];
  destroy(): void {
    this.destroyed = true;
  }
  send(message: IpcMessage): boolean {
    this.sent.push(message);
    return true;
  }
}
const connection = () => new FakeConnection() as FakeConnection & IpcConnection;

function proposal(policyStep: number, more: Partial<ProposalMessage> = {}): ProposalMessage {
  const command = Float64Array.of(0.1, 0.2);
  return {
    type: 'proposal',
    policyStep,
    expiresNs: 1_000n,
    policyVersion: 0,
    action: command,
    command,
    ...more,
  };
}

/** A link that has asked for `steps` policy steps. */
function asked(steps: number): AgentLink {
  const link = new AgentLink(['a', 'b'], LIFETIME_NS);
  for (let i = 0; i < steps; i++) link.nextStep();
  return link;
}

describe('AgentLink', () => {
  it('takes the answer to its newest step as the proposal of the agent', () => {
    const link = asked(3);
    expect(link.take(proposal(3), 990n)).toBe(true);
    expect(link.newest).toEqual({
      source: 'agent',
      joints: ['a', 'b'],
      command: Float64Array.of(0.1, 0.2),
      seq: 3,
      expiresNs: 1_000n,
    });
  });

  it.each([
    ['beyond', 1_000_000n, 560n],
    ['at', 560n, 560n],
    ['before', 559n, 559n],
  ])('lets no proposal live longer than its lifetime from arrival (%s it)', (_what, expiresNs, expected) => {
    const link = asked(1);
    link.take(proposal(1, { expiresNs }), 500n);
    expect(link.newest?.expiresNs).toBe(expected);
  });

  it('takes a late answer where none newer has come, and tells it from an answer to the newest step', () => {
    const link = asked(3);
    expect(link.take(proposal(2), 0n)).toBe(true);
    expect(link.answersNewest(proposal(2))).toBe(false);
    expect(link.answersNewest(proposal(3))).toBe(true);
  });

  it.each([
    ['a step that was never asked for', 4],
    ['the same step again', 2],
    ['an earlier step', 1],
  ])('refuses an answer to %s and keeps the one before', (_what, policyStep) => {
    const link = asked(3);
    link.take(proposal(2), 0n);
    const before = link.newest;
    expect(link.take(proposal(policyStep), 0n)).toBe(false);
    expect(link.newest).toBe(before);
    expect(link.validProposals).toBe(1);
  });

  it.each([
    ['too short', Float64Array.of(1)],
    ['too long', Float64Array.of(1, 2, 3)],
    ['not a number', Float64Array.of(NaN, 1)],
    ['infinite', Float64Array.of(1, -Infinity)],
  ])('hands a command that is %s to the gate, but does not count it as valid', (_what, command) => {
    const link = asked(1);
    expect(link.take(proposal(1, { command }), 0n)).toBe(true);
    expect(link.newest?.command).toBe(command);
    expect(link.validProposals).toBe(0);
  });

  it('leaves a gap in the step numbers when the history is broken', () => {
    const link = asked(2);
    link.breakHistory();
    expect(link.nextStep()).toBe(4);
  });

  it('refuses a second agent while the first is there, and keeps the first as it is', () => {
    const link = asked(1);
    const [first, second] = [connection(), connection()];
    expect(link.connect(first)).toBe(true);
    link.take(proposal(1), 0n);
    expect(link.connect(second)).toBe(false);
    expect(link.connect(first)).toBe(true);
    expect(first.destroyed).toBe(false);
    expect(link.newest).not.toBeNull();
    expect(link.validProposals).toBe(1);
    expect([link.owns(first), link.owns(second)]).toEqual([true, false]);
    expect(link.disconnect(second)).toBe(false);
    expect(link.connected).toBe(true);
  });

  it('takes a second agent when the first is gone, and starts counting anew', () => {
    const link = asked(1);
    const [first, second] = [connection(), connection()];
    link.connect(first);
    link.take(proposal(1), 0n);
    expect(link.disconnect(first)).toBe(true);
    expect([link.connected, link.newest]).toEqual([false, null]);
    expect(link.connect(second)).toBe(true);
    expect([link.newest, link.validProposals]).toEqual([null, 0]);
    expect([link.owns(first), link.owns(second)]).toEqual([false, true]);
  });

  it('sends to the agent that is there, and to nobody without one', () => {
    const link = asked(1);
    const observation = {
      type: 'observation',
      policyStep: 1,
      receivedNs: 0n,
      frame: Float64Array.of(1),
    } as const;
    link.send(observation);
    const agent = connection();
    link.connect(agent);
    link.send(observation);
    expect(agent.sent).toEqual([observation]);
  });

  it('wants proof of life again from an agent that drives with something else', () => {
    const evidence = new AgentEvidence(loadRobot(findRobot('cartpole')).model, 80n);
    const link = new AgentLink(['a', 'b'], LIFETIME_NS, evidence);
    const found = { reason: 'clean', member: -1, joint: -1, value: 0, limit: 0 } as const;
    link.connect(connection());
    link.nextStep();
    link.take(proposal(1), 0n);
    link.takeEvidence({ type: 'evidence', policyStep: 1, expiresNs: 1_000n, authority: 1, ...found }, 990n);
    link.deployed(false);
    expect([link.newest?.seq, link.validProposals, evidence.newest.authority]).toEqual([1, 1, 1]);
    link.deployed(true);
    expect([link.newest, link.validProposals, evidence.newest.authority]).toEqual([null, 0, 0]);
  });

  it('waits for no answer to a deployment from an agent that is gone', () => {
    const link = asked(1);
    const first = connection();
    const message = { type: 'deploy', motion: 'start', pose: [0, 0], steps: 9 } as const;
    expect([link.deploy(message), link.deploying]).toEqual([false, false]); // there is none yet
    link.connect(first);
    expect([link.deploy(message), link.deploying]).toEqual([true, true]);
    link.disconnect(first);
    link.connect(connection());
    expect(link.deploying).toBe(false);
  });

  it('tells the steps of a history from those before it', () => {
    const link = asked(2);
    link.breakHistory();
    expect([2, 3, 4].map((step) => link.isOfHistory(step))).toEqual([false, false, false]);
    link.nextStep();
    expect([2, 3, 4, 5].map((step) => link.isOfHistory(step))).toEqual([false, false, true, false]);
  });

  it('shows what its agent predicts, and forgets it with the agent', () => {
    const evidence = new AgentEvidence(loadRobot(findRobot('cartpole')).model, 80n);
    const link = new AgentLink(['slider'], LIFETIME_NS, evidence);
    const found = { reason: 'clean', member: -1, joint: -1, value: 0, limit: 0 } as const;
    const message = { type: 'evidence', policyStep: 1, expiresNs: 1_000n, authority: 1, ...found } as const;
    expect(link.takeEvidence(message, 990n)).toBe(false); // nothing was asked yet
    link.nextStep();
    expect(link.takeEvidence(message, 990n)).toBe(true);
    expect(evidence.newest.authority).toBe(1);
    link.connect(connection());
    expect(evidence.newest.authority).toBe(0);
    expect(asked(1).takeEvidence(message, 990n)).toBe(false); // nobody is predicted
  });
});
