/** Of which domain steps are that a world model learns from: the value of its last input, where it tells them apart. */
import type { NamedTensors } from './named-tensors.js';
import type { ObservationSpec } from './observation.js';

export const SIMULATION = 0;
export const ROBOT = 1;
export type Domain = typeof SIMULATION | typeof ROBOT;

/** Inputs of a world model's networks: [observation | action | domain, where it tells them apart]. */
export function modelInputSize({ size, actionSize }: ObservationSpec, domainInput: boolean): number {
  return size + actionSize + (domainInput ? 1 : 0);
}

/**
 * The tensors of an ensemble with one more input, the last one, which makes no difference yet: all that weighs it is zero.
 * @param tensors of `Ensemble.tensors`, or `WorldModel.tensors`; networks with at least one hidden layer
 */
export function withDomainInput(tensors: NamedTensors): NamedTensors {
  const first = tensors['member0/dense0/kernel']!;
  const [inputs, width] = first.shape as [number, number];
  const changed: NamedTensors = {};
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (/^member\d+\/dense0\/kernel$/.test(name)) {
      changed[name] = {
        shape: [inputs + 1, width],
        data: insertZeros(data, data.length, data.length, width),
      };
    } else if (name === 'adam/members/m' || name === 'adam/members/v') {
      const [members, size] = shape as [number, number]; // a member's parameters begin with its first kernel
      const wider = insertZeros(data, size, inputs * width, width);
      changed[name] = { shape: [members, size + width], data: wider };
    } else if (name === 'inputs/mean') {
      changed[name] = { shape: [inputs + 1], data: Float32Array.of(...data, 0) };
    } else if (name === 'inputs/std') {
      changed[name] = { shape: [inputs + 1], data: Float32Array.of(...data, 1) };
    }
  }
  return { ...tensors, ...changed };
}

/** Rows of `row` values with `count` zeros put in at `at` of each. */
function insertZeros(data: Float32Array, row: number, at: number, count: number): Float32Array {
  const rows = data.length / row;
  const out = new Float32Array(data.length + rows * count);
  for (let r = 0; r < rows; r++) {
    out.set(data.subarray(r * row, r * row + at), r * (row + count));
    out.set(data.subarray(r * row + at, (r + 1) * row), r * (row + count) + at + count);
  }
  return out;
}
