import { grid, legend, xAxis } from './axes.js';
import { FONT_SIZE, FULL_WIDTH, type Chart } from './chart.js';
import { duration } from './numbers.js';
import type { TimeShare } from './report-data.js';
import { COLOURS, SERIES_COLOURS } from './theme.js';

/** One bar: the time of a run, or of a group of runs. */
export interface TimeBar {
  /** beside the bar; empty when there is but one */
  readonly label: string;
  readonly shares: readonly TimeShare[];
}

/** generous mean width of a bold character [px] */
const CHARACTER_WIDTH = 7.5;
const BAR = 44;
const ROW = 58;
const MARGIN = 8;

/** Stacked bars on one scale of seconds; every bar has the same parts in the same order. */
export function timeChart(title: string, bars: readonly TimeBar[]): Chart {
  const totals = bars.map(({ shares }) => totalSeconds(shares));
  const longest = Math.max(...totals);
  const left = Math.max(...bars.map(({ label }) => label.length)) * CHARACTER_WIDTH + 2 * MARGIN;
  const plotWidth = FULL_WIDTH - left - 3 * MARGIN;
  const parts = bars[0]!.shares.map(({ label }) => label);
  const sentences = bars.map(({ label, shares }, i) => {
    const list = shares
      .filter(({ seconds }) => seconds > 0)
      .map((share) => `${share.label} ${duration(share.seconds)}`)
      .join(', ');
    return `${label === '' ? '' : `${label}: `}${duration(totals[i]!)} in all: ${list}.`;
  });
  return {
    title,
    caption: sentences.join(' '),
    width: FULL_WIDTH,
    height: 36 + ROW * bars.length + 46,
    option: {
      grid: { ...grid(1), left, right: 3 * MARGIN },
      legend: { ...legend(parts), left },
      xAxis: xAxis({ name: 'time [s]', min: 0, max: longest, ragged: 'max' }),
      yAxis: {
        type: 'category',
        inverse: true,
        data: bars.map(({ label }) => label),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: COLOURS.line } },
        axisLabel: { color: COLOURS.ink, fontSize: FONT_SIZE },
      },
      series: parts.map((part, i) => ({
        name: part,
        type: 'bar' as const,
        stack: 'time',
        data: bars.map(({ shares }, bar) => ({
          value: shares[i]!.seconds,
          label: { formatter: barLabel(part, shares[i]!.seconds, totals[bar]!, plotWidth / longest) },
        })),
        barWidth: BAR,
        silent: true,
        itemStyle: {
          color: SERIES_COLOURS[i % SERIES_COLOURS.length]!,
          borderColor: COLOURS.surface,
          borderWidth: 1,
        },
        label: { show: true, color: COLOURS.surface, fontSize: FONT_SIZE, fontWeight: 600 as const },
      })),
    },
  };
}

export function totalSeconds(shares: readonly TimeShare[]): number {
  return shares.reduce((sum, share) => sum + share.seconds, 0);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** As much of a label as fits into its part of the bar. */
function barLabel(label: string, seconds: number, total: number, pixelsPerSecond: number): string {
  const fits = (text: string) => text.length * CHARACTER_WIDTH < seconds * pixelsPerSecond - 8;
  const share = percent(seconds / total);
  return [`${label} ${share}`, share].find(fits) ?? '';
}
