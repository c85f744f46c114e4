/** A guard and a simulated robot over the real wire, and its other processes on real sockets: what they may ask of each other. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeployMessage, EventMessage, IpcConnection, IpcMessage } from '../../../src/io/ipc/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import { until } from '../io/rtps/participants.js';
import { GuardRig, type StartedGuard } from './guard-rig.js';

const deployment: DeployMessage = {
  type: 'deploy',
  motion: 'policy',
  version: 40,
  sampling: false,
  seed: 0,
  steps: 250,
};
const soon = { timeout: 20_000 };

let rig: GuardRig;
let started: StartedGuard;
let agent: IpcConnection;
let recorder: IpcConnection;
let toAgent: IpcMessage[];
let toRecorder: IpcMessage[];

beforeEach(async () => {
  rig = new GuardRig(104);
  await rig.startTwin();
  started = await rig.startGuard(loadRobot(rig.folder));
  toAgent = [];
  toRecorder = [];
  recorder = await rig.joinAs('recorder');
  recorder.onMessage = (message) => toRecorder.push(message);
  agent = await rig.startAgent(() => 0);
  const answer = agent.onMessage;
  agent.onMessage = (message) => {
    answer(message);
    toAgent.push(message);
  };
  await until(() => told('connected').length === 3, 'all to be known');
});
afterEach(() => rig.close());

const told = (kind: string): EventMessage['detail'][] =>
  started.events.filter((event) => event.kind === kind).map(({ detail }) => detail);
const recorded = (kind: string): EventMessage['detail'][] =>
  toRecorder.flatMap((message) =>
    message.type === 'event' && message.kind === kind ? [message.detail] : [],
  );
const tell = (from: IpcConnection, kind: string, detail: EventMessage['detail'] = {}): void => {
  from.send({ type: 'event', kind, atNs: 1n, detail });
};
const newestStep = (): number =>
  Math.max(...toAgent.flatMap((message) => (message.type === 'observation' ? [message.policyStep] : [])));

/** Asks until it is accepted: the agent has to show itself alive. */
async function engage(): Promise<void> {
  await expect
    .poll(() => {
      started.supervisor.send({ type: 'request', event: 'engage' });
      return told('engaged').length;
    }, soon)
    .toBeGreaterThan(0);
}

describe('a guard', () => {
  it('passes a deployment on, engages nobody until it is answered, and tells the answer', async () => {
    started.supervisor.send(deployment);
    await until(() => toAgent.some(({ type }) => type === 'deploy'), 'the deployment');
    expect(toAgent.find(({ type }) => type === 'deploy')).toEqual(deployment);
    const whys = () => told('request').map(({ why }) => why);
    await expect
      .poll(() => {
        started.supervisor.send({ type: 'request', event: 'engage' });
        return whys().at(-1);
      }, soon)
      .toBe('the agent is loading what was deployed');
    tell(agent, 'deployed', { motion: 'policy', version: 40 });
    await expect.poll(() => told('deployed'), soon).toEqual([{ motion: 'policy', version: 40 }]);
    await expect.poll(() => recorded('deployed'), soon).toEqual([{ motion: 'policy', version: 40 }]);
    await engage();
    expect(told('engaged').at(-1)).toMatchObject({ by: 'the supervisor' });
  });

  it('takes authority from an agent that ends its episode, at once and without a fault', async () => {
    await engage();
    started.supervisor.send(deployment);
    await expect.poll(() => told('deploy-refused').length, soon).toBe(1);
    const engagedAt = newestStep();
    await until(() => newestStep() > engagedAt + 3, 'some steps');
    const cause = 'task' as const;
    const end = { type: 'episode-end', cause, terminated: true, why: 'it fell' } as const;
    agent.send({ ...end, policyStep: 1 }); // of before
    agent.send({ ...end, policyStep: newestStep() });
    await expect.poll(() => told('disengaged'), soon).toEqual([{ reason: 'it fell', requested: true }]);
    expect(told('episode-end')).toEqual([{ cause, terminated: true, why: 'it fell' }]);
    expect(told('mode').at(-1)).toMatchObject({ to: 'holding' });
    expect(told('fault')).toEqual([]);
    const order = toRecorder.flatMap((message) =>
      message.type === 'episode-end' ? ['end'] : message.type === 'event' ? [message.kind] : [],
    );
    expect(order.indexOf('end')).toBeGreaterThan(order.indexOf('engaged'));
    expect(order.indexOf('end')).toBeLessThan(order.indexOf('disengaged'));
  });

  it('hears requests from its supervisor alone, and of the others what is theirs to tell', async () => {
    for (const other of [agent, recorder]) {
      other.send({ type: 'request', event: 'engage' });
      other.send(deployment);
    }
    recorder.send({ type: 'episode-end', policyStep: 1, cause: 'steps', terminated: false, why: 'me too' });
    tell(recorder, 'deployed', { motion: 'start', version: 0 });
    tell(agent, 'episode', { id: 'x' });
    tell(agent, 'fault', { message: 'made up' });
    tell(agent, 'deploy-failed', { why: 'no such checkpoint' });
    tell(recorder, 'episode', { id: 'real-0001/1' });
    await expect
      .poll(() => [told('deploy-failed'), told('episode')], soon)
      .toEqual([[{ why: 'no such checkpoint' }], [{ id: 'real-0001/1' }]]);
    for (const kind of ['deployed', 'fault', 'request', 'deploy-refused', 'episode-end'])
      expect(told(kind), kind).toEqual([]);
    expect(toAgent.filter(({ type }) => type === 'deploy')).toEqual([]);
  });

  it('tells a recorder that comes late what the agent drives with', async () => {
    tell(agent, 'deployed', { motion: 'start', version: 0 });
    await until(() => told('deployed').length > 0, 'the deployment');
    toRecorder = [];
    const late = await rig.joinAs('recorder');
    late.onMessage = (message) => toRecorder.push(message);
    await expect.poll(() => recorded('deployed'), soon).toEqual([{ motion: 'start', version: 0 }]);
  });
});
