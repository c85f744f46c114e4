export interface EnsembleConfig {
  /** E, networks in the ensemble */
  readonly members: number;
  /** networks with the lowest holdout error, which predict */
  readonly elites: number;
  /** widths of each network's layers, swish */
  readonly hidden: readonly number[];
  /** false: least squares, predictions without noise; the variance is then that of the held-out errors */
  readonly probabilistic: boolean;
  /**
   * scale each output's variance so that it fits the held-out errors: MBPO does not, and where a simulator has no noise its bounds
   * of the variance make imagined steps noisier than real ones (scaling: Levi et al. 2019, arXiv 1905.11659)
   */
  readonly calibrated: boolean;
  /** divide targets by their standard deviation; MBPO does not, which fails where they differ in scale (arXiv 2510.01457) */
  readonly normaliseTargets: boolean;
  /**
   * lambda of shrink and perturb (Ash and Adams 2020, arXiv 1910.08475): a fit begins at lambda times the parameters plus 1 - lambda
   * times fresh ones, with new optimisers. 1: they go on as they are (MBPO), and what is new to them then makes them worse elsewhere
   */
  readonly shrink: number;
  readonly learningRate: number;
  /** L2 coefficient of each kernel: hidden layers, then heads */
  readonly weightDecay: readonly number[];
  /** rows per member and gradient step */
  readonly batchSize: number;
  /** share of the data that is held out to stop training and to choose elites, and its bound in rows */
  readonly holdoutRatio: number;
  readonly holdoutMax: number;
  /** relative fall of the holdout error that counts as an improvement */
  readonly improvement: number;
  /** an epoch, after which the holdout is judged, repeats the data until it has had this many gradient steps */
  readonly minEpochSteps: number;
  /** training stops when no member has improved for more than this many epochs */
  readonly patience: number;
  /** bound on the gradient steps of one fit; in steps, not seconds, so that runs repeat */
  readonly maxGradientSteps: number;
  /** weight of the learned bounds of the log variance in the loss */
  readonly boundWeight: number;
  readonly initialMaxLogVariance: number;
  readonly initialMinLogVariance: number;
}

/**
 * MBPO (jannerm/mbpo `constructor.py`, `bnn.py`), except: 5 members of 3 x 128 in place of 7 of 4 x 200, 5 times cheaper;
 * 4 elites, the same share as 5 of 7; the gradient-step bound, after MBPO's `max_model_t` in seconds; normalised targets; calibrated variances;
 * shrink and perturb.
 */
export const DEFAULT_ENSEMBLE: EnsembleConfig = {
  members: 5,
  elites: 4,
  hidden: [128, 128, 128],
  probabilistic: true,
  calibrated: true,
  normaliseTargets: true,
  shrink: 0.8,
  learningRate: 1e-3,
  weightDecay: [2.5e-5, 5e-5, 7.5e-5, 1e-4],
  batchSize: 256,
  holdoutRatio: 0.2,
  holdoutMax: 5000,
  improvement: 0.01,
  minEpochSteps: 1,
  patience: 5,
  maxGradientSteps: 800,
  boundWeight: 0.01,
  initialMaxLogVariance: 0.5,
  initialMinLogVariance: -10,
};
