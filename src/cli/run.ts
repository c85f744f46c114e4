import { Command, Option } from 'commander';
import { choosePrediction } from '../agent/index.js';
import { DynabridgeError, systemClock } from '../core/index.js';
import { RunDirectory, latestRun, listBlackBoxes, type SessionInfo } from '../data/index.js';
import { contractHash, loadRobot, withController } from '../robot/index.js';
import type { ControllerKind, Robot } from '../robot/index.js';
import { Supervisor, type BridgeOutcome } from '../supervisor/index.js';
import { contractOf } from './contract-of.js';
import { interruptSignal } from './interrupt.js';
import { controllerOption, jsonOption, numberWithin, robotOption, runsOption } from './options.js';
import { Output, table } from './output.js';
import { sessionOf } from '../training/policy-contract.js';

interface RunCliOptions {
  readonly robot: string;
  readonly run?: string;
  readonly runs: string;
  readonly duration?: number;
  readonly wait: number;
  readonly engage: 'auto' | 'manual';
  readonly teleopPort?: string;
  readonly controller?: ControllerKind;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  readonly name: string;
  readonly json?: true;
}

export function runCommand(): Command {
  return new Command('run')
    .description(
      'Drive the robot with a trained policy, through the safety gate. The robot must be up (or its twin): its joint states\n' +
        'flow and its controller listens. Ctrl+C ramps to rest, then ends; a second Ctrl+C ends at once.',
    )
    .addOption(robotOption())
    .option('--run <folder>', 'run directory of the policy (default: the newest of this robot)')
    .addOption(runsOption())
    .option(
      '--duration <s>',
      'stop after this long under control (default: until Ctrl+C)',
      numberWithin(0, 1e6),
    )
    .option('--wait <s>', 'give up when the robot is not under control by then', numberWithin(0.1, 3600), 10)
    .addOption(
      new Option(
        '--engage <how>',
        'auto: as soon as states are fresh and the agent is alive; manual: by the service ~/engage',
      )
        .choices(['auto', 'manual'])
        .default('auto'),
    )
    .option(
      '--teleop-port <port>',
      "serial port of the operator's device (see: dynabridge find-port); its enable button takes over from the agent",
    )
    .addOption(controllerOption())
    .addOption(
      new Option(
        '--middleware <name>',
        'rtps: our own DDS participant, no ROS needed (rclnodejs comes with a later version)',
      )
        .choices(['auto', 'rtps', 'rclnodejs'])
        .default('auto'),
    )
    .option(
      '--name <node>',
      'ROS node name; its services are /<node>/estop, reset, engage and release',
      'dynabridge',
    )
    .addOption(jsonOption())
    .action(drive);
}

async function drive(options: RunCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const robot = withController(loadRobot(options.robot), options.controller);
  const run = options.run
    ? RunDirectory.open(options.run, systemClock)
    : latestRun(options.runs, robot.model.name, systemClock);
  const contract = contractOf(run, robot);
  const session = sessionOf('real', robot, contract.task, contractHash(contract));
  output.line(`policy of ${run.path}`);

  const earlier = new Set(listBlackBoxes(run.blackBoxFolder));
  const checkpoint = run.loadCheckpoint();
  const prediction = choosePrediction(checkpoint, robot);
  run.events.append('prediction', { ...prediction });
  output.line(
    prediction.enabled ? `predicted ${prediction.horizon} steps ahead` : `not predicted: ${prediction.why}`,
  );
  const bridge = new Bridge(options, run, output);
  const outcome = await bridge.drive(robot, session, checkpoint.step, prediction.enabled);
  const { end, faults, emergencyStop } = outcome;
  const blackBoxes = listBlackBoxes(run.blackBoxFolder).filter((path) => !earlier.has(path));
  run.events.append('bridge-ended', {
    ...outcome.summary,
    seconds: outcome.summary?.seconds ?? 0,
    end,
    faults,
    emergencyStop,
    blackBoxes,
  });
  const { refreshReport } = await import('./run-report.js'); // the plotting library is slow to load and not needed to drive
  const report = await refreshReport(run);
  const { summary } = outcome;
  output.result(
    {
      ...summary,
      end: outcome.end,
      faults: outcome.faults,
      emergencyStop: outcome.emergencyStop,
      run: run.path,
      report,
      blackBoxes,
    },
    summaryTable(outcome, report, blackBoxes),
  );
  run.close();
  bridge.throwIfFailed(outcome);
}

/** One bridge from start to end: prints what happens, keeps the time, and knows why it ended. */
class Bridge {
  private supervisor: Supervisor | null = null;
  private engaged = false;
  private lastWaiting = 'the guard has not answered yet';
  private robotLacksJoints = false;
  private failure: DynabridgeError | null = null;
  private interrupted = false;
  private stopOutcome = 'not started';
  private durationTimer: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: RunCliOptions,
    private readonly run: RunDirectory,
    private readonly output: Output,
  ) {}

  async drive(
    robot: Robot,
    session: SessionInfo,
    policyVersion: number,
    predicted: boolean,
  ): Promise<BridgeOutcome> {
    const { controller, middleware, name, engage, teleopPort, wait } = this.options;
    process.on('SIGTSTP', () =>
      this.output.line('Ctrl+Z is ignored: a suspended supervisor cannot watch; Ctrl+C ends'),
    );
    interruptSignal((signal) => {
      this.interrupted = true;
      this.output.line(`${signal}: ramping to rest (again to end at once)`);
      this.supervisor?.stop();
    });
    this.supervisor = await Supervisor.start({
      robot,
      controller,
      runFolder: this.run.path,
      episodesFolder: this.run.episodesFolder,
      blackBoxFolder: this.run.blackBoxFolder,
      session,
      policyVersion,
      predicted,
      nodeName: name,
      middleware,
      engage,
      teleopPort,
      clock: systemClock,
      onEvent: (kind, detail) => this.onEvent(kind, detail),
    });
    const { pids } = this.supervisor;
    this.log('bridge-started', { pids });
    this.output.line(`started guard ${pids['guard']}, agent ${pids['agent']}, recorder ${pids['recorder']}`);
    if (this.interrupted) this.supervisor.stop();
    const patience = setTimeout(() => this.giveUp(robot), wait * 1e3);
    if (engage === 'manual') clearTimeout(patience);
    const outcome = await this.supervisor.finished;
    clearTimeout(patience);
    if (this.durationTimer) clearTimeout(this.durationTimer);
    return outcome;
  }

  throwIfFailed(outcome: BridgeOutcome): void {
    if (this.failure) throw this.failure;
    if (outcome.faults.length > 0) {
      throw new DynabridgeError('SAFETY_FAULT', `the run did not end well: ${outcome.faults.join('; ')}`, {
        faults: outcome.faults,
      });
    }
    if (this.interrupted) throw new DynabridgeError('INTERRUPTED', `ended by request: ${this.stopOutcome}`);
  }

  private onEvent(kind: string, detail: Readonly<Record<string, unknown>>): void {
    if (kind !== 'waiting') this.log(kind, detail);
    switch (kind) {
      case 'waiting':
        this.lastWaiting = String(detail['why']);
        this.robotLacksJoints = (detail['missingJoints'] as string[]).length > 0;
        this.output.line(`waiting: ${this.lastWaiting}`);
        break;
      case 'engaged':
        this.engaged = true;
        this.output.line('engaged: the agent drives, through the gate');
        if (this.options.duration !== undefined) {
          this.durationTimer = setTimeout(() => this.supervisor?.stop(), this.options.duration * 1e3);
        }
        break;
      case 'teleop':
        this.engaged ||= detail['event'] === 'taken';
        this.output.line(eventLine(kind, detail));
        break;
      case 'connected':
      case 'request':
      case 'summary':
        break; // in events.jsonl, not for the screen
      default:
        if (kind === 'stopped') this.stopOutcome = String(detail['outcome']);
        this.output.line(eventLine(kind, detail));
    }
  }

  /** A disk that is full must not end a run that has the robot in its hands. */
  private log(kind: string, detail: Readonly<Record<string, unknown>>): void {
    try {
      this.run.events.append(kind, detail);
    } catch (error) {
      this.output.line(`events.jsonl cannot be written: ${(error as Error).message}`);
    }
  }

  private giveUp(robot: Robot): void {
    if (this.engaged || this.failure) return;
    this.failure = new DynabridgeError(
      this.robotLacksJoints ? 'CONTRACT_MISMATCH' : 'UNAVAILABLE',
      `${robot.model.name} was not under control within ${this.options.wait} s: ${this.lastWaiting}; ` +
        `start the robot or its twin (dynabridge twin --robot ${this.options.robot}), or give --wait more`,
    );
    this.supervisor?.stop();
  }
}

/** e.g. "mode: from mute, to active" */
function eventLine(kind: string, detail: Readonly<Record<string, unknown>>): string {
  const value = (item: unknown): string =>
    typeof item === 'number'
      ? String(Number(item.toPrecision(4)))
      : typeof item === 'string'
        ? item
        : JSON.stringify(item);
  return `${kind}: ${Object.entries(detail)
    .map(([name, item]) => `${name} ${value(item)}`)
    .join(', ')}`;
}

function summaryTable(
  { summary, end, faults }: BridgeOutcome,
  report: string,
  blackBoxes: readonly string[],
): string {
  const boxes = blackBoxes.map((path) => ['black box', path] as const);
  if (!summary) return table([['end', end], ['faults', faults.join('; ')], ...boxes, ['report', report]]);
  const { loopMs, latencyMs } = summary;
  return table([
    ['under control', `${summary.seconds.toFixed(1)} s`],
    ['commands', `${summary.commands} sent, ${summary.limited} limited, ${summary.blocked} blocked`],
    [
      'loop period',
      `p50 ${loopMs.p50} ms, p99 ${loopMs.p99} ms, max ${loopMs.max} ms; ${summary.skippedTicks} ticks skipped`,
    ],
    ['state to command', `p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, max ${latencyMs.max} ms`],
    ['end', faults.length > 0 ? `${end}: ${faults.join('; ')}` : end],
    ...boxes,
    ['report', report],
  ]);
}
