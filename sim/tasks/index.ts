export { cartpoleBalance } from './cartpole-balance.js';
export { cartpoleSwingUp } from './cartpole-swing-up.js';
export { findTask, listTasks, type TaskEntry } from './find-task.js';
export { pendulumSwingUp } from './pendulum-swing-up.js';
