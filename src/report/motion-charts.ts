import { grid, legend, PLAIN_LINE, xAxis, yAxis } from './axes.js';
import { FULL_WIDTH, type Chart } from './chart.js';
import type { JointMotion, Limits, Motion } from './report-data.js';
import { COLOURS } from './theme.js';

interface Trace {
  readonly name: string;
  /** of the vertical axis */
  readonly quantity: string;
  readonly values: ArrayLike<number>;
  readonly colour: string;
  /** commands are held between ticks */
  readonly step: boolean;
}

const MEASURED = 'measured position';
const COMMAND = 'executed command';

/** One plot per joint and unit, limits shaded. */
export function motionCharts(motion: Motion): Chart[] {
  return motion.joints.flatMap((joint) => jointCharts(motion, joint));
}

function jointCharts(motion: Motion, joint: JointMotion): Chart[] {
  const { name, unit, positions, positionLimits, commands } = joint;
  const measured: Trace = {
    name: MEASURED,
    quantity: 'position',
    values: positions,
    colour: COLOURS.series1,
    step: false,
  };
  if (commands === undefined) return [traceChart(motion, name, unit, [measured], positionLimits)];
  const command: Trace = {
    name: COMMAND,
    quantity: 'command',
    values: commands.values,
    colour: COLOURS.series2,
    step: true,
  };
  if (commands.unit === unit) return [traceChart(motion, name, unit, [measured, command], positionLimits)];
  return [
    traceChart(motion, name, unit, [measured], positionLimits),
    traceChart(motion, `${name} command`, commands.unit, [command], commands.limits),
  ];
}

function range(traces: readonly Trace[], limits: Limits | undefined): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const { values } of traces) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]!)) continue;
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  if (limits !== undefined && Number.isFinite(limits.min)) low = Math.min(low, limits.min);
  if (limits !== undefined && Number.isFinite(limits.max)) high = Math.max(high, limits.max);
  if (low > high) return { low: -1, high: 1 };
  const padding = (high - low || 1) * 0.08;
  return { low: low - padding, high: high + padding };
}

function traceChart(
  motion: Motion,
  name: string,
  unit: string,
  traces: readonly Trace[],
  limits: Limits | undefined,
): Chart {
  const { low, high } = range(traces, limits);
  const forbidden = [
    ...(limits !== undefined && Number.isFinite(limits.max)
      ? [[{ yAxis: limits.max }, { yAxis: high }]]
      : []),
    ...(limits !== undefined && Number.isFinite(limits.min) ? [[{ yAxis: low }, { yAxis: limits.min }]] : []),
  ] as [{ yAxis: number }, { yAxis: number }][];
  const shaded = forbidden.length > 0 ? ' Beyond the limits: shaded.' : '';
  return {
    title: `${name} [${unit}]`,
    caption: `${motion.title}.${shaded}`,
    width: FULL_WIDTH,
    height: 240,
    option: {
      grid: grid(1),
      legend: legend(traces.map((trace) => ({ name: trace.name, icon: PLAIN_LINE }))),
      xAxis: xAxis({
        name: 'time [s]',
        min: motion.timeS[0] ?? 0,
        max: motion.timeS[motion.timeS.length - 1] ?? 1,
        ragged: 'max',
      }),
      yAxis: yAxis({
        name: `${traces[0]!.quantity} [${unit}]`,
        min: low,
        max: high,
        splits: 4,
        ragged: 'both',
      }),
      series: traces.map((trace, index) => ({
        name: trace.name,
        type: 'line' as const,
        data: Array.from(trace.values, (value, i) => [
          motion.timeS[i]!,
          Number.isFinite(value) ? value : null,
        ]),
        // keeps each extreme of what one pixel column shows: a violation cannot be averaged away
        sampling: 'minmax' as const,
        ...(trace.step ? { step: 'end' as const } : {}),
        symbol: 'none',
        silent: true,
        lineStyle: { color: trace.colour, width: trace.step ? 1.2 : 1.8 },
        itemStyle: { color: trace.colour },
        ...(index === 0 && forbidden.length > 0
          ? {
              markArea: {
                silent: true,
                itemStyle: { color: COLOURS.danger, opacity: 0.14 },
                data: forbidden,
              },
            }
          : {}),
      })),
    },
  };
}
