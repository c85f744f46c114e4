import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/index.js';
import { readEpisodes, transitionsOf, type Episode, type EpisodeWarning } from '../../../src/data/index.js';
import type { EventMessage, IpcMessage, TickMessage } from '../../../src/io/ipc/index.js';
import { Recorder, type EpisodeNews } from '../../../src/recorder/recorder.js';
import { SESSION, temporaryFolder } from '../data/sample-episodes.js';

const START_NS = 5_000_000_000n;
const POLICY_VERSION = 1200;
const PERIOD_NS = 50_000_000n;

const event = (kind: string, detail: EventMessage['detail'] = {}): IpcMessage => ({
  type: 'event',
  kind,
  atNs: START_NS,
  detail,
});
const engaged = (atNs = START_NS): IpcMessage => event('engaged', { atNs: String(atNs) });
const deployed = (motion: 'policy' | 'start'): IpcMessage => event('deployed', { motion });
const ended = (policyStep: number, cause: 'task' | 'steps'): IpcMessage => ({
  type: 'episode-end',
  policyStep,
  cause,
  terminated: cause === 'task',
  why: 'of itself',
});
const disengaged = (reason = 'told to'): IpcMessage => event('disengaged', { reason });

/** The frame of every policy step holds its number, so that frames can be told apart. */
const observation = (policyStep: number): IpcMessage => ({
  type: 'observation',
  policyStep,
  receivedNs: START_NS + BigInt(policyStep) * PERIOD_NS,
  frame: new Float64Array(8).fill(policyStep),
});
const proposal = (policyStep: number): IpcMessage => ({
  type: 'proposal',
  policyStep,
  expiresNs: 0n,
  policyVersion: POLICY_VERSION + policyStep,
  action: Float64Array.of(policyStep / 100, 0),
  command: Float64Array.of(9, 9),
});
const tick = (more: Partial<TickMessage> = {}): IpcMessage => ({
  type: 'tick',
  seq: 7,
  policyStep: 1,
  atNs: START_NS + 10_500_000n,
  mode: 'active',
  owner: 'agent',
  verdict: 'pass',
  reasons: 2,
  stateReceivedNs: START_NS + 10_000_000n,
  sentNs: START_NS + 11_000_000n,
  positions: Float64Array.of(1, 2, 3),
  velocities: Float64Array.of(4, 5, 6),
  requested: Float64Array.of(0.1, 0.2),
  executed: Float64Array.of(0.3, 0.4),
  ...more,
});
const answered = (...steps: number[]): IpcMessage[] =>
  steps.flatMap((step) => [observation(step), proposal(step)]);

/** Feeds the messages, closes, and reads back what is on disk. */
async function record(...messages: IpcMessage[]): Promise<Episode[]> {
  return (await recordAndTell(...messages)).episodes;
}

/** The same, with what was told of the episodes. */
async function recordAndTell(
  ...messages: IpcMessage[]
): Promise<{ episodes: Episode[]; news: EpisodeNews[] }> {
  const folder = temporaryFolder();
  const session = { ...SESSION, source: 'real' } as const;
  const news: EpisodeNews[] = [];
  const recorder = new Recorder(folder, session, new ManualClock(START_NS), (told) => news.push(told));
  for (const message of messages) recorder.onMessage(message);
  recorder.close('closed');
  const episodes = await readAll(folder);
  const told = news.filter(({ steps }) => steps > 0).map(({ id }) => id);
  expect(episodes.map(({ header }) => header.id)).toEqual(told);
  return { episodes, news };
}

async function readAll(folder: string): Promise<Episode[]> {
  const warnings: EpisodeWarning[] = [];
  const episodes: Episode[] = [];
  for await (const episode of readEpisodes(folder, { onWarning: (warning) => warnings.push(warning) }))
    episodes.push(episode);
  expect(warnings).toEqual([]);
  return episodes;
}

const stepsOf = (episode: Episode | undefined) => episode!.steps.map(({ step }) => step);
/** pairs of policy steps that the episode's transitions join */
const joined = (episode: Episode | undefined) =>
  transitionsOf(episode!).map(({ frame, next }) => [frame[0], next[0]]);

describe('Recorder', () => {
  it('makes one episode from engaged to disengaged', async () => {
    const episodes = await record(
      ...answered(40),
      observation(41),
      engaged(),
      proposal(41),
      tick(),
      ...answered(42),
      observation(43),
      disengaged('the operator said so'),
      ...answered(44),
      tick(),
    );
    expect(episodes.length).toBe(1);
    const { steps, ticks, footer } = episodes[0]!;
    expect(steps.map(({ step, timeNs, policyVersion }) => [step, timeNs, policyVersion])).toEqual([
      [0, 41n * PERIOD_NS, POLICY_VERSION + 41],
      [1, 42n * PERIOD_NS, POLICY_VERSION + 42],
    ]);
    expect(steps[0]!.action).toEqual(Float32Array.of(0.41, 0));
    expect(ticks.length).toBe(1);
    expect(footer).toMatchObject({ terminated: false, truncated: true, reason: 'the operator said so' });
    expect(joined(episodes[0])).toEqual([
      [41, 42],
      [42, 43],
    ]);
  });

  it('leaves gaps in the step numbers where no proposal came, came late, or history was broken', async () => {
    const [episode] = await record(
      observation(10),
      engaged(),
      proposal(10),
      ...answered(11),
      observation(12), // no answer
      ...answered(13),
      observation(14),
      observation(15),
      proposal(14), // late
      proposal(15),
      ...answered(17, 18), // 16 was left out
      observation(19),
      disengaged(),
    );
    expect(stepsOf(episode)).toEqual([0, 1, 3, 5, 7, 8]);
    expect(joined(episode)).toEqual([
      [10, 11],
      [17, 18],
      [18, 19],
    ]);
  });

  it('takes no frame of a step for the one after it', async () => {
    const [episode] = await record(observation(1), engaged(), proposal(1), ...answered(2), disengaged());
    expect(stepsOf(episode)).toEqual([0, 1]);
    expect(episode!.footer.finalFrame).toBeUndefined();
    expect(joined(episode)).toEqual([[1, 2]]);
  });

  it.each([
    ['unanswered', [observation(3), observation(4)]],
    ['left out', [observation(4)]],
  ])('takes no frame from beyond a step that was %s for the one after it', async (_what, rest) => {
    const [episode] = await record(
      observation(1),
      engaged(),
      proposal(1),
      ...answered(2),
      ...rest,
      disengaged(),
    );
    expect(joined(episode)).toEqual([[1, 2]]);
  });

  it('records what a tick measured, asked for and sent', async () => {
    const [episode] = await record(observation(1), engaged(), proposal(1), tick(), disengaged());
    expect(episode!.ticks).toEqual([
      {
        timeNs: 10_000_000n,
        measuredNs: 10_000_000n,
        sentNs: 11_000_000n,
        seq: 7,
        source: 'agent',
        reasons: 2,
        positions: Float64Array.of(1, 2, 3),
        velocities: Float64Array.of(4, 5, 6),
        requested: Float64Array.of(0.1, 0.2),
        executed: Float64Array.of(0.3, 0.4),
      },
    ]);
  });

  it('records a tick without a proposal as a hold, and one without a command as sent at no time of its own', async () => {
    const none = new Float64Array(0);
    const [episode] = await record(
      observation(1),
      engaged(),
      proposal(1),
      tick({ requested: none }),
      tick({ requested: none, executed: none, sentNs: 0n }),
      disengaged(),
    );
    const [held, silent] = episode!.ticks;
    expect(held).toMatchObject({ source: 'hold', sentNs: 11_000_000n });
    expect(held!.requested.length).toBe(0);
    expect(silent).toMatchObject({ source: 'hold', sentNs: 10_000_000n });
    expect(silent!.executed.length).toBe(0);
  });

  it('names the operator as the source of ticks in which the operator drove, and counts no step of the agent meanwhile', async () => {
    const [episode] = await record(
      observation(1),
      engaged(),
      proposal(1),
      tick(),
      tick({ owner: 'teleop' }),
      ...answered(2),
      tick({ owner: 'teleop', requested: new Float64Array(0) }),
      tick(),
      ...answered(3),
      disengaged(),
    );
    expect(episode!.ticks.map(({ source }) => source)).toEqual(['agent', 'teleop', 'hold', 'agent']);
    expect(stepsOf(episode)).toEqual([0, 2]);
  });

  it('ends an episode when the guard engages again, and numbers the next one from its start', async () => {
    const [first, second, ...others] = await record(
      observation(1),
      engaged(),
      proposal(1),
      observation(2),
      engaged(START_NS + 2n * PERIOD_NS),
      proposal(2),
      ...answered(3),
      disengaged('done'),
    );
    expect(others).toEqual([]);
    expect(first!.footer.reason).toBe('engaged again');
    expect(joined(first)).toEqual([[1, 2]]);
    expect(stepsOf(second)).toEqual([0, 1]);
    expect(second!.steps[0]!.timeNs).toBe(0n);
    expect(second!.footer.reason).toBe('done');
  });

  it('completes an open episode when it is closed', async () => {
    const [episode] = await record(observation(1), engaged(), ...answered(1), observation(2));
    expect(episode!.footer).toMatchObject({ truncated: true, reason: 'closed', steps: 1 });
    expect(joined(episode)).toEqual([[1, 2]]);
  });

  it('takes the end of the task from the agent that ends its episode, and a limit as none', async () => {
    const { episodes, news } = await recordAndTell(
      observation(1),
      engaged(),
      ...answered(2, 3),
      observation(4),
      ended(4, 'task'),
      disengaged('it fell'),
      proposal(4),
      engaged(START_NS + 10n * PERIOD_NS),
      ...answered(12),
      tick(),
      tick(),
      observation(13),
      ended(13, 'steps'),
      disengaged('1 step'),
      engaged(START_NS + 20n * PERIOD_NS),
      ...answered(22),
      disengaged('told to'),
    );
    expect(episodes.map(({ footer }) => [footer.terminated, footer.truncated, footer.reason])).toEqual([
      [true, false, 'it fell'],
      [false, true, '1 step'],
      [false, true, 'told to'],
    ]);
    expect(transitionsOf(episodes[0]!).map(({ next, terminated }) => [next[0], terminated])).toEqual([
      [3, false],
      [4, true],
    ]);
    const ids = episodes.map(({ header }) => header.id);
    expect(news).toEqual([
      { id: ids[0], steps: 2, ticks: 0, terminated: true, reason: 'it fell' },
      { id: ids[1], steps: 1, ticks: 2, terminated: false, reason: '1 step' },
      { id: ids[2], steps: 1, ticks: 0, terminated: false, reason: 'told to' },
    ]);
  });

  it('withdraws an episode without a step, and says so', async () => {
    const { episodes, news } = await recordAndTell(
      engaged(),
      tick(),
      observation(3),
      ended(3, 'task'),
      disengaged('fallen before it began'),
    );
    expect(episodes).toEqual([]);
    expect(news).toMatchObject([{ steps: 0, ticks: 1, terminated: true, reason: 'fallen before it began' }]);
  });

  it('leaves no episode of a motion to a start pose, and one again of the policy after it', async () => {
    const episode = (from: number): IpcMessage[] => [
      observation(from),
      engaged(START_NS + BigInt(from) * PERIOD_NS),
      proposal(from),
      tick(),
      ...answered(from + 1),
      ended(from + 1, 'steps'),
      disengaged(`from ${from}`),
    ];
    const agent = event('connected', { role: 'agent' });
    const recorder = event('connected', { role: 'recorder' });
    const { episodes } = await recordAndTell(
      ...[deployed('start'), ...episode(10), recorder, ...episode(20)],
      ...[deployed('policy'), ...episode(30)],
      ...[deployed('start'), ...episode(40), agent, ...episode(50)],
    );
    expect(episodes.map(({ footer }) => footer.reason)).toEqual(['from 30', 'from 50']);
  });

  it('records nothing while disengaged, nor what is not for the record', async () => {
    const lastCommand = new Float64Array(2);
    const heartbeat: IpcMessage = {
      type: 'heartbeat',
      seq: 1,
      mode: 'mute',
      sentNs: 0n,
      lastCommand: [lastCommand],
      positions: lastCommand,
      velocities: lastCommand,
    };
    expect(await record(...answered(1), tick(), disengaged(), heartbeat, event('mode'))).toEqual([]);
  });
});
