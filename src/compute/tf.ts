/**
 * The one place that imports TensorFlow.js. The union package is needed: tfjs-core alone registers no gradients in Node.
 * It is CommonJS, hence the default import.
 */
import tf from '@tensorflow/tfjs';

tf.enableProdMode(); // silences the banner that advertises tfjs-node

export { tf };
