import { HEADER } from './gate-state.js';
import type { GateConfig, GateJoint, Reason } from './types.js';

/** The limits in force: tighter for a while after somebody was given authority, so that a hand-over is gentle. */
export function limitsInForce(
  config: GateConfig,
  numbers: Float64Array,
  now: number,
  reasons: Reason[],
): readonly GateJoint[] {
  const { velocityScale, accelerationScale, duration } = config.onTransition;
  const since = now - numbers[HEADER.engagedAt]!;
  if (!(since < duration) || (velocityScale === 1 && accelerationScale === 1)) return config.joints;
  reasons.push({ check: 'transition', value: since, limit: duration, unit: 's' });
  return config.joints.map((joint) => ({
    ...joint,
    maxVelocity: velocityScale * joint.maxVelocity,
    maxAcceleration: accelerationScale * joint.maxAcceleration,
  }));
}
