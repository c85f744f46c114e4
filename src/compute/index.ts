export { selectBackend, type BackendChoice, type SelectedBackend } from './backend.js';
export { layerNorm } from './layer-norm.js';
export { linear, type Activation, type LinearOptions } from './linear.js';
export { scoped } from './scoped.js';
export { tf } from './tf.js';
