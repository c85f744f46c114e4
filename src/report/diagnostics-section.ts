import { figure } from './chart.js';
import { coverageChart, calibrationChart, openLoopCharts } from './diagnostics-charts.js';
import { html, type Markup } from './html.js';
import { quantityOf } from './metrics.js';
import { shortNumber } from './numbers.js';
import type { ModelDiagnostics } from './report-data.js';

/** How far the world model can be trusted: errors over several steps, and whether its stated uncertainty is honest. */
export function diagnosticsSection(diagnostics: ModelDiagnostics): Markup | undefined {
  if (diagnostics.outputs.length === 0) return undefined;
  return html`<section aria-labelledby="diagnostics">
    <h2 id="diagnostics">Trust in the world model</h2>
    ${tiles(diagnostics)}
    <div class="figures">${[calibrationChart(diagnostics), coverageChart(diagnostics)].map(figure)}</div>
    ${openLoopCharts(diagnostics).map(figure)} ${outputTable(diagnostics)}
  </section>`;
}

function tiles({ step, calibration, auroc }: ModelDiagnostics): Markup {
  const ece = calibration.ece.reduce((sum, value) => sum + value, 0) / calibration.ece.length;
  return html`<dl class="tiles">
    <div>
      <dt>examined at</dt>
      <dd>${shortNumber(step)} <small>real steps</small></dd>
    </div>
    <div>
      <dt>expected calibration error</dt>
      <dd>${fixed(ece)} <small>mean; 0 is perfect</small></dd>
    </div>
    <div>
      <dt>AUROC of the disagreement on states pushed outside</dt>
      <dd>${fixed(auroc)} <small>1 is perfect, 0.5 chance</small></dd>
    </div>
  </dl>`;
}

function outputTable({ outputs, rmse, nll, calibration: { coverage, ece } }: ModelDiagnostics): Markup {
  const rows = outputs.map((output, i) => {
    const { name, unit } = quantityOf(output);
    return html`<tr>
      <th scope="row">${name}</th>
      <td class="number">${shortNumber(rmse[i]!)} ${unit}</td>
      <td class="number">${fixed(nll[i]!)}</td>
      <td class="number">${fixed(coverage.p50[i]!)}</td>
      <td class="number">${fixed(coverage.p90[i]!)}</td>
      <td class="number">${fixed(coverage.p95[i]!)}</td>
      <td class="number">${fixed(ece[i]!)}</td>
    </tr>`;
  });
  return html`<table>
    <thead>
      <tr>
        <th scope="col">output</th>
        <th scope="col">one-step RMSE</th>
        <th scope="col">NLL</th>
        <th scope="col">within 50 %</th>
        <th scope="col">within 90 %</th>
        <th scope="col">within 95 %</th>
        <th scope="col">ECE</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function fixed(value: number): string {
  return shortNumber(Number(value.toFixed(3)));
}
