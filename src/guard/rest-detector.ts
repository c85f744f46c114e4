import { elapsedMs } from '../core/index.js';
import type { GateConfig, GateState, Measured } from '../safety/index.js';

/** Part of a joint's maximum velocity below which it counts as standing still; above the noise of a differentiated encoder. */
const REST_FRACTION = 0.02;
/** Ticks in a row. */
const REST_TICKS = 5;

/** Confirms a stop: the gate is done ramping and the measured velocities have stayed small for several ticks. */
export class RestDetector {
  private ticks = 0;

  constructor(private readonly config: GateConfig) {}

  /** Call once per tick. A stale state confirms nothing. */
  isAtRest(gate: GateState, measured: Measured, nowNs: bigint): boolean {
    const fresh = elapsedMs(measured.receivedNs, nowNs) <= this.config.stateTimeoutMs;
    const ramping = gate.mode === 'active' || gate.mode === 'stopping';
    const still = this.config.joints.every(
      (joint, i) => Math.abs(measured.velocities[i]!) < REST_FRACTION * joint.maxVelocity,
    );
    this.ticks = !ramping && still && fresh ? this.ticks + 1 : 0;
    return this.ticks >= REST_TICKS;
  }
}
