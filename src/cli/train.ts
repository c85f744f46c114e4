import { Command, Option } from 'commander';
import type { BackendChoice } from '../compute/index.js';
import { DynabridgeError, Rng, elapsedMs, systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import type { PolicySnapshot, Preset } from '../rl/index.js';
import { PRESETS } from '../rl/presets.js';
import { contractHash, loadRobot } from '../robot/index.js';
import { interruptSignal } from './interrupt.js';
import {
  backendOption,
  besideRobotOption,
  integerAtLeast,
  jsonOption,
  robotOption,
  runsOption,
  seedOption,
  threadsOption,
} from './options.js';
import { Output, table } from './output.js';
import { EpisodeRecorder } from './episode-recorder.js';
import { frameQuantities, policyContract, sessionOf } from './policy-contract.js';
import { versions } from './versions.js';

interface TrainCliOptions {
  readonly robot: string;
  readonly task: string;
  readonly steps: number;
  readonly seed: number;
  readonly preset: Preset;
  readonly backend: BackendChoice;
  readonly threads?: number;
  readonly besideRobot?: true;
  readonly evaluateEvery: number;
  readonly episodes: number;
  readonly untilGoal?: true;
  readonly runs: string;
  readonly json?: true;
}

export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Train a policy in simulation with MBPO: a probabilistic ensemble learns the dynamics, SAC learns on short imagined\n' +
        'rollouts from it. Everything goes to a new run directory. Ctrl+C keeps what was learned.',
    )
    .addOption(robotOption())
    .option(
      '--task <name>',
      'what to learn, e.g. swing-up or balance; a wrong name lists those there are',
      'balance',
    )
    .option('--steps <n>', 'real (simulator) policy steps at most', integerAtLeast(1), 5000)
    .addOption(seedOption())
    .addOption(
      new Option(
        '--preset <name>',
        'cpu: few joints, minutes on a laptop; official: as in the MBPO paper, slow on a CPU',
      )
        .choices(PRESETS)
        .default('cpu'),
    )
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(besideRobotOption())
    .option('--evaluate-every <n>', 'policy steps between evaluations', integerAtLeast(1), 500)
    .option('--episodes <n>', 'episodes of the final evaluation', integerAtLeast(1), 10)
    .option('--until-goal', "end as soon as an evaluation reaches the task's goal")
    .addOption(runsOption())
    .addOption(jsonOption())
    .action(train);
}

async function train(options: TrainCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const robot = loadRobot(options.robot);
  const sim = await import('../../sim/index.js');
  const task = sim.findTask(robot.model.name, options.task); // wrong input is told before anything slow is loaded
  const { selectBackend } = await import('../compute/index.js');
  const rl = await import('../rl/index.js');
  const backend = await selectBackend(options.backend, {
    threads: options.threads,
    robotAttached: options.besideRobot,
  });
  output.line(backend.explanation);

  const engine = await sim.loadEngine();
  const env = new sim.SimulatedVectorEnv({ engine, robot, task, count: 1, recordTicks: true });
  const judge = new sim.SimulatedVectorEnv({ engine, robot, task, count: 1 });
  const config = rl.presetConfig('mbpo', options.preset, { task: task.name, delayed: true });
  const observation = rl.observationSpec(env.layout, config);
  const contract = policyContract(robot, task.name, observation, {
    engine: 'mujoco',
    imperfections: 'nominal',
  });

  const run = RunDirectory.create(
    options.runs,
    {
      kind: 'train',
      robot: robot.model.name,
      task: task.name,
      seed: options.seed,
      commandLine: `dynabridge ${process.argv.slice(2).join(' ')}`,
      versions: versions(),
      config: {
        ...options,
        backend: backend.name,
        threads: backend.threads ?? null,
        instructionSet: backend.instructionSet ?? null,
        mbpo: config,
      },
      contract,
    },
    systemClock,
  );
  const writer = run.openEpisodeWriter(sessionOf('sim', robot, task.name, contractHash(contract)));
  const random = rl.randomPolicyReturn(judge, options.episodes, options.seed);
  const startNs = systemClock.nowNs();
  const trainingOptions = {
    env,
    evaluationEnv: judge,
    observation,
    config,
    seed: options.seed,
    clock: systemClock,
    recorder: new EpisodeRecorder(writer, options.seed),
  };
  const trainer = new rl.Trainer(trainingOptions);
  const evaluate = (policy: PolicySnapshot) =>
    rl.evaluatePolicy(
      judge,
      new rl.PlainPolicy(policy),
      options.episodes,
      new Rng(options.seed, 'evaluation'),
    );
  const before = evaluate(trainer.learner.snapshot());
  run.metrics.append({ kind: 'baseline', returnRandom: random.meanReturn, returnBefore: before.meanReturn });
  output.line(
    `${robot.model.name} / ${task.name}, seed ${options.seed}: random policy ${format(random.meanReturn)}, ` +
      `untrained policy ${format(before.meanReturn)}, goal ${format(task.goalReturn)}`,
  );
  output.line(`run directory ${run.path}`);

  const signal = interruptSignal((name) =>
    output.line(`${name}: ending after this step, keeping what was learned (again to end at once)`),
  );
  const progress = output.progress('train', options.steps, 'steps');
  let note = '';
  const save = (snapshot: PolicySnapshot): void => {
    const { tensors, meta } = rl.snapshotToTensors(snapshot);
    run.saveCheckpoint({
      step: trainer.stepCount,
      tensors: {
        ...rl.withPrefix('policy', tensors),
        ...rl.withPrefix('learner', trainer.learner.tensors()),
      },
      parts: { policy: structuredClone(meta), random: trainer.learner.randomStates() } as never,
    });
  };
  const result = await rl.train(
    {
      ...trainingOptions,
      steps: options.steps,
      evaluateEvery: options.evaluateEvery,
      stopAtReturn: options.untilGoal === true ? task.goalReturn : undefined,
      shouldStop: () => signal.aborted,
      onStep: ({ step }) => progress.update(step, note),
      onEpisode: (episode) => {
        note = `return ${format(episode.return)}`;
        run.metrics.append({ kind: 'episode', ...episode });
      },
      onModel: (report, step) => {
        run.metrics.append({
          kind: 'model',
          step,
          outputs: frameQuantities(contract).map(({ name, unit }) => `${name} [${unit}]`),
          rows: report.rows,
          gradientSteps: report.gradientSteps,
          stopped: report.stopped,
          holdoutRmse: Array.from(report.evaluation.rmse),
          holdoutNll: Array.from(report.evaluation.nll),
        });
      },
      onEvaluation: (report, snapshot) => {
        note = `evaluation ${format(report.meanReturn)}`;
        run.metrics.append({
          kind: 'evaluation',
          step: report.step,
          meanReturn: report.meanReturn,
          returns: Array.from(report.returns),
          best: report.best,
        });
        if (report.best) save(snapshot);
      },
    },
    trainer,
  );
  progress.stop();
  writer.close();
  if (result.bestEvaluation === undefined) save(result.policy); // otherwise the newest checkpoint is the best policy's
  const after = evaluate(result.policy);
  const seconds = elapsedMs(startNs, systemClock.nowNs()) / 1e3;
  const summary = {
    run: run.path,
    robot: robot.model.name,
    task: task.name,
    seed: options.seed,
    backend: backend.name,
    realSteps: result.steps,
    seconds: Math.round(seconds * 10) / 10,
    returnRandom: random.meanReturn,
    returnBefore: before.meanReturn,
    returnAfter: after.meanReturn,
    returns: Array.from(after.returns),
    goalReturn: task.goalReturn,
    ended: result.ended,
  };
  run.metrics.append({ kind: 'result', ...summary });
  trainer.dispose();
  env.dispose();
  judge.dispose();
  const { refreshReport } = await import('./run-report.js');
  const report = await refreshReport(run);
  run.close();
  output.result(
    { ...summary, report },
    table([
      ['random policy', format(random.meanReturn)],
      ['before training', format(before.meanReturn)],
      [
        'after training',
        `${format(after.meanReturn)} (mean of ${options.episodes} episodes; goal ${format(task.goalReturn)})`,
      ],
      ['real steps', `${result.steps} in ${seconds.toFixed(0)} s`],
      ['run', run.path],
      ['report', report],
    ]),
  );
  if (result.ended === 'stopped')
    throw new DynabridgeError('INTERRUPTED', 'training was ended by request; what was learned is kept');
}

function format(value: number): string {
  return value.toFixed(1);
}
