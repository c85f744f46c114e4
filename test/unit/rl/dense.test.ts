import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { columns, dense, type DenseWeights } from '../../../src/rl/dense.js';

function layer(inputs: number, outputs: number, rng: Rng): DenseWeights {
  const kernel = rng.fillNormal(new Float32Array(inputs * outputs));
  return { inputs, outputs, kernel, bias: rng.fillNormal(new Float32Array(outputs)) };
}

describe('dense', () => {
  it.each([1, 3, 4, 5, 8, 11])(
    'adds up %d inputs with the roundings of one at a time, to the bit',
    (inputs) => {
      const rng = new Rng(inputs);
      const weights = layer(inputs, 6, rng);
      const x = rng.fillNormal(new Float32Array(inputs));
      const expected = weights.bias.slice();
      x.forEach((value, i) =>
        expected.forEach((sum, j) => (expected[j] = sum + value * weights.kernel[i * 6 + j]!)),
      );
      const y = new Float32Array(6);
      dense(weights, x, y, 'none');
      expect(y).toEqual(expected);
      dense(weights, x, y, 'relu');
      expect(y).toEqual(expected.map((z) => Math.max(z, 0)));
      dense(weights, x, y, 'swish');
      y.forEach((value, j) => expect(value).toBeCloseTo(expected[j]! / (1 + Math.exp(-expected[j]!)), 6));
    },
  );

  it('lets what is not a number through', () => {
    const y = new Float32Array(2);
    for (const activation of ['none', 'relu', 'swish'] as const) {
      dense(layer(5, 2, new Rng(1)), Float32Array.of(0, 1, NaN, 0, 0), y, activation);
      expect(Array.from(y)).toEqual([NaN, NaN]);
    }
  });
});

describe('columns', () => {
  it('is the layer with some of the outputs', () => {
    const rng = new Rng(2);
    const whole = layer(5, 7, rng);
    const x = rng.fillNormal(new Float32Array(5));
    const [all, part] = [new Float32Array(7), new Float32Array(3)];
    dense(whole, x, all, 'none');
    dense(columns(whole, 2, 5), x, part, 'none');
    expect(part).toEqual(all.subarray(2, 5));
  });
});
