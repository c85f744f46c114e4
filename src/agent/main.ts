/** The agent process: a policy's forward pass in plain TypeScript. */
import { systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { robotLayout } from '../env/index.js';
import { connect, readProcessConfig } from '../io/ipc/index.js';
import { PlainPolicy } from '../rl/policy-snapshot.js';
import { loadRobot } from '../robot/index.js';
import type { AgentProcessConfig } from './agent-config.js';
import { Agent } from './agent.js';
import { loadPolicy } from './load-policy.js';

const CONNECT_TIMEOUT_MS = 10_000;

const processConfig = readProcessConfig<AgentProcessConfig>(process.argv);
process.on('SIGINT', () => {}); // Ctrl+C reaches the whole process group; the supervisor decides the order of ending

const { model, config } = loadRobot(processConfig.robotFolder);
const policy = new PlainPolicy(loadPolicy(RunDirectory.open(processConfig.runFolder, systemClock)));
const guard = await connect(processConfig.socketPath, CONNECT_TIMEOUT_MS);
const agent = new Agent(
  policy,
  config,
  model.commanded.length,
  robotLayout(model.measured, model.commanded).size,
  guard,
);
guard.onMessage = (message) => {
  if (message.type === 'observation') agent.onObservation(message);
};
guard.onClose = () => process.exit(0);
guard.send({ type: 'hello', role: 'agent' });
