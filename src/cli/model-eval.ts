import { Command, Option } from 'commander';
import type { BackendChoice } from '../compute/index.js';
import { Rng } from '../core/index.js';
import { COLLECTING_POLICIES, type CollectingPolicy } from '../rl/diagnostics/collecting-policies.js';
import { diagnosticsText } from './diagnostics-text.js';
import { backendOption, integerAtLeast, jsonOption, seedOption, threadsOption } from './options.js';
import { Output } from './output.js';
import { quantityOf } from '../report/index.js';
import { refreshReport } from './run-report.js';

interface ModelEvalCliOptions {
  readonly run: string;
  readonly episodes: number;
  readonly policy: CollectingPolicy;
  readonly seed: number;
  readonly backend: BackendChoice;
  readonly threads?: number;
  readonly json?: true;
}

export function modelEvalCommand(): Command {
  return new Command('model-eval')
    .description(
      'Judge the world model of a run on new episodes in its simulator: error, calibration and its recalibration, error over\n' +
        'several steps, and whether disagreement tells what the model has not seen. Goes into the metrics and the report of the run.',
    )
    .requiredOption('--run <folder>', 'run directory')
    .option('--episodes <n>', 'new episodes, at least 2', integerAtLeast(2), 10)
    .addOption(
      new Option(
        '--policy <name>',
        'who acts in them: the trained policy, exploring in half of its steps; a random one; or each in turn',
      )
        .choices(COLLECTING_POLICIES)
        .default('trained'),
    )
    .addOption(seedOption())
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(evaluateModel);
}

async function evaluateModel(options: ModelEvalCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const { openTrainedRun } = await import('../training/index.js');
  const trained = await openTrainedRun(options.run, {
    backend: options.backend,
    threads: options.threads,
    say: (line) => output.line(line),
  });
  const { run, step, learner, policy: snapshot } = trained;
  const { judge: env, quantities } = trained.world;
  const world = learner.world!;
  const { collectEpisodes, diagnoseModel } = await import('../rl/diagnostics/index.js');
  const { ReplayView } = await import('../rl/index.js');
  const replay = new ReplayView(env.layout, world.observation, env.task);
  const { policy, episodes, seed } = options;
  const progress = output.progress('collect', episodes, 'episodes');
  const onEpisode = (done: number) => progress.update(done, `${replay.steps} steps`);
  collectEpisodes({ env, snapshot, policy, episodes, seed, onEpisode }, replay);
  progress.stop();
  output.line(`judging the model of step ${step} by ${replay.steps} steps`);
  const diagnostics = diagnoseModel(world, replay, new Rng(seed, 'diagnostics'));
  const outputs = world.outputs.map((name, d) => quantities[d] ?? name);
  trained.dispose();

  const row = {
    kind: 'diagnostics',
    step,
    policy,
    seed,
    outputs,
    ...diagnostics,
  };
  run.diagnostics.append(row);
  const report = await refreshReport(run);
  run.close();
  const { kind: _, ...result } = row;
  output.result(
    { run: run.path, ...result, report },
    diagnosticsText(outputs.map(quantityOf), diagnostics, { run: run.path, report }),
  );
}
