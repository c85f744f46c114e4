import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { ControlTickInput, EpisodeEnd, EpisodeWriter, SessionInfo } from '../../../src/data/index.js';
import { readRealEpisodes, type RealEpisode } from '../../../src/learner/real-episodes.js';
import { scratchRun, removeScratchRuns } from './scratch-run.js';

const SESSION: Omit<SessionInfo, 'robot' | 'task'> = {
  source: 'real',
  contractSha256: 'ab'.repeat(32),
  controlRateHz: 100,
  policyRateHz: 20,
  measured: ['slide'],
  commanded: ['slide'],
  reasonNames: ['mode', 'velocity', 'evidence'],
};
const EVIDENCE = 4;
const TICKS = 5;
const STEP_NS = 50_000_000n;
const TICK_NS = 10_000_000n;

afterAll(removeScratchRuns);

function newRun() {
  return scratchRun({ robot: 'cart', task: 'balance', config: {} });
}

/** Every number of a frame is that of its step; actions are it plus a half. */
const frame = (step: number) => new Float32Array(3).fill(step);

interface Scripted {
  /** numbers of the recorded steps */
  readonly steps: readonly number[];
  /** what of a tick differs, by the number of its step and of the tick within it */
  readonly tick?: (step: number, tick: number) => Partial<ControlTickInput>;
  /** ticks before the first step */
  readonly before?: readonly Partial<ControlTickInput>[];
  readonly end?: Partial<EpisodeEnd>;
}

function write(writer: EpisodeWriter, { steps, tick = () => ({}), before = [], end }: Scripted): void {
  const recording = writer.begin({ seed: 0 });
  const offsetNs = BigInt(before.length) * TICK_NS;
  const control = (timeNs: bigint, more: Partial<ControlTickInput>): void =>
    recording.tick({
      timeNs,
      reasons: 0,
      positions: new Float64Array(1),
      velocities: new Float64Array(1),
      requested: new Float64Array(1),
      executed: new Float64Array(1),
      ...more,
    });
  before.forEach((more, i) => control(BigInt(i) * TICK_NS, more));
  const last = steps[steps.length - 1]!;
  for (let step = steps[0]!; step <= last; step++) {
    const timeNs = offsetNs + BigInt(step) * STEP_NS;
    const action = Float32Array.of(step + 0.5);
    if (steps.includes(step)) recording.step({ step, timeNs, frame: frame(step), action, policyVersion: 7 });
    for (let k = 0; k < TICKS; k++) control(timeNs + BigInt(k) * TICK_NS, tick(step, k));
  }
  recording.end({ terminated: false, truncated: true, finalFrame: frame(last + 1), ...end });
}

async function read(
  run: ReturnType<typeof newRun>,
): Promise<{ episodes: RealEpisode[]; warnings: string[] }> {
  const warnings: string[] = [];
  return { episodes: await readRealEpisodes(run, (message) => warnings.push(message)), warnings };
}

async function readOne(script: Scripted): Promise<RealEpisode> {
  const run = newRun();
  const writer = run.openEpisodeWriter(SESSION);
  write(writer, script);
  writer.close();
  const { episodes, warnings } = await read(run);
  expect(warnings).toEqual([]);
  expect(episodes.length).toBe(1);
  return episodes[0]!;
}

/** Numbers of the frames of each part, whether it terminated; and that its actions are those of its frames. */
function partsOf({ parts }: RealEpisode): { frames: number[]; terminated: boolean }[] {
  return parts.map(({ frames, actions, terminated }) => {
    const numbers = Array.from(frames).filter((_, i) => i % 3 === 0);
    expect(Array.from(frames)).toEqual(numbers.flatMap((n) => [n, n, n]));
    expect(Array.from(actions)).toEqual(numbers.slice(0, -1).map((n) => n + 0.5));
    return { frames: numbers, terminated };
  });
}

describe('readRealEpisodes', () => {
  it('gives an undisturbed episode as one part, with its facts', async () => {
    const episode = await readOne({ steps: [0, 1, 2, 3], end: { reason: '4 steps' } });
    expect(episode).toMatchObject({
      id: 'real-0001/1',
      policyVersion: 7,
      seconds: 0.2,
      terminated: false,
      reason: '4 steps',
    });
    expect(partsOf(episode)).toEqual([{ frames: [0, 1, 2, 3, 4], terminated: false }]);
  });

  it('marks the last step of an episode that terminated, and says nothing of a reason where none was told', async () => {
    const episode = await readOne({ steps: [0, 1], end: { terminated: true, truncated: false } });
    expect(episode).toMatchObject({ terminated: true, reason: '' });
    expect(partsOf(episode)).toEqual([{ frames: [0, 1, 2], terminated: true }]);
  });

  it('splits an episode where a step is missing: the one before leads to a frame that was not recorded', async () => {
    const episode = await readOne({ steps: [0, 1, 3, 4], end: { terminated: true, truncated: false } });
    expect(partsOf(episode)).toEqual([
      { frames: [0, 1], terminated: false },
      { frames: [3, 4, 5], terminated: true },
    ]);
  });

  it('leaves out the last step where no frame follows, with what it ended in', async () => {
    const run = newRun();
    const writer = run.openEpisodeWriter(SESSION);
    const recording = writer.begin({ seed: 0 });
    for (const step of [0, 1, 2])
      recording.step({
        step,
        timeNs: BigInt(step) * STEP_NS,
        frame: frame(step),
        action: Float32Array.of(step + 0.5),
        policyVersion: 0,
      });
    recording.end({ terminated: true, truncated: false });
    writer.close();
    const { episodes } = await read(run);
    expect(partsOf(episodes[0]!)).toEqual([{ frames: [0, 1, 2], terminated: false }]);
    expect(episodes[0]!.terminated).toBe(true);
  });

  it.each([
    ['its evidence lowered the authority', { reasons: EVIDENCE | 2 }],
    ['nothing was proposed in time', { source: 'hold', requested: new Float64Array(0) }],
    ['somebody else drove', { source: 'teleop' }],
  ] as const)(
    'leaves out a step in whose first, third or last tick %s, and splits there',
    async (_, held) => {
      for (const at of [0, 2, TICKS - 1]) {
        const tick = (step: number, k: number) => (step === 2 && k === at ? held : {});
        const episode = await readOne({ steps: [0, 1, 2, 3, 4], tick });
        expect(partsOf(episode)).toEqual([
          { frames: [0, 1, 2], terminated: false },
          { frames: [3, 4, 5], terminated: false },
        ]);
      }
    },
  );

  it('keeps steps that the gate limited for other reasons: that is how the robot is', async () => {
    const episode = await readOne({ steps: [0, 1], tick: () => ({ reasons: 3 }) });
    expect(partsOf(episode)).toEqual([{ frames: [0, 1, 2], terminated: false }]);
  });

  it('blames no step for ticks before the first one', async () => {
    const before = [{ source: 'hold', requested: new Float64Array(0) }, { reasons: EVIDENCE }] as const;
    const episode = await readOne({ steps: [0, 1], before });
    expect(partsOf(episode)).toEqual([{ frames: [0, 1, 2], terminated: false }]);
  });

  it('tells of an episode of which no step is left', async () => {
    const episode = await readOne({ steps: [0, 1], tick: () => ({ reasons: EVIDENCE }) });
    expect(episode).toMatchObject({ parts: [], seconds: 0.1 });
  });

  it('gives all episodes of all files, oldest first, also of a file that is being written; but no operator’s', async () => {
    const run = newRun();
    expect(await read(run)).toEqual({ episodes: [], warnings: [] });
    const operator = run.openEpisodeWriter({ ...SESSION, source: 'teleop' });
    write(operator, { steps: [0] });
    operator.close();
    for (let file = 0; file < 2; file++) {
      const writer = run.openEpisodeWriter(SESSION);
      write(writer, { steps: [0] });
      write(writer, { steps: [0, 1] });
      if (file === 0) writer.close();
      else writer.begin({ seed: 0 }); // that is not over
    }
    const { episodes, warnings } = await read(run);
    expect(episodes.map(({ id }) => id)).toEqual([
      'real-0001/1',
      'real-0001/2',
      'real-0002/1',
      'real-0002/2',
    ]);
    expect(warnings).toEqual([]);
  });

  it('passes over an episode without steps', async () => {
    const run = newRun();
    const writer = run.openEpisodeWriter(SESSION);
    writer.begin({ seed: 0 }).end({ terminated: false, truncated: true });
    write(writer, { steps: [0] });
    writer.close();
    expect((await read(run)).episodes.map(({ id }) => id)).toEqual(['real-0001/2']);
  });

  it('tells of a damaged file, and gives what is intact', async () => {
    const run = newRun();
    const writer = run.openEpisodeWriter(SESSION);
    write(writer, { steps: [0] });
    const intact = readFileSync(writer.file).byteLength;
    write(writer, { steps: [0] });
    writer.close();
    const bytes = readFileSync(writer.file);
    bytes[intact + 60]! ^= 0xff;
    writeFileSync(writer.file, bytes);
    const { episodes, warnings } = await read(run);
    expect(episodes.map(({ id }) => id)).toEqual(['real-0001/1']);
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toContain(writer.file);
  });
});
