import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OwnCommand } from '../src/cli/own-command.js';
import { columns, machineLine } from './statistics-table.js';

interface TrainResult {
  readonly seed: number;
  readonly realSteps: number;
  readonly seconds: number;
  readonly returnRandom: number;
  readonly returnBefore: number;
  readonly returnAfter: number;
}

/** Trains one seed after another with the default preset; the runs are kept for a look at their reports. */
export async function benchLearning(options: {
  robot: string;
  task: string;
  seeds: number;
  steps: number;
}): Promise<void> {
  const { robot, task, seeds, steps } = options;
  const runs = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-learning-'));
  console.log(
    `dynabridge train --robot ${robot} --task ${task} --steps ${steps} --seed 1..${seeds}; ${machineLine()}`,
  );
  const rows: string[][] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const args = [
      '--robot',
      robot,
      '--task',
      task,
      '--steps',
      String(steps),
      '--seed',
      String(seed),
      '--runs',
      runs,
    ];
    const result = await new OwnCommand<TrainResult>('train', args, process.env).success();
    rows.push([
      String(seed),
      String(result.realSteps),
      result.seconds.toFixed(0),
      result.returnRandom.toFixed(1),
      result.returnBefore.toFixed(1),
      result.returnAfter.toFixed(1),
    ]);
  }
  console.log(columns(['seed', 'real steps', 'seconds', 'random policy', 'before', 'after'], rows));
  console.log(`runs and reports: ${runs}`);
}
