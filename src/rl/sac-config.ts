export interface SacConfig {
  /** widths of actor and critic layers */
  readonly hidden: readonly number[];
  readonly actorLearningRate: number;
  readonly criticLearningRate: number;
  readonly temperatureLearningRate: number;
  /** discount per policy step */
  readonly gamma: number;
  /** Polyak rate of the target critics, applied at every update */
  readonly tau: number;
  /**
   * Polyak rate of the average of the actor's weights, applied at every update. The average is what is evaluated and what drives a
   * robot; the newest actor explores and is rolled out. 1: no average. Weight averaging steadies RL policies (Nikishin et al. 2018).
   */
  readonly actorTau: number;
  /** temperature at the start */
  readonly initialTemperature: number;
  /** entropy [nat] that the temperature steers to; default -A */
  readonly targetEntropy?: number;
  /** layer normalisation in the critics; keeps Q from blowing up at high update-to-data ratios (RLPD, Infoprop) */
  readonly criticLayerNorm: boolean;
  /** bound on normalised observations */
  readonly observationClip: number;
}

/**
 * MBPO's SAC (jannerm/mbpo, softlearning): 2 x 256, learning rates 3e-4, gamma 0.99, tau 0.005, log temperature 0.
 * Target entropy -A is Haarnoja et al. 2018b, table 1. Observation clip: Stable-Baselines3's VecNormalize.
 */
export const DEFAULT_SAC: SacConfig = {
  hidden: [256, 256],
  actorLearningRate: 3e-4,
  criticLearningRate: 3e-4,
  temperatureLearningRate: 3e-4,
  gamma: 0.99,
  tau: 0.005,
  actorTau: 1,
  initialTemperature: 1,
  criticLayerNorm: false,
  observationClip: 10,
};
