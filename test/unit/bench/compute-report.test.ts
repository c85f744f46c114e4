import { expect, test } from 'vitest';
import { COMPUTE_CASES } from '../../../bench/compute/cases.js';
import type { Impl, Measurement } from '../../../bench/compute/measure.js';
import { coreTypeSettings } from '../../../bench/compute/pytorch.js';
import { peakOf, rowsOf, verdicts, type Measured } from '../../../bench/compute/report.js';

function measurement(impl: Impl, threads: number, medianMs: number): Measurement {
  return {
    impl,
    threads,
    medianMs,
    samples: 9,
    p10Ms: 0.9 * medianMs,
    p90Ms: 1.2 * medianMs,
    variant: null,
    torchOptimFactor: impl === 'pytorch' ? 1.25 : null,
  };
}

function measured(name: string, measurements: Measurement[], peaks: number[] = []): Measured {
  const of = COMPUTE_CASES.find((one) => one.name === name)!;
  return { of, result: { measurements, failures: [], peaks } };
}

test('compares a row with PyTorch at the same number of threads and with that many cores at their peak', () => {
  const result = measured(
    'matmul/256',
    [measurement('native', 1, 0.5), measurement('native', 2, 0.25), measurement('pytorch', 1, 1)],
    [80, 120, 100],
  );
  const [one, two, peer] = rowsOf([result]);
  const gflops = (2 * 256 ** 3) / 0.5e6;
  expect(one).toMatchObject({ impl: 'native', threads: 1, medianMs: 0.5, p90Ms: 0.6, ratioToPyTorch: 2 });
  expect(one!.gflops).toBeCloseTo(gflops, 6);
  expect(one!.fractionOfPeak).toBeCloseTo(gflops / 100, 6);
  expect(one!.spread).toBeCloseTo(0.3, 6);
  expect(one!.ratioToTorchOptim).toBe(2.5);
  expect(two!.ratioToPyTorch).toBeNull();
  expect(two!.fractionOfPeak).toBeCloseTo((2 * gflops) / 200, 6);
  expect(peer!.ratioToPyTorch).toBe(1);
});

test('without the addon there is no peak, and nothing is held against it', () => {
  const results = [measured('matmul/64', [measurement('wasm', 1, 1)])];
  expect(peakOf(results)).toBeNull();
  expect(rowsOf(results)[0]).toMatchObject({ fractionOfPeak: null, ratioToPyTorch: null });
});

test('judges targets by the native rows of one thread, and only those of measured cases', () => {
  const rows = rowsOf([
    measured('sac-update/64x64/b128', [measurement('native', 1, 1), measurement('pytorch', 1, 3.9)]),
    measured('tfjs-overhead/sac-update', [measurement('native', 1, 0.4), measurement('native', 2, 9)]),
    measured('matmul/256', [measurement('wasm', 1, 1)], [100]),
  ]);
  const judged = verdicts(rows).map(({ case: name, figure, met }) => [name, figure, met]);
  expect(judged).toEqual([
    ['matmul/256', 'fractionOfPeak', null],
    ['sac-update/64x64/b128', 'ratioToPyTorch', false],
    ['tfjs-overhead/sac-update', 'medianMs', true],
  ]);
});

test('tries the OpenBLAS kernels that the processor can run, and the default first', () => {
  const names = (architecture: string, ...flags: string[]): string[] =>
    coreTypeSettings(architecture, new Set(flags)).map(({ label }) => label);
  expect(names('x64', 'pni', 'ssse3', 'avx', 'avx2', 'fma')).toEqual([
    ...['default', 'Prescott', 'Core2', 'Sandybridge', 'Haswell', 'Zen'],
  ]);
  expect(names('arm64', 'asimd', 'asimddp')).toContain('NEOVERSEN1');
  expect(names('arm64', 'asimd')).not.toContain('NEOVERSEN1');
  expect(names('riscv64')).toEqual(['default']);
});
