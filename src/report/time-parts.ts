import type { TimeRow } from './metrics.js';
import type { TimeShare } from './report-data.js';

/** The parts of a training, in the order in which they are drawn. */
const TIME_PARTS = [
  ['environment', 'environment'],
  ['model', 'world model'],
  ['rollouts', 'imagined rollouts'],
  ['policy', 'policy'],
  ['evaluation', 'evaluation'],
] as const satisfies readonly (readonly [keyof TimeRow, string])[];

/** Where the time of one training went. */
export function timeShares(row: TimeRow): TimeShare[] {
  return TIME_PARTS.map(([part, label]) => ({ label, seconds: row[part] }));
}
