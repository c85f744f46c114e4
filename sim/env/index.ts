export { SimulatedEpisode } from './simulated-episode.js';
export { SimulatedVectorEnv, type SimulatedEnvOptions } from './simulated-vector-env.js';
