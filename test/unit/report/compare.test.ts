import { describe, expect, test } from 'vitest';

import { bandCurve } from '../../../src/report/compare/band-curve.js';
import { compareRuns } from '../../../src/report/compare/compare-runs.js';
import type { ComparedRun } from '../../../src/report/compare/compared-run.js';
import { spreadOf } from '../../../src/report/compare/spread.js';
import { goalText } from '../../../src/report/compare/wording.js';

describe('median and quartiles', () => {
  test('are those of numpy.percentile', () => {
    // numpy.percentile([3, 1, 4, 1.5, 9], [25, 50, 75]) and of [10, 20, 40, 80]
    expect(spreadOf([3, 1, 4, 1.5, 9])).toEqual({ low: 1.5, median: 3, high: 4 });
    expect(spreadOf([10, 20, 40, 80])).toEqual({ low: 17.5, median: 30, high: 50 });
  });

  test('take a seed that did not get there as later than all others', () => {
    expect(spreadOf([5, Infinity, 7, Infinity, 9])).toEqual({ low: 7, median: 9, high: Infinity });
    expect(spreadOf([5, 7, Infinity, Infinity])).toEqual({ low: 6.5, median: Infinity, high: Infinity });
    expect(spreadOf([Infinity, Infinity])).toEqual({ low: Infinity, median: Infinity, high: Infinity });
  });

  test('are unknown when a value is', () => {
    expect(spreadOf([1, NaN, Infinity])).toEqual({ low: NaN, median: NaN, high: NaN });
    expect(spreadOf([]).median).toBeNaN();
  });
});

describe('curve over seeds', () => {
  const seed = (n: number, x: number[], y: number[]) => ({ seed: n, x, y });

  test('holds each value until the next, on the union of the grids', () => {
    const curve = bandCurve([seed(1, [0, 10, 20], [1, 2, 3]), seed(2, [0, 5, 20], [10, 20, 30])]);
    expect(curve.x).toEqual([0, 5, 10, 20]);
    // by hand: {1, 10}, {1, 20}, {2, 20}, {3, 30}
    expect(curve.median).toEqual([5.5, 10.5, 11, 16.5]);
    expect(curve.low).toEqual([3.25, 5.75, 6.5, 9.75]);
    expect(curve.high).toEqual([7.75, 15.25, 15.5, 23.25]);
    expect(curve.running).toEqual([2, 2, 2, 2]);
  });

  test('ends where fewer than half of the seeds still run', () => {
    const curve = bandCurve([
      seed(1, [0, 10], [1, 1]),
      seed(2, [0, 10, 20], [2, 2, 2]),
      seed(3, [0, 10, 20, 30], [3, 3, 3]),
    ]);
    // at 20 two of three run, at 30 one of three
    expect(curve.x).toEqual([0, 10, 20]);
    expect(curve.running).toEqual([3, 3, 2]);
    expect(curve.median).toEqual([2, 2, 2.5]);
  });

  test('counts exactly half as enough', () => {
    const curve = bandCurve([seed(1, [0], [1]), seed(2, [0, 10], [2, 4])]);
    expect(curve.x).toEqual([0, 10]);
    expect(curve.median).toEqual([1.5, 4]);
  });

  test('begins where at least half of the seeds have been evaluated', () => {
    const curve = bandCurve([seed(1, [1, 9], [1, 1]), seed(2, [2, 9], [2, 2]), seed(3, [3, 9], [3, 3])]);
    expect(curve.x).toEqual([2, 3, 9]);
  });

  test('marks a gap in which too few run', () => {
    const curve = bandCurve([
      seed(1, [0, 1], [1, 1]),
      seed(2, [0, 1], [1, 1]),
      seed(3, [0, 5, 9], [1, 1, 1]),
      seed(4, [9], [1]),
    ]);
    expect(curve.x).toEqual([0, 1, 5, 9]);
    expect(curve.median).toEqual([1, 1, NaN, 1]);
  });

  test('has a gap where a seed has diverged', () => {
    expect(bandCurve([seed(1, [0, 1], [1, NaN]), seed(2, [0, 1], [1, 1])]).median).toEqual([1, NaN]);
  });
});

describe('comparison', () => {
  const run = (changes: Partial<ComparedRun> = {}): ComparedRun => ({
    ...{ path: `/runs/${JSON.stringify(changes)}`, name: 'r', created: '2025-01-01T00:00:00Z' },
    ...{ robot: 'arm', task: 'reach', algo: 'mbpo', preset: 'small', seed: 1, goalReturn: 100 },
    evaluations: [10, 20, 30].map((step) => ({ step, seconds: step / 10, meanReturn: step * 5 })),
    ...changes,
  });

  test('groups by task, algorithm and preset, in an order that does not depend on that of the runs', () => {
    const runs = [
      run({ seed: 2 }),
      run({ algo: 'sac' }),
      run({ preset: 'large' }),
      run({ task: 'balance' }),
      run({ robot: 'a1' }),
      run({ seed: 1 }),
    ];
    const shape = (of: readonly ComparedRun[]) =>
      compareRuns(of).map(({ robot, task, groups }) => [
        `${robot} ${task}`,
        groups.map(({ label, runs }) => `${label}: ${runs.map(({ seed }) => seed).join(' ')}`),
      ]);
    expect(shape(runs)).toEqual([
      ['a1 reach', ['MBPO small: 1']],
      ['arm balance', ['MBPO small: 1']],
      ['arm reach', ['MBPO large: 1', 'MBPO small: 1 2', 'SAC small: 1']],
    ]);
    expect(shape([...runs].reverse())).toEqual(shape(runs));
  });

  test('measures steps and seconds until two evaluations in a row are at the goal', () => {
    const late = run({
      seed: 2,
      evaluations: [
        { step: 10, seconds: 5, meanReturn: 0 },
        { step: 40, seconds: 8, meanReturn: 100 }, // by luck
        { step: 45, seconds: 9, meanReturn: 20 },
        { step: 50, seconds: 10, meanReturn: 100 },
        { step: 60, seconds: 12, meanReturn: 120 },
      ],
    });
    const never = run({ seed: 3, evaluations: [{ step: 99, seconds: 99, meanReturn: 99.9 }] });
    const [group] = compareRuns([run(), late, never])[0]!.groups;
    expect(group!.stepsToGoal).toEqual({ low: 45, median: 60, high: Infinity, reached: 2, of: 3 });
    expect(group!.secondsToGoal).toEqual({ low: 7.5, median: 12, high: Infinity, reached: 2, of: 3 });
    expect(group!.lastReturn).toEqual({ low: 109.95, median: 120, high: 135 });
    expect(goalText(group!.stepsToGoal!)).toBe('60 [45 to not reached], 2 of 3 seeds');
  });

  test('does without what runs did not record', () => {
    const { goalReturn: _goal, ...rest } = run();
    const bare = { ...rest, evaluations: [{ step: 1, meanReturn: 1 }] };
    const [task] = compareRuns([bare]);
    expect(task).not.toHaveProperty('goalReturn');
    for (const key of ['seconds', 'stepsToGoal', 'secondsToGoal', 'keptReturn', 'time'])
      expect(task!.groups[0]).not.toHaveProperty(key);
  });

  test('takes the goal of the runs that have ended for one that has not', () => {
    const { goalReturn: _goal, ...running } = run({ seed: 7 });
    expect(compareRuns([running, run()])[0]!.groups[0]!.stepsToGoal).toMatchObject({ reached: 2, of: 2 });
  });

  test('averages the time of the runs that recorded it', () => {
    const time = (seconds: number) => [
      { label: 'model', seconds },
      { label: 'policy', seconds: 2 * seconds },
    ];
    const [task] = compareRuns([run({ time: time(10) }), run({ seed: 2, time: time(30) }), run({ seed: 3 })]);
    expect(task!.groups[0]!.time).toEqual(time(20));
  });

  test('refuses a run that is given twice, and goals that differ', () => {
    expect(() => compareRuns([run(), run()])).toThrow(/given twice/);
    expect(() => compareRuns([run(), run({ seed: 2, goalReturn: 90 })])).toThrow(
      /goal of task 'reach' is 90 in .* and 100 in .*; compare runs of one version/,
    );
  });
});
