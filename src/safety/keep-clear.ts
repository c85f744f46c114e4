import { clearanceCount, clearanceName, clearances, type ClearanceModel } from './clearance-model.js';
import { FIELD, fieldOffset } from './gate-state.js';
import { RECOVERY_FRACTION, type RateWindow } from './rate-bounds.js';
import { distanceToStop, highestRate } from './stopping-bound.js';
import type { GateConfig, GateJoint, Reason } from './types.js';

const BISECTIONS = 10;
/** Kept while approaching and used when leaving, so that a robot at the edge has room to begin [m]. */
const ROOM_TO_LEAVE = 5e-4;
/** Step along the request by which it is judged whether it leads out of what is too close [rad] or [m]. */
const PROBE = 1e-4;

/** What decides a tick's rates, for a share of what is desired. */
interface Motion {
  readonly config: GateConfig;
  readonly joints: readonly GateJoint[];
  readonly windows: readonly RateWindow[];
  readonly numbers: Float64Array;
  readonly desired: Float64Array;
  /** [s] */
  readonly h: number;
}

/**
 * Narrows the windows so that every clearance stays above zero until the robot is at rest, scaling all rates (m) by one share.
 *
 * A joint that is commanded to a rate travels T at most from where it was measured until it has braked to rest (stopping-bound.ts), and
 * a clearance changes by its lever times that at most, whatever the directions. So
 *   sum over joints of lever_k T_k <= clearance
 * keeps it. Braking only ever shortens T by what the clearance can have lost, so a robot that satisfies this goes on satisfying it.
 * Where it is too close already, it may move slowly, and only so that everything that is too close gets farther apart.
 */
export function keepClear(model: ClearanceModel, motion: Motion, reasons: Reason[]): readonly RateWindow[] {
  const { joints, numbers, desired } = motion;
  const m = joints.length;
  const measured = numbers.subarray(fieldOffset(FIELD.position, m), fieldOffset(FIELD.position, m) + m);
  const now = clearances(model, measured, new Float64Array(clearanceCount(model)));
  const left = roomLeft(model, motion, measured, now);
  const most = left.includes(Infinity) ? recoveryShare(motion) : 1;
  const rates = new Float64Array(m);
  const tight = tightest(model, motion, left, most, rates);
  if (tight < 0 && most === 1) return motion.windows;
  const named = tight < 0 ? left.indexOf(Infinity) : tight;
  report(model, named, now[named]!, reasons);
  let [fits, fails] = [tight < 0 ? most : 0, most];
  if (tight >= 0 && tightest(model, motion, left, 0, rates) < 0) {
    for (let i = 0; i < BISECTIONS; i++) {
      const share = (fits + fails) / 2;
      if (tightest(model, motion, left, share, rates) < 0) fits = share;
      else fails = share;
    }
  }
  tightest(model, motion, left, fits, rates); // for the rates
  for (let k = 0; k < m; k++) desired[k] = fits === 0 ? 0 : fits * desired[k]!; // 0 * Infinity is NaN
  return motion.windows.map((window, k) => ({
    ...window,
    softHigh: Math.min(window.softHigh, Math.max(rates[k]!, 0)),
    softLow: Math.max(window.softLow, Math.min(rates[k]!, 0)),
  }));
}

/** The clearance that a share of the desired rates would use up most, -1 where all are kept; the rates themselves into `rates`. */
function tightest(
  { pairs, walls }: ClearanceModel,
  motion: Motion,
  left: Float64Array,
  share: number,
  rates: Float64Array,
): number {
  const travel = motion.joints.map((_, k) => travelOf(motion, k, (rates[k] = rateOf(motion, k, share))));
  let worst = 0;
  let index = -1;
  [...pairs, ...walls].forEach(({ lever }, i) => {
    let change = 0;
    lever.forEach((each, k) => (change += each === 0 ? 0 : each * travel[k]!));
    const excess = change - left[i]!;
    if (excess > worst) [worst, index] = [excess, i];
  });
  return index;
}

/** What a joint would be sent: within its window and what its acceleration allows. */
function rateOf({ joints, windows, numbers, desired, h }: Motion, k: number, share: number): number {
  const { maxVelocity, maxAcceleration, maxDeceleration } = joints[k]!;
  const { softLow, softHigh } = windows[k]!;
  const previous = numbers[fieldOffset(FIELD.rate, joints.length) + k]!;
  const wanted = share === 0 ? 0 : share * desired[k]!;
  const bounded = Math.min(Math.max(wanted, -maxVelocity, softLow), maxVelocity, softHigh);
  const highest = highestRate(previous, maxAcceleration, maxDeceleration, h);
  const lowest = -highestRate(-previous, maxAcceleration, maxDeceleration, h);
  return Math.min(Math.max(bounded, lowest), highest);
}

/** The farthest that a joint gets from where it was measured, when it is sent `rate` and then brakes. */
function travelOf({ config, joints, windows, numbers }: Motion, k: number, rate: number): number {
  const measured = numbers[fieldOffset(FIELD.position, joints.length) + k]!;
  const { up, down } = windows[k]!;
  const { maxDeceleration } = joints[k]!;
  const above = up + distanceToStop(rate, maxDeceleration, config.controlPeriod) - measured;
  const below = measured - down + distanceToStop(-rate, maxDeceleration, config.controlPeriod);
  return Math.max(above, below, 0);
}

/**
 * What each clearance may lose [m]. Those that the request makes larger may use all they have, and are not counted where they have
 * nothing (Infinity), once the robot is slow.
 */
function roomLeft(
  model: ClearanceModel,
  motion: Motion,
  measured: Float64Array,
  now: Float64Array,
): Float64Array {
  const { desired } = motion;
  const size = Math.hypot(...desired);
  if (!(size > 0 && Number.isFinite(size))) return now.map((distance) => distance - ROOM_TO_LEAVE);
  const ahead = measured.map((position, k) => position + (PROBE * desired[k]!) / size);
  const probe = clearances(model, ahead, new Float64Array(now.length));
  const slow = isSlow(motion);
  return now.map((distance, i) => {
    if (probe[i]! <= distance) return distance - ROOM_TO_LEAVE;
    return slow && distance < ROOM_TO_LEAVE ? Infinity : distance;
  });
}

function isSlow({ joints, numbers }: Motion): boolean {
  const rate = fieldOffset(FIELD.rate, joints.length);
  return joints.every(
    ({ maxVelocity }, k) => Math.abs(numbers[rate + k]!) <= RECOVERY_FRACTION * maxVelocity,
  );
}

/** The share of the desired rates with which no joint is faster than one that is outside of its limits may be. */
function recoveryShare({ joints, desired }: Motion): number {
  let share = 1;
  joints.forEach(({ maxVelocity }, k) => {
    share = Math.min(share, (RECOVERY_FRACTION * maxVelocity) / Math.abs(desired[k]!));
  });
  return share;
}

function report(model: ClearanceModel, index: number, value: number, reasons: Reason[]): void {
  const check = index < model.pairs.length ? 'self-collision' : 'workspace';
  reasons.push({ check, where: clearanceName(model, index), value, limit: 0, unit: 'm' });
}
