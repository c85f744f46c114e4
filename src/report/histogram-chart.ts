import type { CustomSeriesRenderItem } from 'echarts';

import { summary } from '../core/index.js';
import { grid, xAxis, yAxis } from './axes.js';
import { FONT_SIZE, HALF_WIDTH, type Chart } from './chart.js';
import { histogram } from './histogram.js';
import { countNumber } from './numbers.js';
import { COLOURS } from './theme.js';

export interface HistogramChoice {
  readonly title: string;
  readonly caption: string;
  /** of the horizontal axis, with the unit */
  readonly axis: string;
  readonly unit: string;
  readonly values: ArrayLike<number>;
  /** drawn as a reference, e.g. the nominal period */
  readonly nominal?: number;
}

const BINS = 60;
/** the log axis begins below one count, so that a single one is seen */
const FLOOR = 0.5;

const drawBin: CustomSeriesRenderItem = (_params, api) => {
  const [left, top] = api.coord([api.value(0), api.value(2)]) as [number, number];
  const [right, bottom] = api.coord([api.value(1), FLOOR]) as [number, number];
  // a hair of overlap, so that no seams show
  const shape = { x: left, y: top, width: Math.max(1, right - left + 0.3), height: bottom - top };
  return { type: 'rect', shape, style: { fill: COLOURS.series1 } };
};

/** Histogram with a logarithmic count, so that one late tick among a million shows; p50, p99 and maximum are marked. */
export function histogramChart(choice: HistogramChoice): Chart | undefined {
  const { title, axis, unit, nominal } = choice;
  const finite = Float64Array.from(choice.values).filter((value) => Number.isFinite(value));
  const bins = histogram(finite, BINS);
  if (bins === undefined) return undefined;
  const { count, p50, p99, max } = summary(finite);
  const data = bins.counts
    .map((value, i) => [bins.edges[i]!, bins.edges[i + 1]!, value])
    .filter((bin) => bin[2]! > 0);
  const marks = [
    { name: 'p50', value: p50 },
    { name: 'p99', value: p99 },
    { name: 'max', value: max },
  ];
  const text = marks.map((mark) => `${mark.name} ${mark.value.toFixed(3)} ${unit}`).join(', ');
  const low = bins.edges[0]!;
  const high = bins.edges.at(-1)!;
  // a maximum next to p99 gets its label in a second row
  const crowded = max - p99 < (high - low) * 0.12;
  const padding = (high - low) * 0.04;
  return {
    title,
    caption: `${choice.caption} ${countNumber(count)} values: ${text}.`,
    width: HALF_WIDTH,
    height: 300,
    option: {
      grid: grid(1),
      xAxis: xAxis({
        name: axis,
        min: Math.min(low, nominal ?? low) - padding,
        max: Math.max(high, nominal ?? high) + padding,
        splits: 6,
        ragged: 'both',
      }),
      yAxis: yAxis({ name: 'count', log: true, min: FLOOR, ragged: 'both' }),
      series: [
        {
          type: 'custom',
          renderItem: drawBin,
          encode: { x: [0, 1], y: 2 },
          data,
          silent: true,
        },
        {
          type: 'line',
          data: [],
          markLine: {
            silent: true,
            symbol: 'none',
            data: [
              ...marks.map((mark, i) => ({
                xAxis: mark.value,
                label: {
                  formatter: mark.name,
                  color: COLOURS.ink,
                  fontSize: FONT_SIZE,
                  // side by side they would overlap: the median's label to the left, the others' to the right
                  align: i === 0 ? ('right' as const) : ('left' as const),
                  distance: i === 2 && crowded ? 4 + FONT_SIZE : 4,
                },
                lineStyle: { color: COLOURS.ink, width: 1.2, type: 'dashed' as const },
              })),
              ...(nominal === undefined
                ? []
                : [
                    {
                      xAxis: nominal,
                      label: { show: false },
                      lineStyle: { color: COLOURS.series2, width: 1.5, type: 'solid' as const },
                    },
                  ]),
            ],
          },
        },
      ],
    },
  };
}
