import { loadPolicy } from '../agent/index.js';
import type { BackendChoice } from '../compute/index.js';
import { badInput, systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import type { VectorEnv } from '../env/index.js';
import type { Learner, LearnerConfig, PolicySnapshot } from '../rl/index.js';
import { loadRobot } from '../robot/index.js';
import { withoutPrefix } from '../rl/named-tensors.js';
import { contractOf } from './contract-of.js';
import { frameQuantities } from './policy-contract.js';

/** What a run has learned, and the simulator that it learned in. Dispose of it when done. */
export interface TrainedRun {
  readonly run: RunDirectory;
  /** real steps before the checkpoint */
  readonly step: number;
  /** its world model and networks as of the checkpoint; its replay is empty */
  readonly learner: Learner;
  /** what drives a robot, which need not be the learner's newest */
  readonly policy: PolicySnapshot;
  /** of one robot */
  readonly env: VectorEnv;
  /** name and unit of each field of a frame (F) */
  readonly quantities: readonly { readonly name: string; readonly unit: string }[];
  dispose(): void;
}

export interface OpenTrainedRunOptions {
  readonly backend: BackendChoice;
  readonly threads?: number | undefined;
  /** the run must have a world model */
  readonly needsWorld?: boolean;
  /** is told which compute backend was chosen */
  readonly say?: (line: string) => void;
}

/**
 * The learner of a run's newest checkpoint, without its replay, and a simulator like that of its training.
 * @throws BAD_INPUT where the run is none, has no checkpoint, or has no world model but needs one
 * @throws CONTRACT_MISMATCH where the robot is not any more as it was in training
 */
export async function openTrainedRun(folder: string, options: OpenTrainedRunOptions): Promise<TrainedRun> {
  const run = RunDirectory.open(folder, systemClock);
  const { robotName, config } = readLearnerConfig(run);
  if (options.needsWorld === true && config.world === undefined) {
    throw badInput(
      `run ${run.path} has no world model: its policy was trained by SAC alone; use a run that was trained with MBPO`,
      { path: run.path },
    );
  }
  const checkpoint = run.loadCheckpoint();
  const robot = loadRobot(robotName);
  const contract = contractOf(run, robot);
  const sim = await import('../../sim/index.js');
  const task = sim.findTask(robot.model.name, run.info.task);
  const { selectBackend } = await import('../compute/index.js');
  const rl = await import('../rl/index.js');
  const backend = await selectBackend(options.backend, { threads: options.threads });
  options.say?.(backend.explanation);
  const env = new sim.SimulatedVectorEnv({ engine: await sim.loadEngine(), robot, task, count: 1 });
  const observation = rl.observationSpec(env.layout, config);
  const { seed } = run.info;
  const learner = new rl.Learner({ layout: env.layout, task, observation, config, seed });
  learner.load(withoutPrefix('learner', checkpoint.tensors));
  return {
    run,
    step: checkpoint.step,
    learner,
    policy: loadPolicy(run),
    env,
    quantities: frameQuantities(contract),
    dispose: () => {
      learner.dispose();
      env.dispose();
    },
  };
}

/** config.yaml as `train` writes it: the learner's configuration is under `mbpo`, also where SAC learns alone. */
function readLearnerConfig(run: RunDirectory): { robotName: string; config: LearnerConfig } {
  const { robot, mbpo } = (run.readConfig() ?? {}) as { robot?: string; mbpo?: LearnerConfig | null };
  if (typeof robot !== 'string' || typeof mbpo !== 'object' || mbpo === null) {
    throw badInput(
      `${run.path}/config.yaml names no robot or no learner (robot, mbpo); use a run made by dynabridge train`,
      { path: run.path },
    );
  }
  return { robotName: robot, config: mbpo };
}
