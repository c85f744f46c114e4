import { figure, FONT_SIZE, FULL_WIDTH, type Chart } from './chart.js';
import { html, type Markup } from './html.js';
import { duration } from './numbers.js';
import type { TimeShare } from './report-data.js';
import { COLOURS, SERIES_COLOURS } from './theme.js';

/** generous mean width of a bold character [px] */
const CHARACTER_WIDTH = 7.5;

/** How the training time was spent: one bar, and a table for what is too small to label. */
export function timeSection(shares: readonly TimeShare[]): Markup | undefined {
  const total = shares.reduce((sum, share) => sum + share.seconds, 0);
  if (!(total > 0)) return undefined;
  const rows = shares.map(
    ({ label, seconds }, i) =>
      html`<tr>
        <th scope="row">${swatch(i)} ${label}</th>
        <td class="number">${duration(seconds)}</td>
        <td class="number">${percent(seconds / total)}</td>
      </tr>`,
  );
  return html`<section aria-labelledby="time">
    <h2 id="time">Training time</h2>
    ${figure(timeChart(shares, total))}
    <table>
      <thead>
        <tr>
          <th scope="col">part</th>
          <th scope="col">time</th>
          <th scope="col">share</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function swatch(index: number): Markup {
  const variable = `--series${(index % SERIES_COLOURS.length) + 1}`;
  return html`<svg width="10" height="10" style="display:inline-block" aria-hidden="true">
    <rect width="10" height="10" rx="2" style="fill:var(${variable})" />
  </svg>`;
}

/** As much of a label as fits into its part of the bar. */
function barLabel(label: string, share: number): string {
  const fits = (text: string) => text.length * CHARACTER_WIDTH < FULL_WIDTH * share - 8;
  const choices = [`${label} ${percent(share)}`, percent(share)];
  return choices.find(fits) ?? '';
}

function timeChart(shares: readonly TimeShare[], total: number): Chart {
  return {
    title: 'Where the time went',
    caption: `${duration(total)} in all: ${shares.map(({ label, seconds }) => `${label} ${duration(seconds)}`).join(', ')}.`,
    width: FULL_WIDTH,
    height: 64,
    option: {
      grid: { left: 0, right: 0, top: 6, bottom: 6 },
      xAxis: { type: 'value', show: false, min: 0, max: total },
      yAxis: { type: 'category', show: false, data: ['time'] },
      series: shares.map(({ label, seconds }, i) => ({
        name: label,
        type: 'bar' as const,
        stack: 'time',
        data: [seconds],
        barWidth: 44,
        silent: true,
        itemStyle: {
          color: SERIES_COLOURS[i % SERIES_COLOURS.length]!,
          borderColor: COLOURS.surface,
          borderWidth: 1,
        },
        label: {
          show: true,
          formatter: barLabel(label, seconds / total),
          color: COLOURS.surface,
          fontSize: FONT_SIZE,
          fontWeight: 600 as const,
        },
      })),
    },
  };
}
