/**
 * Latency, lag and gain of one joint from a record of what was sent and what was measured. Model: a command acts L after it was sent, until
 * the next one does; velocity interface: tau dv/dt = u - v, dq/dt = g v; position interface: tau dp/dt = u - p, q = g p. For each L and
 * tau the response is exact between commands, and offset and gain g follow by least squares.
 */
import { badInput } from '../core/index.js';

export interface Sample {
  /** monotonic [s] */
  readonly at: number;
  readonly value: number;
}

export interface Response {
  /** from sending to acting, plus the age that a state has when it is received [s] */
  readonly latency: number;
  /** first-order time constant [s] */
  readonly lag: number;
  /** travel per travel commanded; 1 where the joint does what it is told */
  readonly gain: number;
  /** root mean square of what the model leaves, as a share of the travel */
  readonly residual: number;
  /** deceleration reached, as a share of what the model reaches that brakes as it is told; 1: the drive keeps up */
  readonly braking: number;
}
type Fit = Omit<Response, 'braking'>;

const LONGEST = 0.3;
const COARSE = 0.01;
const FINE = 0.0005;
/** Halvings of the step from COARSE until it is FINE or less. */
const REFINEMENTS = Math.ceil(Math.log2(COARSE / FINE));
const FEWEST_SAMPLES = 50;

/**
 * @param sent commands in order, the first of them the one that was in force before
 * @param measured positions in order; the joint is at rest at the first
 * @throws BAD_INPUT where there are too few samples or the joint did not move
 */
export function fitResponse(
  kind: 'position' | 'velocity',
  sent: readonly Sample[],
  measured: readonly Sample[],
): Response {
  if (measured.length < FEWEST_SAMPLES || sent.length < 2) {
    throw badInput(
      `${measured.length} states and ${sent.length} commands were recorded, expected ${FEWEST_SAMPLES} and 2 at least`,
    );
  }
  const judge = (latency: number, lag: number): Fit => judged(kind, sent, measured, latency, lag);
  let best = judge(0, 0);
  for (let latency = 0; latency <= LONGEST; latency += COARSE) {
    for (let lag = 0; lag <= LONGEST; lag += COARSE) best = better(best, judge(latency, lag));
  }
  for (let i = 0, step = COARSE / 2; i < REFINEMENTS; i++, step /= 2) best = refined(judge, best, step);
  const model = unitResponse(kind, sent, measured, best.latency, best.lag);
  return { ...best, braking: brakingShare(measured, model, best.gain) };
}

/** Goes to the best neighbour until none is better; latency and lag trade for each other, so the diagonals count. */
function refined(judge: (latency: number, lag: number) => Fit, from: Fit, step: number): Fit {
  let best = from;
  for (;;) {
    const centre = best;
    for (const a of [-step, 0, step]) {
      for (const b of [-step, 0, step]) {
        const [latency, lag] = [centre.latency + a, centre.lag + b];
        if (latency >= 0 && lag >= 0) best = better(best, judge(latency, lag));
      }
    }
    if (best === centre) return best;
  }
}

function better(a: Fit, b: Fit): Fit {
  return b.residual < a.residual ? b : a;
}

function judged(
  kind: 'position' | 'velocity',
  sent: readonly Sample[],
  measured: readonly Sample[],
  latency: number,
  lag: number,
): Fit {
  const unit = unitResponse(kind, sent, measured, latency, lag);
  const n = measured.length;
  const meanOf = (values: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[i]!;
    return sum / n;
  };
  const positions = measured.map(({ value }) => value);
  const [x, y] = [meanOf(unit), meanOf(positions)];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [unit[i]! - x, positions[i]! - y];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  if (xx === 0 || yy === 0)
    throw badInput('the joint did not move, so its response cannot be told; is its controller active?');
  const gain = xy / xx;
  return { latency, lag, gain, residual: Math.sqrt(Math.max(0, 1 - (xy * xy) / (xx * yy))) };
}

/** The model's position at each measurement, for gain 1 and from 0 (velocity) or from the first command on (position). */
function unitResponse(
  kind: 'position' | 'velocity',
  sent: readonly Sample[],
  measured: readonly Sample[],
  latency: number,
  lag: number,
): Float64Array {
  const out = new Float64Array(measured.length);
  let acting = sent[0]!.value;
  let next = 1;
  let follower = acting;
  let position = 0;
  let time = measured[0]!.at;
  const advance = (until: number): void => {
    const dt = until - time;
    if (!(dt > 0)) return;
    const kept = lag > 0 ? Math.exp(-dt / lag) : 0;
    position += acting * dt + (follower - acting) * lag * (1 - kept);
    follower = acting + (follower - acting) * kept;
    time = until;
  };
  measured.forEach(({ at }, i) => {
    while (next < sent.length && sent[next]!.at + latency <= at) {
      advance(sent[next]!.at + latency);
      acting = sent[next++]!.value;
    }
    advance(at);
    out[i] = kind === 'velocity' ? position : follower;
  });
  return out;
}

/** Second differences are taken over this long, so that an encoder's steps do not count [s]. */
const WINDOW_S = 0.03;
/** Share of its highest deceleration from which on the model counts as braking. */
const BRAKES = 0.5;

/** The measured deceleration over the model's, by least squares over the times at which the model brakes. */
function brakingShare(measured: readonly Sample[], model: Float64Array, gain: number): number {
  const n = measured.length;
  const period = (measured[n - 1]!.at - measured[0]!.at) / (n - 1);
  const w = Math.max(1, Math.round(WINDOW_S / period));
  const bend = (x: (i: number) => number, i: number): number => x(i + w) - 2 * x(i) + x(i - w);
  const modelled = (i: number): number => gain * model[i]!;
  const decelerations: [index: number, value: number][] = [];
  for (let i = w; i < n - w; i++) {
    const a = bend(modelled, i);
    if (a * (modelled(i + w) - modelled(i - w)) < 0) decelerations.push([i, a]);
  }
  const hardest = Math.max(...decelerations.map(([, a]) => Math.abs(a)));
  let [both, own] = [0, 0];
  for (const [i, a] of decelerations) {
    if (Math.abs(a) < BRAKES * hardest) continue;
    both += a * bend((j) => measured[j]!.value, i);
    own += a * a;
  }
  return both / own;
}
