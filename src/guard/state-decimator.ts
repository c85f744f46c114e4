/** How fast the estimate of the state rate follows (weight of a new interval). */
const SMOOTHING = 0.1;
/** States closer than this part of the control period are a burst after a stall; only the first of them is a tick. */
const BURST_FRACTION = 0.25;

/**
 * Which joint states make a control tick: every one where states come at the control rate, every k-th where they come k times
 * as fast. k follows the measured rate, so a robot's true rate need not be declared.
 */
export class StateDecimator {
  private readonly periodNs: number;
  private intervalNs: number;
  private lastNs: bigint | null = null;
  private lastTickNs = 0n;
  private sinceTick = 0;
  /** states that were due for a tick but came in a burst */
  bursts = 0;

  /** @param controlRateHz ticks wanted per second */
  constructor(controlRateHz: number) {
    this.periodNs = 1e9 / controlRateHz;
    this.intervalNs = this.periodNs;
  }

  /** measured, smoothed [Hz] */
  get stateRateHz(): number {
    return 1e9 / this.intervalNs;
  }

  isTick(receivedNs: bigint): boolean {
    if (this.lastNs === null) {
      this.lastNs = receivedNs;
      this.lastTickNs = receivedNs;
      return true;
    }
    // A pause must not be taken for a slow rate.
    const interval = Math.min(Number(receivedNs - this.lastNs), 2 * this.periodNs);
    this.lastNs = receivedNs;
    this.intervalNs += SMOOTHING * (interval - this.intervalNs);
    this.sinceTick++;
    const statesPerTick = Math.max(1, Math.round(this.periodNs / this.intervalNs));
    if (this.sinceTick < statesPerTick) return false;
    if (Number(receivedNs - this.lastTickNs) < BURST_FRACTION * this.periodNs) {
      this.bursts++;
      return false;
    }
    this.sinceTick = 0;
    this.lastTickNs = receivedNs;
    return true;
  }
}
