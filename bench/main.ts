import { Command } from 'commander';
import { integerAtLeast, numberWithin } from '../src/cli/options.js';

const program = new Command('bench').description(
  'Measurements that docs/results.md quotes. Each compares within one run, as a ratio.',
);

program
  .command('loop')
  .description('state to command at 100, 500 and 1000 Hz, against a C-to-C Cyclone DDS baseline')
  .option('--seconds <s>', 'per rate', numberWithin(5, 600), 20)
  .action(async ({ seconds }: { seconds: number }) => (await import('./loop.js')).benchLoop(seconds));

program
  .command('start')
  .description('from starting `dynabridge run` to the first gated command on the wire, states flowing')
  .option('--repeats <n>', 'how often', integerAtLeast(1), 10)
  .action(async ({ repeats }: { repeats: number }) => (await import('./start.js')).benchStart(repeats));

program
  .command('soak')
  .description("the guard's resident memory over time, driven at its control rate")
  .option('--minutes <n>', 'how long', numberWithin(0.2, 600), 10)
  .action(async ({ minutes }: { minutes: number }) => (await import('./soak.js')).benchSoak(minutes));

program
  .command('gate')
  .description('time of one gate tick, by interface and number of joints')
  .action(async () => (await import('./gate.js')).benchGate());

program
  .command('learning')
  .description(
    'train with several seeds, print the evaluation return of each and the random policy beside it',
  )
  .requiredOption('--robot <name>', 'robot')
  .requiredOption('--task <name>', 'task')
  .option('--seeds <n>', 'seeds 1 to n', integerAtLeast(1), 3)
  .option('--steps <n>', 'real steps', integerAtLeast(100), 5000)
  .action(async (options: { robot: string; task: string; seeds: number; steps: number }) =>
    (await import('./learning.js')).benchLearning(options),
  );

await program.parseAsync();
