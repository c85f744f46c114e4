import type { ToldError } from '../core/index.js';
import type { TrainingJob } from './job.js';
import type { NewRun, TrainingSummary } from './session.js';

/** What the thread that trains is told to do. */
export type TrainingOrder =
  | { readonly kind: 'start'; readonly job: TrainingJob; readonly place: NewRun }
  | { readonly kind: 'resume'; readonly runPath: string; readonly steps: number | undefined };

/** workerData of the thread that trains. */
export interface TrainingThreadData {
  readonly order: TrainingOrder;
  /** becomes 1 when training is to end after the present step */
  readonly stop: Int32Array<SharedArrayBuffer>;
}

/** What it tells. */
export type TrainingMessage =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'progress'; readonly frame: number; readonly note: string }
  | { readonly kind: 'done'; readonly summary: TrainingSummary }
  | ({ readonly kind: 'failed' } & ToldError);
