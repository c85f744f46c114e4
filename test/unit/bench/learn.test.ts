import { describe, expect, it } from 'vitest';
import { rowOf, tableOf } from '../../../bench/learn/learn.js';
import { shardArguments, taskName, type ShardResult } from '../../../bench/learn/shard.js';
import { budgetOf } from '../../../bench/learn/tasks.js';

const result = (seed: number, steps: number, reached: boolean): ShardResult => ({
  seed,
  steps,
  seconds: steps / 10,
  reached,
  finalReturn: 1,
  threshold: 5,
  limit: 99,
  threads: 1,
  curve: [],
});

describe('rowOf', () => {
  it('takes medians over seeds', () => {
    const row = rowOf('t', 'mbpo', 'cpu', [result(1, 30, true), result(2, 10, true), result(3, 20, true)]);
    expect(row).toMatchObject({ medianSteps: 20, medianSeconds: 2, reachedFraction: 1, threshold: 5 });
    expect(row.seeds[0]).toEqual({ seed: 1, steps: 30, seconds: 3, reached: true, finalReturn: 1 });
  });

  it('counts seeds that did not reach the threshold as later than all that did', () => {
    const [one, two, three] = [result(1, 10, true), result(2, 99, false), result(3, 50, true)];
    expect(rowOf('t', 'sac', 'cpu', [one, two, three])).toMatchObject({
      medianSteps: 50,
      reachedFraction: 2 / 3,
    });
    expect(rowOf('t', 'sac', 'cpu', [one, two, result(3, 99, false)]).medianSteps).toBeNull();
  });
});

describe('tableOf', () => {
  it('says of every seed what it took, and which did not get there', () => {
    const row = rowOf('t', 'mbpo', 'cpu', [result(1, 10, true), result(2, 99, false), result(3, 98, false)]);
    expect(tableOf([row])).toMatch(/t +mbpo +cpu +5 +1\/3 +not reached +- +10 >99 >98/);
  });
});

describe('taskName', () => {
  it('tells the task of a robot from a standard one', () => {
    const [own, standard] = [
      { robot: 'cartpole', task: 'balance' },
      { robot: undefined, task: 'cartpole-balance' },
    ];
    expect(taskName(own)).not.toBe(taskName(standard));
  });
});

describe('shardArguments', () => {
  it('are those of a command that a stranger can type', () => {
    const budget = budgetOf('pendulum-v1', 'mbpo');
    const shard = {
      task: 'pendulum-v1',
      algo: 'mbpo',
      preset: 'cpu',
      seed: 4,
      threads: 1,
      ...budget,
    } as const;
    expect(shardArguments({ ...shard, robot: undefined }).join(' ')).toBe(
      '--task pendulum-v1 --algo mbpo --preset cpu --seed 4 --steps 10000 --evaluate-every 250 --threads 1 ' +
        '--evaluation-episodes 10 --fresh-starts --episodes 10 --until-goal',
    );
    expect(shardArguments({ ...shard, robot: 'arm6' }).slice(0, 2)).toEqual(['--robot', 'arm6']);
  });
});
