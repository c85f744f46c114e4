/**
 * How a fused operation runs: as one kernel where the backend has one of that name, else in its composed form of plain tfjs
 * operations; and with a gradient of its own.
 */
import { tf } from '../tf.js';

/** Outputs of the kernel `name`, or of `composed` where the current backend has none. */
export function runFused(
  name: string,
  inputs: tf.NamedTensorMap,
  attributes: object,
  composed: () => tf.Tensor[],
): tf.Tensor[] {
  if (tf.getKernel(name, tf.getBackend()) === undefined) return tf.tidy(composed);
  const outputs = tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
  return Array.isArray(outputs) ? outputs : [outputs];
}

/** Gradient of one input, or undefined where it was not wanted. */
export type InputGradients<Inputs> = { readonly [Name in keyof Inputs]: tf.Tensor | undefined };

/** The part of tfjs's engine under tf.customGrad, which itself allows for one output only. */
interface RecordingEngine {
  runKernelFunc(operation: {
    inputs: Readonly<Record<string, tf.Tensor>>;
    forwardFunc(backend: unknown, save: tf.GradSaveFunc): tf.Tensor[];
    backwardsFunc(dys: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]): Record<string, () => tf.Tensor>;
  }): tf.Tensor[];
}

/**
 * Runs an operation under the tape with its own gradient; like tf.customGrad, with any number of outputs. A gradient that was
 * switched off is an error when it is asked for, never zeros. Call it only while tf.engine().isTapeOn(): elsewhere the plain
 * forward pass costs less.
 * (tf.registerGradient is no substitute: it makes zero gradients for every unused output, which for kept activations are megabytes.)
 * @param forward what it passes to `save` stays alive until the tape ends
 * @param backward the gradients of all inputs in one call: tfjs runs thunks per input in tidies of their own, where shared terms die
 */
export function differentiable<Inputs extends Readonly<Record<string, tf.Tensor>>>(
  name: string,
  inputs: Inputs,
  forward: (save: (tensors: tf.Tensor[]) => void) => tf.Tensor[],
  backward: (dys: tf.Tensor[], saved: tf.Tensor[]) => InputGradients<Inputs>,
): tf.Tensor[] {
  const engine = tf.engine() as unknown as RecordingEngine;
  return engine.runKernelFunc({
    inputs,
    forwardFunc: (_backend, save) => forward(save),
    backwardsFunc: (dys, saved) => {
      const gradients = backward(Array.isArray(dys) ? dys : [dys], saved);
      const thunks: Record<string, () => tf.Tensor> = {};
      for (const [input, gradient] of Object.entries<tf.Tensor | undefined>(gradients)) {
        thunks[input] = () => {
          if (gradient === undefined) throw new Error(`${name}: the gradient of '${input}' was switched off`);
          return gradient;
        };
      }
      return thunks;
    },
  });
}
