/** The agent process: a policy's forward pass in plain TypeScript. */
import { systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { layoutOf } from '../env/index.js';
import { connect, readProcessConfig } from '../io/ipc/index.js';
import { PlainModel } from '../rl/model-snapshot.js';
import { PlainPolicy } from '../rl/policy-snapshot.js';
import { loadRobot } from '../robot/index.js';
import type { AgentProcessConfig } from './agent-config.js';
import { Agent } from './agent.js';
import { loadModel } from './load-model.js';
import { loadPolicy } from './load-policy.js';
import { predictedBounds } from './predicted-bounds.js';
import { Predictor } from './predictor.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** Looks ahead before the guard is met: the first ones wait for the compiler, and their evidence would come late. */
const REHEARSALS = 20;

const processConfig = readProcessConfig<AgentProcessConfig>(process.argv);
process.on('SIGINT', () => {}); // Ctrl+C reaches the whole process group; the supervisor decides the order of ending

const robot = loadRobot(processConfig.robotFolder);
const { config } = robot;
const checkpoint = RunDirectory.open(processConfig.runFolder, systemClock).loadCheckpoint();
const policy = new PlainPolicy(loadPolicy(checkpoint));
const world = processConfig.predicted ? loadModel(checkpoint, robot) : null;
const lookout = world && new PlainModel(world);
const predictorOf = (model: PlainModel): Predictor =>
  new Predictor(model, policy, predictedBounds(robot), config.prediction.horizon);
if (lookout !== null) {
  const rehearsal = predictorOf(lookout); // what it has judged goes with it
  for (let i = 0; i < REHEARSALS; i++) rehearsal.judge(policy.begin());
}
const predictor = lookout && predictorOf(lookout);
const guard = await connect(processConfig.socketPath, CONNECT_TIMEOUT_MS);
const agent = new Agent(policy, checkpoint.step, config, layoutOf(robot), guard, predictor);
guard.onMessage = (message) => {
  if (message.type === 'observation') agent.onObservation(message);
};
guard.onClose = () => process.exit(0);
guard.send({ type: 'hello', role: 'agent' });
