import type { RobotLayout, RobotTask } from '../../src/env/index.js';
import { learnerTensors, simulatedSteps } from '../../src/learner/refined-checkpoint.js';
import { refinedConfig } from '../../src/learner/refined-config.js';
import { Refiner } from '../../src/learner/refiner.js';
import { withRobotModel } from '../../src/learner/robot-model.js';
import type { ModelSnapshotMeta } from '../../src/rl/model-snapshot.js';
import {
  Learner,
  ReplayView,
  type LearnerConfig,
  type ObservationSpec,
  type PolicySnapshot,
  type RecordedEpisode,
} from '../../src/rl/index.js';
import type { StoredCheckpoint } from '../../src/data/index.js';
import type { FinetuneImpl } from './cases.js';

/** What learns on from a training, after each episode or some. */
export interface EpisodeLearner {
  learn(episodes: readonly RecordedEpisode[]): Promise<void>;
  policy(): PolicySnapshot;
  explorer(): PolicySnapshot;
  dispose(): void;
}

export interface LearnerStart {
  readonly checkpoint: StoredCheckpoint;
  readonly config: LearnerConfig;
  readonly layout: RobotLayout;
  readonly task: RobotTask;
  readonly observation: ObservationSpec;
}

export async function episodeLearner(
  impl: Exclude<FinetuneImpl, 'scratch'>,
  start: LearnerStart,
  seed: number,
): Promise<EpisodeLearner> {
  return impl === 'refined' ? refined(start, seed) : plain(impl, start, seed);
}

async function refined({ checkpoint, config, ...rest }: LearnerStart, seed: number): Promise<EpisodeLearner> {
  const simulated = new ReplayView(rest.layout, rest.observation, rest.task);
  simulated.load(simulatedSteps(checkpoint));
  const options = { ...rest, config: refinedConfig(config, rest.task.name), seed, simulated };
  const model = checkpoint.parts['model'] as ModelSnapshotMeta | undefined;
  const refiner = new Refiner(options, await withRobotModel(learnerTensors(checkpoint), model, options));
  return {
    learn: async (episodes) => {
      refiner.add(episodes);
      await refiner.learn(() => {});
    },
    policy: () => refiner.policy(),
    explorer: () => refiner.explorer(),
    dispose: () => refiner.dispose(),
  };
}

function plain(
  impl: 'no-domains' | 'sac',
  { checkpoint, config: trained, ...rest }: LearnerStart,
  seed: number,
): EpisodeLearner {
  const { world, ...sac } = refinedConfig(trained, rest.task.name);
  const config = impl === 'sac' ? sac : { ...sac, world: { ...world!, domainInput: false } };
  const learner = new Learner({ ...rest, config, seed });
  learner.load(learnerTensors(checkpoint));
  const { every } = world!.rollout;
  return {
    learn: async (episodes) => {
      const before = learner.replay.steps;
      learner.replay.addEpisodes(episodes);
      await learner.fitWorld();
      for (let step = before; step < learner.replay.steps; step++) {
        if ((step - before) % every === 0) learner.imagine(step);
        for (let i = 0; i < config.updatesPerStep; i++) learner.updatePolicy();
      }
    },
    policy: () => learner.policy(),
    explorer: () => learner.explorer(),
    dispose: () => learner.dispose(),
  };
}
