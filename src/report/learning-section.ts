import type { LineSeriesOption } from 'echarts/charts';

import { grid, legend, readableRange, referenceLine, xAxis, yAxis } from './axes.js';
import { figure, FULL_WIDTH, type Chart } from './chart.js';
import { html, type Markup } from './html.js';
import type { LearningCurve } from './report-data.js';
import { COLOURS } from './theme.js';

const EVALUATION = 'evaluation, mean';
const SPREAD = 'evaluation, min to max';

/** Return against steps: every training episode, evaluations with their spread, the random policy and the goal. */
export function learningSection(curve: LearningCurve): Markup {
  return html`<section aria-labelledby="learning">
    <h2 id="learning">Learning</h2>
    ${figure(learningChart(curve))}
  </section>`;
}

function learningChart(curve: LearningCurve): Chart {
  const { episodes, evaluations = [], randomReturn, trainedReturn, goalReturn } = curve;
  const episodeName = curve.episodeName ?? 'training episode';
  const stepName = curve.stepName ?? 'real steps';
  const spread = evaluations.filter((point) => point.min !== undefined && point.max !== undefined);
  const names = [
    ...(episodes.length > 0 ? [episodeName] : []),
    ...(evaluations.length > 0 ? [EVALUATION] : []),
    ...(spread.length > 0 ? [{ name: SPREAD, icon: 'rect' }] : []),
  ];
  const references = [
    ...(randomReturn === undefined
      ? []
      : [referenceLine('random policy', randomReturn, COLOURS.muted, 'End')]),
    ...(trainedReturn === undefined
      ? []
      : [referenceLine('as trained in simulation', trainedReturn, COLOURS.muted, 'End')]),
    ...(goalReturn === undefined ? [] : [referenceLine('goal', goalReturn, COLOURS.good, 'Start')]),
  ];
  const levels = [randomReturn, trainedReturn, goalReturn].filter((value) => value !== undefined);
  const values = [
    ...episodes.map((episode) => episode.return),
    ...evaluations.flatMap((point) => [point.mean, point.min ?? point.mean, point.max ?? point.mean]),
    ...levels,
  ];
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
      yAxis: yAxis({ name: 'return', ...readableRange(values) }),
      series: [
        ...(spread.length > 0 ? band : []),
        {
          name: episodeName,
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
