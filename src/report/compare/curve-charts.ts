import type { LineSeriesOption, ScatterSeriesOption } from 'echarts/charts';

import { grid, legend, PLAIN_LINE, readableRange, referenceLine, xAxis, yAxis } from '../axes.js';
import { FULL_WIDTH, type Chart } from '../chart.js';
import { shortNumber } from '../numbers.js';
import { COLOURS, SERIES_COLOURS } from '../theme.js';
import type { BandCurve, SeedCurve } from './band-curve.js';
import type { Group, TaskComparison } from './compare-runs.js';

/** With so many seeds the band says more than a bundle of lines. */
const SEEDS_WITHOUT_LINES = 4;

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly curve: BandCurve;
}

/** Return against environment frames and, where it was recorded, against wall clock; all groups of the task on the same axes. */
export function curveCharts(comparison: TaskComparison, title: string, colours: GroupColours): Chart[] {
  const lines = (curveOf: (group: Group) => BandCurve | undefined): Line[] =>
    comparison.groups.flatMap((group) => {
      const curve = curveOf(group);
      return curve === undefined ? [] : [{ label: group.label, colour: colours.get(group.label)!, curve }];
    });
  const steps = curveChart(
    comparison,
    lines((group) => group.steps),
    { title: `${title}: return against real steps`, axis: 'real steps (environment frames)', unit: 'steps' },
  );
  const timed = lines((group) => group.seconds);
  if (timed.length === 0) return [steps];
  const seconds = curveChart(comparison, timed, {
    title: `${title}: return against wall clock`,
    axis: 'time since training began [s]',
    unit: 's',
    note: 'Times of different machines do not compare.',
  });
  return [steps, seconds];
}

/** Label of a group -> colour, the same in all plots of a page. */
export type GroupColours = ReadonlyMap<string, string>;

export function groupColours(comparisons: readonly TaskComparison[]): GroupColours {
  const labels = [...new Set(comparisons.flatMap(({ groups }) => groups.map(({ label }) => label)))].sort();
  return new Map(labels.map((label, i) => [label, SERIES_COLOURS[i % SERIES_COLOURS.length]!]));
}

interface Wording {
  readonly title: string;
  readonly axis: string;
  readonly unit: string;
  readonly note?: string;
}

function curveChart(comparison: TaskComparison, lines: readonly Line[], wording: Wording): Chart {
  const { goalReturn, returnRandom } = comparison;
  const references = [
    ...(returnRandom === undefined
      ? []
      : [referenceLine('random policy', returnRandom, COLOURS.muted, 'End')]),
    ...(goalReturn === undefined ? [] : [referenceLine('goal', goalReturn, COLOURS.good, 'Start')]),
  ];
  const values = [
    ...lines.flatMap(({ curve }) => [
      ...curve.low,
      ...curve.high,
      ...singleSeeds(curve).flatMap(({ y }) => y),
    ]),
    ...references.map((reference) => reference.yAxis),
  ];
  return {
    title: wording.title,
    caption: caption(lines, wording),
    width: FULL_WIDTH,
    height: 400,
    option: {
      grid: grid(1),
      legend: legend(lines.map(({ label }) => ({ name: label, icon: PLAIN_LINE }))),
      xAxis: xAxis({ name: wording.axis, min: 0 }),
      yAxis: yAxis({ name: 'return', ...readableRange(values) }),
      series: [
        ...lines.flatMap(bandSeries),
        ...lines.flatMap(seedSeries),
        ...lines.flatMap(medianSeries),
        {
          type: 'line',
          data: [],
          silent: true,
          markLine: { silent: true, symbol: 'none', data: references },
        },
      ],
    },
  };
}

function caption(lines: readonly Line[], { unit, note }: Wording): string {
  const seeds = lines.map(({ label, curve }) => `${label}: ${seedEnds(curve, unit)}`).join('; ');
  const bands = lines.some(({ curve }) => curve.seeds.length > 1);
  const singles = lines.some(({ curve }) => singleSeeds(curve).length > 0);
  return [
    bands
      ? 'Line: median over seeds; band: from the first to the third quartile.'
      : 'Line: the one seed of a group.',
    'Mean return of an evaluation with the deterministic policy; it holds until the next evaluation; dot: the last one.',
    bands ? 'A seed counts from its first to its last evaluation.' : undefined,
    bands ? 'Drawn only where at least half of the seeds still run.' : undefined,
    singles
      ? `Thin lines: the seeds of groups with fewer than ${SEEDS_WITHOUT_LINES}, each to its end.`
      : undefined,
    `${seeds}.`,
    note,
  ]
    .filter((sentence) => sentence !== undefined)
    .join(' ');
}

/** e.g. '5 seeds, which end between 8 000 and 10 000 steps' */
function seedEnds({ seeds }: BandCurve, unit: string): string {
  const ends = seeds.map(({ x }) => x.at(-1)!);
  const [first, last] = [Math.min(...ends), Math.max(...ends)].map(shortNumber);
  const count = seeds.length === 1 ? '1 seed, which ends' : `${seeds.length} seeds, which end`;
  return first === last ? `${count} at ${last} ${unit}` : `${count} between ${first} and ${last} ${unit}`;
}

/** The seeds that are drawn as thin lines; a single one is the median already. */
function singleSeeds({ seeds }: BandCurve): readonly SeedCurve[] {
  return seeds.length > 1 && seeds.length < SEEDS_WITHOUT_LINES ? seeds : [];
}

type Point = [number, number | null];

function pointsOf(x: readonly number[], y: readonly number[]): Point[] {
  return x.map((value, i) => [value, Number.isFinite(y[i]!) ? y[i]! : null]);
}

const STEPPED = { type: 'line', step: 'end', symbol: 'none', silent: true } as const;

/** The last value holds for no time and would not be seen as a line. */
function endDot(
  x: readonly number[],
  y: readonly number[],
  colour: string,
  size: number,
): ScatterSeriesOption {
  const itemStyle = { color: colour, opacity: 1 };
  return { type: 'scatter', data: pointsOf(x, y).slice(-1), symbolSize: size, silent: true, itemStyle };
}

/** Two stacked lines, the area of the upper one filled. */
function bandSeries({ label, colour, curve }: Line): LineSeriesOption[] {
  if (curve.seeds.length < 2) return [];
  const height = curve.high.map((high, i) => high - curve.low[i]!);
  const stacked = {
    ...STEPPED,
    stack: `band ${label}`,
    stackStrategy: 'all',
    lineStyle: { opacity: 0 },
  } as const;
  return [
    { ...stacked, data: pointsOf(curve.x, curve.low) },
    { ...stacked, data: pointsOf(curve.x, height), areaStyle: { color: colour, opacity: 0.2 } },
  ];
}

function seedSeries({ colour, curve }: Line): (LineSeriesOption | ScatterSeriesOption)[] {
  return singleSeeds(curve).flatMap(({ x, y }) => [
    { ...STEPPED, data: pointsOf(x, y), lineStyle: { color: colour, width: 0.9, opacity: 0.55 } },
    endDot(x, y, colour, 4),
  ]);
}

function medianSeries({ label, colour, curve }: Line): (LineSeriesOption | ScatterSeriesOption)[] {
  return [
    {
      ...STEPPED,
      name: label,
      data: pointsOf(curve.x, curve.median),
      lineStyle: { color: colour, width: 2.2 },
      itemStyle: { color: colour },
    },
    endDot(curve.x, curve.median, colour, 7),
  ];
}
