import type { LineSeriesOption } from 'echarts/charts';

import { grid, legend, xAxis, yAxis } from './axes.js';
import { figure, FONT_SIZE, FULL_WIDTH, type Chart } from './chart.js';
import { html, type Markup } from './html.js';
import { shortNumber } from './numbers.js';
import type { LearningCurve } from './report-data.js';
import { COLOURS } from './theme.js';

const EPISODES = 'training episode';
const EVALUATION = 'evaluation, mean';
const SPREAD = 'evaluation, min to max';

/** Return against steps: every training episode, evaluations with their spread, the random policy and the goal. */
export function learningSection(curve: LearningCurve): Markup {
  return html`<section aria-labelledby="learning">
    <h2 id="learning">Learning</h2>
    ${figure(learningChart(curve))}
  </section>`;
}

/** `end`: where the label stands; the curve is low on the left and high on the right. */
function reference(name: string, value: number, colour: string, end: 'Start' | 'End') {
  return {
    yAxis: value,
    name,
    label: {
      formatter: `${name} ${shortNumber(value)}`,
      position: `inside${end}Top` as const,
      color: colour,
      fontSize: FONT_SIZE,
    },
    lineStyle: { color: colour, type: 'dashed' as const, width: 1.3 },
  };
}

function learningChart(curve: LearningCurve): Chart {
  const { episodes, evaluations = [], randomReturn, goalReturn } = curve;
  const stepName = curve.stepName ?? 'real steps';
  const spread = evaluations.filter((point) => point.min !== undefined && point.max !== undefined);
  const names = [
    ...(episodes.length > 0 ? [EPISODES] : []),
    ...(evaluations.length > 0 ? [EVALUATION] : []),
    ...(spread.length > 0 ? [{ name: SPREAD, icon: 'rect' }] : []),
  ];
  const references = [
    ...(randomReturn === undefined ? [] : [reference('random policy', randomReturn, COLOURS.muted, 'End')]),
    ...(goalReturn === undefined ? [] : [reference('goal', goalReturn, COLOURS.good, 'Start')]),
  ];
  const levels = [randomReturn, goalReturn].filter((value) => value !== undefined);
  const finite = [
    ...episodes.map((episode) => episode.return),
    ...evaluations.flatMap((point) => [point.mean, point.min ?? point.mean, point.max ?? point.mean]),
    ...levels,
  ].filter((value) => Number.isFinite(value));
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const padding = (high - low || 1) * 0.06;
  const band: LineSeriesOption[] = [
    {
      type: 'line',
      stack: 'spread',
      data: spread.map((point) => [point.step, point.min!]),
      symbol: 'none',
      lineStyle: { opacity: 0 },
      stackStrategy: 'all',
    },
    {
      name: SPREAD,
      type: 'line',
      stack: 'spread',
      data: spread.map((point) => [point.step, point.max! - point.min!]),
      symbol: 'none',
      lineStyle: { opacity: 0 },
      itemStyle: { color: COLOURS.series1, opacity: 0.2 },
      areaStyle: { color: COLOURS.series1, opacity: 0.18 },
      stackStrategy: 'all',
    },
  ];
  return {
    title: 'Learning curve',
    caption: `Return per episode against ${stepName}. Evaluations use the deterministic policy.`,
    width: FULL_WIDTH,
    height: 380,
    option: {
      grid: grid(1),
      legend: legend(names),
      xAxis: xAxis({ name: stepName, min: 0 }),
      yAxis: yAxis({
        name: 'return',
        min: niceFloor(low - padding, high - low),
        max: niceCeil(high + padding, high - low),
      }),
      series: [
        ...(spread.length > 0 ? band : []),
        {
          name: EPISODES,
          type: 'scatter',
          data: episodes.map((episode) => [episode.step, episode.return]),
          symbolSize: 5,
          itemStyle: { color: COLOURS.series7, opacity: 0.55 },
          silent: true,
        },
        {
          name: EVALUATION,
          type: 'line',
          data: evaluations.map((point) => [point.step, point.mean]),
          symbol: 'circle',
          symbolSize: 6,
          lineStyle: { color: COLOURS.series1, width: 2.2 },
          itemStyle: { color: COLOURS.series1 },
          silent: true,
          markLine: { silent: true, symbol: 'none', data: references },
        },
      ],
    },
  };
}

/** Rounded outwards to a tenth of the range's magnitude, so that the axis ends at a readable number. */
function niceFloor(value: number, range: number): number {
  const unit = niceUnit(range);
  return Math.floor(value / unit) * unit;
}

function niceCeil(value: number, range: number): number {
  const unit = niceUnit(range);
  return Math.ceil(value / unit) * unit;
}

function niceUnit(range: number): number {
  return 10 ** Math.floor(Math.log10(range > 0 ? range : 1)) / 2;
}
