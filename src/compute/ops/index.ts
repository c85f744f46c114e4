export { adamCoefficients, adamStep, type AdamCoefficients, type AdamOptions } from './adam.js';
export { ensembleMlp, type WantedGradients } from './ensemble-mlp.js';
export { gaussianNll } from './gaussian-nll.js';
export { hostLoss } from './host-loss.js';
export { mlpLayout, mlpParameterCount, type MlpEntry, type MlpShape } from './mlp-shape.js';
export { polyakStep } from './polyak.js';
export { squashedGaussian, type LogStdBounds, type SquashedSample } from './squashed-gaussian.js';
