import { layoutOf, sensorOffset } from '../env/index.js';
import type { TickMessage } from '../io/ipc/index.js';
import type { Robot } from '../robot/index.js';
import type { SensorWatch } from './sensor-watch.js';
import type { StateMapper } from './state-mapper.js';

/** What the agent observes: src/env/frame.ts of the newest joint state, of the command that is executed, and of the sensors. */
export class ObservationFrame {
  private readonly values: Float64Array;
  private readonly sensorsFrom: number;

  constructor(
    robot: Robot,
    private readonly mapper: Pick<StateMapper, 'positions' | 'velocities'>,
    private readonly watch: Pick<SensorWatch, 'read'>,
  ) {
    const layout = layoutOf(robot);
    this.values = new Float64Array(layout.size);
    this.sensorsFrom = sensorOffset(layout);
  }

  /**
   * @param executed the newest command (m)
   * @returns the frame, overwritten by the next one; null while a sensor is silent
   */
  compose(executed: ArrayLike<number>, nowNs: bigint): Float64Array | null {
    const { positions, velocities } = this.mapper;
    this.values.set(positions, 0);
    this.values.set(velocities, positions.length);
    this.values.set(executed, 2 * positions.length);
    return this.watch.read(this.values, this.sensorsFrom, nowNs) ? this.values : null;
  }

  /** All that is measured, for the record; not copied, overwritten later. The readings of a sensor that is silent are NaN. */
  measured(nowNs: bigint): Pick<TickMessage, 'positions' | 'velocities' | 'sensors'> {
    const { positions, velocities } = this.mapper;
    this.watch.read(this.values, this.sensorsFrom, nowNs);
    return { positions, velocities, sensors: this.values.subarray(this.sensorsFrom) };
  }
}
