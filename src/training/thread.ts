/** The thread that trains: simulator, learner and run directory are all here, so that the main thread can always answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { tellError } from '../core/index.js';
import { resumeTraining, startTraining, type TrainingListener } from './session.js';
import type { TrainingMessage, TrainingThreadData } from './training-order.js';

const { order, stop } = workerData as TrainingThreadData;
const tell = (message: TrainingMessage): void => parentPort!.postMessage(message);
const listener: TrainingListener = {
  line: (text) => tell({ kind: 'line', text }),
  progress: (frame, note) => tell({ kind: 'progress', frame, note }),
};
const shouldStop = (): boolean => Atomics.load(stop, 0) === 1;

try {
  const summary =
    order.kind === 'start'
      ? await startTraining(order.job, order.place, listener, shouldStop)
      : await resumeTraining(order.runPath, order.steps, listener, shouldStop);
  tell({ kind: 'done', summary });
} catch (error) {
  tell({ kind: 'failed', ...tellError(error) });
}
