/** What the kernel files share: the argument types of a kernel, and the CPU kernel to fall back on. */
import { tf } from '../../tf.js';
import { type NativeBackend } from '../backend.js';

/** The arguments of a kernel, as TensorFlow.js passes them. */
export type KernelArguments = Parameters<tf.KernelFunc>[0];
export type KernelResult = ReturnType<tf.KernelFunc>;

/** A kernel of the native backend under one of tfjs's kernel names, given the CPU backend's kernel of that name. */
export function override(
  kernelName: string,
  make: (cpu: tf.KernelFunc) => (args: KernelArguments, backend: NativeBackend) => KernelResult,
): tf.KernelConfig {
  const run = make(tf.getKernel(kernelName, 'cpu').kernelFunc);
  return {
    kernelName,
    backendName: 'native',
    kernelFunc: (args) => run(args, args.backend as NativeBackend),
  };
}

/** A kernel that only the native backend has, for an operation of `ops/`, which checks shapes and types; the addon checks sizes. */
export function addition(
  kernelName: string,
  run: (args: KernelArguments, backend: NativeBackend) => KernelResult,
): tf.KernelConfig {
  return {
    kernelName,
    backendName: 'native',
    kernelFunc: (args) => run(args, args.backend as NativeBackend),
  };
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i]!;
  return size;
}

/** Whether the native kernels take a tensor: float32 and not empty. */
export function takes(x: tf.TensorInfo): boolean {
  return x.dtype === 'float32' && sizeOf(x.shape) > 0;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
