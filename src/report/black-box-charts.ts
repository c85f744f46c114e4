import type { BlackBox, BlackBoxQuantity, BlackBoxTick } from '../data/index.js';
import { FULL_WIDTH, type Chart } from './chart.js';
import { markLine, traceChart, type Trace, type TraceFrame } from './motion-charts.js';
import { COLOURS } from './theme.js';
import { grid, xAxis } from './axes.js';

/**
 * What a black box shows around its trip: per joint its position, and what was asked and sent, with limits shaded; then when the gate
 * gave which reason. Time 0 is the trip.
 * @param beforeS how much of the time before the trip is shown [s]
 */
export function blackBoxCharts(box: BlackBox, beforeS: number): Chart[] {
  const { trip, robot } = box;
  const ticks = box.ticks.filter((tick) => sinceTrip(box, tick) >= -beforeS);
  const frame: TraceFrame = {
    caption: `${robot.robot}, ${new Date(Number(trip.wallNs / 1_000_000n)).toISOString()}: ${trip.message}. Dashed: the trip.`,
    timeS: ticks.map((tick) => sinceTrip(box, tick)),
    tripS: 0,
  };
  const motion = robot.positions.flatMap((position, i) => jointCharts(frame, box, ticks, position, i));
  return [...motion, ...reasonChart(frame, ticks)].map(aligned);
}

/** [s]; negative before the trip */
function sinceTrip({ trip }: BlackBox, { timeNs }: { readonly timeNs: bigint }): number {
  return Number(timeNs - trip.timeNs) / 1e9;
}

/** With room for the names of reasons, so that all plots have one time axis. */
function aligned(chart: Chart): Chart {
  return { ...chart, option: { ...chart.option, grid: { ...grid(1), ...chart.option.grid, left: 130 } } };
}

/** Limits as far as the values came near them; those far away would leave no room for the motion. */
function nearLimits({ min, max }: BlackBoxQuantity, values: readonly (readonly number[])[]) {
  const finite = values.flat().filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const room = high - low;
  return { min: low - min <= room ? min : -Infinity, max: max - high <= room ? max : Infinity };
}

function jointCharts(
  frame: TraceFrame,
  { robot }: BlackBox,
  ticks: readonly BlackBoxTick[],
  position: BlackBoxQuantity,
  index: number,
): Chart[] {
  const { joint, unit } = position;
  const at = robot.commands.findIndex((candidate) => candidate.joint === joint);
  const trace = (name: string, colour: string, step: boolean, values: number[]): Trace => ({
    ...{ name, colour, step, values },
    quantity: name === 'measured position' ? 'position' : 'command',
  });
  const positions = ticks.map((tick) => tick.positions[index]!);
  const measured = trace('measured position', COLOURS.series1, false, positions);
  const command = robot.commands[at];
  const limits = nearLimits(position, [positions]);
  if (command === undefined) return [traceChart(frame, joint, unit, [measured], limits)];
  const asked = ticks.map((tick) => tick.asked[at] ?? NaN);
  const sent = ticks.map((tick) => tick.sent[at] ?? NaN);
  const commands = [trace('asked', COLOURS.series3, true, asked), trace('sent', COLOURS.series2, true, sent)];
  if (command.unit === unit)
    return [
      traceChart(frame, joint, unit, [measured, ...commands], nearLimits(position, [positions, asked, sent])),
    ];
  return [
    traceChart(frame, joint, unit, [measured], limits),
    traceChart(frame, `${joint} command`, command.unit, commands, nearLimits(command, [asked, sent])),
  ];
}

/** One row per reason, a mark per tick that had it; none when no tick had any. */
function reasonChart({ caption, timeS }: TraceFrame, ticks: readonly BlackBoxTick[]): Chart[] {
  const names = [...new Set(ticks.flatMap(({ reasons }) => reasons))];
  if (names.length === 0) return [];
  const marks = ticks.flatMap(({ reasons }, i) =>
    reasons.map((reason) => [timeS[i]!, names.indexOf(reason)]),
  );
  return [
    {
      title: 'reasons of the gate',
      caption,
      width: FULL_WIDTH,
      height: 70 + 22 * names.length,
      option: {
        grid: grid(0),
        xAxis: xAxis({
          name: 'time since the trip [s]',
          min: timeS[0] ?? 0,
          max: Math.max(timeS[timeS.length - 1] ?? 1, 0),
          ragged: 'both',
        }),
        yAxis: {
          type: 'category',
          data: names,
          axisLine: { lineStyle: { color: COLOURS.line } },
          axisTick: { show: false },
          axisLabel: { color: COLOURS.ink },
          splitLine: { show: true, lineStyle: { color: COLOURS.grid } },
        },
        series: [
          {
            type: 'scatter',
            data: marks,
            symbol: 'rect',
            symbolSize: [3, 11],
            silent: true,
            itemStyle: { color: COLOURS.series2 },
            markLine: markLine(0),
          },
        ],
      },
    },
  ];
}
