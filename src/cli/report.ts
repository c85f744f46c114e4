import path from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { duration } from '../report/numbers.js';
import type { TaskComparison } from '../report/index.js';
import { goalText, spreadText, taskTitle } from '../report/compare/wording.js';
import { jsonOption } from './options.js';
import { Output, table } from './output.js';

interface ReportCliOptions {
  readonly out?: string;
  readonly json?: true;
}

const COMPARISON_FOLDER = 'report';

export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Report on one run, or compare several: learning curves over seeds against steps and against time, steps and seconds ' +
        'to the goal, final returns, and where the time went. Runs that differ in the seed only (same robot, task, ' +
        'algorithm and preset) are one group: a median with quartiles. Different tasks get a section each.\n\n' +
        'Of one run the report shows learning, world model and the trust that it deserves, bridge, and time.\n\n' +
        'Writes report.html, one file without scripts, and beside it every plot as SVG and PNG.',
    )
    .argument('<run...>', 'run directories, as made by train; or one of finetune')
    .option(
      '--out <folder>',
      `where to write (default: of one run its own directory, of several ./${COMPARISON_FOLDER})`,
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  dynabridge report runs/2026-11-23-cartpole-balance-s1       one run
  dynabridge report runs/*-balance-* --out balance            all runs of a task, by algorithm and preset
  dynabridge report runs/* --json | jq '.tasks[].groups[] | {label, stepsToGoal}'

With --json: tasks[].groups[] holds the curves (x, median, low and high quartile, running seeds), stepsToGoal and
secondsToGoal (null: a seed that did not reach the goal, later than all others), lastReturn, keptReturn and time;
runs[] the newest model diagnostics of each run; report and figures the files written.`,
    )
    .action(report);
}

async function report(paths: readonly string[], options: ReportCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const runs = paths.map((folder) => RunDirectory.open(folder, systemClock)); // wrong input is told before anything slow is loaded
  const { compareRuns, readComparedRun, readMetrics, renderComparison, renderReport, writePage } =
    await import('../report/index.js');
  const { runReport } = await import('./run-report.js');
  for (const run of runs)
    for (const { message } of run.metrics.read().warnings) output.line(`warning: ${message}`);
  const [only] = runs.length === 1 ? runs : [];
  const trainings = only?.info.kind === 'finetune' ? [] : runs; // with what its own policy began is in its report
  const compared = trainings.map(readComparedRun);
  const tasks = compareRuns(compared);
  const page = only ? renderReport(await runReport(only)) : renderComparison(tasks);
  const folder = options.out ?? only?.path ?? COMPARISON_FOLDER;
  const written = await writePage(path.resolve(folder), page);
  if (written.pngMissing !== undefined) {
    output.line(
      `SVG files only, no PNG: ${written.pngMissing}; to have them: npm ci, without --omit=optional (@resvg/resvg-js)`,
    );
  }
  const json = {
    ...written,
    runs: compared.map(({ path, name, robot, task, algo, preset, seed }, i) => ({
      ...{ path, name, robot, task, algo, preset, seed },
      diagnostics: readMetrics(trainings[i]!).diagnostics.at(-1) ?? null,
    })),
    tasks: tasks.map(({ groups, ...task }) => ({
      ...task,
      groups: groups.map((group) => ({ ...group, runs: group.runs.map((run) => run.path) })),
    })),
  };
  const { length } = written.figures;
  output.result(
    json,
    table([
      ...tasks.flatMap(groupRows),
      ['report', written.report],
      ['figures', `${length} files beside it`],
    ]),
  );
}

function groupRows(comparison: TaskComparison): [string, string][] {
  return comparison.groups.map((group) => [
    `${taskTitle(comparison)}, ${group.label}`,
    [
      group.runs.length === 1 ? '1 seed' : `${group.runs.length} seeds`,
      `return ${spreadText(group.lastReturn)}`,
      ...(group.stepsToGoal ? [`steps to goal ${goalText(group.stepsToGoal)}`] : []),
      ...(group.secondsToGoal ? [`time to goal ${goalText(group.secondsToGoal, duration)}`] : []),
    ].join('; '),
  ]);
}
