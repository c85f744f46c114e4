import { figure } from './chart.js';
import { html, type Markup } from './html.js';
import { duration } from './numbers.js';
import type { TimeShare } from './report-data.js';
import { SERIES_COLOURS } from './theme.js';
import { percent, timeChart, totalSeconds } from './time-chart.js';

/** How the training time was spent: one bar, and a table for what is too small to label. */
export function timeSection(shares: readonly TimeShare[]): Markup | undefined {
  const total = totalSeconds(shares);
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
    ${figure(timeChart('Where the time went', [{ label: '', shares }]))}
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

function swatch(index: number): Markup {
  const variable = `--series${(index % SERIES_COLOURS.length) + 1}`;
  return html`<svg width="10" height="10" style="display:inline-block" aria-hidden="true">
    <rect width="10" height="10" rx="2" style="fill:var(${variable})" />
  </svg>`;
}
