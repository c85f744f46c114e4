import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import { robotLayout } from '../../../../src/env/index.js';
import { pushOutside } from '../../../../src/rl/diagnostics/index.js';
import { historyWindows, observationSpec } from '../../../../src/rl/index.js';

/** frame [turn position (an angle), slide position, turn velocity, slide velocity, slide command]; encoded, the angle takes two */
const layout = robotLayout(['turn', 'slide'], ['slide'], ['turn']);
const spec = observationSpec(layout, { history: 2, previousActions: 1 });
const training = { mean: new Float32Array(spec.size), std: new Float32Array(spec.size).fill(1) };
training.mean.set([0, 0, 10, 0, -1, 2]);
training.std.set([0.7, 0.7, 0.5, 2, 4, 8]);
/** of each field of the frame */
const MEAN = [NaN, 10, 0, -1, 2];
const STD = [NaN, 0.5, 2, 4, 8];

describe('pushOutside', () => {
  it('moves one field that is no angle 3 standard deviations further from its mean, in all frames alike', () => {
    const batch = 400;
    const rng = new Rng(1, 'push');
    const windows = historyWindows(spec, batch);
    for (let i = 0; i < windows.frames.length; i++) windows.frames[i] = rng.normal(0, 12);
    windows.actions.fill(0.5);
    const before = windows.frames.slice();
    pushOutside(spec, training, batch, windows, rng);
    const counts = [0, 0, 0, 0, 0];
    for (let b = 0; b < batch; b++) {
      const moved = [0, 1, 2, 3, 4].filter((j) => windows.frames[b * 10 + j] !== before[b * 10 + j]);
      expect(moved.length).toBe(1);
      const [j] = moved as [number];
      counts[j]!++;
      const shift = windows.frames[b * 10 + j]! - before[b * 10 + j]!;
      expect(Math.abs(shift)).toBeCloseTo(3 * STD[j]!, 4);
      expect(Math.abs(windows.frames[b * 10 + j]! - MEAN[j]!)).toBeGreaterThanOrEqual(2.999 * STD[j]!);
      for (let i = 0; i < 5; i++) {
        const earlier = windows.frames[b * 10 + 5 + i]! - before[b * 10 + 5 + i]!;
        expect(earlier).toBeCloseTo(i === j ? shift : 0, 4);
      }
    }
    expect(counts[0]).toBe(0);
    for (const count of counts.slice(1)) expect(count).toBeGreaterThan(60); // 100 on average
    expect(windows.actions.every((action) => action === 0.5)).toBe(true);
  });

  it('refuses frames of angles only, which come back after a turn', () => {
    const angles = observationSpec({ fields: ['a', 'b'], angles: ['a', 'b'], actions: ['u'], size: 2 });
    expect(() => pushOutside(angles, training, 1, historyWindows(angles, 1), new Rng(1))).toThrow(
      /all fields of the frame are angles \(a, b\)/,
    );
  });
});
