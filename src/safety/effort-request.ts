import type { Check, GateJoint, Reason } from './types.js';

/** The largest share of all requested efforts (m), 0 to 1, with which none is above its limit. */
export function effortShare(joints: readonly GateJoint[], request: Float64Array): number {
  let share = 1;
  joints.forEach(({ maxEffort }, i) => {
    share = Math.min(share, maxEffort / Math.abs(request[i]!));
  });
  return share;
}

/** The effort nearest to `wanted` that is `elapsed` seconds at max_effort_rate from the last one [N m] or [N]. */
export function limitEffortRate(
  joint: GateJoint,
  wanted: number,
  last: number,
  elapsed: number,
  reasons: Reason[],
): number {
  if (joint.maxEffortRate === Infinity) return wanted;
  const step = joint.maxEffortRate * Math.max(elapsed, 0);
  const limited = Math.min(Math.max(wanted, last - step), last + step);
  if (limited !== wanted) pushEffort(joint, 'effort-rate', wanted, limited, reasons);
  return limited;
}

export function pushEffort(
  joint: GateJoint,
  check: Check,
  value: number,
  limit: number,
  reasons: Reason[],
): void {
  reasons.push({ check, joint: joint.name, value, limit, unit: joint.unit === 'm' ? 'N' : 'N m' });
}
