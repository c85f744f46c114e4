export { adamCoefficients, adamStep, type AdamOptions } from './adam.js';
export { ensembleMlp } from './ensemble-mlp.js';
export { gaussianNll } from './gaussian-nll.js';
export { hostLoss } from './host-loss.js';
export { mlpLayout, mlpParameterCount, type MlpShape } from './mlp-shape.js';
export { polyakStep } from './polyak.js';
export { squashedGaussian } from './squashed-gaussian.js';
