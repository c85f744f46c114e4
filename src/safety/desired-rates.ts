import { FIELD, fieldOffset } from './gate-state.js';
import { maxVelocityToStop } from './stopping-bound.js';
import type { GateConfig, GateJoint, Reason } from './types.js';

/**
 * What a request (m) asks of the joints as rates [rad/s] or [m/s], into `out` (m); zeros to hold. A set-point is followed as the
 * motion of the set-point itself plus a catching-up that can always stop at it, so that a step neither overshoots nor rings, and
 * a feasible ramp is met exactly. With uniform scaling all joints catch up by the same share, so that they arrive together.
 * @param joints the limits in force at this tick (m)
 * @param authority share of the request that is taken, 0 to 1
 * @param h [s]
 * @param numbers FIELD.requested of a position interface is moved to the request, kept within the limits
 */
export function desiredRates(
  config: GateConfig,
  joints: readonly GateJoint[],
  request: Float64Array | null,
  authority: number,
  h: number,
  numbers: Float64Array,
  reasons: Reason[],
  out: Float64Array,
): void {
  const m = joints.length;
  if (request === null || authority === 0) out.fill(0);
  else if (config.interface === 'velocity') for (let i = 0; i < m; i++) out[i] = authority * request[i]!;
  if (request === null || config.interface !== 'position') return;

  const requested = fieldOffset(FIELD.requested, m);
  const sent = fieldOffset(FIELD.sent, m);
  let common = 1;
  if (config.limitScaling === 'uniform') {
    for (let i = 0; i < m; i++) {
      const behind = numbers[requested + i]! - numbers[sent + i]!;
      if (behind !== 0)
        common = Math.min(common, (catchUp(config, joints[i]!, behind, h) * h) / Math.abs(behind));
    }
  }
  for (let i = 0; i < m; i++) {
    const joint = joints[i]!;
    const target = withinLimits(config, joint, request[i]!, reasons);
    const behind = numbers[requested + i]! - numbers[sent + i]!;
    const share = (common * Math.abs(behind)) / h;
    const speed = config.limitScaling === 'uniform' ? share : catchUp(config, joint, behind, h);
    const rate = (target - numbers[requested + i]!) / h + Math.sign(behind) * speed;
    numbers[requested + i] = target;
    if (authority > 0) out[i] = authority * rate; // a set-point beyond reason makes the rate infinite, and 0 * Infinity NaN
  }
}

function withinLimits(config: GateConfig, joint: GateJoint, wanted: number, reasons: Reason[]): number {
  const low = joint.minPosition + config.positionMargin;
  const high = joint.maxPosition - config.positionMargin;
  const target = Math.min(Math.max(wanted, low), high);
  if (target !== wanted) {
    reasons.push({ check: 'position', joint: joint.name, value: wanted, limit: target, unit: joint.unit });
  }
  return target;
}

/** Highest speed towards a set-point that is `behind` away, from which the joint can stop at it. */
function catchUp(config: GateConfig, joint: GateJoint, behind: number, h: number): number {
  return Math.min(
    Math.abs(behind) / h,
    maxVelocityToStop(Math.abs(behind), joint.maxDeceleration, config.controlPeriod),
    joint.maxVelocity,
  );
}
