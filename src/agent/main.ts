/** The agent process: a policy's forward pass in plain TypeScript. */
import { systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { layoutOf } from '../env/index.js';
import { connect, readProcessConfig } from '../io/ipc/index.js';
import { loadRobot } from '../robot/index.js';
import type { AgentProcessConfig } from './agent-config.js';
import { Agent } from './agent.js';
import { deploy } from './deploy.js';
import { Motions } from './motions.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** Looks ahead before the guard is met: the first ones wait for the compiler, and their evidence would come late. */
const REHEARSALS = 20;

const processConfig = readProcessConfig<AgentProcessConfig>(process.argv);
process.on('SIGINT', () => {}); // Ctrl+C reaches the whole process group; the supervisor decides the order of ending

const { robotFolder, runFolder, predicted, task } = processConfig;
const robot = loadRobot(robotFolder);
const motions = new Motions(robot, RunDirectory.open(runFolder, systemClock), predicted, task);
const rehearsal = motions.first(); // what it has judged goes with it
for (let i = 0; i < REHEARSALS; i++) rehearsal.predictor?.judge(rehearsal.policy.begin());
const guard = await connect(processConfig.socketPath, CONNECT_TIMEOUT_MS);
const agent = new Agent(motions.first(), robot.config, layoutOf(robot), guard);
guard.onMessage = (message) => {
  if (message.type === 'observation') agent.onObservation(message);
  else if (message.type === 'deploy') deploy(message, motions, agent, guard, systemClock);
};
guard.onClose = () => process.exit(0);
guard.send({ type: 'hello', role: 'agent' });
