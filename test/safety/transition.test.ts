import { describe, expect, it } from 'vitest';
import { HEADER } from '../../src/safety/gate-state.js';
import { limitsInForce } from '../../src/safety/transition.js';
import type { GateJoint, Reason, TransitionLimits } from '../../src/safety/types.js';
import { config, engaged, joint } from './fixtures.js';

const joints = [joint({ maxVelocity: 2, maxAcceleration: 8 }), joint({ name: 'joint1', maxVelocity: 0.5 })];

/** The limits `since` seconds after somebody was given authority. */
function inForce(
  onTransition: TransitionLimits,
  since: number,
): { limits: readonly GateJoint[]; reasons: Reason[] } {
  const gateConfig = config({ joints, onTransition });
  const numbers = engaged(gateConfig).numbers.slice();
  numbers[HEADER.engagedAt] = 1;
  const reasons: Reason[] = [];
  return { limits: limitsInForce(gateConfig, numbers, 1 + since, reasons), reasons };
}

describe('the limits in force', () => {
  it.each([0.25, 0.5])('are a share of the velocities where that is asked for: %s', (velocityScale) => {
    const onTransition = { velocityScale: 0.5, accelerationScale: 1, duration: 0.25 };
    const gateConfig = config({ joints, onTransition, velocityScale });
    const numbers = engaged(gateConfig).numbers.slice();
    numbers[HEADER.engagedAt] = 1;
    const share = (at: number, reasons: Reason[] = []) =>
      limitsInForce(gateConfig, numbers, at, reasons).map(({ maxVelocity }) => maxVelocity);
    expect(share(1.125)).toEqual([velocityScale, 0.25 * velocityScale]); // a hand-over eases what is asked for
    expect(share(1.25)).toEqual([2 * velocityScale, 0.5 * velocityScale]);
    const reasons: Reason[] = [];
    share(1.25, reasons);
    expect(reasons).toEqual([]);
    expect(limitsInForce(gateConfig, numbers, 1.25, [])[0]!.maxAcceleration).toBe(8);
  });

  it.each([
    ['velocity and acceleration', 0.5, 0.25],
    ['velocity alone', 0.5, 1],
    ['acceleration alone', 1, 0.25],
  ])('are scaled after a hand-over: %s', (_name, velocityScale, accelerationScale) => {
    const onTransition = { velocityScale, accelerationScale, duration: 0.25 };
    const { limits, reasons } = inForce(onTransition, 0.125);
    expect(limits).toEqual([
      { ...joints[0], maxVelocity: 2 * velocityScale, maxAcceleration: 8 * accelerationScale },
      { ...joints[1], maxVelocity: 0.5 * velocityScale, maxAcceleration: 4 * accelerationScale },
    ]);
    expect(reasons).toEqual([{ check: 'transition', value: 0.125, limit: 0.25, unit: 's' }]);
    expect(inForce(onTransition, 0).limits).toEqual(limits);
  });

  it('are those declared from the end of its duration on, or where nothing is scaled', () => {
    const onTransition = { velocityScale: 0.5, accelerationScale: 0.5, duration: 0.25 };
    expect(inForce(onTransition, 0.25)).toEqual({ limits: joints, reasons: [] });
    const plain = { velocityScale: 1, accelerationScale: 1, duration: 0.25 };
    expect(inForce(plain, 0.125)).toEqual({ limits: joints, reasons: [] });
  });
});
