import os from 'node:os';
import { badInput } from '../core/index.js';

/** More than these the addon refuses: `kMostThreads` in native/addon.cc. */
const MOST_THREADS = 256;

/** Niceness of everything that trains while a robot is attached; 19 is the lowest priority. */
const NICENESS_BESIDE_ROBOT = 10;

export interface ThreadOptions {
  /** threads of the compute backend, 1 to `mostThreads()`; default: all, one core fewer while a robot is attached */
  readonly threads?: number | undefined;
  /** a robot is attached: leave it a core, and give way to its processes; default false */
  readonly robotAttached?: boolean | undefined;
}

export interface ThreadPlan {
  readonly count: number;
  readonly niceness: number;
}

/** A thread for each core, within what the addon takes. */
export function mostThreads(cores = os.availableParallelism()): number {
  return Math.min(cores, MOST_THREADS);
}

/** @throws BAD_INPUT for a number of threads outside 1 to `mostThreads(cores)` */
export function planThreads(options: ThreadOptions = {}, cores = os.availableParallelism()): ThreadPlan {
  const { threads, robotAttached = false } = options;
  const most = mostThreads(cores);
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1 && threads <= most)) {
    throw badInput(
      `${threads} threads: expected an integer from 1 to ${most}, ${most === cores ? 'the cores of this machine' : 'the most that the backend takes'}`,
    );
  }
  return {
    count: threads ?? Math.max(1, mostThreads(robotAttached ? cores - 1 : cores)),
    niceness: robotAttached ? NICENESS_BESIDE_ROBOT : 0,
  };
}

/**
 * Lowers the priority of the calling thread, which computes too, and of the threads that it will start. For good: an ordinary user
 * cannot raise it again, so in a process that has something urgent to do call this in a worker. Linux only: elsewhere priorities
 * belong to whole processes.
 */
export function giveWay(niceness: number): void {
  if (process.platform === 'linux' && os.getPriority() < niceness) os.setPriority(niceness);
}
