import { selectBackend, type BackendChoice } from '../compute/index.js';
import { badInput, systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { Learner, withoutPrefix, type PolicySnapshot } from '../rl/index.js';
import { loadTraining } from './checkpoints.js';
import { jobOf } from './job.js';
import { openWorld, type TrainingWorld } from './world.js';

/** What a run has learned, and the simulator that it learned in. Dispose of it when done. */
export interface TrainedRun {
  readonly run: RunDirectory;
  /** environment frames before the checkpoint */
  readonly step: number;
  /** its world model and networks as of the checkpoint; its replay is empty */
  readonly learner: Learner;
  /** the best policy so far, which need not be the learner's newest */
  readonly policy: PolicySnapshot;
  readonly world: TrainingWorld;
  dispose(): void;
}

export interface OpenTrainedRunOptions {
  readonly backend: BackendChoice;
  readonly threads?: number | undefined;
  /** is told which compute backend was chosen */
  readonly say?: (line: string) => void;
}

/**
 * The learner of a run's newest checkpoint, without its replay, and a simulator like that of its training.
 * @throws BAD_INPUT where the run is none, has no checkpoint, or has no world model
 */
export async function openTrainedRun(folder: string, options: OpenTrainedRunOptions): Promise<TrainedRun> {
  const run = RunDirectory.open(folder, systemClock);
  const job = jobOf(run.readConfig(), run.path);
  if (job.learner.world === undefined) {
    throw badInput(
      `run ${run.path} has no world model: its policy was trained by SAC alone; use a run that was trained with MBPO`,
      { path: run.path },
    );
  }
  const { state, policy } = loadTraining(run);
  const backend = await selectBackend(options.backend, { threads: options.threads });
  options.say?.(backend.explanation);
  const world = await openWorld({ ...job, envs: 1 });
  const { judge, observation } = world;
  const { layout, task } = judge;
  const learner = new Learner({ layout, task, observation, config: job.learner, seed: job.seed });
  learner.load(withoutPrefix('learner', state.tensors));
  return {
    run,
    step: state.parts.stepCount * judge.framesPerStep,
    learner,
    policy,
    world,
    dispose: () => {
      learner.dispose();
      world.dispose();
    },
  };
}
