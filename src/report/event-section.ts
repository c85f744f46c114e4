import { html, type Markup } from './html.js';
import { countNumber } from './numbers.js';
import type { ReportEvent } from './report-data.js';

const SHOWN = 300;

/** The events in order of time; of very many, the last ones. */
export function eventSection(events: readonly ReportEvent[]): Markup | undefined {
  if (events.length === 0) return undefined;
  const sorted = [...events].sort((a, b) => a.timeS - b.timeS);
  const left = Math.max(0, sorted.length - SHOWN);
  const rows = sorted.slice(left).map(
    ({ timeS, kind, text }) =>
      html`<tr>
        <td class="number">${timeS.toFixed(3)} s</td>
        <th scope="row">${kind}</th>
        <td>${text}</td>
      </tr>`,
  );
  const note =
    left === 0
      ? undefined
      : html`<p class="note">
          The first ${countNumber(left)} of ${countNumber(sorted.length)} events are in events.jsonl only.
        </p>`;
  return html`<section aria-labelledby="events">
    <h2 id="events">Events</h2>
    ${note}
    <table>
      <thead>
        <tr>
          <th scope="col">time</th>
          <th scope="col">event</th>
          <th scope="col">what happened</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`;
}
