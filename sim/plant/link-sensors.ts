import type { MjData } from '@mujoco/mujoco';
import type { CompiledRobot } from '../engine/index.js';
import type { StateCursor } from './state-cursor.js';

/**
 * IMUs and force-torque sensors, read without noise or delay. MuJoCo's own readings are those of the state before the last physics step,
 * so physics is evaluated anew at each sample.
 */
export class LinkSensors {
  /** readings (s) in the order of a frame */
  readonly values: Float64Array;
  /** MuJoCo's force is what carries the link exerts on it; a sensor tells the opposite */
  private readonly signs: Float64Array;

  constructor(
    private readonly compiled: CompiledRobot,
    private readonly data: MjData,
  ) {
    const { sensors } = compiled.robot.config;
    this.values = new Float64Array(compiled.model.nsensordata);
    this.signs = Float64Array.from(
      sensors.flatMap(({ type }) => new Array<number>(6).fill(type === 'imu' ? 1 : -1)),
    );
  }

  /** @param braked nothing accelerates, whatever the drives do; the brakes carry what is to be carried */
  sample(braked: boolean): void {
    if (this.values.length === 0) return;
    const { engine, model } = this.compiled;
    if (braked) {
      (this.data.qacc as Float64Array).fill(0);
      engine.mj_inverse(model, this.data);
    } else engine.mj_forward(model, this.data);
    const read = this.data.sensordata as Float64Array;
    for (let i = 0; i < this.values.length; i++) this.values[i] = this.signs[i]! * read[i]!;
  }

  get stateSize(): number {
    return this.values.length;
  }

  transfer(cursor: StateCursor): void {
    cursor.array(this.values);
  }
}
