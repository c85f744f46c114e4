/**
 * Simulated time against the monotonic clock: it runs at a speed, stands still while it is paused, and never goes back.
 * Times of both are in ns; simulated time begins at 0.
 */
export class PacedTime {
  private anchorNs: bigint;
  private anchorSimulatedNs = 0n;
  private stopped = false;

  /** @param speed simulated seconds per second, above 0 */
  constructor(
    nowNs: bigint,
    readonly speed: number,
  ) {
    this.anchorNs = nowNs;
  }

  get paused(): boolean {
    return this.stopped;
  }

  /** Simulated time at a monotonic time, which may lie before a pause that is over: then the pause's. */
  at(nowNs: bigint): bigint {
    if (this.stopped || nowNs <= this.anchorNs) return this.anchorSimulatedNs;
    return this.anchorSimulatedNs + BigInt(Math.round(Number(nowNs - this.anchorNs) * this.speed));
  }

  /** When a simulated time that is not before the last pause comes, on the monotonic clock; not while paused. */
  whenIs(simulatedNs: bigint): bigint {
    return this.anchorNs + BigInt(Math.round(Number(simulatedNs - this.anchorSimulatedNs) / this.speed));
  }

  /** Says what time it is: at `nowNs` it is `simulatedNs`, whatever was due. */
  set(simulatedNs: bigint, nowNs: bigint): void {
    this.anchorSimulatedNs = simulatedNs;
    this.anchorNs = nowNs;
  }

  pause(): void {
    this.stopped = true;
  }

  resume(nowNs: bigint): void {
    this.stopped = false;
    this.anchorNs = nowNs;
  }
}
