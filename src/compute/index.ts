export { selectBackend, type SelectedBackend } from './backend.js';
export { BACKENDS, type BackendChoice, type BackendName } from './backend-names.js';
export {
  adamCoefficients,
  adamStep,
  ensembleMlp,
  gaussianNll,
  hostLoss,
  mlpLayout,
  mlpParameterCount,
  polyakStep,
  squashedGaussian,
  type AdamOptions,
  type MlpShape,
} from './ops/index.js';
export { scoped } from './scoped.js';
export { measureSpeed, type Speed } from './speed.js';
export { tf } from './tf.js';
