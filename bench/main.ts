import { Command, InvalidArgumentError, Option } from 'commander';
import { ALGORITHMS, PRESETS } from '../src/rl/presets.js';
import { duration, integerAtLeast, numberWithin } from '../src/cli/options.js';
import { COMPUTE_CASES } from './compute/cases.js';
import type { ComputeOptions } from './compute/compute.js';
import { COMPUTE_IMPLS, computeCases } from './compute/options.js';
import type { TfjsImpl } from './compute/worker.js';
import { FINETUNE_CASES, FINETUNE_IMPLS } from './finetune/cases.js';
import type { FinetuneBenchOptions } from './finetune/finetune.js';
import { defaultJobs, type LearnOptions } from './learn/learn.js';
import type { SafetyOptions } from './safety/safety.js';
import { FAULTS, type Fault } from './soak/faults.js';
import type { SoakOptions } from './soak/soak.js';
import { namesOf } from './names-of.js';
import { WIRE_IMPLS } from './wire/pairs.js';
import type { WireOptions } from './wire/wire.js';

const CASE_NAMES = FINETUNE_CASES.map(({ name }) => name);
const list = (text: string): string[] => text.split(',');

const soakFaults = (text: string): Fault[] => {
  if (text === 'none') return [];
  return list(text).flatMap((pattern) => {
    const found = FAULTS.filter(({ name }) => name.includes(pattern));
    if (found.length > 0) return found;
    throw new InvalidArgumentError(`no fault has '${pattern}' in its name.`);
  });
};

const program = new Command('bench').description(
  'Measurements that docs/results.md quotes. Each compares within one run, as a ratio.',
);

program
  .command('loop')
  .description(
    'state to command at 100, 500 and 1000 Hz, and at 100 Hz beside a training, against a C-to-C Cyclone DDS baseline',
  )
  .option('--seconds <s>', 'per rate', numberWithin(5, 600), 20)
  .action(async ({ seconds }: { seconds: number }) => (await import('./loop.js')).benchLoop(seconds));

program
  .command('wire')
  .description(
    'JointState to command over the wire alone at 500 and 1000 Hz, and at 100 Hz beside a training, timed by the robot. Robot on Cyclone\n' +
      'DDS: ours over rtps, and over rclnodejs where ROS 2 is sourced, against a C program on Cyclone DDS (cyclone-c). Robot on Fast DDS,\n' +
      'where libfastrtps-dev is installed: ours over rtps (fastdds), against a C++ program on Fast DDS (fastdds-cpp). Plain sockets without\n' +
      'DDS, in C and in Node (udp-c, udp-node), tell what Node itself costs',
  )
  .option('--seconds <s>', 'per row', numberWithin(5, 600), 60)
  .option(
    '--impls <list>',
    `of ${WIRE_IMPLS.join(', ')}, with what each is compared with (default: all)`,
    namesOf(WIRE_IMPLS),
  )
  .option('--json', 'print {"rows": [...]} on stdout and everything else on stderr')
  .action(async (options: WireOptions) => (await import('./wire/wire.js')).benchWire(options));

program
  .command('start')
  .description('from starting `dynabridge run` to the first gated command on the wire, states flowing')
  .option('--repeats <n>', 'how often', integerAtLeast(1), 10)
  .action(async ({ repeats }: { repeats: number }) => (await import('./start.js')).benchStart(repeats));

program
  .command('soak')
  .description(
    'drives the twin under random faults, one after the other: each stop has to be explained by a fault, and the twin may see no\n' +
      "violation, else exit code 1; and the guard's resident memory. Ctrl+C ends with the figures so far",
  )
  .option('--minutes <n>', 'how long', numberWithin(0.2, 6000), 10)
  .option(
    '--seed <integer>',
    'of the order of faults and all chance in them (default: another each time)',
    integerAtLeast(0),
  )
  .addOption(
    new Option(
      '--faults <patterns>',
      "which, separated by commas: any part of a name; 'none' for memory alone",
    )
      .argParser(soakFaults)
      .default(FAULTS, 'all'),
  )
  .option('--json', 'one JSON object on stdout; progress is on stderr either way')
  .addHelpText('after', () => `\nFaults:\n${FAULTS.map(({ name }) => `  ${name}`).join('\n')}`)
  .action(async (options: SoakOptions) => (await import('./soak/soak.js')).runSoak(options));

program
  .command('safety')
  .description(
    'time from a cause (e-stop, takeover, stale state, stalled guard, dead agent) to the first safe command at the twin, against\n' +
      "targets; time of a gate tick; how far a joint overshoots behind our gate and behind a port of ros2_control's limiter\n" +
      '(about 8 minutes)',
  )
  .option('--samples <n>', 'of each reaction', integerAtLeast(1), 20)
  .option('--ticks <n>', 'of the gate', integerAtLeast(1000), 200_000)
  .option('--json', 'one JSON object on stdout; progress is on stderr either way')
  .action(async (options: SafetyOptions) => (await import('./safety/safety.js')).benchSafety(options));

program
  .command('predict')
  .description(
    "time of one look ahead with the world model, for each packaged robot, beside the policy's period",
  )
  .action(async () => (await import('./predict.js')).benchPredict());

program
  .command('learn')
  .description(
    'environment steps and wall clock until ten deterministic episodes reach the threshold of a task, twice in a row, over seeds;\n' +
      'each seed is a run of dynabridge train that is kept, gone on with after an interruption, and not repeated when done',
  )
  .option('--robot <name>', 'a robot of ours and its task; without it --task is a standard one')
  .requiredOption('--task <names>', 'tasks, separated by commas, e.g. pendulum-v1,hopper', list)
  .option('--algo <names>', 'mbpo, sac or both, separated by commas', namesOf(ALGORITHMS), ['mbpo'])
  .addOption(new Option('--preset <name>', 'of dynabridge train').choices(PRESETS).default('cpu'))
  .option('--seeds <n>', 'how many', integerAtLeast(1), 5)
  .option('--first-seed <n>', 'the first of them', integerAtLeast(0), 1)
  .option('--steps <n>', 'environment frames at most (default: by task)', integerAtLeast(100))
  .option('--evaluate-every <n>', 'environment frames (default: by task)', integerAtLeast(1))
  .option('--jobs <n>', 'seeds trained at a time', integerAtLeast(1), defaultJobs())
  .option('--threads <n>', 'threads of each', integerAtLeast(1), 1)
  .option('--runs <folder>', 'where the run directories are kept', 'runs/learn')
  .option('--publish', 'write the table in docs/results.md and the curves in docs/learning-curves anew')
  .option('--json', 'one JSON object on stdout')
  .action(async (options: LearnOptions) => (await import('./learn/learn.js')).benchLearn(options));

program
  .command('finetune')
  .description(
    'how far a policy that was trained in simulation comes on another robot within a budget of its time: as dynabridge finetune learns,\n' +
      'without telling simulation and robot apart, without a world model, and from scratch; each policy is trained once, and kept',
  )
  .option('--cases <names>', `of ${CASE_NAMES.join(', ')} (default: all)`, namesOf(CASE_NAMES), CASE_NAMES)
  .option('--impls <names>', `of ${FINETUNE_IMPLS.join(', ')}`, namesOf(FINETUNE_IMPLS), FINETUNE_IMPLS)
  .option('--seeds <n>', 'how many', integerAtLeast(1), 5)
  .option('--budget <time>', 'robot time', duration, 60)
  .option('--runs <folder>', 'where the trained policies are kept', 'runs/finetune-bench')
  .option('--json', 'print {"rows": [...]} on stdout and everything else on stderr')
  .action(async (options: FinetuneBenchOptions) =>
    (await import('./finetune/finetune.js')).benchFinetune(options),
  );

program
  .command('compute')
  .description(
    "matrix products, networks and whole training steps on our backends and in PyTorch, taking turns in one run, beside the processor's measured peak (about 4 minutes)",
  )
  .option('--json', 'one JSON object as the last line of stdout; progress is on stderr either way')
  .addOption(
    new Option(
      '--cases <patterns>',
      'which cases, separated by commas: any part of a name, or a whole name with *',
    )
      .argParser(computeCases)
      .default(COMPUTE_CASES, 'all'),
  )
  .option('--seconds <n>', 'timed work per case and implementation', numberWithin(0.05, 600), 1)
  .addOption(
    new Option('--impls <names>', `which of ${COMPUTE_IMPLS.join(', ')}, separated by commas`)
      .argParser(namesOf(COMPUTE_IMPLS))
      .default(COMPUTE_IMPLS, 'all that are there'),
  )
  .option('--python <path>', 'interpreter that can import torch (default: python3, else /usr/bin/python3)')
  .option('--coretype <name>', "OPENBLAS_CORETYPE for PyTorch instead of the best one; 'default' sets none")
  .addHelpText(
    'after',
    () => `
Cases:
${COMPUTE_CASES.map(({ name }) => `  ${name}`).join('\n')}

Without PyTorch there are no ratios. On Debian and Ubuntu: apt-get install python3-torch libopenblas0-pthread
Without the native addon there are no fractions of the peak. To build it: npm run build:native

Examples:
  npm run bench -- compute --cases 'sac-update,ensemble-step'
  npm run --silent bench -- compute --json > compute.json`,
  )
  .action(async (options: ComputeOptions) => (await import('./compute/compute.js')).benchCompute(options));

program
  .command('compute-worker', { hidden: true })
  .requiredOption('--impl <name>')
  .requiredOption('--threads <n>', '', integerAtLeast(1))
  .action(async ({ impl, threads }: { impl: TfjsImpl; threads: number }) =>
    (await import('./compute/worker.js')).runComputeWorker(impl, threads),
  );

program
  .command('compute-profile')
  .description(
    'where the time of a step goes on the native backend, with one thread: each function of the addon, and all else',
  )
  .addOption(
    new Option('--cases <patterns>', 'which cases of `compute`')
      .argParser(computeCases)
      .default(computeCases('sac-update,ensemble-step'), 'sac-update,ensemble-step'),
  )
  .option('--seconds <n>', 'timed work per case', numberWithin(0.05, 600), 3)
  .action(async ({ cases, seconds }: Pick<ComputeOptions, 'cases' | 'seconds'>) =>
    (await import('./compute/profile.js')).benchComputeProfile(cases, seconds),
  );

program
  .command('compute-soak')
  .description(
    'SAC updates and ensemble steps in turns on the backend that auto takes: tensors and memory may not grow',
  )
  .option('--updates <n>', 'how many', integerAtLeast(10), 20_000)
  .action(async ({ updates }: { updates: number }) =>
    (await import('./compute/soak.js')).benchComputeSoak(updates),
  );

await program.parseAsync();
