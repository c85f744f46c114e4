/** A small training of the pendulum in simulation, in a run directory, and episodes of a pendulum with a heavier rod as the real one. */
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadEngine, nominalImperfections, pendulumSwingUp, SimulatedVectorEnv } from '../../../sim/index.js';
import { Rng, systemClock } from '../../../src/core/index.js';
import { RunDirectory, type EpisodeWriter } from '../../../src/data/index.js';
import type { FinetuneJob } from '../../../src/learner/index.js';
import { refinedConfig } from '../../../src/learner/refined-config.js';
import { presetConfig, type Algorithm, type LearnerConfig } from '../../../src/rl/index.js';
import { findRobot, loadRobot } from '../../../src/robot/index.js';
import { EpisodeRecorder } from '../../../src/training/episode-recorder.js';
import { startTraining } from '../../../src/training/index.js';
import { sessionOf } from '../../../src/training/policy-contract.js';

export const TASK = 'swing-up';
export const pendulum = loadRobot(findRobot('pendulum'));

function tinyConfig(algorithm: Algorithm): LearnerConfig {
  const preset = presetConfig(algorithm, 'cpu', { task: TASK, delayed: true });
  const { world } = preset;
  const model = world && {
    ...world.model,
    hidden: [8],
    weightDecay: [0, 0],
    maxGradientSteps: 20,
    batchSize: 16,
  };
  return {
    ...preset,
    sac: { ...preset.sac, hidden: [8, 8] },
    updatesPerStep: 0.5,
    batchSize: 16,
    initialRandomSteps: 40,
    fitEvery: 40,
    ...(world && { world: { ...world, model: model!, rollout: { ...world.rollout, branches: 20 } } }),
  };
}

/** @returns the run of a training of 80 steps */
export async function trainTiny(algorithm: Algorithm): Promise<RunDirectory> {
  const job = {
    robot: findRobot('pendulum'),
    task: TASK,
    mjcf: null,
    algo: algorithm,
    preset: 'cpu',
    seed: 2,
    steps: 80,
    envs: 1,
    randomise: 0,
    evaluateEvery: 1000,
    evaluationEpisodes: 1,
    freshStarts: false,
    episodes: 1,
    untilGoal: false,
    backend: 'wasm',
    threads: null,
    besideRobot: false,
    learner: tinyConfig(algorithm),
  } as const;
  const base = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-tiny-'));
  const place = { base, commandLine: 'test', versions: {} };
  const { run } = await startTraining(job, place, { line: () => {}, progress: () => {} }, () => false);
  return RunDirectory.open(run, systemClock);
}

/** As the command line makes it, with less work in a round. */
export function tinyJob(trained: RunDirectory): FinetuneJob {
  const { learner } = trained.readConfig() as { readonly learner: LearnerConfig };
  const refined = refinedConfig(learner, TASK);
  const world = refined.world!;
  const { cut: _, ...rollout } = world.rollout;
  return {
    trained: trained.path,
    trainedStep: trained.loadCheckpoint().step,
    task: TASK,
    seed: 1,
    budget: 60,
    evaluationEpisodes: 1,
    reset: 'start',
    backend: 'wasm',
    threads: null,
    learner: {
      ...refined,
      updatesPerStep: 0.5,
      world: {
        ...world,
        model: { ...world.model, hidden: [8], weightDecay: [0, 0], maxGradientSteps: 20, batchSize: 16 },
        rollout: {
          ...rollout,
          branches: 10,
          length: { from: 2, to: 2, fromStep: 0, toStep: 0 },
          cut: { kind: 'none' },
        },
      },
    },
  };
}

/** The robot that the pendulum turns out to be, driven at random and recorded as real. */
export class HeavyPendulum {
  private readonly rng = new Rng(5);

  private constructor(private readonly env: SimulatedVectorEnv) {}

  static async make(): Promise<HeavyPendulum> {
    const imperfections = { ...nominalImperfections(pendulum), massScale: 1.4 };
    const task = pendulumSwingUp;
    const options = { engine: await loadEngine(), robot: pendulum, task, count: 1, recordTicks: true };
    return new HeavyPendulum(new SimulatedVectorEnv({ ...options, imperfections: [imperfections] }));
  }

  /** @returns the sum of the rewards that the simulator gives */
  drive(writer: EpisodeWriter, steps: number, policyVersion = 0): number {
    const { env, rng } = this;
    const recorder = new EpisodeRecorder(writer, 0, policyVersion);
    let sum = 0;
    env.reset(0, rng);
    recorder.begin(env.frames);
    for (let step = 0; step < steps; step++) {
      const action = Float32Array.of(rng.uniform(-1, 1));
      const result = env.step(action);
      recorder.step(action, result);
      sum += result.rewards[0]!;
    }
    recorder.end({ episode: 0, step: steps, return: sum, length: steps, terminated: false, random: true });
    return sum;
  }

  dispose(): void {
    this.env.dispose();
  }
}

export function realWriter(run: RunDirectory): EpisodeWriter {
  return run.openEpisodeWriter(sessionOf('real', pendulum, TASK, 'ab'.repeat(32)));
}
