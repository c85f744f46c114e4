export { confirmedGoal } from './confirmed-goal.js';
export { compareRuns, type TaskComparison } from './compare-runs.js';
export { readComparedRun } from './compared-run.js';
export { renderComparison } from './render-comparison.js';
