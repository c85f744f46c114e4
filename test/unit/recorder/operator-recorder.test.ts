import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/index.js';
import {
  readEpisodes,
  transitionsOf,
  type Episode,
  type EpisodeWarning,
  type SessionInfo,
} from '../../../src/data/index.js';
import { actionToCommand } from '../../../src/env/index.js';
import type { EventMessage, IpcMessage, ObservationMessage, TickMessage } from '../../../src/io/ipc/index.js';
import { OperatorRecorder } from '../../../src/recorder/operator-recorder.js';
import { SESSION, temporaryFolder } from '../data/sample-episodes.js';

const START_NS = 5_000_000_000n;
const PERIOD_NS = 50_000_000n;
const ACTION = { mode: 'increment', scale: [0.5, 0.25] } as const;

const event = (kind: string, detail: EventMessage['detail'] = {}): IpcMessage => ({
  type: 'event',
  kind,
  atNs: START_NS,
  detail,
});
const at = (policyStep: number) => START_NS + BigInt(policyStep) * PERIOD_NS;
/** Three measured joints, two commanded; what is measured holds the number of the step. */
const observation = (policyStep: number, ...commands: [number, number]): IpcMessage => ({
  type: 'observation',
  policyStep,
  receivedNs: at(policyStep),
  frame: Float64Array.of(...new Array<number>(6).fill(policyStep), ...commands),
});
const tick = (policyStep: number, more: Partial<TickMessage> = {}): IpcMessage => ({
  type: 'tick',
  seq: 7,
  policyStep,
  atNs: at(policyStep) + 500_000n,
  mode: 'active',
  owner: 'teleop',
  verdict: 'pass',
  reasons: 0,
  stateReceivedNs: at(policyStep),
  sentNs: at(policyStep) + 1_000_000n,
  positions: Float64Array.of(1, 2, 3),
  velocities: Float64Array.of(4, 5, 6),
  requested: Float64Array.of(0.1, 0.2),
  executed: Float64Array.of(0.3, 0.4),
  ...more,
});
const later = { stateReceivedNs: at(1) + PERIOD_NS / 2n };

const record = (...messages: IpcMessage[]) => recordFor(SESSION, ...messages);

async function recordFor(robot: SessionInfo, ...messages: IpcMessage[]): Promise<Episode[]> {
  const folder = temporaryFolder();
  const session = { ...robot, source: 'teleop' } as const;
  const recorder = new OperatorRecorder(folder, session, ACTION, new ManualClock(START_NS));
  for (const message of messages) recorder.onMessage(message);
  recorder.close('closed');
  const warnings: EpisodeWarning[] = [];
  const episodes: Episode[] = [];
  const options = {
    source: 'teleop',
    onWarning: (warning: EpisodeWarning) => warnings.push(warning),
  } as const;
  for await (const episode of readEpisodes(folder, options)) episodes.push(episode);
  expect(warnings).toEqual([]);
  return episodes;
}
const stepsOf = (episode: Episode | undefined) => episode!.steps.map(({ step }) => step);

describe('OperatorRecorder', () => {
  it('finds the commands in frames that end with sensor readings, and keeps those', async () => {
    const sensors = ['imu angular_velocity z', 'imu angular_velocity y'];
    const read = Float64Array.of(0.25, NaN);
    const sensed = (policyStep: number, ...commands: [number, number]): IpcMessage => {
      const plain = observation(policyStep, ...commands) as ObservationMessage;
      return { ...plain, frame: Float64Array.of(...plain.frame, 7, policyStep) };
    };
    const [episode] = await recordFor(
      { ...SESSION, sensors },
      sensed(1, 0, 0),
      tick(1, { sensors: read }),
      sensed(2, 0.1, -0.05),
      tick(2, { sensors: read }),
      event('teleop', { event: 'released' }),
    );
    const [transition] = transitionsOf(episode!);
    expect([...transition!.action]).toEqual([0.1 / 0.5, -0.05 / 0.25].map(Math.fround));
    expect([...transition!.frame.subarray(6)]).toEqual([0, 0, 7, 1]);
    expect([...transition!.next.subarray(8)]).toEqual([7, 2]);
    expect(episode!.header.sensors).toEqual(sensors);
    expect(episode!.ticks.map((own) => own.sensors)).toEqual([read, read]);
  });

  it('records transitions whose action is what the executed commands amount to', async () => {
    const commands: [number, number][] = [
      [0, 0],
      [0.1, -0.05],
      [0.4, -0.3],
      [0.4, -0.3],
    ];
    const messages = commands.flatMap((command, k) => [observation(k + 1, ...command), tick(k + 1)]);
    const [episode, ...more] = await record(...messages, event('teleop', { event: 'released' }));
    expect(more).toEqual([]);
    expect(episode!.header).toMatchObject({ source: 'teleop' });
    expect(episode!.footer).toMatchObject({ terminated: false, truncated: true, reason: 'released' });
    expect(episode!.ticks).toHaveLength(4);
    expect(episode!.ticks[0]).toMatchObject({ source: 'teleop', timeNs: 0n, seq: 7 });
    const transitions = transitionsOf(episode!);
    expect(transitions).toHaveLength(3);
    transitions.forEach(({ frame, action, next }) => {
      const meant = actionToCommand(ACTION, action, frame.subarray(6), new Float64Array(2));
      meant.forEach((command, i) => expect(command).toBeCloseTo(next[6 + i]!, 6));
      expect(next[0]).toBe(frame[0]! + 1);
    });
  });

  it('leaves out a step that no action amounts to, and no other', async () => {
    const [episode] = await record(
      observation(1, 0, 0),
      tick(1),
      observation(2, 0.6, 0), // 1.2 of the scale
      tick(2),
      observation(3, 0.6, 0),
      tick(3),
      observation(4, 0.6, 0.1),
    );
    expect(stepsOf(episode)).toEqual([1, 2]);
    expect(transitionsOf(episode!)).toHaveLength(2);
    expect(episode!.ticks).toHaveLength(3);
  });

  it('leaves out a step in which the operator took over midway', async () => {
    const [episode] = await record(
      observation(1, 0, 0),
      tick(1, later),
      observation(2, 0.1, 0),
      tick(2),
      observation(3, 0.1, 0),
    );
    expect(stepsOf(episode)).toEqual([1]);
    expect(episode!.ticks[1]!.timeNs).toBe(PERIOD_NS / 2n);
  });

  it('leaves out a step whose successor is not the next one', async () => {
    const [episode] = await record(observation(1, 0, 0), tick(1), observation(3, 0, 0), tick(3));
    expect(stepsOf(episode)).toEqual([]);
  });

  it('makes an episode of each time that the operator drives, and none of when nobody does', async () => {
    const hold = { owner: 'hold', requested: new Float64Array(0) } as const;
    const episodes = await record(
      observation(1, 0, 0),
      tick(1, hold),
      observation(2, 0, 0),
      tick(2),
      observation(3, 0.1, 0),
      tick(3, hold), // without a word of the arbiter
      observation(4, 0.1, 0),
      tick(4),
      observation(5, 0.1, 0),
      event('teleop', { event: 'ended', reason: 'a stop' }),
      tick(5, hold),
    );
    expect(episodes.map(stepsOf)).toEqual([[0], [0]]);
    expect(episodes.map((episode) => transitionsOf(episode).length)).toEqual([1, 1]);
    expect(episodes.map(({ footer }) => footer.reason)).toEqual([
      'the operator does not drive any more',
      'a stop',
    ]);
  });

  it('does not end with a stick that is refused, nor with what else happens', async () => {
    const [episode] = await record(
      observation(1, 0, 0),
      tick(1),
      event('teleop', { event: 'not-neutral' }),
      event('blend-ratio'),
      observation(2, 0, 0),
      tick(2),
    );
    expect(episode!.footer.reason).toBe('closed');
    expect(episode!.ticks).toHaveLength(2);
  });
});
