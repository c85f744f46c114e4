import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { badInput } from '../core/index.js';
import type { MiddlewareAdapter } from '../io/ros/index.js';
import { writeFileAtomic, writeFolderAtomic } from '../data/index.js';
import { displayPath, robotSkeleton, type RobotSkeleton } from '../robot/index.js';
import { skeletonReport, skeletonText } from './init-report.js';
import { fetchDescription } from './fetch-description.js';
import { jsonOption, middlewareOption } from './options.js';
import { Output } from './output.js';

interface InitCliOptions {
  readonly urdf?: string;
  readonly robotDescription?: string | true;
  readonly middleware: MiddlewareAdapter;
  readonly out?: string;
  readonly name?: string;
  readonly controllers?: string;
  readonly controllerName?: string;
  readonly force?: true;
  readonly json?: true;
}

const INIT_NODE = { nodeName: 'dynabridge_init', namespace: '/', remaps: [] };

export function initCommand(): Command {
  return new Command('init')
    .description(
      'Make a robot folder of a URDF: a copy of it, robot.yaml and joint_limits.yaml.\n' +
        'What the URDF tells is filled in: joints, limits, home pose, command interface.\n' +
        'What only you can know, such as latency and accelerations, is marked MISSING,\n' +
        'and the robot is refused until you have written it. Expand xacro first.',
    )
    .option('--urdf <file>', 'the URDF of your robot')
    .option(
      '--robot-description [topic]',
      'instead: take it from the topic of robot_state_publisher (default: robot_description)',
    )
    .addOption(middlewareOption())
    .option('--out <folder>', 'the robot folder; default: named after the robot, in the working directory')
    .option('--name <name>', "the robot's name; default: that of the URDF", robotName)
    .option(
      '--controllers <file>',
      'parameters of ros2_control (controllers.yaml): command interface, topic, message and joints come from them',
    )
    .option('--controller-name <name>', 'which controller takes the commands, where the file has several')
    .option('--force', 'overwrite files of an earlier init, and what you have written in them')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n' +
        '  xacro my_arm.urdf.xacro > my_arm.urdf\n' +
        '  dynabridge init --urdf my_arm.urdf --controllers controllers.yaml --out robots/my_arm\n' +
        '  (write what is MISSING in robots/my_arm/robot.yaml and joint_limits.yaml)\n' +
        '  dynabridge doctor --robot robots/my_arm\n\n' +
        'Of a robot that is up, where its xacro is expanded already:\n' +
        '  dynabridge init --robot-description /robot_description --out robots/my_arm\n\n' +
        'Exit code 2, and nothing written: the file is missing, is not XML, is xacro, has\n' +
        'no joint that moves, or the folder holds files that would be overwritten.\n' +
        'Exit code 4: no URDF came on the topic.',
    )
    .action(init);
}

async function init(options: InitCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const { path, text } = await readUrdf(options);
  const controllers = readControllers(options);
  const inPlace =
    options.out !== undefined && resolve(options.out) === dirname(path) && path.endsWith('.urdf');
  const skeleton = robotSkeleton({
    text,
    path,
    ...(options.out !== undefined && { folder: options.out }),
    ...(options.name !== undefined && { name: options.name }),
    ...(controllers && { controllers }),
    ...(inPlace && { urdfName: basename(path) }),
  });
  refuseOverwriting(skeleton, options.force ?? false);
  write(skeleton);
  output.result(skeletonReport(skeleton, path), skeletonText(skeleton, path));
}

/** Of a topic the path is its name. */
async function readUrdf({ urdf, robotDescription, middleware }: InitCliOptions) {
  if ((urdf === undefined) === (robotDescription === undefined))
    throw badInput(
      "init makes a folder of one URDF: write --urdf <file>, or --robot-description for the live robot's",
    );
  if (urdf === undefined) {
    const { from, text } = await fetchDescription(robotDescription!, middleware, INIT_NODE);
    return { path: from, text };
  }
  const path = resolve(urdf);
  return { path, text: readGiven('URDF', path, 'the path of the .urdf file of your robot') };
}

function robotName(text: string): string {
  if (/^[A-Za-z][\w-]*$/.test(text)) return text;
  throw new InvalidArgumentError(`expected a letter, then letters, digits, '-' and '_', got '${text}'.`);
}

function readControllers({ controllers, controllerName: name }: InitCliOptions) {
  if (controllers === undefined) {
    if (name === undefined) return undefined;
    throw badInput(`--controller-name ${name}: of which file? write --controllers <file> as well`);
  }
  const path = resolve(controllers);
  const text = readGiven('--controllers', path, 'the path of the parameters of your controllers');
  return { text, path, ...(name !== undefined && { name }) };
}

/** @param what the file is @param write what to write instead */
function readGiven(what: string, path: string, write: string): string {
  if (!existsSync(path))
    throw badInput(`${what} ${displayPath(path)}: no such file; write ${write}`, { file: path });
  if (statSync(path).isDirectory())
    throw badInput(`${what} ${displayPath(path)}: is a folder; write ${write}`, { file: path });
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
}

function refuseOverwriting({ folder, files }: RobotSkeleton, force: boolean): void {
  if (!existsSync(folder)) return;
  const shown = displayPath(folder);
  if (!statSync(folder).isDirectory()) {
    throw badInput(`--out ${shown}: is a file; write the path of a folder`, { folder });
  }
  const foreign = readdirSync(folder).find((name) => name.endsWith('.urdf') && !Object.hasOwn(files, name));
  if (foreign !== undefined) {
    throw badInput(
      `--out ${shown}: holds another URDF, ${foreign}, and a robot folder has one; write another --out or remove it`,
      { folder, found: foreign },
    );
  }
  const changed = Object.keys(files).filter((name) => isOtherFile(join(folder, name), files[name]!));
  if (force || changed.length === 0) return;
  throw badInput(
    `--out ${shown}: ${changed.join(', ')} would be overwritten; write another --out, or --force to lose what is there`,
    { folder, files: changed },
  );
}

function isOtherFile(path: string, content: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8') !== content;
}

/** A new folder appears complete or not at all; in one that is there, each file is replaced in one step. */
function write({ folder, files }: RobotSkeleton): void {
  try {
    if (!existsSync(folder)) {
      writeFolderAtomic(folder, files);
      return;
    }
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      if (!existsSync(path) || isOtherFile(path, content)) writeFileAtomic(path, content);
    }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw badInput(`--out ${displayPath(folder)}: cannot be written: ${problem}; write another --out`, {
      folder,
    });
  }
}
