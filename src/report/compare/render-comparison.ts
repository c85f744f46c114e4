import { figure } from '../chart.js';
import { html, type Markup } from '../html.js';
import { duration, shortNumber } from '../numbers.js';
import { page, type Page } from '../page.js';
import { timeChart } from '../time-chart.js';
import type { Group, TaskComparison } from './compare-runs.js';
import { curveCharts, groupColours, type GroupColours } from './curve-charts.js';
import { goalText, spreadText, taskTitle } from './wording.js';

/** A page with one section per task; see {@link page}. The same data give the same bytes. */
export function renderComparison(comparisons: readonly TaskComparison[]): Page {
  const colours = groupColours(comparisons);
  const runs = comparisons.flatMap(({ groups }) => groups.flatMap((group) => group.runs)).length;
  const tasks = comparisons.map(taskTitle).join(', ');
  return page(
    `${runs} runs compared`,
    html`<header>
        <p class="kind">comparison</p>
        <h1>${runs} runs compared</h1>
        <p class="muted">${tasks}</p>
      </header>
      ${comparisons.map((comparison, i) => taskSection(comparison, `task-${i + 1}`, colours))}
      ${runTable(comparisons)}`,
  );
}

function taskSection(comparison: TaskComparison, id: string, colours: GroupColours): Markup {
  const title = taskTitle(comparison);
  const bars = comparison.groups.flatMap(({ label, time }) =>
    time === undefined ? [] : [{ label, shares: time }],
  );
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${groupTable(comparison)} ${curveCharts(comparison, title, colours).map(figure)}
    ${
      bars.length === 0
        ? undefined
        : figure(timeChart(`${title}: where the time went, mean over seeds`, bars))
    }
  </section>`;
}

function groupTable({ goalReturn, groups }: TaskComparison): Markup {
  const goal = goalReturn === undefined ? '' : ` ${shortNumber(goalReturn)}`;
  const rows = groups.map(
    (group) =>
      html`<tr>
        <th scope="row">${group.label}</th>
        <td class="number">${group.runs.length}</td>
        <td class="number">${group.stepsToGoal === undefined ? '-' : goalText(group.stepsToGoal)}</td>
        <td class="number">
          ${group.secondsToGoal === undefined ? '-' : goalText(group.secondsToGoal, duration)}
        </td>
        <td class="number">${spreadText(group.lastReturn)}</td>
        <td class="number">${group.keptReturn === undefined ? '-' : spreadText(group.keptReturn)}</td>
      </tr>`,
  );
  return html`<table>
      <thead>
        <tr>
          <th scope="col">algorithm, preset</th>
          <th scope="col">seeds</th>
          <th scope="col">real steps to goal${goal}</th>
          <th scope="col">time to goal${goal}</th>
          <th scope="col">return, last evaluation</th>
          <th scope="col">return, policy kept</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    <p class="note">
      Median over seeds [first to third quartile, linear between ranks]. To goal: until the second of the
      first two evaluations in a row whose mean return is at least the task's goal; a seed that did not get
      there counts as later than all others.
    </p>`;
}

function runTable(comparisons: readonly TaskComparison[]): Markup {
  const rows = comparisons.flatMap((comparison) =>
    comparison.groups.flatMap((group) => group.runs.map((run) => runRow(comparison, group, run))),
  );
  return html`<section aria-labelledby="runs">
    <h2 id="runs">Runs</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">run</th>
          <th scope="col">task</th>
          <th scope="col">algorithm, preset</th>
          <th scope="col">seed</th>
          <th scope="col">real steps</th>
          <th scope="col">return, last evaluation</th>
          <th scope="col">begun</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`;
}

function runRow(comparison: TaskComparison, { label }: Group, run: Group['runs'][number]): Markup {
  const last = run.evaluations.at(-1)!;
  return html`<tr>
    <th scope="row">${run.name}</th>
    <td>${taskTitle(comparison)}</td>
    <td>${label}</td>
    <td class="number">${run.seed}</td>
    <td class="number">${shortNumber(last.step)}</td>
    <td class="number">${shortNumber(last.meanReturn)}</td>
    <td class="number">${run.created.slice(0, 10)}</td>
  </tr>`;
}
