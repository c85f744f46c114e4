import type { VetoInterface, VetoJoint } from './limits.js';

/**
 * Of each limit. Far above the rounding of doubles (1e-16), so that a command at its limit is never vetoed, and far below what a
 * drive resolves, so that nothing is let through that matters.
 */
const TOLERANCE = 1e-6;

/** A clock may be read in seconds, as doubles: after a year of uptime that is 4 ns coarse, at each end of an interval [s]. */
export const CLOCK_ROUNDING = 1e-7;

/** The value that was sent before, and how long ago [s]. */
export interface Before {
  readonly value: number;
  readonly elapsed: number;
}

/** @returns what is wrong with a joint's value, with limit and unit, or null; `before` is null for the first command */
export function judgeValue(
  commandInterface: VetoInterface,
  joint: VetoJoint,
  value: number,
  before: Before | null,
): string | null {
  if (!Number.isFinite(value)) return `${commandInterface} ${value} is not finite`;
  switch (commandInterface) {
    case 'position':
      return judgeRange(joint, value, before) ?? judgeStep(joint, value, before);
    case 'velocity':
      return judgeSpeed(joint, value) ?? judgeGrowth(joint, value, before);
    case 'effort':
      return judgeEffort(joint, value);
  }
}

/** A set-point outside is right only on the way back in, from a joint that stood outside to begin with. */
function judgeRange({ minPosition, maxPosition, unit }: VetoJoint, value: number, before: Before | null) {
  const beyond = (position: number) => Math.max(minPosition - position, position - maxPosition, 0);
  const allowed = before === null ? Infinity : beyond(before.value) + TOLERANCE * (maxPosition - minPosition);
  if (beyond(value) <= allowed) return null;
  return `position ${value} ${unit} outside [${minPosition}, ${maxPosition}] ${unit} and not on the way back in`;
}

function judgeStep({ maxVelocity, unit }: VetoJoint, value: number, before: Before | null): string | null {
  if (before === null) return null;
  const step = Math.abs(value - before.value);
  const allowed = maxVelocity * (before.elapsed + CLOCK_ROUNDING);
  if (step <= allowed * (1 + TOLERANCE)) return null;
  return `position steps by ${step} ${unit} in ${before.elapsed} s; max_velocity ${maxVelocity} ${unit}/s allows ${allowed} ${unit}`;
}

function judgeSpeed({ maxVelocity, unit }: VetoJoint, value: number): string | null {
  if (Math.abs(value) <= maxVelocity * (1 + TOLERANCE)) return null;
  return `velocity ${value} ${unit}/s beyond max_velocity ${maxVelocity} ${unit}/s`;
}

/** Slowing down may be as hard as it likes, because position beats acceleration; beyond zero it is growth again. */
function judgeGrowth(joint: VetoJoint, value: number, before: Before | null): string | null {
  if (before === null) return null;
  const { maxVelocity, maxAcceleration, unit } = joint;
  const sameWay = value * before.value > 0;
  const growth = Math.abs(value) - (sameWay ? Math.abs(before.value) : 0);
  const allowed = maxAcceleration * (before.elapsed + CLOCK_ROUNDING);
  if (growth <= allowed + maxVelocity * TOLERANCE) return null;
  return `speed grows by ${growth} ${unit}/s to ${value} ${unit}/s in ${before.elapsed} s; max_acceleration ${maxAcceleration} ${unit}/s^2 allows ${allowed} ${unit}/s`;
}

function judgeEffort({ maxEffort, unit }: VetoJoint, value: number): string | null {
  if (Math.abs(value) <= maxEffort * (1 + TOLERANCE)) return null;
  const effortUnit = unit === 'rad' ? 'N m' : 'N';
  return `effort ${value} ${effortUnit} beyond max_effort ${maxEffort} ${effortUnit}`;
}
