import { grid, legend, legendHeight, legendRows, xAxis, yAxis } from './axes.js';
import { figure, FULL_WIDTH, HALF_WIDTH, type Chart } from './chart.js';
import { html, type Markup } from './html.js';
import type { ModelError } from './report-data.js';
import { SERIES_COLOURS } from './theme.js';

/** Error of the world model on held-out transitions: RMSE per dimension, one plot per unit, and the likelihood. */
export function modelSection(model: ModelError): Markup | undefined {
  if (model.points.length === 0) return undefined;
  const units = [...new Set(model.dimensions.map((dimension) => dimension.unit))];
  const charts = [...units.map((unit) => rmseChart(model, unit)), nllChart(model)].filter(
    (chart) => chart !== undefined,
  );
  // an odd one out takes the whole width
  const wide = charts.length % 2 === 1 ? charts.length - 1 : -1;
  const figures = charts.map((chart, i) => figure(i === wide ? { ...chart, width: FULL_WIDTH } : chart));
  return html`<section aria-labelledby="model">
    <h2 id="model">World model</h2>
    <div class="figures">${figures.slice(0, wide === -1 ? undefined : wide)}</div>
    ${figures.slice(wide === -1 ? figures.length : wide)}
  </section>`;
}

function rmseChart({ dimensions, points }: ModelError, unit: string): Chart {
  const indexes = dimensions.map((_, i) => i).filter((i) => dimensions[i]!.unit === unit);
  const names = indexes.map((i) => dimensions[i]!.name);
  const rows = legendRows(names, HALF_WIDTH);
  const inUnit = unit === '' ? '' : ` [${unit}]`;
  return {
    title: `One-step prediction error${inUnit}`,
    caption: 'Root mean square error on held-out transitions; logarithmic.',
    width: HALF_WIDTH,
    height: 264 + legendHeight(rows),
    option: {
      grid: grid(rows),
      legend: legend(names),
      xAxis: xAxis({ name: 'real steps', min: 0, splits: 5 }),
      yAxis: yAxis({ name: `RMSE${inUnit}`, log: true }),
      series: indexes.map((dimension, i) => {
        const colour = SERIES_COLOURS[i % SERIES_COLOURS.length]!;
        return {
          name: dimensions[dimension]!.name,
          type: 'line' as const,
          // a log axis has no place for zero and below
          data: points.map((point) => [point.step, positive(point.rmse[dimension])]),
          symbol: 'circle',
          symbolSize: 4,
          silent: true,
          lineStyle: {
            color: colour,
            width: 1.8,
            type: i < SERIES_COLOURS.length ? ('solid' as const) : ('dashed' as const),
          },
          itemStyle: { color: colour },
        };
      }),
    },
  };
}

function positive(value: number | undefined): number | null {
  return value !== undefined && value > 0 && Number.isFinite(value) ? value : null;
}

function nllChart({ points }: ModelError): Chart | undefined {
  const known = points.filter((point) => point.nll !== undefined && Number.isFinite(point.nll));
  if (known.length === 0) return undefined;
  return {
    title: 'Negative log-likelihood',
    caption:
      'Mean over held-out transitions and dimensions, in normalised units; lower is better calibrated.',
    width: HALF_WIDTH,
    height: 286,
    option: {
      grid: grid(0),
      xAxis: xAxis({ name: 'real steps', min: 0 }),
      yAxis: yAxis({ name: 'NLL [nats]' }),
      series: [
        {
          type: 'line',
          data: known.map((point) => [point.step, point.nll!]),
          symbol: 'circle',
          symbolSize: 4,
          silent: true,
          lineStyle: { width: 1.8, color: SERIES_COLOURS[0]! },
          itemStyle: { color: SERIES_COLOURS[0]! },
        },
      ],
    },
  };
}
