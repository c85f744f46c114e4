import { Command } from 'commander';
import { systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { jobOf } from '../training/job.js';
import { integerAtLeast, jsonOption } from './options.js';
import { follow } from './train.js';

interface ResumeCliOptions {
  readonly steps?: number;
  readonly json?: true;
}

export function resumeCommand(): Command {
  return new Command('resume')
    .description(
      'Go on with a training that was ended by Ctrl+C, a crash or a power cut, from its newest checkpoint. On the same machine, backend\n' +
        'and number of threads the result is to the bit what it would have been without the interruption.',
    )
    .argument('<run>', 'run directory of dynabridge train')
    .option(
      '--steps <n>',
      'train to this many environment steps (default: as the run was started)',
      integerAtLeast(1),
    )
    .addOption(jsonOption())
    .action(resume);
}

async function resume(runPath: string, options: ResumeCliOptions): Promise<void> {
  const { steps } = jobOf(RunDirectory.open(runPath, systemClock).readConfig(), runPath);
  const order = { kind: 'resume', runPath, steps: options.steps } as const;
  await follow(order, options.steps ?? steps, options.json ?? false);
}
