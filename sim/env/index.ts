export { SimulatedVectorEnv, type SimulatedEnvOptions } from './simulated-vector-env.js';
