import os from 'node:os';
import type { Episode, JsonLine, RunDirectory } from '../data/index.js';
import {
  collectBridge,
  renderReport,
  type BridgeFacts,
  type ReportData,
  type ReportEvent,
  type SummaryRow,
} from '../report/index.js';
import { parseContract, type Contract } from '../robot/index.js';
import { frameQuantities } from './policy-contract.js';

/** Events worth a line in the report. */
const REPORTED_EVENTS = new Set([
  'engaged',
  'first-command',
  'mode',
  'fault',
  'fenced',
  'emergency-stop',
  'agent-lost',
  'agent-ended',
  'recorder-ended',
  'stopped',
]);

/** Writes report.html anew from what the run directory holds. @returns its path */
export async function refreshReport(run: RunDirectory): Promise<string> {
  const metrics = run.metrics.read().rows;
  const contract = parseContract(run.readContract(), run.path);
  const episode = await lastBridge(run);
  const bridge = await collectBridge(episode ? [episode] : [], bridgeFacts(contract));
  const events = run.events.read().rows;
  // The guard counts a command as limited when the gate changed it; a recording knows only that there was a reason.
  const limited = ofKind(events, 'bridge-ended').at(-1)?.['limited'] as number | undefined;
  const cpu = os.cpus();
  const data: ReportData = {
    header: {
      ...run.info,
      machine: `${cpu.length} x ${cpu[0]?.model ?? 'unknown processor'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    },
    ...learning(metrics),
    ...modelError(metrics, contract),
    ...(bridge && { bridge: { ...bridge, commandsLimited: limited ?? bridge.commandsLimited } }),
    ...reportEvents(events),
    summary: summary(metrics, events),
  };
  return run.writeReport(renderReport(data));
}

function ofKind(rows: readonly JsonLine[], kind: string): Record<string, unknown>[] {
  return rows.filter((row) => row['kind'] === kind);
}

function learning(metrics: readonly JsonLine[]): Pick<ReportData, 'learning'> {
  const episodes = ofKind(metrics, 'episode').map((row) => ({
    step: row['step'] as number,
    return: row['return'] as number,
  }));
  if (episodes.length === 0) return {};
  const evaluations = ofKind(metrics, 'evaluation').map((row) => {
    const returns = row['returns'] as number[];
    return {
      step: row['step'] as number,
      mean: row['meanReturn'] as number,
      min: Math.min(...returns),
      max: Math.max(...returns),
    };
  });
  const baseline = ofKind(metrics, 'baseline')[0];
  const goal = ofKind(metrics, 'result')[0];
  return {
    learning: {
      episodes,
      evaluations,
      ...(baseline && { randomReturn: baseline['returnRandom'] as number }),
      ...(goal && { goalReturn: goal['goalReturn'] as number }),
    },
  };
}

function modelError(metrics: readonly JsonLine[], contract: Contract): Pick<ReportData, 'model'> {
  const points = ofKind(metrics, 'model').map((row) => {
    const nll = row['holdoutNll'] as number[];
    return {
      step: row['step'] as number,
      rmse: row['holdoutRmse'] as number[],
      nll: nll.reduce((sum, value) => sum + value, 0) / nll.length,
    };
  });
  return points.length === 0 ? {} : { model: { dimensions: frameQuantities(contract), points } };
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

function summary(metrics: readonly JsonLine[], events: readonly JsonLine[]): SummaryRow[] {
  const trained = ofKind(metrics, 'result').at(-1);
  const ended = ofKind(events, 'bridge-ended').at(-1);
  const number = (value: unknown, digits = 1): string => (value as number).toFixed(digits);
  return [
    ...(trained
      ? [
          { label: 'Return, random policy', value: number(trained['returnRandom']) },
          { label: 'Return, before training', value: number(trained['returnBefore']) },
          {
            label: 'Return, after training',
            value: number(trained['returnAfter']),
            note: `goal ${number(trained['goalReturn'])}`,
            verdict:
              (trained['returnAfter'] as number) >= (trained['goalReturn'] as number)
                ? ('good' as const)
                : ('bad' as const),
          },
          {
            label: 'Real steps',
            value: `${trained['realSteps'] as number} in ${number(trained['seconds'], 0)} s`,
          },
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
