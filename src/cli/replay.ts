import path from 'node:path';
import { Command } from 'commander';
import { DynabridgeError, badInput } from '../core/index.js';
import { RecordingReader } from '../data/index.js';
import { GateReplay, restoreRobot, type Difference } from '../replay/index.js';
import { commandUnit, loadRobot, type Robot } from '../robot/index.js';
import { gateConfigFromRobot, gateConfigHash, type GateConfig } from '../safety/index.js';
import { jsonOption, integerAtLeast } from './options.js';
import { Output, grid, table } from './output.js';

interface ReplayCliOptions {
  readonly robot?: string;
  readonly partial?: true;
  readonly first: number;
  readonly out?: string;
  readonly json?: true;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'Feed a recording of dynabridge run --record through the safety gate once more, and compare what comes out with what was\n' +
        'recorded, bit by bit. With --robot the gate has the limits of that folder: what would it have made of it?',
    )
    .argument('<file>', 'the MCAP file; dynabridge run --record prints its path')
    .option('--robot <name|folder>', 'a robot with other limits; differences are the result then, no error')
    .option('--partial', 'of a file that is cut off or damaged, replay what comes before that')
    .option('--first <n>', 'differences that are listed one by one', integerAtLeast(0), 10)
    .option('--out <folder>', 'where the plot goes (default: beside the file)')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Exit codes: 0 no difference (with --robot: whatever the differences), 1 the gate decides otherwise than recorded,
2 the file is missing, incomplete, damaged or no recording of ours, or the robot has other joints.

With --robot the measured states are still those of the recording: the robot has not moved as the other commands would
have made it move.`,
    )
    .action(replay);
}

async function replay(file: string, options: ReplayCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const reader = await RecordingReader.open(file, options.partial ?? false);
  try {
    await replayFrom(reader, file, options, output);
  } finally {
    await reader.close();
  }
}

async function replayFrom(
  reader: RecordingReader,
  file: string,
  options: ReplayCliOptions,
  output: Output,
): Promise<void> {
  const otherGate = options.robot !== undefined;
  const recorded = restoreRobot(reader);
  const robot = otherGate ? sameJoints(loadRobot(options.robot), recorded) : recorded;
  const config = gateConfigFromRobot(robot);
  const sameConfig = gateConfigHash(config) === reader.facts.get('gate_config_sha256');
  if (!otherGate && !sameConfig)
    output.line('this version makes another gate configuration of the same robot files; expect differences');
  const run = new GateReplay({
    config,
    decimation: Math.round(robot.config.controlRateHz / robot.config.policyRateHz),
    commandTopic: reader.facts.get('command_topic') ?? recorded.config.commandTopic,
    commandPoints: Number(reader.facts.get('command_points') ?? 1),
    otherGate,
    keep: options.first,
  });
  await feed(reader, run, output);
  const joints = jointResults(run, config, robot);
  const figures = await plot(file, options, run, joints, output);
  const { ticks, commands, events, skipped, lost, differences } = run;
  output.result(
    {
      file: path.resolve(file),
      robot: robot.folder === recorded.folder ? robot.model.name : robot.folder,
      ...{ sameConfig, ticks, commands, events, lost, skipped },
      differences: differences.count,
      differingTicks: differences.ticks,
      first: differences.first,
      joints: joints.map(({ joint, unit, largest }) => ({ joint, unit, largestDifference: largest })),
      figures,
    },
    text(run, robot, joints, figures),
  );
  if (!otherGate && differences.count > 0)
    throw new DynabridgeError(
      'GOAL_NOT_REACHED',
      `the gate decides otherwise than recorded in ${differences.ticks} of ${ticks} ticks`,
    );
}

/** @throws BAD_INPUT where the recording does not say what this robot's gate would have been asked */
function sameJoints(robot: Robot, recorded: Robot): Robot {
  const facts = ({ model, config }: Robot) => `${config.commandInterface} of ${model.commanded.join(', ')}`;
  if (facts(robot) === facts(recorded)) return robot;
  throw badInput(
    `--robot ${robot.model.name} commands ${facts(robot)}, the recording ${facts(recorded)}; give a folder with the same joints`,
  );
}

async function feed(reader: RecordingReader, run: GateReplay, output: Output): Promise<void> {
  const progress = output.progress('replay', Math.ceil(reader.bytes / 1e6), 'MB');
  let shown = -1;
  for await (const message of reader.messages()) {
    run.take(message);
    const done = Math.floor(message.offset / 1e6);
    if (done !== shown) progress.update(done, `${run.ticks} ticks`);
    shown = done;
  }
  progress.stop();
}

/** Of one joint over the whole recording. */
interface JointResult {
  readonly joint: string;
  readonly unit: string;
  readonly limits: { readonly min: number; readonly max: number };
  readonly recorded: readonly number[];
  readonly computed: readonly number[];
  /** in `unit`; 0: none */
  readonly largest: number;
}

function jointResults({ traces }: GateReplay, config: GateConfig, { model }: Robot): JointResult[] {
  return config.joints.map((joint, i) => {
    const { type } = model.joints.find(({ name }) => name === joint.name)!;
    const most = config.interface === 'velocity' ? joint.maxVelocity : joint.maxEffort;
    const [recorded, computed] = [traces.recorded[i]!, traces.computed[i]!];
    return {
      joint: joint.name,
      unit: commandUnit(type, config.interface),
      limits:
        config.interface === 'position'
          ? { min: joint.minPosition, max: joint.maxPosition }
          : { min: -most, max: most },
      ...{ recorded, computed },
      largest: recorded.reduce((most, value, at) => Math.max(most, Math.abs(value - computed[at]!) || 0), 0),
    };
  });
}

async function plot(
  file: string,
  options: ReplayCliOptions,
  run: GateReplay,
  joints: readonly JointResult[],
  output: Output,
): Promise<readonly string[]> {
  if (run.traces.timeS.length === 0) return [];
  const { replayCharts, writeFigure } = await import('../report/index.js'); // slow to load: wrong input is told before
  const stem = path.resolve(options.out ?? path.dirname(file), `${path.basename(file, '.mcap')}-replay`);
  const what = options.robot === undefined ? 'the same gate' : `the gate of ${options.robot}`;
  const caption = `${path.basename(file)} through ${what}: ${run.differences.ticks} of ${run.ticks} ticks differ.`;
  const written = await writeFigure(stem, replayCharts(caption, run.traces.timeS, joints));
  if (written.pngMissing !== undefined) output.line(`SVG only, no PNG: ${written.pngMissing}`);
  return written.figures;
}

function text(
  { ticks, commands, events, skipped, lost, differences, traces }: GateReplay,
  robot: Robot,
  joints: readonly JointResult[],
  figures: readonly string[],
): string {
  const { first } = differences;
  const span = traces.timeS.at(-1);
  return [
    table([
      ['robot', robot.model.name],
      ['replayed', `${ticks} ticks, ${commands} commands on the wire, ${events} requests`],
      ...(span === undefined ? [] : [['until', `${span.toFixed(3)} s`] as [string, string]]),
      ...(lost === 0
        ? []
        : [
            ['lost', `${lost} records; ${skipped} ticks after them could not be replayed`] as [
              string,
              string,
            ],
          ]),
      [
        'differences',
        differences.count === 0 ? 'none' : `${differences.count} in ${differences.ticks} ticks`,
      ],
      ...joints
        .filter(({ largest }) => largest > 0)
        .map(({ joint, unit, largest }): [string, string] => [
          `largest of ${joint}`,
          `${largest.toPrecision(4)} ${unit}`,
        ]),
      ...figures.slice(-1).map((figure): [string, string] => ['plot', figure]),
    ]),
    ...(first.length === 0 ? [] : ['', `  the first ${first.length}`, differenceTable(first)]),
  ].join('\n');
}

function differenceTable(differences: readonly Difference[]): string {
  const value = (item: Difference['recorded']): string => (item === null ? '-' : String(item));
  return grid([
    ['what', 'tick', 'time', 'of', 'recorded', 'replayed', 'reasons'],
    ...differences.map(({ what, tick, timeS, of, recorded, computed, reasons }) => [
      ...[what, String(tick), `${timeS.toFixed(3)} s`, of || '-', value(recorded), value(computed)],
      reasons.join('; ') || '-',
    ]),
  ]);
}
