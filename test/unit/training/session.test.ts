import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../src/agent/index.js';
import { systemClock } from '../../../src/core/index.js';
import { RunDirectory } from '../../../src/data/index.js';
import { presetConfig, type LearnerConfig } from '../../../src/rl/index.js';
import { findRobot } from '../../../src/robot/index.js';
import {
  openWorld,
  resumeTraining,
  startTraining,
  type TrainingJob,
  type TrainingSummary,
} from '../../../src/training/index.js';
import { modelPath } from '../sim/standard/standard-envs.js';

const base = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-session-'));
afterAll(() => rmSync(base, { recursive: true }));

function job(changes: Partial<TrainingJob> = {}, learner: Partial<LearnerConfig> = {}): TrainingJob {
  const preset = presetConfig('mbpo', 'cpu', { task: 'pendulum-v1', delayed: false });
  return {
    robot: null,
    task: 'pendulum-v1',
    mjcf: null,
    algo: 'mbpo',
    preset: 'cpu',
    seed: 2,
    steps: 120,
    envs: 1,
    randomise: 0,
    evaluateEvery: 40,
    evaluationEpisodes: 1,
    freshStarts: false,
    episodes: 1,
    untilGoal: false,
    backend: 'wasm',
    threads: null,
    besideRobot: false,
    learner: {
      ...preset,
      sac: { ...preset.sac, hidden: [8, 8] },
      updatesPerStep: 0.5,
      batchSize: 16,
      initialRandomSteps: 40,
      fitEvery: 40,
      world: {
        ...preset.world!,
        model: {
          ...preset.world!.model,
          hidden: [8],
          weightDecay: [0, 0],
          maxGradientSteps: 5,
          batchSize: 16,
        },
        rollout: { ...preset.world!.rollout, branches: 20 },
      },
      ...learner,
    },
    ...changes,
  };
}

async function trained(one: TrainingJob, shouldStop = () => false) {
  const lines: string[] = [];
  const place = { base, commandLine: 'test', versions: {} };
  const listener = { line: (text: string) => void lines.push(text), progress: () => {} };
  const summary = await startTraining(one, place, listener, shouldStop);
  return { summary, lines, run: RunDirectory.open(summary.run, systemClock) };
}

describe('startTraining', () => {
  let summary: TrainingSummary;
  let run: RunDirectory;
  beforeAll(async () => {
    ({ summary, run } = await trained(job()));
  });

  it('leaves a run directory that tells everything: metrics, curve, checkpoint, configuration', () => {
    const kinds = run.metrics.read().rows.map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(
      new Set(['baseline', 'model', 'rollout', 'evaluation', 'policy', 'time', 'result']),
    );
    expect(summary).toMatchObject({ robot: 'standard', realSteps: 120, ended: 'steps', goalReturn: -160 });
    const curve = readFileSync(path.join(run.path, 'learning.csv'), 'utf8').trim().split('\n');
    expect(curve[0]).toBe('step,seconds,mean_return,min_return,max_return');
    expect(curve.slice(1).map((line) => Number(line.split(',')[0]))).toEqual([80, 120]);
    expect(run.readConfig()).toMatchObject({ algo: 'mbpo', learner: { updatesPerStep: 0.5 } });
    expect(readdirSync(run.path)).not.toContain('contract.json');
  });

  it('keeps the best policy where a robot looks for it', () => {
    const evaluations = run.metrics.read().rows.filter(({ kind }) => kind === 'evaluation');
    expect(evaluations.at(-1)!['best']).toBeTypeOf('boolean');
    expect(loadPolicy(run.loadCheckpoint()).hidden.map(({ outputs }) => outputs)).toEqual([8, 8]);
  });

  it('says where the time went', () => {
    const time = run.metrics.read().rows.findLast(({ kind }) => kind === 'time')!;
    for (const part of ['environment', 'model', 'rollouts', 'policy', 'evaluation'])
      expect(time[part]).toBeGreaterThan(0);
  });

  it('stops when asked, and what it had learned is kept', async () => {
    let asked = 0;
    const stopped = await trained(job(), () => ++asked > 60);
    expect(stopped.summary).toMatchObject({ ended: 'stopped', realSteps: 60 });
    expect(stopped.run.hasCheckpoint()).toBe(true);
  });

  it('stops when values explode; before the first checkpoint there is nothing to keep, and it says so', async () => {
    const mad = { ...job().learner.sac, criticLearningRate: 1e6, criticLayerNorm: false };
    await expect(trained(job({}, { sac: mad, updatesPerStep: 5 }))).rejects.toThrow(
      /training diverged at step \d+: .*, before the first evaluation/,
    );
  });

  it('rolls back to the checkpoint from before values exploded', async () => {
    const healthy = await trained(job());
    const { run: before } = healthy;
    const kept = before.loadCheckpoint().step;
    const mad = { ...job().learner.sac, criticLearningRate: 1e9 };
    const config = job({ steps: 400, evaluateEvery: 400 }, { sac: mad, updatesPerStep: 5 });
    writeFileSync(path.join(before.path, 'config.yaml'), JSON.stringify(config)); // JSON is YAML
    const lines: string[] = [];
    const listener = { line: (text: string) => void lines.push(text), progress: () => {} };
    const diverged = await resumeTraining(before.path, 400, listener, () => false);
    expect(diverged.ended).toBe('diverged');
    expect(lines.join('\n')).toContain(`the checkpoint of policy step ${kept} is kept`);
    expect(before.loadCheckpoint().step).toBe(kept);
    expect(diverged.returnAfter).toBeCloseTo(healthy.summary.returnAfter, 6); // of the policy that was best before
    expect(before.events.read().rows.map(({ kind }) => kind)).toContain('diverged');
  });

  it('trains SAC alone, with many simulators that differ, and records nothing of them', async () => {
    const learner = {
      ...presetConfig('sac', 'sim', { task: 'balance', delayed: true }),
      initialRandomSteps: 40,
    };
    const many = job({
      robot: findRobot('cartpole'),
      task: 'balance',
      algo: 'sac',
      envs: 4,
      randomise: 0.3,
      learner,
    });
    const { summary: sac, run: sacRun } = await trained(many);
    expect(sac).toMatchObject({ algo: 'sac', robot: 'cartpole', realSteps: 120 });
    expect(sacRun.metrics.read().rows.some(({ kind }) => kind === 'model')).toBe(false);
    expect(sacRun.readContract()).toMatchObject({ simulation: { imperfections: 'nominal within 0.3' } });
  });
});

describe('resumeTraining', () => {
  it('refuses to go on in a model that was changed', async () => {
    const mjcf = path.join(base, 'pendulum.xml');
    const original = readFileSync(modelPath('pendulum.xml'), 'utf8');
    writeFileSync(mjcf, original);
    const { run } = await trained(job({ task: 'pendulum-swingup', mjcf, steps: 120 }));
    const goOn = () => resumeTraining(run.path, 130, { line: () => {}, progress: () => {} }, () => false);
    writeFileSync(mjcf, original + '<!-- another -->');
    await expect(goOn()).rejects.toThrow(/pendulum\.xml is not as it was when .* began: its SHA-256 is/);
    writeFileSync(mjcf, original);
    expect((await goOn()).realSteps).toBe(130);
  });
});

describe('openWorld', () => {
  it('lets the simulators of a robot differ, repeatably, and keeps delays within what is declared', async () => {
    const next = async (randomise: number, seed: number) => {
      const world = await openWorld(
        job({ robot: findRobot('cartpole'), task: 'balance', envs: 3, randomise, seed }),
      );
      const { env } = world;
      const { Rng } = await import('../../../src/core/index.js');
      for (let e = 0; e < 3; e++) env.reset(e, new Rng(5));
      let frames = env.frames;
      for (let i = 0; i < 12; i++) frames = env.step(Float32Array.of(1, 1, 1)).frames;
      const size = env.layout.size;
      const rows = [0, 1, 2].map((e) => Array.from(frames.subarray(e * size, (e + 1) * size)));
      world.dispose();
      return rows;
    };
    const [a, b, c] = await next(0, 1);
    expect([b, c]).toEqual([a, a]);
    const differing = await next(0.4, 1);
    expect(new Set(differing.map(String)).size).toBe(3);
    expect(await next(0.4, 1)).toEqual(differing);
    expect(await next(0.4, 2)).not.toEqual(differing);
  });
});
