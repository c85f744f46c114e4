import { grid, legend, PLAIN_LINE, xAxis, yAxis } from './axes.js';
import { FULL_WIDTH, type Chart } from './chart.js';
import type { JointMotion, Limits, Motion } from './report-data.js';
import { COLOURS } from './theme.js';

export interface Trace {
  readonly name: string;
  /** of the vertical axis */
  readonly quantity: string;
  readonly values: ArrayLike<number>;
  readonly colour: string;
  /** commands are held between ticks */
  readonly step: boolean;
}

/** What the plots of one recording share. */
export interface TraceFrame {
  readonly caption: string;
  /** [s] */
  readonly timeS: ArrayLike<number>;
  /** a trip, dashed; `timeS` counts from it then */
  readonly tripS?: number;
}

const MEASURED = 'measured position';
const COMMAND = 'executed command';

/** One plot per joint and unit, limits shaded. */
export function motionCharts(motion: Motion): Chart[] {
  const frame = { caption: `${motion.title}.`, timeS: motion.timeS };
  return motion.joints.flatMap((joint) => jointCharts(frame, joint));
}

function jointCharts(frame: TraceFrame, joint: JointMotion): Chart[] {
  const { name, unit, positions, positionLimits, commands } = joint;
  const measured: Trace = {
    name: MEASURED,
    quantity: 'position',
    values: positions,
    colour: COLOURS.series1,
    step: false,
  };
  if (commands === undefined) return [traceChart(frame, name, unit, [measured], positionLimits)];
  const command: Trace = {
    name: COMMAND,
    quantity: 'command',
    values: commands.values,
    colour: COLOURS.series2,
    step: true,
  };
  if (commands.unit === unit) return [traceChart(frame, name, unit, [measured, command], positionLimits)];
  return [
    traceChart(frame, name, unit, [measured], positionLimits),
    traceChart(frame, `${name} command`, commands.unit, [command], commands.limits),
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

/** Traces of one unit over time, limits shaded. */
export function traceChart(
  { caption, timeS, tripS }: TraceFrame,
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
    caption: `${caption}${shaded}`,
    width: FULL_WIDTH,
    height: 240,
    option: {
      grid: grid(1),
      legend: legend(traces.map((trace) => ({ name: trace.name, icon: PLAIN_LINE }))),
      xAxis: xAxis({
        name: tripS === undefined ? 'time [s]' : 'time since the trip [s]',
        min: timeS[0] ?? 0,
        max: Math.max(timeS[timeS.length - 1] ?? 1, tripS ?? -Infinity),
        ragged: tripS === undefined ? 'max' : 'both',
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
        data: Array.from(trace.values, (value, i) => [timeS[i]!, Number.isFinite(value) ? value : null]),
        // keeps each extreme of what one pixel column shows: a violation cannot be averaged away
        sampling: 'minmax' as const,
        ...(trace.step ? { step: 'end' as const } : {}),
        symbol: 'none',
        silent: true,
        lineStyle: { color: trace.colour, width: trace.step ? 1.2 : 1.8 },
        itemStyle: { color: trace.colour },
        ...(index === 0 && tripS !== undefined ? { markLine: markLine(tripS) } : {}),
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

/** A dashed upright line; the caption tells what it is. */
export function markLine(timeS: number) {
  return {
    silent: true,
    symbol: 'none',
    label: { show: false },
    lineStyle: { color: COLOURS.danger, type: 'dashed' as const, width: 1.3 },
    data: [{ xAxis: timeS }],
  };
}
