import type { Joint, Robot } from '../robot/index.js';

/** What a predicted frame is held against, for one measured joint. */
export interface PredictedBounds {
  /** index in measured order, which is that of its position in a frame */
  readonly joint: number;
  /** [rad] or [m]; infinite where there is none */
  readonly low: number;
  readonly high: number;
  /** [rad/s] or [m/s] */
  readonly maxSpeed: number;
}

/**
 * A joint may be driven at its max_velocity; noise and the model's error then put half of all predictions above. The gate's barrier
 * of effort interfaces begins to act in full at the same excess (gate-config.ts).
 */
const SPEED_ALLOWANCE = 1.1;

/** Position limits of all measured joints that have them, as the gate takes them; speeds of those that we drive. */
export function predictedBounds({ model }: Robot): PredictedBounds[] {
  const joints = new Map<string, Joint>(model.joints.map((joint) => [joint.name, joint]));
  return model.measured.map((name, joint) => {
    const limits = joints.get(name)?.limits;
    const driven = model.commanded.includes(name) && limits !== undefined;
    return {
      joint,
      low: Math.max(limits?.position?.min ?? -Infinity, limits?.softPosition?.min ?? -Infinity),
      high: Math.min(limits?.position?.max ?? Infinity, limits?.softPosition?.max ?? Infinity),
      maxSpeed: driven ? SPEED_ALLOWANCE * limits.maxVelocity : Infinity,
    };
  });
}
