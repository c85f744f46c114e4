export { Supervisor, type BridgeOutcome, type SupervisorOptions } from './supervisor.js';
