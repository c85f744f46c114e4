import { Rng } from '../../src/core/index.js';
import type { CompiledRobot } from '../engine/index.js';
import type { Imperfections } from '../imperfections.js';
import type { StateCursor } from './state-cursor.js';

/**
 * Encoders and velocity estimation. Position: truth + noise, rounded to encoder counts. Velocity: truth + noise, or the
 * difference of two position readings through a first-order low-pass. Vectors (n) in measured order.
 */
export class Sensors {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  private readonly resolutions: Float64Array;
  private readonly imperfections: Imperfections;
  private rng = new Rng(0, 'sensors');

  constructor(compiled: CompiledRobot) {
    const { measured, imperfections } = compiled;
    this.imperfections = imperfections;
    this.positions = new Float64Array(measured.length);
    this.velocities = new Float64Array(measured.length);
    this.resolutions = Float64Array.from(measured, ({ joint }) =>
      joint.type === 'prismatic' ? imperfections.linearResolution : imperfections.angularResolution,
    );
  }

  /** First reading of an episode: there is no earlier one, so the velocity is the true one (plus noise). */
  start(positions: Float64Array, velocities: Float64Array, rng: Rng): void {
    this.rng = rng;
    this.readPositions(positions);
    this.readVelocities(velocities);
  }

  /** @param period time since the last reading [s] */
  sample(positions: Float64Array, velocities: Float64Array, period: number): void {
    if (this.imperfections.velocitySource === 'direct') {
      this.readPositions(positions);
      this.readVelocities(velocities);
      return;
    }
    const cutoff = this.imperfections.velocityCutoffHz;
    const weight = cutoff === 0 ? 1 : 1 - Math.exp(-2 * Math.PI * cutoff * period);
    for (let i = 0; i < this.positions.length; i++) {
      const previous = this.positions[i]!;
      this.positions[i] = this.reading(positions[i]!, i);
      const difference = (this.positions[i]! - previous) / period;
      this.velocities[i]! += weight * (difference - this.velocities[i]!);
    }
  }

  get stateSize(): number {
    return 2 * this.positions.length + 3;
  }

  transfer(cursor: StateCursor): void {
    cursor.array(this.positions);
    cursor.array(this.velocities);
    const { key, position } = this.rng.state;
    const restored = {
      key: [cursor.number(key[0]), cursor.number(key[1])],
      position: cursor.number(position),
    } as const;
    if (cursor.restoring) this.rng = Rng.fromState(restored);
  }

  private readPositions(truth: Float64Array): void {
    for (let i = 0; i < truth.length; i++) this.positions[i] = this.reading(truth[i]!, i);
  }

  private readVelocities(truth: Float64Array): void {
    const noise = this.imperfections.velocityNoise;
    for (let i = 0; i < truth.length; i++)
      this.velocities[i] = noise === 0 ? truth[i]! : truth[i]! + this.rng.normal(0, noise);
  }

  private reading(truth: number, joint: number): number {
    const noise = this.imperfections.positionNoise;
    const noisy = noise === 0 ? truth : truth + this.rng.normal(0, noise);
    const resolution = this.resolutions[joint]!;
    return resolution === 0 ? noisy : Math.round(noisy / resolution) * resolution;
  }
}
