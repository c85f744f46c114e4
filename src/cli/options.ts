import { InvalidArgumentError, Option } from 'commander';
import { BACKENDS } from '../compute/backend-names.js';
import { mostThreads } from '../compute/threads.js';
import { NO_ROS_ARGUMENTS, parseRosArguments } from '../io/ros/ros-arguments.js';
import { CONTROLLER_KINDS } from '../robot/index.js';

/** Options that several commands share, so that they read and behave alike. */
export const jsonOption = (): Option =>
  new Option('--json', 'print one final JSON object on stdout and everything else on stderr');

export const robotOption = (fallback?: string): Option => {
  const option = new Option(
    '--robot <name|folder>',
    'a packaged robot (see urdf/) or the path of a robot folder',
  );
  return fallback === undefined ? option.makeOptionMandatory() : option.default(fallback);
};

export const robotDescriptionOption = (): Option =>
  new Option(
    '--robot-description [topic]',
    'take the URDF from the topic of robot_state_publisher (default: robot_description); the YAML files are those of --robot.\n' +
      'The parameter robot_description does the same: --ros-args -p robot_description:="$(xacro my_robot.urdf.xacro)"',
  );

export const takeDescriptionOption = (): Option =>
  new Option(
    '--take-description',
    "go by the described URDF also where the folder's own differs from it in what the gate reads",
  );

export const seedOption = (): Option =>
  new Option('--seed <integer>', 'seed of every random choice; the same seed gives the same result')
    .argParser(integerAtLeast(0))
    .default(1);

export const runsOption = (): Option =>
  new Option('--runs <folder>', 'where run directories are kept').default('runs');

export const backendOption = (): Option =>
  new Option('--backend <name>', 'tensor backend; auto takes the fastest that is there (see doctor)')
    .choices(BACKENDS)
    .default('auto');

export const threadsOption = (): Option => {
  const most = mostThreads();
  return new Option(
    '--threads <n>',
    `threads of the native tensor backend (default: one for each core, here ${most})`,
  ).argParser(integerWithin(1, most));
};

export const besideRobotOption = (): Option =>
  new Option(
    '--beside-robot',
    'train on the computer that drives a robot: leave it a core and give way to its processes',
  );

export const controllerOption = (): Option =>
  new Option(
    '--controller <kind>',
    'what takes the commands: forward (forward_command_controller) or jtc (joint_trajectory_controller); default: robot.yaml',
  ).choices(CONTROLLER_KINDS);

export const middlewareOption = (): Option =>
  new Option(
    '--middleware <name>',
    'rtps: our own DDS participant, no ROS needed; rclnodejs: through the ROS 2 that is sourced; auto: rclnodejs where it can be used (see doctor)',
  )
    .choices(['auto', 'rtps', 'rclnodejs'])
    .default('auto');

export const rosArgumentsOption = (): Option =>
  new Option(
    '--ros-args <...>',
    'last: what ROS 2 gives its nodes, e.g. --ros-args -r __ns:=/arm -r joint_states:=/other -p velocity_scale:=0.5 --params-file file.yaml',
  )
    .argParser((text) => parseRosArguments(JSON.parse(text) as string[])) // main.ts makes one value of them
    .default(NO_ROS_ARGUMENTS, 'none');

export const managedOption = (): Option =>
  new Option(
    '--managed',
    'as a managed node that others configure and activate (ros2 lifecycle); it starts unconfigured, and holds once it is active',
  );

/** e.g. `90s`, `3min`, `0.5h`; a number alone is seconds [s] */
export function duration(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(s|min|h)?$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * { s: 1, min: 60, h: 3600 }[unit as 's' | 'min' | 'h'];
  if (!(seconds > 0))
    throw new InvalidArgumentError(`expected a time such as 90s, 3min or 1h, got '${text}'.`);
  return seconds;
}

export const integerAtLeast = (minimum: number): ((text: string) => number) =>
  integerThat((value) => value >= minimum, `of at least ${minimum}`);

const integerWithin = (minimum: number, maximum: number): ((text: string) => number) =>
  integerThat((value) => value >= minimum && value <= maximum, `within [${minimum}, ${maximum}]`);

function integerThat(fits: (value: number) => boolean, expected: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || !fits(value)) {
      throw new InvalidArgumentError(`expected an integer ${expected}, got '${text}'.`);
    }
    return value;
  };
}

export function numberWithin(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= minimum && value <= maximum)) {
      throw new InvalidArgumentError(`expected a number within [${minimum}, ${maximum}], got '${text}'.`);
    }
    return value;
  };
}
