/**
 * The exact stopping bound on the discrete integrator, with delay and lag.
 *
 * Model of one joint: a command u(k), sent every dt, acts L later and until the next one does (zero-order hold); the actuator
 * follows with a first-order lag, tau dv/dt = u - v; the position integrates v.
 *
 * 1. With all commands >= 0 and the last one 0, integrating the lag gives the whole remaining travel exactly:
 *      q(end) - q(t) = tau v(t) + (integral of every command that has not acted by t).
 *    With mixed signs, d/dt (q + tau max(v, 0)) <= max(u, 0), so with positive parts it is an upper bound of every later q.
 * 2. So define the reach  R = q + tau max(v, 0) + sum of max(u_i, 0) * (time for which u_i has still to act),  all taken at the
 *    instant t_m of the measurement. An old state therefore costs nothing but the commands sent since, whatever its phase.
 * 3. A new command u acts for one period, and then dt-spaced commands u - a dt, u - 2 a dt, ... down to 0 add
 *      S(u) = dt (u + (u - a dt) + ...)  to the reach. The bound: R + S(u) <= limit - margin.
 * 4. Recursive feasibility: R(k+1) <= R(k) + u(k) dt by 1, and S(u - a dt) = S(u) - u dt exactly. Hence if u(k) satisfied the
 *    bound, u(k) - a dt satisfies it one tick later: braking at the declared rate always stays inside, also without any state.
 *    A tick that comes early (h < dt) gains a h (dt - h) / 2. One that comes late by e may brake for the time that has passed
 *    (the gate allows up to two periods) and so loses only a e (dt + e) / 2, not u e: the margin is for that, for noise and for
 *    what the model leaves out. Declared delay or lag above the real one only makes the reach longer.
 */

/**
 * The largest v such that ticks of `dt` at v, v - a dt, v - 2 a dt, ... travel at most `distance`: the inverse of
 * {@link distanceToStop}. Exact where v^2 / 2a is not.
 *
 * @param distance [rad] or [m]; 0 and below, and NaN, give 0; Infinity gives Infinity
 * @param deceleration a, positive [rad/s^2] or [m/s^2]
 * @param dt positive [s]
 */
export function maxVelocityToStop(distance: number, deceleration: number, dt: number): number {
  if (!(distance > 0)) return 0;
  const steps = (8 * distance) / (deceleration * dt * dt);
  if (steps === Infinity) return Infinity;
  const m = Math.floor((Math.sqrt(1 + steps) - 1) / 2);
  return (distance / dt + (deceleration * dt * m * (m + 1)) / 2) / (m + 1);
}

/** Travel of ticks of `dt` at v, v - a dt, v - 2 a dt, ... while positive [rad] or [m]; 0 for v <= 0. */
export function distanceToStop(velocity: number, deceleration: number, dt: number): number {
  if (!(velocity > 0)) return 0;
  const m = Math.floor(velocity / (deceleration * dt));
  return (m + 1) * velocity * dt - (deceleration * dt * dt * m * (m + 1)) / 2;
}

/**
 * The highest rate that may follow `previous` after `h` seconds: accelerate while moving up; while moving down brake to zero
 * first, and use what is left of `h` to accelerate. The lowest rate is `-highestRate(-previous, ...)`.
 */
export function highestRate(previous: number, acceleration: number, deceleration: number, h: number): number {
  if (previous >= 0) return previous + acceleration * h;
  const timeToZero = -previous / deceleration;
  return timeToZero >= h ? previous + deceleration * h : acceleration * (h - timeToZero);
}
