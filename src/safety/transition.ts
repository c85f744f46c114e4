import { HEADER } from './gate-state.js';
import type { GateConfig, GateJoint, Reason, TransitionLimits } from './types.js';

/**
 * The limits in force: tighter for a while after somebody was given authority, so that a hand-over is gentle, and where a share of the
 * velocities was asked for.
 */
export function limitsInForce(
  config: GateConfig,
  numbers: Float64Array,
  now: number,
  reasons: Reason[],
): readonly GateJoint[] {
  const { joints, onTransition, velocityScale = 1 } = config;
  const since = now - numbers[HEADER.engagedAt]!;
  const easing = since < onTransition.duration && !isOne(onTransition);
  if (easing) reasons.push({ check: 'transition', value: since, limit: onTransition.duration, unit: 's' });
  const velocity = easing ? onTransition.velocityScale * velocityScale : velocityScale;
  const acceleration = easing ? onTransition.accelerationScale : 1;
  if (velocity === 1 && acceleration === 1) return joints;
  return joints.map((joint) => ({
    ...joint,
    maxVelocity: velocity * joint.maxVelocity,
    maxAcceleration: acceleration * joint.maxAcceleration,
  }));
}

function isOne({ velocityScale, accelerationScale }: TransitionLimits): boolean {
  return velocityScale === 1 && accelerationScale === 1;
}
