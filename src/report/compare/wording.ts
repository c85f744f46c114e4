import { shortNumber } from '../numbers.js';
import type { TaskComparison, TimeToGoal } from './compare-runs.js';
import type { Spread } from './spread.js';

/** 'standard' is no robot's name but says that the task brings its own. */
export function taskTitle({ robot, task }: Pick<TaskComparison, 'robot' | 'task'>): string {
  return robot === 'standard' ? task : `${robot} ${task}`;
}

/** e.g. '180 [174 to 183]' */
export function spreadText(
  { low, median, high }: Spread,
  format: (value: number) => string = shortNumber,
): string {
  return format(median) + (low === high ? '' : ` [${format(low)} to ${format(high)}]`);
}

/** e.g. '8 000 [7 500 to not reached], 4 of 5 seeds' */
export function goalText(time: TimeToGoal, format: (value: number) => string = shortNumber): string {
  const count = time.reached === time.of ? '' : `, ${time.reached} of ${time.of} seeds`;
  if (time.reached === 0) return 'not reached';
  return spreadText(time, (value) => (value === Infinity ? 'not reached' : format(value))) + count;
}
