import { beforeAll, describe, it } from 'vitest';
import { selectBackend, squashedGaussian, tf } from '../../../src/compute/index.js';
import { LOG_STD_MAX, LOG_STD_MIN } from '../../../src/rl/policy-snapshot.js';
import { expectClose, fixture } from './expect-close.js';

type Reference = Record<'head' | 'noise' | 'dAction' | 'dLogProb' | 'action' | 'logProb' | 'dHead', number[]>;
const reference = fixture<Reference>('squashed-gaussian.json');
const bounds = { logStdMin: LOG_STD_MIN, logStdMax: LOG_STD_MAX };
const noise = () => tf.tensor2d(reference.noise, [8, 2]);

/** sum of dAction action + dLogProb logProb, by the TypeScript side */
function weighted(head: tf.Tensor): tf.Scalar {
  const { action, logProb } = squashedGaussian(head as tf.Tensor2D, noise(), bounds);
  return tf.add(
    tf.sum(tf.mul(action, tf.tensor2d(reference.dAction, [8, 2]))),
    tf.sum(tf.mul(logProb, tf.tensor1d(reference.dLogProb))),
  );
}

describe('squashedGaussian with the bounds of the policy', () => {
  beforeAll(async () => {
    await selectBackend('wasm');
  });

  it('gives the actions and log-probabilities of the reference', () => {
    tf.tidy(() => {
      const sample = squashedGaussian(tf.tensor2d(reference.head, [8, 4]), noise(), bounds);
      expectClose(sample.action.dataSync(), reference.action, 1e-5);
      expectClose(sample.logProb.dataSync(), reference.logProb);
    });
  });

  it('has the gradients of the reference', () => {
    tf.tidy(() => {
      expectClose(
        tf
          .grad(weighted)(tf.tensor2d(reference.head, [8, 4]))
          .dataSync(),
        reference.dHead,
      );
    });
  });

  it('has gradients that agree with finite differences', () => {
    tf.tidy(() => {
      const step = 1e-2; // float32: large enough to rise above rounding; errors of central differences are O(step^2)
      const differences = reference.head.map((_, i) => {
        const at = (shift: number) => {
          const moved = reference.head.map((value, j) => (j === i ? value + shift : value));
          return weighted(tf.tensor2d(moved, [8, 4])).dataSync()[0]!;
        };
        return (at(step) - at(-step)) / (2 * step);
      });
      expectClose(
        tf
          .grad(weighted)(tf.tensor2d(reference.head, [8, 4]))
          .dataSync(),
        differences,
        2e-3,
      );
    });
  });

  it('stays finite where tanh saturates', () => {
    tf.tidy(() => {
      const head = tf.tensor2d([
        [40, 0],
        [-40, 0],
      ]);
      const { logProb } = squashedGaussian(head, tf.zeros([2, 1]), bounds);
      // log std is -1.5 there, and softplus(-80) is 0
      const expected = 1.5 - 0.5 * Math.log(2 * Math.PI) - 2 * (Math.LN2 - 40);
      expectClose(logProb.dataSync(), [expected, expected], 1e-5);
    });
  });

  it('bounds the log standard deviation to [-5, 2]', () => {
    tf.tidy(() => {
      const head = tf.tensor2d([
        [0, -100],
        [0, 0],
        [0, 100],
      ]);
      const { action } = squashedGaussian(head, tf.ones([3, 1]).mul(0.1), bounds);
      const expected = [-5, -1.5, 2].map((logStd) => Math.tanh(0.1 * Math.exp(logStd)));
      expectClose(action.dataSync(), expected, 1e-6);
    });
  });
});
