import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { robotLayout } from '../../../src/env/index.js';
import { encodeObservations, ObservationHistory, observationSpec } from '../../../src/rl/index.js';
import { expectClose } from './expect-close.js';

const layout = robotLayout(['slide', 'pole'], ['slide'], ['pole']);

describe('observationSpec', () => {
  it('counts sine and cosine of continuous joints, history and previous actions', () => {
    const spec = observationSpec(layout, { history: 3, previousActions: 2 });
    expect(spec.encodedFrameSize).toBe(6);
    expect(spec.size).toBe(3 * 6 + 2);
    expect(spec.fields[1]).toBe('pole position');
    expect(spec.encoding).toEqual(['linear', 'sincos', 'linear', 'linear', 'linear']);
  });

  it.each([{ history: 0 }, { history: 1.5 }, { previousActions: -1 }])('refuses %o', (options) => {
    expect(() => observationSpec(layout, options)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });

  it('refuses an angle that the frame does not hold', () => {
    expect(() => observationSpec({ ...layout, angles: ['elbow position'] })).toThrow(
      "angle 'elbow position'",
    );
  });
});

describe('encodeObservations', () => {
  it('writes encoded positions, velocities and commands of each frame, then previous actions', () => {
    const spec = observationSpec(layout, { history: 2, previousActions: 1 });
    const frames = Float32Array.of(1, 0.5, 2, 3, 4, /* older */ -1, -0.5, -2, -3, -4);
    const out = new Float32Array(spec.size);
    encodeObservations(spec, 1, frames, Float32Array.of(0.25), out);
    const [s, c] = [Math.sin(0.5), Math.cos(0.5)];
    expectClose(out, [1, s, c, 2, 3, 4, -1, -s, c, -2, -3, -4, 0.25], 1e-6);
  });

  it('does not see full turns of a continuous joint', () => {
    const spec = observationSpec(layout);
    const [one, other] = [0, 1].map((turns) => {
      const out = new Float32Array(spec.size);
      encodeObservations(
        spec,
        1,
        Float32Array.of(0, 1 + turns * 2 * Math.PI, 0, 0, 0),
        new Float32Array(0),
        out,
      );
      return out;
    });
    expectClose(one!, other!, 1e-6);
  });
});

describe('ObservationHistory', () => {
  it('equals the batched encoding of the same frames and actions, at every step of an episode', () => {
    const value = fc.float({ min: -3, max: 3, noNaN: true });
    const step = fc.record({ frame: fc.array(value, { minLength: 5, maxLength: 5 }), action: value });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        (steps, history, previousActions) => {
          const spec = observationSpec(layout, { history, previousActions });
          const live = new ObservationHistory(spec);
          const encoded = new Float32Array(spec.size);
          steps.forEach((current, t) => {
            const frame = Float32Array.from(current.frame);
            if (t === 0) live.begin(frame);
            else live.push(Float32Array.of(current.action), frame);
            live.encode(encoded);
            const frames = Array.from({ length: history }, (_, h) => steps[Math.max(0, t - h)]!.frame).flat();
            const actions = Array.from({ length: previousActions }, (_, p) =>
              t - p > 0 ? steps[t - p]!.action : 0,
            );
            const expected = new Float32Array(spec.size);
            encodeObservations(spec, 1, Float32Array.from(frames), Float32Array.from(actions), expected);
            expect(Array.from(encoded)).toEqual(Array.from(expected));
          });
        },
      ),
    );
  });
});
