/** Absolute slack for rounding in transport and subtraction, nothing more. */
const ROUNDING = 1e-9;

/**
 * What a signal of bounded rate can have reached: v[j] <= v[i] + r (t[j] - t[i]) for all i < j is the same as staying below a
 * bound that grows by r dt and is cut to each new value. So every stretch is judged at once, and a small excess accumulates.
 */
export class RateEnvelope {
  private upper = NaN;
  private lower = NaN;

  /** @param slack time by which the time between two values may be misjudged [s]; it does not accumulate */
  constructor(private readonly slack: number) {}

  /** highest value that is within reach at the time of the last one; NaN before the first */
  get highest(): number {
    return this.upper;
  }

  get lowest(): number {
    return this.lower;
  }

  /**
   * Judges the next value against all before it, and takes it in.
   *
   * @param elapsed since the last value [s]
   * @param rise fastest rate upwards [1/s], Infinity for none
   * @param fall fastest rate downwards [1/s], positive
   * @returns how far the value is above (+) or below (-) the bounds; 0 within; NaN for a value that is no number
   */
  excess(value: number, elapsed: number, rise: number, fall: number): number {
    if (Number.isNaN(value)) return NaN;
    const first = Number.isNaN(this.upper);
    const highest = first ? value : this.upper + travel(rise, elapsed);
    const lowest = first ? value : this.lower - travel(fall, elapsed);
    this.upper = Math.min(highest, value);
    this.lower = Math.max(lowest, value);
    const above = value - highest - travel(rise, this.slack);
    const below = value - lowest + travel(fall, this.slack);
    if (above > ROUNDING) return above;
    return below < -ROUNDING ? below : 0;
  }
}

function travel(rate: number, time: number): number {
  return rate === Infinity ? Infinity : rate * time;
}
