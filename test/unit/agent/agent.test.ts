import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { Agent } from '../../../src/agent/agent.js';
import type { EpisodeEnding, Motion } from '../../../src/agent/motion.js';
import { layoutOf } from '../../../src/env/index.js';
import type { IpcConnection, IpcMessage } from '../../../src/io/ipc/index.js';
import { findRobot, loadRobot } from '../../../src/robot/index.js';

let sent: IpcMessage[];
let guard: IpcConnection;
beforeEach(() => {
  sent = [];
  guard = { send: (message: IpcMessage) => sent.push(message) } as unknown as IpcConnection;
});

it('takes an increment from the command in the frame, which sensor readings follow', () => {
  const robot = loadRobot(fileURLToPath(new URL('../../fixtures/sim/swing', import.meta.url)));
  const config = { ...robot.config, action: { mode: 'increment', scale: [2] } } as const;
  const seen: Float32Array[] = [];
  const policy = {
    begin: () => 0,
    step: (carry: number, frame: Float32Array) => {
      seen.push(frame.slice());
      return { action: Float32Array.of(0.5), carry };
    },
  };
  const agent = new Agent({ policy, version: 300, predictor: null }, config, layoutOf(robot), guard);
  const frame = Float64Array.of(1, 2, 0.25, ...new Array<number>(12).fill(9));
  agent.onObservation({ type: 'observation', policyStep: 0, receivedNs: 0n, frame });
  expect(sent).toMatchObject([
    { type: 'proposal', policyVersion: 300, command: Float64Array.of(0.25 + 2 * 0.5) },
  ]);
  expect([...seen[0]!]).toEqual([...frame]);
});

describe('an agent', () => {
  const robot = loadRobot(findRobot('cartpole'));
  const evidence = { authority: 1, reason: 'clean', member: -1, joint: -1, value: 0, limit: 0 } as const;

  /** Its actions count the steps of its history; the frame's first value is what it is asked about. */
  function motion(more: Partial<Motion<number>> = {}): Motion<number> {
    const policy = {
      begin: () => 0,
      step: (carry: number) => ({ action: Float32Array.of(carry / 100), carry: carry + 1 }),
    };
    return { policy, version: 40, predictor: null, ...more };
  }
  const agentWith = (first: Motion<number>) => new Agent(first, robot.config, layoutOf(robot), guard);
  function observe(agent: Agent, policyStep: number, position = 0): void {
    const frame = Float64Array.of(position, 0, 0, 0, 0);
    agent.onObservation({ type: 'observation', policyStep, receivedNs: 0n, frame });
  }
  const actions = () =>
    sent.flatMap((message) => (message.type === 'proposal' ? [Math.round(100 * message.action[0]!)] : []));
  const ends = () => sent.filter(({ type }) => type === 'episode-end');
  const fallsBeyondOne = (_: number, frame: Float32Array): EpisodeEnding | null =>
    frame[0]! > 1 ? { cause: 'task', why: 'it fell' } : null;

  it('begins its history anew after a gap in the steps, and with another motion', () => {
    const agent = agentWith(motion());
    for (const step of [5, 6, 7, 9, 10]) observe(agent, step);
    agent.drive(motion({ version: 50 }));
    for (const step of [11, 12]) observe(agent, step);
    expect(actions()).toEqual([0, 1, 2, 0, 1, 0, 1]);
    expect(sent.map((message) => message.type === 'proposal' && message.policyVersion)).toEqual([
      ...[40, 40, 40, 40, 40],
      ...[50, 50],
    ]);
  });

  it('tells its evidence after the proposal that it is of', () => {
    const judged: number[] = [];
    const judge = (carry: number) => {
      judged.push(carry);
      return evidence;
    };
    observe(agentWith(motion({ predictor: { judge } })), 3);
    expect(sent.map(({ type }) => type)).toEqual(['proposal', 'evidence']);
    expect(sent[1]).toMatchObject({ policyStep: 3, ...evidence });
    expect(judged).toEqual([1]); // of after the step
  });

  it('ends the episode with a terminal frame, before the proposal for it, once, and goes on proposing', () => {
    const agent = agentWith(motion({ ending: fallsBeyondOne }));
    for (const [step, position] of [0.5, 1, 1.5, 2].entries()) observe(agent, 8 + step, position);
    expect(sent.map(({ type }) => type)).toEqual([
      ...['proposal', 'proposal'],
      ...['episode-end', 'proposal', 'proposal'],
    ]);
    expect(ends()).toEqual([
      { type: 'episode-end', policyStep: 10, cause: 'task', terminated: true, why: 'it fell' },
    ]);
  });

  it('ends the next episode as well, be it with its first frame', () => {
    const agent = agentWith(motion({ ending: fallsBeyondOne }));
    observe(agent, 8, 1.5);
    observe(agent, 9, 1.5);
    observe(agent, 11, 1.5);
    expect(ends()).toMatchObject([{ policyStep: 8 }, { policyStep: 11 }]);
  });

  it('counts the steps that were taken since its history began; to run out of them is no terminal state', () => {
    const counted: number[] = [];
    const ending = (_: number, __: Float32Array, steps: number): EpisodeEnding | null => {
      counted.push(steps);
      return steps >= 2 ? { cause: 'steps', why: '2 steps' } : null;
    };
    const agent = agentWith(motion({ ending }));
    for (const step of [1, 2, 4, 5, 6]) observe(agent, step);
    expect(counted).toEqual([0, 1, 0, 1, 2]);
    expect(ends()).toEqual([
      { type: 'episode-end', policyStep: 6, cause: 'steps', terminated: false, why: '2 steps' },
    ]);
  });
});
