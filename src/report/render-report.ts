import { bridgeSection } from './bridge-section.js';
import { diagnosticsSection } from './diagnostics-section.js';
import { eventSection } from './event-section.js';
import { html, type Markup } from './html.js';
import { learningSection } from './learning-section.js';
import { modelSection } from './model-section.js';
import { page, type Page } from './page.js';
import type { LearningCurve, ReportData, ReportHeader, SummaryRow } from './report-data.js';
import { timeSection } from './time-section.js';

/** The report of one run; see {@link page}. The same data give the same bytes. Sections without data are left out. */
export function renderReport(data: ReportData): Page {
  const { header, summary, learning, model, diagnostics, bridge, trainingTime, events } = data;
  const title = `${header.robot} ${header.task}, seed ${header.seed}`;
  return page(
    title,
    html`${headerSection(header)}
    ${summary === undefined || summary.length === 0 ? undefined : summarySection(summary)}
    ${learning === undefined || isEmpty(learning) ? undefined : learningSection(learning)}
    ${model === undefined ? undefined : modelSection(model)}
    ${diagnostics === undefined ? undefined : diagnosticsSection(diagnostics)}
    ${bridge === undefined ? undefined : bridgeSection(bridge)}
    ${trainingTime === undefined ? undefined : timeSection(trainingTime)}
    ${events === undefined ? undefined : eventSection(events)}`,
  );
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
