import { Worker } from 'node:worker_threads';
import { DynabridgeError, toldError } from '../core/index.js';
import type { TrainingListener, TrainingSummary } from './session.js';
import type { TrainingMessage, TrainingOrder, TrainingThreadData } from './training-order.js';

/**
 * Trains in a thread of its own.
 * @param stop its abort ends training after the present step; what was learned is kept and the summary says so
 * @throws what went wrong in the thread, with its error code
 */
export async function trainInThread(
  order: TrainingOrder,
  listener: TrainingListener,
  stop: AbortSignal,
): Promise<TrainingSummary> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  stop.addEventListener('abort', () => Atomics.store(flag, 0, 1), { once: true });
  const workerData: TrainingThreadData = { order, stop: flag };
  const worker = new Worker(new URL('thread.js', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.on('message', (message: TrainingMessage) => {
      if (message.kind === 'line') listener.line(message.text);
      else if (message.kind === 'progress') listener.progress(message.frame, message.note);
      else if (message.kind === 'done') resolve(message.summary);
      else reject(toldError(message));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      reject(new DynabridgeError('INTERNAL', `the training thread ended with code ${code} and no result`));
    });
  });
}
