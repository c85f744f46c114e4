/** The simulators that a job trains and is judged in. */
import { Rng } from '../core/index.js';
import type { VectorEnv } from '../env/index.js';
import { observationSpec, type ObservationSpec } from '../rl/index.js';
import { contractHash, loadRobot, type Contract } from '../robot/index.js';
import {
  findTask,
  loadEngine,
  loadStandardEnv,
  nominalImperfections,
  parseImperfections,
  SimulatedVectorEnv,
  type Imperfections,
} from '../../sim/index.js';
import type { Robot } from '../robot/index.js';
import type { SessionInfo } from '../data/index.js';
import type { TrainingJob } from './job.js';
import { frameQuantities, policyContract, sessionOf } from './policy-contract.js';

/** Standard tasks have no robot; their runs bear this name instead. */
const STANDARD = 'standard';

export interface TrainingWorld {
  /** RobotModel.name, or {@link STANDARD} */
  readonly robotName: string;
  readonly env: VectorEnv;
  /** one simulator, for evaluations */
  readonly judge: VectorEnv;
  readonly observation: ObservationSpec;
  /** what a policy that is learned here was trained for, and how its episodes are recorded; absent without a robot */
  readonly robot?: { readonly contract: Contract; readonly session: SessionInfo };
  /** a name with its unit for each number of a frame */
  readonly quantities: readonly string[];
  dispose(): void;
}

/** @throws BAD_INPUT for a robot, task or model that is not there or not right */
export async function openWorld(job: TrainingJob): Promise<TrainingWorld> {
  const engine = await loadEngine();
  if (job.robot === null) {
    const { task, mjcf, envs } = job;
    const options = { engine, task, ...(mjcf !== null && { mjcf }) };
    const env = loadStandardEnv({ ...options, count: envs });
    return {
      ...simulators(job, env, loadStandardEnv({ ...options, count: 1 })),
      robotName: STANDARD,
      quantities: env.layout.fields,
    };
  }
  const robot = loadRobot(job.robot);
  const task = findTask(robot.model, job.task);
  const imperfections = randomised(robot, job);
  const options = { engine, robot, task };
  const env = new SimulatedVectorEnv({
    ...options,
    count: job.envs,
    imperfections,
    recordTicks: job.envs === 1,
  });
  const world = simulators(job, env, new SimulatedVectorEnv({ ...options, count: 1 }));
  const contract = policyContract(robot, task.name, world.observation, {
    engine: 'mujoco',
    imperfections: job.randomise === 0 ? 'nominal' : `nominal within ${job.randomise}`,
  });
  return {
    ...world,
    robotName: robot.model.name,
    robot: { contract, session: sessionOf('sim', robot, task.name, contractHash(contract)) },
    quantities: frameQuantities(contract).map(({ name, unit }) => `${name} [${unit}]`),
  };
}

function simulators(job: TrainingJob, env: VectorEnv, judge: VectorEnv) {
  const dispose = (): void => [env, judge].forEach((part) => part.dispose());
  return { env, judge, observation: observationSpec(env.layout, job.learner), dispose };
}

/** One set of imperfections per simulator, about the nominal ones; delays stay within what is declared, which the gate relies on. */
function randomised(robot: Robot, { envs, randomise, seed }: TrainingJob): Imperfections[] {
  const nominal = nominalImperfections(robot);
  if (randomise === 0) return [nominal];
  const rng = new Rng(seed, 'domain');
  const factor = (): number => rng.uniform(1 - randomise, 1 + randomise);
  return Array.from({ length: envs }, () =>
    parseImperfections({
      ...nominal,
      massScale: factor(),
      frictionScale: factor(),
      dampingScale: factor(),
      actuatorGain: factor(),
      commandDelay: nominal.commandDelay * rng.uniform(1 - randomise, 1),
    }),
  );
}
