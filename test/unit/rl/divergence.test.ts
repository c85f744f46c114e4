import { describe, expect, it } from 'vitest';
import type { FitReport } from '../../../src/rl/index.js';
import { DivergenceDetector, fitDivergence } from '../../../src/rl/divergence.js';

const healthy = { criticLoss: 1, targetMean: 3, actorLoss: -2, temperature: 0.1, entropy: -1 };

describe('fitDivergence', () => {
  const fit = { trainLoss: 1, holdoutErrors: Float64Array.of(1, 2) } as unknown as FitReport;

  it.each([
    [fit, undefined],
    [{ ...fit, trainLoss: NaN }, "the world model's training loss is NaN"],
    [
      { ...fit, holdoutErrors: Float64Array.of(1, Infinity) },
      'the held-out error of member 1 of the world model is Infinity',
    ],
  ])('tells when a fit is worth nothing (%#)', (report, expected) => {
    expect(fitDivergence(report)).toBe(expected);
  });
});

describe('DivergenceDetector', () => {
  it.each(['criticLoss', 'targetMean', 'actorLoss', 'temperature', 'entropy'])(
    'tells when %s is no number',
    (name) => {
      expect(new DivergenceDetector(1, 0.99).check({ ...healthy, [name]: NaN })).toBe(`${name} is NaN`);
    },
  );

  it('tells when values are ten times what rewards and entropy can add up to, and not before', () => {
    const detector = new DivergenceDetector(2, 0.9);
    detector.reward(-4);
    detector.reward(1);
    const bound = (10 * (4 + 0.1 * 2 * 5)) / 0.1;
    expect(detector.check({ ...healthy, targetMean: -0.99 * bound })).toBeUndefined();
    expect(detector.check({ ...healthy, targetMean: 1.01 * bound })).toMatch(
      /mean target is 505\.\d, beyond 500/,
    );
  });

  it('remembers the largest temperature, and what it is restored to', () => {
    const detector = new DivergenceDetector(1, 0.9);
    detector.check({ ...healthy, temperature: 1 });
    const again = new DivergenceDetector(1, 0.9);
    again.restore(detector.state);
    expect(again.check({ ...healthy, targetMean: 400 })).toBeUndefined();
    expect(new DivergenceDetector(1, 0.9).check({ ...healthy, targetMean: 400 })).toBeDefined();
  });
});
