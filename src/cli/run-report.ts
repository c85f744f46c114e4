import os from 'node:os';
import type { Episode, JsonLine, RunDirectory } from '../data/index.js';
import {
  collectBridge,
  quantityOf,
  readMetrics,
  renderReport,
  timeShares,
  type BridgeFacts,
  type Metrics,
  type ReportData,
  type ReportEvent,
  type SummaryRow,
} from '../report/index.js';
import { parseContract, type Contract } from '../robot/index.js';
import { finetuneReport, finetuneSummary } from './finetune-report.js';

/** Events worth a line in the report. */
const REPORTED_EVENTS = new Set([
  'engaged',
  'first-command',
  'mode',
  'fault',
  'fenced',
  'emergency-stop',
  'agent-lost',
  'agent-silent',
  'state-lost',
  'supervisor-lost',
  'black-box',
  'black-box-failed',
  'recording-failed',
  'wire-recording-failed',
  'agent-ended',
  'recorder-ended',
  'stopped',
]);

/** Writes report.html anew from what the run directory holds. @returns its path */
export async function refreshReport(run: RunDirectory): Promise<string> {
  return run.writeReport(renderReport(await runReport(run)).html);
}

/** What the run directory holds, for a report. */
export async function runReport(run: RunDirectory): Promise<ReportData> {
  const metrics = readMetrics(run);
  const events = run.events.read().rows;
  const cpu = os.cpus();
  const time = metrics.time.at(-1);
  const diagnostics = metrics.diagnostics.at(-1);
  return {
    header: {
      ...run.info,
      machine: `${cpu.length} x ${cpu[0]?.model ?? 'unknown processor'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    },
    ...(run.info.kind === 'finetune' ? finetuneReport(metrics) : learning(metrics)),
    ...modelError(metrics),
    ...(diagnostics && { diagnostics }),
    ...(await bridge(run, events)),
    ...(time && { trainingTime: timeShares(time) }),
    ...reportEvents(events),
    summary: summary(metrics, events),
  };
}

function ofKind(rows: readonly JsonLine[], kind: string): Record<string, unknown>[] {
  return rows.filter((row) => row['kind'] === kind);
}

function learning(metrics: Metrics): Pick<ReportData, 'learning'> {
  const evaluations = metrics.evaluation.map(({ step, meanReturn, returns }) => ({
    step,
    mean: meanReturn,
    ...(returns.length === 0 ? {} : { min: Math.min(...returns), max: Math.max(...returns) }),
  }));
  const baseline = metrics.baseline[0];
  const result = metrics.result.at(-1);
  return {
    learning: {
      episodes: metrics.episode,
      evaluations,
      ...(baseline && { randomReturn: baseline.returnRandom }),
      ...(result && { goalReturn: result.goalReturn }),
    },
  };
}

function modelError(metrics: Metrics): Pick<ReportData, 'model'> {
  const [first] = metrics.model;
  if (first === undefined) return {};
  const points = metrics.model.map(({ step, holdoutRmse, holdoutNll }) => ({
    step,
    rmse: holdoutRmse,
    nll: holdoutNll.reduce((sum, value) => sum + value, 0) / holdoutNll.length,
  }));
  return { model: { dimensions: first.outputs.map(quantityOf), points } };
}

/** The newest drive of a robot. Only it needs the contract, which a run without a robot of ours does not have. */
async function bridge(run: RunDirectory, events: readonly JsonLine[]): Promise<Pick<ReportData, 'bridge'>> {
  const episode = await lastBridge(run);
  if (episode === null) return {};
  const data = await collectBridge([episode], bridgeFacts(parseContract(run.readContract(), run.path)));
  if (data === undefined) return {};
  // The guard counts a command as limited when the gate changed it; a recording knows only that there was a reason.
  // One of a fine-tuning drove many episodes, of which this is the last.
  const ended = run.info.kind === 'finetune' ? undefined : ofKind(events, 'bridge-ended').at(-1);
  const limited = ended?.['limited'] as number | undefined;
  return { bridge: { ...data, commandsLimited: limited ?? data.commandsLimited } };
}

async function lastBridge(run: RunDirectory): Promise<Episode | null> {
  let last: Episode | null = null;
  for await (const episode of run.episodes({ source: 'real' })) if (episode.ticks.length > 1) last = episode;
  return last;
}

/** What the recording of a bridge does not say of the robot. */
function bridgeFacts(contract: Contract): BridgeFacts {
  const positionUnits = Object.fromEntries(
    contract.measured.map((name) => [
      name,
      contract.observations.find(({ field }) => field === `position[${name}]`)!.unit,
    ]),
  );
  const withPosition = contract.measured.flatMap((name) => {
    const position = contract.limits[name]?.position;
    return position ? [[name, position] as const] : [];
  });
  return {
    positionUnits,
    positionLimits: Object.fromEntries(withPosition),
    commandUnits: Object.fromEntries(contract.commanded.map(({ name, unit }) => [name, unit])),
    commandLimits: Object.fromEntries(
      contract.commanded.map((joint) => [joint.name, commandLimits(contract, joint)]),
    ),
  };
}

function commandLimits(
  contract: Contract,
  joint: Contract['commanded'][number],
): { min: number; max: number } {
  const limits = contract.limits[joint.name]!;
  if (joint.interface === 'position') return limits.position ?? { min: -Infinity, max: Infinity };
  const max = joint.interface === 'velocity' ? limits.maxVelocity : limits.maxEffort;
  return { min: -max, max };
}

function reportEvents(events: readonly JsonLine[]): Pick<ReportData, 'events'> {
  const start = events[0]?.monotonicS ?? 0;
  const shown = events
    .filter((row) => REPORTED_EVENTS.has(String(row['kind'])))
    .map(({ wall: _wall, monotonicS, kind, ...detail }): ReportEvent => {
      const text = Object.entries(detail).map(
        ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      return { timeS: monotonicS - start, kind: String(kind), text: text.join(', ') };
    });
  return shown.length === 0 ? {} : { events: shown };
}

function summary(metrics: Metrics, events: readonly JsonLine[]): SummaryRow[] {
  const trained = metrics.result.at(-1);
  const baseline = metrics.baseline[0];
  const ended = ofKind(events, 'bridge-ended').at(-1);
  const number = (value: unknown, digits = 1): string => (value as number).toFixed(digits);
  return [
    ...finetuneSummary(metrics),
    ...(baseline
      ? [
          { label: 'Return, random policy', value: number(baseline.returnRandom) },
          { label: 'Return, before training', value: number(baseline.returnBefore) },
        ]
      : []),
    ...(trained
      ? [
          {
            label: 'Return, after training',
            value: number(trained.returnAfter),
            note: `goal ${number(trained.goalReturn)}`,
            verdict: trained.returnAfter >= trained.goalReturn ? ('good' as const) : ('bad' as const),
          },
          { label: 'Real steps', value: `${trained.realSteps} in ${number(trained.seconds, 0)} s` },
        ]
      : []),
    ...(ended
      ? [
          { label: 'Bridge', value: `${number(ended['seconds'])} s under control`, note: 'the newest one' },
          {
            label: 'End of the bridge',
            value: (ended['faults'] as string[]).join('; ') || String(ended['end']),
            verdict: (ended['faults'] as string[]).length === 0 ? ('good' as const) : ('bad' as const),
          },
        ]
      : []),
  ];
}
