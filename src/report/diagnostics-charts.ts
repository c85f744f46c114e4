import type { CustomSeriesRenderItem } from 'echarts';

import { grid, legend, legendHeight, legendRows, PLAIN_LINE, placeAxis, xAxis, yAxis } from './axes.js';
import { FULL_WIDTH, HALF_WIDTH, type Chart } from './chart.js';
import { quantityOf } from './metrics.js';
import type { ModelDiagnostics } from './report-data.js';
import { COLOURS, SERIES_COLOURS } from './theme.js';

/** of the distance between two horizons, how much the outputs side by side take */
const SPREAD = 0.7;
const HEIGHT = 320;

/** Error against the horizon, one plot per unit: a dot for each output, and the ensemble's band around it. */
export function openLoopCharts(diagnostics: ModelDiagnostics): Chart[] {
  if (diagnostics.openLoop.length === 0) return [];
  const units = [...new Set(diagnostics.outputs.map((output) => quantityOf(output).unit))];
  return units.map((unit) => openLoopChart(diagnostics, unit));
}

function openLoopChart({ outputs, openLoop }: ModelDiagnostics, unit: string): Chart {
  const quantities = outputs.map(quantityOf);
  const indexes = quantities.map((_, i) => i).filter((i) => quantities[i]!.unit === unit);
  const horizons = [...openLoop].sort((a, b) => a.k - b.k);
  const names = indexes.map((i) => quantities[i]!.name);
  const rows = legendRows(names, FULL_WIDTH);
  const inUnit = unit === '' ? '' : ` [${unit}]`;
  const ks = horizons.map(({ k }) => String(k));
  return {
    title: `Open-loop prediction error${inUnit}`,
    caption:
      'Root mean square error after k steps on the model\u2019s own predictions, held-out starts; logarithmic. ' +
      'Bars: from the 5 to the 95 % quantile of the error over the ensemble.',
    width: FULL_WIDTH,
    height: 264 + legendHeight(rows),
    option: {
      grid: grid(rows),
      legend: legend(names.map((name, i) => ({ name, icon: hollow(i) ? 'emptyCircle' : 'circle' }))),
      // horizons at equal distances: 0, 1, 2, ...
      xAxis: placeAxis('horizon k [steps]', ks),
      yAxis: yAxis({ name: `RMSE${inUnit}`, log: true }),
      series: indexes.map((output, i) => {
        const colour = SERIES_COLOURS[i % SERIES_COLOURS.length]!;
        const offset = indexes.length === 1 ? 0 : SPREAD * (i / (indexes.length - 1) - 0.5);
        return {
          type: 'custom' as const,
          name: quantities[output]!.name,
          renderItem: drawBar(colour, hollow(i)),
          encode: { x: 0, y: [1, 2, 3] },
          // a log axis has no place for zero and below
          data: horizons
            .map(({ rmse, bandLow, bandHigh }, at) => [
              at + offset,
              rmse[output]!,
              bandLow[output]!,
              bandHigh[output]!,
            ])
            .filter(([, ...errors]) => errors.every((error) => error > 0 && Number.isFinite(error))),
          itemStyle: { color: colour },
          silent: true,
        };
      }),
    },
  };
}

const CAP = 4;

/** When the colours are used up, their second round has open dots. */
const hollow = (index: number): boolean => index % (2 * SERIES_COLOURS.length) >= SERIES_COLOURS.length;

function drawBar(colour: string, open: boolean): CustomSeriesRenderItem {
  return (_params, api) => {
    const at = api.value(0);
    const [x, y] = api.coord([at, api.value(1)]) as [number, number];
    const low = api.coord([at, api.value(2)])[1]!;
    const high = api.coord([at, api.value(3)])[1]!;
    const style = { stroke: colour, lineWidth: 1.5 };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: 'line' as const,
      shape: { x1, y1, x2, y2 },
      style,
    });
    return {
      type: 'group',
      children: [
        line(x, low, x, high),
        line(x - CAP, low, x + CAP, low),
        line(x - CAP, high, x + CAP, high),
        {
          type: 'circle',
          shape: { cx: x, cy: y, r: 4 },
          style: { ...style, fill: open ? COLOURS.surface : colour },
        },
      ],
    };
  };
}

/** Observed against nominal share; on the diagonal the model's quantiles are where they should be. */
export function calibrationChart({ calibration }: ModelDiagnostics): Chart {
  const { levels, observed } = calibration;
  return {
    title: 'Calibration',
    caption:
      'Share of held-out values below the model\u2019s quantile of each level, mean over outputs. ' +
      'An S about the diagonal, too low at first, then too high: the model is too careful; the reverse: too sure of itself.',
    width: HALF_WIDTH,
    height: HEIGHT,
    option: {
      grid: grid(1),
      legend: legend(['observed', { name: 'perfect', icon: PLAIN_LINE }]),
      xAxis: xAxis({ name: 'level of the quantile', min: 0, max: 1 }),
      yAxis: yAxis({ name: 'observed share', min: 0, max: 1 }),
      series: [
        {
          name: 'perfect',
          type: 'line',
          data: [
            [0, 0],
            [1, 1],
          ],
          symbol: 'none',
          silent: true,
          lineStyle: { color: COLOURS.muted, width: 1.3, type: 'dashed' },
          itemStyle: { color: COLOURS.muted },
        },
        {
          name: 'observed',
          type: 'line',
          data: levels
            .map((level, i) => [level, observed[i]!])
            .filter((point) => point.every(Number.isFinite))
            .sort(([a], [b]) => a! - b!),
          symbol: 'circle',
          symbolSize: 6,
          silent: true,
          lineStyle: { color: COLOURS.series1, width: 2 },
          itemStyle: { color: COLOURS.series1 },
        },
      ],
    },
  };
}

const COVERAGES = [
  ['p50', 0.5, '50 %'],
  ['p90', 0.9, '90 %'],
  ['p95', 0.95, '95 %'],
] as const;

/** Share of held-out values within the 50, 90 and 95 % intervals, for each output. */
export function coverageChart({ outputs, calibration: { coverage } }: ModelDiagnostics): Chart {
  return {
    title: 'Coverage of intervals',
    caption:
      'Share of held-out values within the model\u2019s 50, 90 and 95 % intervals; dashed: where they should be. ' +
      `Outputs: ${outputs.map((output, i) => `${i + 1} ${quantityOf(output).name}`).join(', ')}.`,
    width: HALF_WIDTH,
    height: HEIGHT,
    option: {
      grid: grid(1),
      legend: legend(COVERAGES.map(([, , name]) => name)),
      xAxis: placeAxis(
        'output',
        outputs.map((_, i) => String(i + 1)),
      ),
      yAxis: yAxis({ name: 'observed share', min: 0, max: 1 }),
      series: COVERAGES.map(([key, nominal, name], i) => ({
        name,
        type: 'scatter' as const,
        data: coverage[key].map((share, output) => [output, Number.isFinite(share) ? share : null]),
        symbolSize: 9,
        silent: true,
        itemStyle: { color: SERIES_COLOURS[i]! },
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          data: [
            {
              yAxis: nominal,
              lineStyle: { color: SERIES_COLOURS[i]!, type: 'dashed' as const, width: 1.3 },
            },
          ],
        },
      })),
    },
  };
}
