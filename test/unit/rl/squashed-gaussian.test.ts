import { beforeAll, describe, it } from 'vitest';
import { selectBackend, tf } from '../../../src/compute/index.js';
import { boundedLogStd, squashedGaussianSample } from '../../../src/rl/squashed-gaussian.js';
import { expectClose, fixture } from './expect-close.js';

type Reference = Record<
  'mean' | 'raw' | 'noise' | 'weights' | 'action' | 'logProb' | 'dMean' | 'dRaw',
  number[]
>;
const reference = fixture<Reference>('squashed-gaussian.json');
const matrix = (values: number[]) => tf.tensor2d(values, [values.length / 2, 2]);

/** sum_i weights_i log pi_i, by the TypeScript side */
function weightedLogProb(mean: tf.Tensor, raw: tf.Tensor): tf.Scalar {
  const logStd = boundedLogStd(raw as tf.Tensor2D);
  const { logProb } = squashedGaussianSample(mean as tf.Tensor2D, logStd, matrix(reference.noise));
  return tf.sum(tf.mul(logProb, tf.tensor1d(reference.weights)));
}

describe('squashedGaussianSample', () => {
  beforeAll(async () => {
    await selectBackend('wasm');
  });

  it('gives the actions and log-probabilities of the reference', () => {
    tf.tidy(() => {
      const logStd = boundedLogStd(matrix(reference.raw));
      const sample = squashedGaussianSample(matrix(reference.mean), logStd, matrix(reference.noise));
      expectClose(sample.action.dataSync(), reference.action, 1e-5);
      expectClose(sample.logProb.dataSync(), reference.logProb);
    });
  });

  it('has the gradients of the reference', () => {
    tf.tidy(() => {
      const [dMean, dRaw] = tf.grads(weightedLogProb)([matrix(reference.mean), matrix(reference.raw)]);
      expectClose(dMean!.dataSync(), reference.dMean);
      expectClose(dRaw!.dataSync(), reference.dRaw);
    });
  });

  it('has gradients that agree with finite differences', () => {
    tf.tidy(() => {
      const step = 1e-2; // float32: large enough to rise above rounding; errors of central differences are O(step^2)
      const [dMean] = tf.grads(weightedLogProb)([matrix(reference.mean), matrix(reference.raw)]);
      const differences = reference.mean.map((_, i) => {
        const at = (shift: number) => {
          const moved = reference.mean.map((value, j) => (j === i ? value + shift : value));
          return weightedLogProb(matrix(moved), matrix(reference.raw)).dataSync()[0]!;
        };
        return (at(step) - at(-step)) / (2 * step);
      });
      expectClose(dMean!.dataSync(), differences, 2e-3);
    });
  });

  it('stays finite where tanh saturates', () => {
    tf.tidy(() => {
      const mean = tf.tensor2d([[40], [-40]]);
      const { logProb } = squashedGaussianSample(mean, tf.zeros([2, 1]), tf.zeros([2, 1]));
      const expected = -0.5 * Math.log(2 * Math.PI) - 2 * (Math.LN2 - 40); // softplus(-80) is 0
      expectClose(logProb.dataSync(), [expected, expected], 1e-5);
    });
  });

  it('bounds the log standard deviation to [-5, 2]', () => {
    tf.tidy(() => {
      expectClose(boundedLogStd(tf.tensor2d([[-100, 0, 100]])).dataSync(), [-5, -1.5, 2], 1e-6);
    });
  });
});
