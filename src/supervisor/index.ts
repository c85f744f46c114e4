export type { Recording } from './crew.js';
export { Supervisor, type BridgeOutcome, type SupervisorOptions } from './supervisor.js';
