import { traceChart } from './motion-charts.js';
import type { Chart } from './chart.js';
import type { Limits } from './report-data.js';
import { COLOURS } from './theme.js';

/** The commands of one joint, as recorded and as the gate run again has them. */
export interface ReplayedJoint {
  readonly joint: string;
  readonly unit: string;
  /** of the gate run again */
  readonly limits: Limits;
  /** NaN: none */
  readonly recorded: readonly number[];
  readonly computed: readonly number[];
}

/** One plot per joint: recorded and replayed commands, limits shaded. @param timeS since the recording began */
export function replayCharts(
  caption: string,
  timeS: readonly number[],
  joints: readonly ReplayedJoint[],
): Chart[] {
  return joints.map(({ joint, unit, limits, recorded, computed }) =>
    traceChart(
      { caption, timeS },
      `${joint} command`,
      unit,
      [
        { name: 'recorded', quantity: 'command', values: recorded, colour: COLOURS.series1, step: true },
        { name: 'replayed', quantity: 'command', values: computed, colour: COLOURS.series2, step: true },
      ],
      limits,
    ),
  );
}
