import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/agent/load-model.js';
import { loadExplorer, loadPolicy } from '../../../src/agent/load-policy.js';
import { ManualClock } from '../../../src/core/index.js';
import type { RunDirectory } from '../../../src/data/index.js';
import { firstCheckpoint, type FinetuneJob, type JudgedEpisode } from '../../../src/learner/index.js';
import { RobotLearner } from '../../../src/learner/robot-learner.js';
import { removeScratchRuns, scratchRun } from './scratch-run.js';
import { HeavyPendulum, pendulum, realWriter, TASK, tinyJob, trainTiny } from './tiny-training.js';

let trained: RunDirectory;
let robot: HeavyPendulum;
const learners: RobotLearner[] = [];

beforeAll(async () => {
  trained = await trainTiny('mbpo');
  robot = await HeavyPendulum.make();
});
afterEach(() => learners.splice(0).forEach((learner) => learner.dispose()));
afterAll(() => {
  robot.dispose();
  rmSync(path.dirname(trained.path), { recursive: true });
  removeScratchRuns();
});

function begin(from = trained, job: FinetuneJob = tinyJob(from)): RunDirectory {
  const run = scratchRun({ robot: 'pendulum', task: TASK, config: job });
  run.saveCheckpoint(firstCheckpoint(from.loadCheckpoint()));
  return run;
}

/** Records an episode of the robot in a file of its own. @returns its return */
function drive(run: RunDirectory, steps: number): number {
  const writer = realWriter(run);
  const sum = robot.drive(writer, steps);
  writer.close();
  return sum;
}

async function open(run: RunDirectory) {
  const lines: string[] = [];
  const told: [number, number][] = [];
  const listener = {
    line: (text: string) => void lines.push(text),
    progress: (...progress: [number, number]) => void told.push(progress),
  };
  const opened = await RobotLearner.open(run, pendulum, listener, new ManualClock());
  learners.push(opened.learner);
  return { ...opened, lines, told };
}

const idsOf = (episodes: readonly JudgedEpisode[]) => episodes.map(({ id }) => id);

describe('RobotLearner', () => {
  it('reads what was recorded, once, and judges it as the simulator did', async () => {
    const run = begin();
    const { learner, episodes, lines } = await open(run);
    expect({ episodes, lines, version: learner.version }).toEqual({ episodes: [], lines: [], version: 0 });
    expect(learner.backend).toContain('wasm');
    const sums = [drive(run, 30), drive(run, 12)];
    const read = await learner.read();
    expect(read).toMatchObject([
      { id: 'real-0001/1', steps: 30, seconds: 1.5, policyVersion: 0, terminated: false, reason: '' },
      { id: 'real-0002/1', steps: 12, seconds: 0.6 },
    ]);
    read.forEach((episode, i) => expect(episode.return).toBeCloseTo(sums[i]!, 2));
    expect(await learner.read()).toEqual([]);
  });

  it('learns from all that is new and keeps it: policy, explorer, and the model of the robot', async () => {
    const run = begin();
    const { learner, told } = await open(run);
    drive(run, 40);
    await learner.read();
    const round = await learner.learn();
    expect(round).toMatchObject({ version: 40, seconds: 0, model: { rows: 40 + 80 } });
    expect(round.model!.outputs).toEqual(['hinge position', 'hinge velocity', 'hinge command']);
    for (const values of [round.model!.holdoutRmse, round.model!.holdoutNll]) {
      expect(values.length).toBe(3);
      expect(values.every(Number.isFinite)).toBe(true);
    }
    expect(told[told.length - 1]).toEqual([20, 20]);
    expect(learner.version).toBe(40);
    const checkpoint = run.loadCheckpoint(40);
    const before = trained.loadCheckpoint();
    expect(loadPolicy(checkpoint)).not.toEqual(loadPolicy(before));
    expect(loadExplorer(checkpoint)).not.toEqual(loadPolicy(checkpoint));
    expect(loadModel(checkpoint, pendulum)!.meta.domainInput).toBe(true);
  });

  it('has a name for the reward where the model learns that too', async () => {
    const job = tinyJob(trained);
    const { learner: config } = tinyJob(trained);
    const world = { ...config.world!, reward: 'learned' } as const;
    const sacAlone = await trainTiny('sac'); // else its model would have to be of this kind, too
    const run = begin(sacAlone, { ...job, learner: { ...config, world } });
    const { learner } = await open(run);
    drive(run, 20);
    await learner.read();
    const { model } = await learner.learn();
    expect(model!.outputs).toEqual(['hinge position', 'hinge velocity', 'hinge command', 'reward']);
    expect(model!.holdoutRmse.length).toBe(4);
    rmSync(path.dirname(sacAlone.path), { recursive: true });
  });

  it('says that a policy without a world model gets one, and only as long as it has none', async () => {
    const sacAlone = await trainTiny('sac');
    const run = begin(sacAlone);
    const first = await open(run);
    expect(first.lines).toEqual([
      'the policy was trained without a world model: fitting one to the steps of its simulation',
    ]);
    drive(run, 20);
    await first.learner.read();
    await first.learner.learn();
    expect(loadModel(run.loadCheckpoint(), pendulum)).not.toBeNull();
    expect((await open(run)).lines).toEqual([]);
    rmSync(path.dirname(sacAlone.path), { recursive: true });
  });

  it('goes on after it was closed, and learns nothing twice', async () => {
    const run = begin();
    const { learner } = await open(run);
    drive(run, 30);
    await learner.read();
    await learner.learn();
    drive(run, 10); // recorded, and never read
    const again = await open(run);
    expect(idsOf(again.episodes)).toEqual(['real-0001/1', 'real-0002/1']);
    expect(again.learner.version).toBe(30);
    expect(await again.learner.read()).toEqual([]);
    drive(run, 14);
    expect(idsOf(await again.learner.read())).toEqual(['real-0003/1']);
    const round = await again.learner.learn();
    expect(round).toMatchObject({ version: 54, model: { rows: 54 + 80 } });
    expect(again.told[0]).toEqual([1, 12]); // 24 new steps
    expect(run.loadCheckpoint().step).toBe(54);
  });

  it('goes back to the policy as it was trained, and still knows all else', async () => {
    const run = begin();
    const { learner } = await open(run);
    drive(run, 30);
    await learner.read();
    await learner.learn();
    const refined = run.loadCheckpoint();
    learner.revert();
    const reverted = run.loadCheckpoint(30);
    expect(loadPolicy(reverted)).toEqual(loadPolicy(trained.loadCheckpoint()));
    expect(loadExplorer(reverted)).toEqual(loadExplorer(refined));
    expect(loadModel(reverted, pendulum)).toEqual(loadModel(refined, pendulum));
  });

  it('learns later from what was recorded after its newest round, also where the policy was taken back in between', async () => {
    const run = begin();
    const { learner } = await open(run);
    drive(run, 30);
    await learner.read();
    await learner.learn();
    drive(run, 20); // to judge the policy
    await learner.read();
    learner.revert();
    expect(run.loadCheckpoint().step).toBe(30);
    const again = await open(run);
    expect(again.learner.version).toBe(30);
    expect(run.loadCheckpoint(again.learner.version)).toBeDefined(); // what the agent would be told to drive with
    expect(await again.learner.learn()).toMatchObject({ version: 50 });
    expect(again.told[0]).toEqual([1, 10]);
  });

  it('is of the version that its checkpoint says, though an episode of an earlier sitting was lost', async () => {
    const run = begin();
    const { learner } = await open(run);
    drive(run, 30);
    drive(run, 20);
    await learner.read();
    await learner.learn();
    rmSync(path.join(run.episodesFolder, 'real-0001.mcap'));
    const again = await open(run);
    expect(again.learner.version).toBe(50);
    drive(run, 10);
    await again.learner.read();
    expect(await again.learner.learn()).toMatchObject({ version: 60 });
  });

  it('keeps the policy where a round diverges, and learns from its steps in a later one', async () => {
    const job = tinyJob(trained);
    const { learner: config } = job;
    const sac = { ...config.sac, criticLearningRate: 1e6, criticLayerNorm: true };
    const run = begin(trained, { ...job, learner: { ...config, updatesPerStep: 20, sac } });
    const { learner } = await open(run);
    drive(run, 30);
    await learner.read();
    const round = await learner.learn();
    expect(round).toMatchObject({ version: 0, divergence: expect.any(String) as string });
    expect(round).not.toHaveProperty('model');
    expect(run.loadCheckpoint().step).toBe(0);
    learner.revert();
    const again = await open(run);
    expect(again.learner.version).toBe(0);
    expect(idsOf(again.episodes)).toEqual(['real-0001/1']);
    expect(loadPolicy(run.loadCheckpoint())).toEqual(loadPolicy(trained.loadCheckpoint()));
  });

  it('tells once of a damaged file', async () => {
    const run = begin();
    const { learner, lines } = await open(run);
    const writer = realWriter(run);
    robot.drive(writer, 5);
    const intact = readFileSync(writer.file).byteLength;
    robot.drive(writer, 5);
    writer.close();
    const bytes = readFileSync(writer.file);
    bytes[intact + 60]! ^= 0xff;
    writeFileSync(writer.file, bytes);
    expect(idsOf(await learner.read())).toEqual(['real-0001/1']);
    expect(await learner.read()).toEqual([]);
    expect(lines.length).toBe(1);
    expect(lines[0]).toContain('real-0001.mcap');
  });

  it('refuses a run that is not of a fine-tuning', async () => {
    await expect(open(trained)).rejects.toThrow('not that of a fine-tuning');
  });
});
