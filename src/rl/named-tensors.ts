/** What learner parts give to checkpoints and take back: name -> shape and values. Names are paths such as `actor/dense0/kernel`. */
import { badInput } from '../core/index.js';

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type NamedTensors = Record<string, NamedTensor>;

/** The same tensors under `prefix/`. */
export function withPrefix(prefix: string, tensors: NamedTensors): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}/${name}`, tensor]));
}

/** The tensors below `prefix/`, with the prefix taken off. */
export function withoutPrefix(prefix: string, tensors: NamedTensors): NamedTensors {
  const start = `${prefix}/`;
  return Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(start))
      .map(([name, tensor]) => [name.slice(start.length), tensor]),
  );
}

/** Values of the tensor `name`, whose shape must be `shape`; throws BAD_INPUT when it is missing or has another shape. */
export function takeTensor(tensors: NamedTensors, name: string, shape: readonly number[]): Float32Array {
  const tensor = tensors[name];
  if (tensor === undefined) throw badInput(`checkpoint has no tensor '${name}'`, { name });
  if (tensor.shape.length !== shape.length || tensor.shape.some((n, i) => n !== shape[i])) {
    throw badInput(
      `checkpoint tensor '${name}' has shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]; ` +
        'it was made with other network sizes or another robot',
      { name, shape: tensor.shape, expected: shape },
    );
  }
  return tensor.data;
}
