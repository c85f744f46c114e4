import { bridgeSection } from './bridge-section.js';
import { eventSection } from './event-section.js';
import { html, trusted, type Markup } from './html.js';
import { learningSection } from './learning-section.js';
import { modelSection } from './model-section.js';
import type { LearningCurve, ReportData, ReportHeader, SummaryRow } from './report-data.js';
import { STYLE } from './theme.js';
import { timeSection } from './time-section.js';

/**
 * One self-contained HTML page: inline SVG and CSS, no script, no network (its own content security policy forbids both);
 * light, dark and printable. The same data give the same bytes. Sections without data are left out.
 */
export function renderReport(data: ReportData): string {
  const { header, summary, learning, model, bridge, trainingTime, events } = data;
  const title = `${header.robot} ${header.task}, seed ${header.seed}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title} - dynabridge report</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${headerSection(header)}
          ${summary === undefined || summary.length === 0 ? undefined : summarySection(summary)}
          ${learning === undefined || isEmpty(learning) ? undefined : learningSection(learning)}
          ${model === undefined ? undefined : modelSection(model)}
          ${bridge === undefined ? undefined : bridgeSection(bridge)}
          ${trainingTime === undefined ? undefined : timeSection(trainingTime)}
          ${events === undefined ? undefined : eventSection(events)}
        </main>
      </body>
    </html> `;
  return page.text;
}

function isEmpty({ episodes, evaluations }: LearningCurve): boolean {
  return episodes.length === 0 && (evaluations ?? []).length === 0;
}

function headerSection(header: ReportHeader): Markup {
  const facts = [
    ...Object.entries(header.versions),
    ...(header.machine === undefined ? [] : [['machine', header.machine] as const]),
  ];
  return html`<header>
    <p class="kind">${header.kind} report</p>
    <h1>${header.robot}: ${header.task}</h1>
    <p class="muted">${header.created}, seed ${header.seed}</p>
    <pre aria-label="command line">${header.commandLine}</pre>
    <dl class="facts">
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </header>`;
}

const VERDICTS = { good: '\u2713 met', bad: '\u2717 not met' } as const;

function summarySection(rows: readonly SummaryRow[]): Markup {
  const cells = rows.map(
    ({ label, value, note, verdict }) =>
      html`<tr>
        <th scope="row">${label}</th>
        <td class="value">${value}</td>
        <td class="note">${note}</td>
        <td>
          ${verdict === undefined ? undefined : html`<span class="${verdict}">${VERDICTS[verdict]}</span>`}
        </td>
      </tr>`,
  );
  return html`<section aria-labelledby="summary">
    <h2 id="summary">Summary</h2>
    <table>
      <tbody>
        ${cells}
      </tbody>
    </table>
  </section>`;
}
