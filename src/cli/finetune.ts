import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { Subject } from 'rxjs';
import { choosePrediction } from '../agent/index.js';
import { elapsedMs, systemClock } from '../core/index.js';
import { listBlackBoxes } from '../data/index.js';
import {
  EpisodeRobot,
  FinetuneMetrics,
  FinetuneSession,
  type RobotEvent,
  type SessionOptions,
} from '../finetune/index.js';
import { LearnerProcess } from '../learner/index.js';
import { contractHash, type Robot } from '../robot/index.js';
import { frameQuantities, sessionOf as recordedSession } from '../training/policy-contract.js';
import { Bridge } from './bridge.js';
import { conclude } from './finetune-result.js';
import { FinetuneNews } from './finetune-news.js';
import { openFinetuning, type Finetuning, type FinetuningOptions } from './open-finetuning.js';
import { openRobot, type OpenedRobot, type RobotOptions } from './open-robot.js';
import {
  backendOption,
  controllerOption,
  duration,
  integerAtLeast,
  jsonOption,
  middlewareOption,
  numberWithin,
  robotDescriptionOption,
  robotOption,
  rosArgumentsOption,
  runsOption,
  seedOption,
  takeDescriptionOption,
  threadsOption,
} from './options.js';
import { Output } from './output.js';
import { newRecordingFile, recordingFile } from './recording-file.js';

interface FinetuneCliOptions extends RobotOptions, FinetuningOptions {
  readonly wait: number;
  readonly teleopPort?: string;
  readonly record?: string | true;
  readonly json?: true;
}

/** Events of which people are told in other words, or that come with every episode. */
const QUIET: readonly string[] = [
  'first-command',
  'blend-ratio',
  'waiting',
  'engaged',
  'disengaged',
  'mode',
  'deployed',
  'deploy-refused',
  'episode-end',
];
/** The way to a start may take so many times as long as an episode. */
const START_EPISODES = 2;

export function finetuneCommand(): Command {
  return new Command('finetune')
    .description(
      'Refine a policy that was trained in simulation on the robot itself, within a budget of robot time. Episodes are driven through\n' +
        'the safety gate; between them the robot holds, and its world model and then its policy learn from what it did: that time is\n' +
        'told, and does not count. The policy is judged before and after; the better one is kept. Ctrl+C ramps to rest and loses at\n' +
        'most the episode that runs; --resume goes on. What a person or a fault stopped goes on by a person only.',
    )
    .addOption(robotOption())
    .addOption(robotDescriptionOption())
    .addOption(takeDescriptionOption())
    .option('--run <folder>', 'run directory of the policy (default: the newest training of this robot)')
    .option(
      '--resume <folder>',
      'go on with a fine-tuning, to what is left of its budget or to a larger --budget; also with another --reset',
    )
    .addOption(runsOption())
    .option(
      '--budget <time>',
      "time under the agent's control, evaluations included, e.g. 90s, 3min (default: 3min)",
      duration,
    )
    .option(
      '--reset <how>',
      'how the robot comes back to a start: manual: a person puts it back and presses Enter or calls ~/engage; start: its joints are\n' +
        'driven to a start of the task, through the gate; none: it goes on from where it is; or a std_srvs/srv/Trigger service that\n' +
        'puts it back, e.g. /twin/reset (default: manual)',
    )
    .option(
      '--evaluation-episodes <n>',
      'episodes without exploration before learning, and as many after (default: 2)',
      integerAtLeast(0),
    )
    .option('--config <file>', 'YAML that changes how is learned; its keys: src/rl/learner-config.ts')
    .addOption(seedOption())
    .addOption(backendOption())
    .addOption(threadsOption())
    .option(
      '--wait <s>',
      'give up when the robot is not under control by then; not for manual resets',
      numberWithin(0.1, 3600),
      20,
    )
    .option(
      '--teleop-port <port>',
      "serial port of the operator's device (see: dynabridge find-port); its enable button takes over from the agent at any time",
    )
    .addOption(controllerOption())
    .addOption(middlewareOption())
    .option(
      '--name <node>',
      'ROS node name; its services are /<node>/estop, reset, engage and release',
      'dynabridge',
    )
    .addOption(rosArgumentsOption())
    .option(
      '--record [file]',
      'write all that the bridge receives and sends into an MCAP file (default: <run>/recordings/<time>/recording.mcap)',
    )
    .addOption(jsonOption())
    .action(finetune);
}

async function finetune(options: FinetuneCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const opened = await openRobot(options, output);
  if (typeof options.record === 'string') newRecordingFile('--record', options.record); // before there is a run
  const finetuning = openFinetuning(options, opened.robot);
  const { run, job } = finetuning;
  const unlock = run.lock();
  try {
    output.line(`policy of ${job.trained}, refined in ${run.path}`);
    await refine(options, opened, finetuning, output);
  } finally {
    unlock();
    run.close();
  }
}

async function refine(
  options: FinetuneCliOptions,
  opened: OpenedRobot,
  finetuning: Finetuning,
  output: Output,
): Promise<void> {
  const { run, job, course, contract } = finetuning;
  const startNs = systemClock.nowNs();
  const robot = opened.keepIn(run.path);
  const wireFile = recordingFile('--record', options.record, run.path);
  const oldBlackBoxes = new Set(listBlackBoxes(run.blackBoxFolder));
  const units = frameQuantities(contract).map(({ unit }) => unit);
  const metrics = new FinetuneMetrics(run, units);
  const news = new FinetuneNews(output, metrics, job.budget, units);
  const learner = new LearnerProcess(run.path, robot.folder, {
    line: (text) => output.line(text),
    progress: (done, total) => news.learning(done, total),
  });
  const events = new Subject<RobotEvent>();
  const bridge = bridgeOf(options, opened, finetuning, robot, wireFile, events, output);
  try {
    const { version, backend, episodes } = await learner.ready;
    output.line(backend);
    const earlier = episodes.map((episode) => news.earlier(episode));
    course.goOn(earlier.map(({ episode, phase }) => ({ phase, seconds: episode.seconds })));
    const supervisor = await bridge.start();
    const ended = bridge.finished();
    void ended.then(() => {
      events.complete();
      learner.end();
    });
    const driven = new EpisodeRobot(supervisor, events, (text) => output.line(text));
    const keyboard = onEnter(() => driven.confirm());
    const expectRobot = (): void => bridge.expectControl();
    const parts = { robot: driven, learner, listener: news, earlier, version, expectRobot };
    const result = await sessionOf(finetuning, parts)
      .run()
      .catch((error: unknown) => error as Error);
    keyboard.close();
    news.endProgress();
    supervisor.stop();
    const outcome = await ended;
    const blackBoxes = listBlackBoxes(run.blackBoxFolder).filter((file) => !oldBlackBoxes.has(file));
    const seconds = elapsedMs(startNs, systemClock.nowNs()) / 1e3;
    await conclude(
      {
        robotName: options.robot,
        ...{ finetuning, bridge, outcome, result, news, metrics, seconds, blackBoxes, wireFile },
      },
      output,
    );
  } finally {
    learner.end();
  }
}

function bridgeOf(
  options: FinetuneCliOptions,
  { node }: OpenedRobot,
  { run, contract, reset }: Finetuning,
  robot: Robot,
  wireFile: string | undefined,
  events: Subject<RobotEvent>,
  output: Output,
): Bridge {
  const { controller, middleware, teleopPort, wait } = options;
  const prediction = choosePrediction(run.loadCheckpoint(), robot);
  output.line(
    prediction.enabled ? `predicted ${prediction.horizon} steps ahead` : `not predicted: ${prediction.why}`,
  );
  return new Bridge(
    {
      robot,
      robotName: options.robot,
      controller,
      policy: {
        runFolder: run.path,
        episodesFolder: run.episodesFolder,
        blackBoxFolder: run.blackBoxFolder,
        session: recordedSession('real', robot, contract.task, contractHash(contract)),
        predicted: prediction.enabled,
        task: contract.task,
        wireFile,
      },
      node,
      managed: false,
      middleware,
      engage: 'manual',
      teleopPort,
      wait: reset.kind === 'manual' ? null : wait,
      expectLater: true, // what an earlier sitting has left is learned from first
      record: (kind, detail) => run.events.append(kind, detail),
      onEvent: (kind, detail) => {
        events.next({ kind, detail });
        return QUIET.includes(kind);
      },
    },
    output,
  );
}

function sessionOf(
  { job: { seed }, course, reset, drawStart, task }: Finetuning,
  parts: Pick<SessionOptions, 'robot' | 'learner' | 'listener' | 'earlier' | 'version' | 'expectRobot'>,
): FinetuneSession {
  const startSteps = START_EPISODES * task.episodeSteps;
  return new FinetuneSession({ ...parts, course, reset, seed, drawStart, startSteps });
}

/** Enter at a terminal; elsewhere nobody types. */
function onEnter(act: () => void): { close(): void } {
  if (!process.stdin.isTTY) return { close: () => {} };
  const keyboard = createInterface({ input: process.stdin });
  keyboard.on('line', act);
  return keyboard;
}
