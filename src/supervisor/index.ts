export { Supervisor, type BridgeOutcome, type DrivingPolicy, type SupervisorOptions } from './supervisor.js';
