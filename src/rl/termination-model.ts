/** Learns from recorded steps which frames end a task, where no rule says so. B batch, N rows, S size of an encoded frame. */
import { ensembleMlp, hostLoss, scoped, tf, type MlpShape } from '../compute/index.js';
import type { Rng } from '../core/index.js';
import { Adam } from './adam.js';
import { mlpParameters } from './mlp-parameters.js';
import { withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { Normaliser } from './normaliser.js';
import type { ParameterSet } from './parameter-set.js';

const LEARNING_RATE = 1e-3;
const BATCH = 256;

export class TerminationModel {
  readonly parameters: ParameterSet;
  private readonly normaliser: Normaliser;
  private readonly shape: MlpShape;
  private readonly adam: Adam;

  /** @param inputs S */
  constructor(
    readonly inputs: number,
    hidden: readonly number[],
    rng: Rng,
  ) {
    this.shape = { inputs, hidden, outputs: 1, activation: 'swish', layerNorm: false };
    this.parameters = mlpParameters(['termination'], this.shape, 1, 'truncated-normal', rng);
    this.normaliser = new Normaliser(inputs);
    this.adam = new Adam(this.parameters, { learningRate: LEARNING_RATE });
  }

  /**
   * Gradient steps on the mean cross-entropy of uniformly drawn rows; goes on from the present parameters.
   * @param frames (N x S) encoded frames that steps led to
   * @param ended (N) 1 where the task ended there
   */
  fit(frames: Float32Array, ended: Uint8Array, steps: number, rng: Rng): void {
    const { inputs } = this;
    this.normaliser.fit(ended.length, frames);
    const x = new Float32Array(BATCH * inputs);
    const y = new Float32Array(BATCH);
    for (let step = 0; step < steps; step++) {
      for (let b = 0; b < BATCH; b++) {
        const row = rng.integer(ended.length);
        x.set(frames.subarray(row * inputs, (row + 1) * inputs), b * inputs);
        y[b] = ended[row]!;
      }
      this.trainStep(x, y);
    }
  }

  /** Probability that the task ends at each encoded frame (B x S), (B). */
  probabilities(batch: number, frames: Float32Array): Float32Array {
    const x = new Float32Array(batch * this.inputs);
    this.normaliser.apply(batch, frames, x);
    return scoped(() => {
      const logits = ensembleMlp(tf.tensor2d(x, [batch, this.inputs]), this.parameters.variable, this.shape);
      return logits.dataSync<'float32'>().map(logistic);
    });
  }

  tensors(): NamedTensors {
    return {
      ...this.parameters.tensors(),
      ...withPrefix('adam', this.adam.tensors()),
      ...withPrefix('frames', this.normaliser.tensors()),
    };
  }

  load(tensors: NamedTensors): void {
    this.parameters.load(tensors);
    this.adam.load(withoutPrefix('adam', tensors));
    this.normaliser.load(withoutPrefix('frames', tensors));
  }

  dispose(): void {
    this.parameters.dispose();
    this.adam.dispose();
  }

  private trainStep(rows: Float32Array, targets: Float32Array): void {
    const batch = targets.length;
    const normalised = new Float32Array(rows.length);
    this.normaliser.apply(batch, rows, normalised);
    scoped(() => {
      const x = tf.tensor2d(normalised, [batch, this.inputs]);
      const { grads } = tf.engine().gradients(() => {
        const logits = ensembleMlp(x, this.parameters.variable, this.shape, { wantDx: false });
        return hostLoss([logits], (values) => crossEntropy(values, targets));
      }, [this.parameters.variable]);
      this.adam.step(grads[0]!);
    });
  }
}

/** Mean of log(1 + e^z) - y z and its gradient with respect to the logits z (B). */
function crossEntropy(
  logits: Float32Array,
  targets: Float32Array,
): { loss: number; gradients: Float32Array[] } {
  const gradient = new Float32Array(logits.length);
  let sum = 0;
  logits.forEach((z, b) => {
    sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - targets[b]! * z;
    gradient[b] = (logistic(z) - targets[b]!) / logits.length;
  });
  return { loss: sum / logits.length, gradients: [gradient] };
}

function logistic(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
