import { describe, expect, it } from 'vitest';
import { desiredRates } from '../../src/safety/desired-rates.js';
import { FIELD, fieldOffset } from '../../src/safety/gate-state.js';
import type { GateConfig, Reason } from '../../src/safety/types.js';
import { config, engaged, joint } from './fixtures.js';

const joints = [joint(), joint({ name: 'joint1', minPosition: -3, maxPosition: 2 })];

interface Asked {
  readonly rates: number[];
  readonly requested: number[];
  readonly reasons: Reason[];
}

/** What `request` asks of joints that were engaged at `positions`, in 10 ms. */
function ask(
  overrides: Partial<GateConfig>,
  positions: readonly number[],
  request: readonly number[] | null,
  authority = 1,
): Asked {
  const gateConfig = config({ joints, positionMargin: 0.1, ...overrides });
  const numbers = engaged(gateConfig, positions).numbers.slice();
  const reasons: Reason[] = [];
  const out = new Float64Array([7, 7]); // of an earlier tick
  const asked = request && Float64Array.from(request);
  desiredRates(gateConfig, joints, asked, authority, 0.01, numbers, reasons, out);
  const from = fieldOffset(FIELD.requested, 2);
  return { rates: [...out], requested: [...numbers.subarray(from, from + 2)], reasons };
}

describe('the rates that a request asks for', () => {
  it('are a share of it where it is of velocities', () => {
    const close = [0.5, -0.25].map((value) => expect.closeTo(value, 12) as number);
    expect(ask({}, [0, 0], [2, -1], 0.25)).toMatchObject({ rates: close, reasons: [] });
  });

  it.each(['velocity', 'position'] as const)('are none without authority or a request: %s', (kind) => {
    expect(ask({ interface: kind }, [0.2, 0.3], [0.5, 0.6], 0).rates).toEqual([0, 0]);
    expect(ask({ interface: kind }, [0.2, 0.3], null).rates).toEqual([0, 0]);
  });

  it.each(['per_joint', 'uniform'] as const)(
    'lead to set-points, and those within limits are no reason: %s',
    (limitScaling) => {
      const asked = ask({ interface: 'position', limitScaling }, [0.2, 0.3], [0.9, -2.9]);
      expect(asked.reasons).toEqual([]);
      expect(asked.requested).toEqual([0.9, -2.9]);
      expect(asked.rates[0]).toBeCloseTo((0.9 - 0.2) / 0.01, 9);
      expect(asked.rates[1]).toBeCloseTo((-2.9 - 0.3) / 0.01, 9);
    },
  );

  it('lead to the limit less the margin from a set-point beyond it, and name it', () => {
    const asked = ask({ interface: 'position' }, [0.2, 0.3], [-0.95, 1.95]);
    expect(asked.requested).toEqual([-0.9, 1.9]);
    expect(asked.reasons).toEqual([
      { check: 'position', joint: 'elbow', value: -0.95, limit: -0.9, unit: 'rad' },
      { check: 'position', joint: 'joint1', value: 1.95, limit: 1.9, unit: 'rad' },
    ]);
  });
});
