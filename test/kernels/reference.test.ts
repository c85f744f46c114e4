import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/index.js';
import * as reference from './reference.js';

const rng = new Rng(11, 'reference');
const normals = (count: number) => Float64Array.from({ length: count }, () => rng.normal());
const weighted = (values: Float64Array, weights: Float64Array) =>
  values.reduce((sum, value, i) => sum + value * weights[i]!, 0);

/** `gradient` of `f` at `x`, in every coordinate, by central differences in double precision. */
function expectGradient(f: (x: Float64Array) => number, x: Float64Array, gradient: Float64Array): void {
  const differences = x.map((_, i) => reference.centralDifference(f, x, i));
  const scale = Math.max(...gradient.map(Math.abs));
  gradient.forEach((g, i) => expect(Math.abs(g - differences[i]!)).toBeLessThan(1e-7 * Math.max(scale, 1)));
}

describe('the reference has the derivatives of its own values', () => {
  for (const activation of ['relu', 'swish'] as const) {
    for (const layerNorm of [false, true]) {
      for (const shared of [false, true]) {
        it(`mlp: ${activation}, layer norm ${layerNorm}, shared ${shared}`, () => {
          const network = { inputs: 3, hidden: [4, 5], outputs: 2, activation, layerNorm };
          const ensemble = { network, members: 2, batch: 3, shared };
          const x = normals((shared ? 1 : 2) * 3 * 3);
          const p = normals(2 * reference.parameterCount(network));
          const dy = normals(2 * 3 * 2);
          const { dx, dParameters } = reference.mlpGradient(ensemble, x, p, dy);
          expectGradient((x) => weighted(reference.mlpForward(ensemble, x, p), dy), x, dx);
          expectGradient((p) => weighted(reference.mlpForward(ensemble, x, p), dy), p, dParameters);
        });
      }
    }
  }

  it('gaussianNll', () => {
    const size = { members: 2, batch: 3, outputs: 2 };
    const [head, targets] = [normals(24), normals(12)];
    const bounds = Float64Array.of(0.5, 0.2, -2, -1);
    const { dHead, dBounds } = reference.gaussianNllGradient(size, head, targets, bounds);
    expectGradient((head) => reference.gaussianNll(size, head, targets, bounds), head, dHead);
    expectGradient((bounds) => reference.gaussianNll(size, head, targets, bounds), bounds, dBounds);
  });

  it('squashedGaussian', () => {
    const size = { batch: 3, actions: 2, logStdMin: -5, logStdMax: 2 };
    const [head, noise, dAction, dLogProb] = [normals(12), normals(6), normals(6), normals(3)];
    const f = (head: Float64Array) => {
      const { action, logProb } = reference.squashedGaussian(size, head, noise);
      return weighted(action, dAction) + weighted(logProb, dLogProb);
    };
    expectGradient(f, head, reference.squashedGaussianGradient(size, head, noise, dAction, dLogProb));
  });
});
