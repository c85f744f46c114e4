/** Rows, table and targets of `npm run bench -- compute`. */
import { percentile } from '../../src/core/index.js';
import { columns } from '../statistics-table.js';
import type { ComputeCase } from './cases.js';
import { usefulFlops } from './flops.js';
import type { CaseResult, Impl } from './measure.js';

const ENOUGH_SAMPLES = 10;

export interface ComputeRow {
  readonly case: string;
  readonly impl: Impl;
  readonly threads: number;
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly p10Ms: number;
  /** (p90 - p10) / median */
  readonly spread: number;
  readonly samples: number;
  readonly gflops: number;
  /** PyTorch's median over ours at the same number of threads: above 1 is faster than PyTorch; null without PyTorch */
  readonly ratioToPyTorch: number | null;
  /** of `threads` times one core's measured peak; null without the addon, which measures it */
  readonly fractionOfPeak: number | null;
  /** the same against the best way of writing it with torch.optim, estimated from PyTorch's trial of its variants */
  readonly ratioToTorchOptim: number | null;
  /** how PyTorch's case was written */
  readonly variant: string | null;
}

export interface Measured {
  readonly of: ComputeCase;
  readonly result: CaseResult;
}

export interface Peak {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One core's peak over the whole run [GFLOP/s]; null where it was not measured. */
export function peakOf(measured: readonly Measured[]): Peak | null {
  const peaks = measured.flatMap(({ result }) => result.peaks);
  if (peaks.length === 0) return null;
  return { median: percentile(peaks, 50), min: Math.min(...peaks), max: Math.max(...peaks) };
}

export function rowsOf(measured: readonly Measured[]): ComputeRow[] {
  const peak = peakOf(measured);
  return measured.flatMap(({ of, result }) => {
    const flops = usefulFlops(of.work);
    return result.measurements.map(({ impl, threads, samples, medianMs, p10Ms, p90Ms, variant }) => {
      const gflops = flops / medianMs / 1e6;
      const peer = result.measurements.find((one) => one.impl === 'pytorch' && one.threads === threads);
      const ratioToPyTorch = peer === undefined ? null : peer.medianMs / medianMs;
      const factor = peer?.torchOptimFactor ?? null;
      return {
        case: of.name,
        ...{ impl, threads, medianMs, p90Ms, p10Ms, samples, gflops, variant },
        spread: (p90Ms - p10Ms) / medianMs,
        ratioToPyTorch,
        ratioToTorchOptim: ratioToPyTorch === null || factor === null ? null : ratioToPyTorch * factor,
        fractionOfPeak: peak === null ? null : gflops / (threads * peak.median),
      };
    });
  });
}

function ratio(value: number | null): string {
  return value === null ? '-' : value.toFixed(value < 0.1 ? 4 : 2);
}

/** Three significant digits without an exponent. */
function short(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  if (value >= 1) return value.toFixed(2);
  return value >= 0.001 ? value.toFixed(4) : value.toFixed(6);
}

const HEADER = [
  'impl',
  'threads',
  'median ms',
  'p90 ms',
  'spread %',
  'samples',
  'GFLOP/s',
  'x PyTorch',
  'x torch.optim',
  '% of peak',
];

export function table(rows: readonly ComputeRow[]): string {
  const names = [...new Set(rows.map((row) => row.case))];
  // one call for all, so that the columns of all cases stand below each other
  const cells = rows.map((row) => [
    row.impl,
    String(row.threads),
    short(row.medianMs),
    short(row.p90Ms),
    (100 * row.spread).toFixed(0),
    String(row.samples),
    short(row.gflops),
    ratio(row.ratioToPyTorch),
    ratio(row.ratioToTorchOptim),
    row.fractionOfPeak === null ? '-' : (100 * row.fractionOfPeak).toFixed(1),
  ]);
  const [header, ...lines] = columns(HEADER, cells).split('\n');
  return names
    .map((name) => {
      const own = lines.filter((_, i) => rows[i]!.case === name);
      const variants = [
        ...new Set(rows.filter((row) => row.case === name).flatMap((row) => row.variant ?? [])),
      ];
      const how = variants.length === 0 ? '' : `   (PyTorch written as ${variants.join(', ')})`;
      return [`${name}${how}`, header!, ...own].join('\n');
    })
    .join('\n\n');
}

type Figure = 'fractionOfPeak' | 'ratioToPyTorch' | 'medianMs';

interface Target {
  readonly case: string;
  readonly figure: Figure;
  readonly bound: number;
}

const SAC = 'sac-update/256x256/b256';
const ENSEMBLES = ['ensemble-step/7x4x200/b256', 'ensemble-step/5x3x128/b256'];

/** What the native backend is built to reach, on one thread. */
const TARGETS: readonly Target[] = [
  { case: 'matmul/256', figure: 'fractionOfPeak', bound: 0.75 },
  ...[SAC, ...ENSEMBLES].flatMap((name): Target[] => [
    { case: name, figure: 'fractionOfPeak', bound: 0.5 },
    { case: name, figure: 'ratioToPyTorch', bound: 1.5 },
  ]),
  { case: 'sac-update/64x64/b128', figure: 'ratioToPyTorch', bound: 4 },
  { case: 'tfjs-overhead/sac-update', figure: 'medianMs', bound: 0.4 },
];

const WORDS: Readonly<Record<Figure, (value: number) => string>> = {
  fractionOfPeak: (value) => `${(100 * value).toFixed(0)} % of the peak`,
  ratioToPyTorch: (value) => `${value.toFixed(2)} x PyTorch`,
  medianMs: (value) => `${value.toFixed(3)} ms`,
};

export interface Verdict extends Target {
  readonly value: number | null;
  readonly met: boolean | null;
}

/** The targets of the cases that were measured, on the native backend with one thread; null where there is nothing to judge. */
export function verdicts(rows: readonly ComputeRow[]): Verdict[] {
  return TARGETS.filter((target) => rows.some((row) => row.case === target.case)).map((target) => {
    const row = rows.find((one) => one.case === target.case && one.impl === 'native' && one.threads === 1);
    const value = row?.[target.figure] ?? null;
    const met =
      value === null ? null : target.figure === 'medianMs' ? value <= target.bound : value >= target.bound;
    return { ...target, value, met };
  });
}

/** Few samples say little of the spread. */
export function scarcity(rows: readonly ComputeRow[]): string[] {
  return [...new Set(rows.map(({ impl }) => impl))].flatMap((impl) => {
    const few = rows.filter((row) => row.impl === impl && row.samples < ENOUGH_SAMPLES);
    if (few.length === 0) return [];
    const names = [...new Set(few.map((row) => row.case))];
    const list = names.map((name) => {
      const least = Math.min(...few.filter((row) => row.case === name).map(({ samples }) => samples));
      return `${name} (${least})`;
    });
    return `${impl}: slow, so fewer than ${ENOUGH_SAMPLES} samples of ${list.join(', ')}`;
  });
}

export function targetTable(rows: readonly ComputeRow[]): string {
  const cells = verdicts(rows).map(({ case: name, figure, bound, value, met }) => [
    name,
    `${figure === 'medianMs' ? 'at most' : 'at least'} ${WORDS[figure](bound)}`,
    value === null ? 'not measured' : WORDS[figure](value),
    met === null ? '-' : met ? 'met' : 'MISSED',
  ]);
  return columns(['native, 1 thread', 'target', 'measured', ''], cells);
}
