import type { ModelDiagnostics } from '../rl/diagnostics/index.js';
import { grid, table } from './output.js';

interface Quantity {
  readonly name: string;
  /** '' where there is none */
  readonly unit: string;
}

/** What `model-eval` tells people. */
export function diagnosticsText(
  outputs: readonly Quantity[],
  diagnostics: ModelDiagnostics,
  files: { readonly run: string; readonly report: string },
): string {
  const { steps, episodes, recalibrated, auroc, disagreementLimit } = diagnostics;
  return [
    `One step, on ${steps} new steps in ${episodes} episodes:`,
    oneStep(outputs, diagnostics),
    `  ECE: of the half of the episodes that did not fit the recalibration; ${number(recalibrated.eceByChance)} or more by chance alone`,
    '',
    'Several steps without a look at the robot: RMSE of the mean (5 to 95 % of the errors of single networks)',
    severalSteps(outputs, diagnostics),
    '',
    table([
      ['disagreement, AUROC', `${auroc.toFixed(3)} for states pushed outside (0.5 is chance)`],
      ['disagreement, limit', `${number(disagreementLimit)}, exceeded by 5 % of the recorded steps`],
      ['run', files.run],
      ['report', files.report],
    ]),
  ].join('\n');
}

function oneStep(outputs: readonly Quantity[], diagnostics: ModelDiagnostics): string {
  const { rmse, changeStd, nll, calibration, recalibrated } = diagnostics;
  const { p50, p90, p95 } = calibration.coverage;
  const percent = (share: number): string => (100 * share).toFixed(0);
  return grid([
    ['', 'RMSE', '/ std of change', 'NLL [nat]', 'within 50/90/95 %', 'ECE -> recalibrated'],
    ...outputs.map(({ name, unit }, d) => [
      name,
      `${number(rmse[d]!)} ${unit}`.trim(),
      `${((100 * rmse[d]!) / changeStd[d]!).toFixed(1)} %`,
      nll[d]!.toFixed(2),
      `${percent(p50[d]!)} / ${percent(p90[d]!)} / ${percent(p95[d]!)} %`,
      `${recalibrated.before[d]!.toFixed(3)} -> ${recalibrated.ece[d]!.toFixed(3)}`,
    ]),
  ]);
}

function severalSteps(outputs: readonly Quantity[], { openLoop }: ModelDiagnostics): string {
  return grid([
    ['', ...openLoop.map(({ k, starts }) => `k = ${k} (${starts} starts)`)],
    ...outputs.map(({ name, unit }, d) => [
      unit === '' ? name : `${name} [${unit}]`,
      ...openLoop.map(
        ({ rmse, bandLow, bandHigh }) =>
          `${number(rmse[d]!)} (${number(bandLow[d]!)} to ${number(bandHigh[d]!)})`,
      ),
    ]),
  ]);
}

/** Two digits that count. */
function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(2))) : 'not finite';
}
