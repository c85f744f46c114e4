/** The process that learns beside a robot. It may crash, hang or run out of memory without anybody else being stopped. */
import { systemClock, tellError } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { loadRobot } from '../robot/index.js';
import type { LearnerMessage, LearnerOrder } from './learner-messages.js';
import { RobotLearner } from './robot-learner.js';

const tell = (message: LearnerMessage): void => void process.send!(message);
process.on('SIGINT', () => {}); // Ctrl+C reaches the whole process group; who asked for the learning decides
process.on('disconnect', () => process.exit(0));

const [runFolder, robotFolder] = process.argv.slice(2);
try {
  const { learner, episodes } = await RobotLearner.open(
    RunDirectory.open(runFolder!, systemClock),
    loadRobot(robotFolder!),
    {
      line: (text) => tell({ kind: 'line', text }),
      progress: (done, total) => tell({ kind: 'progress', done, total }),
    },
    systemClock,
  );
  const { version, backend } = learner;
  process.on('message', (order: LearnerOrder) => void obey(learner, order).catch(fail));
  tell({ kind: 'ready', version, backend, episodes });
} catch (error) {
  fail(error);
}

async function obey(learner: RobotLearner, order: LearnerOrder): Promise<void> {
  switch (order.kind) {
    case 'read':
      tell({ kind: 'read', episodes: await learner.read() });
      break;
    case 'learn':
      tell({ kind: 'learned', round: await learner.learn() });
      break;
    case 'revert':
      learner.revert();
      tell({ kind: 'reverted' });
      break;
  }
}

function fail(error: unknown): void {
  tell({ kind: 'failed', ...tellError(error) });
}
