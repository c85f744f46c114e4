import { ManualClock, Rng } from '../../../src/core/index.js';
import { RunDirectory } from '../../../src/data/index.js';

export interface SampleRun {
  readonly robot?: string;
  readonly task?: string;
  /** absent from config.yaml when null, as in runs of before there were two */
  readonly algo?: 'mbpo' | 'sac' | null;
  readonly preset?: string;
  readonly seed?: number;
  /** of the last evaluation */
  readonly steps?: number;
  readonly outputs?: readonly string[];
  /** steps until half of the final return is reached */
  readonly halfway?: number;
  /** not yet ended: no result */
  readonly running?: boolean;
}

const GOAL = 175;
export const OUTPUTS = [
  'slider position [m]',
  'pole position [rad]',
  'slider velocity [m/s]',
  'pole velocity [rad/s]',
];

/** A run directory with plausible metrics of a training, drawn from its seed; no contract of a robot. */
export function writeSampleRun(base: string, sample: SampleRun = {}): RunDirectory {
  const { robot = 'standard', task = 'cartpole-balance', algo = 'mbpo', preset = 'small', seed = 1 } = sample;
  const { steps = 10_000, halfway = algo === 'sac' ? 5500 : 2500, outputs = OUTPUTS } = sample;
  const rng = new Rng(seed, `${task} ${algo}`);
  const run = RunDirectory.create(
    base,
    {
      ...{ kind: 'train', robot, task, seed, commandLine: `dynabridge train --task ${task} --seed ${seed}` },
      versions: { dynabridge: '0.1.0', node: 'v20.20.2' },
      config: { ...(algo === null ? {} : { algo }), preset },
      contract: {},
    },
    new ManualClock(1_770_000_000_000_000_000n),
  );
  const write = (kind: string, fields: object) => run.metrics.append({ kind, ...fields });
  write('baseline', { returnRandom: 13 + rng.normal(0, 1), returnBefore: 11 });
  const pace = (algo === 'sac' ? 0.004 : 0.031) * rng.uniform(0.9, 1.15);
  const middle = halfway * rng.uniform(0.8, 1.25);
  const level = (step: number) => 14 + 176 / (1 + Math.exp((middle - step) / (0.12 * middle + 200)));
  let meanReturn = 0;
  for (let step = 500; step <= steps; step += 500) {
    write('episode', { step, return: level(step) + rng.normal(0, 12), length: 200 });
    const returns = Array.from({ length: 5 }, () => level(step) + rng.normal(0, 5));
    meanReturn = returns.reduce((a, b) => a + b) / returns.length;
    write('evaluation', { step, seconds: step * pace, meanReturn, returns, best: false });
    if (algo === 'sac') continue;
    const error = 0.1 + Math.exp(-step / 1800);
    const holdoutRmse = outputs.map((_, i) => 0.004 * 3 ** (i % 4) * error * rng.uniform(0.9, 1.1));
    write('model', {
      ...{ step, outputs, rows: step, gradientSteps: 400, holdoutRmse },
      holdoutNll: outputs.map(() => -3.4 + 3 * Math.exp(-step / 1500)),
    });
  }
  const seconds = steps * pace;
  const model = algo === 'sac' ? 0 : 0.38;
  const rollouts = algo === 'sac' ? 0 : 0.09;
  write('time', {
    ...{ step: steps, environment: 0.04 * seconds, model: model * seconds, rollouts: rollouts * seconds },
    ...{ policy: (0.93 - model - rollouts) * seconds, evaluation: 0.03 * seconds },
  });
  if (algo !== 'sac')
    run.diagnostics.append({ kind: 'diagnostics', step: steps, ...diagnostics(outputs, rng) });
  if (sample.running !== true) {
    const realSteps = steps;
    write('result', {
      realSteps,
      seconds,
      goalReturn: GOAL,
      returnRandom: 13,
      returnBefore: 11,
      returnAfter: meanReturn,
    });
  }
  run.close();
  return run;
}

function diagnostics(outputs: readonly string[], rng: Rng): object {
  const each = (value: (i: number) => number) => outputs.map((_, i) => value(i));
  const rmse = each((i) => 0.0006 * 3 ** (i % 4) * rng.uniform(0.8, 1.2));
  const levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
  return {
    ...{ outputs, rmse, nll: each(() => -3.3 + rng.normal(0, 0.2)) },
    openLoop: [1, 5, 20].map((k) => ({
      k,
      rmse: rmse.map((error) => error * k ** 1.1),
      bandLow: rmse.map((error) => error * k ** 1.1 * 0.7),
      bandHigh: rmse.map((error) => error * k ** 1.1 * 1.6),
    })),
    calibration: {
      levels,
      observed: levels.map((level) => level ** 1.25),
      coverage: {
        p50: each(() => 0.42 + rng.uniform(-0.05, 0.1)),
        p90: each(() => 0.85 + rng.uniform(-0.05, 0.06)),
        p95: each(() => 0.92 + rng.uniform(-0.05, 0.04)),
      },
      ece: each(() => 0.05 + rng.uniform(0, 0.04)),
    },
    auroc: 0.87,
  };
}
