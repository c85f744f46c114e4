import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import { FragmentAssembler } from '../../../../src/io/rtps/fragment-assembler.js';
import { DEFAULT_LIMITS, type Limits } from '../../../../src/io/rtps/limits.js';
import type { DataFragmentSubmessage } from '../../../../src/io/rtps/submessage.js';

const FRAGMENT = 100;
const sample = Buffer.from(Array.from({ length: 950 }, (_, i) => i % 251));

function fragment(
  sequenceNumber: number,
  first: number,
  extra: Partial<DataFragmentSubmessage> = {},
): DataFragmentSubmessage {
  const start = (first - 1) * FRAGMENT;
  return {
    readerId: 0,
    writerId: 1,
    sequenceNumber,
    inlineQos: undefined,
    payload: sample.subarray(start, start + FRAGMENT),
    isKey: false,
    sourceNs: undefined,
    firstFragment: first,
    fragmentCount: 1,
    fragmentBytes: FRAGMENT,
    sampleBytes: sample.length,
    ...extra,
  };
}

function assembler(limits: Partial<Limits> = {}, reliable = true) {
  const budget = { usedBytes: 0 };
  return { budget, fragments: new FragmentAssembler({ ...DEFAULT_LIMITS, ...limits }, budget, reliable) };
}

describe('FragmentAssembler', () => {
  it('puts fragments together in any order, repeated or not, and gives their memory back', () => {
    const { budget, fragments } = assembler();
    const order = new Rng(3).shuffle(Array.from({ length: 10 }, (_, i) => i + 1));
    for (const number of order.slice(1)) {
      expect(fragments.add(fragment(1, number))).toBe('stored');
      expect(fragments.add(fragment(1, number))).toBe('stored');
    }
    expect(fragments.missingOf(1)!.values()).toEqual([order[0]]);
    expect(budget.usedBytes).toBeGreaterThan(sample.length);
    expect((fragments.add(fragment(1, order[0]!)) as Buffer).equals(sample)).toBe(true);
    expect([budget.usedBytes, fragments.size]).toEqual([0, 0]);
  });

  it('takes several fragments from one submessage', () => {
    const { fragments } = assembler();
    const payload = sample.subarray(0, 5 * FRAGMENT);
    expect(fragments.add(fragment(1, 1, { fragmentCount: 5, payload }))).toBe('stored');
    expect(fragments.missingOf(1)!.values()).toEqual([6, 7, 8, 9, 10]);
  });

  it.each([
    ['a number beyond the sample', { firstFragment: 11 }],
    ['less payload than it claims', { payload: sample.subarray(0, 50) }],
    ['another fragment size', { fragmentBytes: 50 }],
    ['another sample size', { sampleBytes: 900 }],
  ])('refuses %s', (_what, extra) => {
    const { fragments } = assembler();
    fragments.add(fragment(1, 2));
    expect(fragments.add(fragment(1, 3, extra))).toBe('malformed');
  });

  it('refuses samples beyond the size limit and beyond the budget of the participant', () => {
    expect(assembler({ maxSampleBytes: 900 }).fragments.add(fragment(1, 1))).toBe('over-limit');
    const { fragments } = assembler({ maxReassemblyBytes: 1500 });
    expect(fragments.add(fragment(1, 1))).toBe('stored');
    expect(fragments.add(fragment(2, 1))).toBe('over-limit');
  });

  it('prefers the oldest samples when what is missing will be sent again', () => {
    const { fragments } = assembler({ maxFragmentedSamples: 2 });
    expect([3, 2, 4, 1].map((number) => fragments.add(fragment(number, 1)))).toEqual([
      'stored',
      'stored',
      'over-limit',
      'stored',
    ]);
    expect([1, 2, 3].map((number) => fragments.has(number))).toEqual([true, true, false]);
  });

  it('prefers the newest samples when it will not', () => {
    const { fragments } = assembler({ maxFragmentedSamples: 2 }, false);
    for (const number of [1, 2, 3]) expect(fragments.add(fragment(number, 1))).toBe('stored');
    expect([1, 2, 3].map((number) => fragments.has(number))).toEqual([false, true, true]);
  });

  it('forgets what lies below a number', () => {
    const { budget, fragments } = assembler();
    for (const number of [1, 2, 3]) fragments.add(fragment(number, 1));
    fragments.dropBelow(3);
    expect([1, 2, 3].map((number) => fragments.has(number))).toEqual([false, false, true]);
    fragments.clear();
    expect(budget.usedBytes).toBe(0);
  });
});
