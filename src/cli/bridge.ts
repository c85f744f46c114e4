import { DynabridgeError, systemClock } from '../core/index.js';
import { Supervisor, type BridgeOutcome, type SupervisorOptions } from '../supervisor/index.js';
import { interruptSignal } from './interrupt.js';
import { table, type Output } from './output.js';

export interface BridgeOptions extends Omit<SupervisorOptions, 'clock' | 'onEvent'> {
  /** how the user named the robot, for messages */
  readonly robotName: string;
  /** to be under control by then [s]; null: whenever */
  readonly wait: number | null;
  /** that time begins with {@link Bridge.expectControl}; default: with the start */
  readonly expectLater?: boolean;
  /** stop after this long under control [s]; default: never */
  readonly duration?: number | undefined;
  /** for the record; may throw */
  readonly record: (kind: string, detail: Readonly<Record<string, unknown>>) => void;
  /** is told every event too, and 'ending' {how} where the bridge is ended from here; true: it says itself what is to be said of this one. Default: nobody is told */
  readonly onEvent?: (kind: string, detail: Readonly<Record<string, unknown>>) => boolean;
}

/** One bridge from start to end: prints what happens, keeps the time, and knows why it ended. */
export class Bridge {
  private supervisor: Supervisor | null = null;
  private engaged = false;
  private lastWaiting = 'the guard has not answered yet';
  private robotLacksJoints = false;
  private failure: DynabridgeError | null = null;
  private interrupted = false;
  private stopOutcome = 'not started';
  private durationTimer: NodeJS.Timeout | null = null;
  private patience: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: BridgeOptions,
    private readonly output: Output,
  ) {}

  /** From start to end. */
  async drive(): Promise<BridgeOutcome> {
    await this.start();
    return this.finished();
  }

  /** @returns what else may be asked of it while it drives */
  async start(): Promise<Supervisor> {
    process.on('SIGTSTP', () =>
      this.output.line('Ctrl+Z is ignored: a suspended supervisor cannot watch; Ctrl+C ends'),
    );
    interruptSignal((signal) => {
      this.interrupted = true;
      this.output.line(`${signal}: ramping to rest (again to end at once)`);
      this.end(signal);
    });
    this.supervisor = await Supervisor.start({
      ...this.options,
      clock: systemClock,
      onEvent: (kind, detail) => this.onEvent(kind, detail),
    });
    const { pids } = this.supervisor;
    this.record('bridge-started', { pids });
    this.output.line(
      `started ${Object.entries(pids)
        .map(([name, pid]) => `${name} ${pid}`)
        .join(', ')}`,
    );
    if (this.interrupted) this.supervisor.stop();
    if (this.options.expectLater !== true) this.expectControl();
    return this.supervisor;
  }

  /** From now on it is waited for that somebody drives. */
  expectControl(): void {
    const { wait } = this.options;
    if (wait !== null) this.patience ??= setTimeout(() => this.giveUp(wait), wait * 1e3);
  }

  async finished(): Promise<BridgeOutcome> {
    const outcome = await this.supervisor!.finished;
    if (this.patience) clearTimeout(this.patience);
    if (this.durationTimer) clearTimeout(this.durationTimer);
    return outcome;
  }

  /** @throws UNAVAILABLE or CONTRACT_MISMATCH where nobody came to drive, SAFETY_FAULT for faults on the way */
  throwIfFailed({ faults }: BridgeOutcome): void {
    if (this.failure) throw this.failure;
    if (faults.length > 0) {
      throw new DynabridgeError('SAFETY_FAULT', `the run did not end well: ${faults.join('; ')}`, { faults });
    }
    if (this.interrupted) throw new DynabridgeError('INTERRUPTED', `ended by request: ${this.stopOutcome}`);
  }

  private onEvent(kind: string, detail: Readonly<Record<string, unknown>>): void {
    if (kind !== 'waiting') this.record(kind, detail);
    const reasonBefore = this.lastWaiting;
    this.note(kind, detail);
    if (this.options.onEvent?.(kind, detail) !== true) this.tell(kind, detail, reasonBefore);
  }

  /** What an event means for how this bridge goes on, and ends. */
  private note(kind: string, detail: Readonly<Record<string, unknown>>): void {
    if (kind === 'waiting') {
      this.lastWaiting = String(detail['why']);
      this.robotLacksJoints = (detail['missingJoints'] as string[]).length > 0;
    }
    if (kind === 'engaged' || (kind === 'teleop' && detail['event'] === 'taken')) this.underControl();
    if (kind === 'stopped') this.stopOutcome = String(detail['outcome']);
  }

  private tell(kind: string, detail: Readonly<Record<string, unknown>>, reasonBefore: string): void {
    switch (kind) {
      case 'waiting': // once a second; somebody who may take all the time in the world is told each reason once
        if (this.options.wait !== null || this.lastWaiting !== reasonBefore)
          this.output.line(`waiting: ${this.lastWaiting}`);
        break;
      case 'engaged':
        this.output.line('engaged: the agent drives, through the gate');
        break;
      case 'connected':
      case 'episode':
      case 'request':
      case 'summary':
        break; // for the record, not for the screen
      default:
        this.output.line(eventLine(kind, detail));
    }
  }

  private underControl(): void {
    this.engaged = true;
    const { duration } = this.options;
    if (duration === undefined || this.durationTimer) return;
    this.durationTimer = setTimeout(() => this.end(`driven for ${duration} s`), duration * 1e3);
  }

  /** For the record. A disk that is full must not end a run that has the robot in its hands, nor its account. */
  record(kind: string, detail: Readonly<Record<string, unknown>>): void {
    try {
      this.options.record(kind, detail);
    } catch (error) {
      this.output.line(`events.jsonl cannot be written: ${(error as Error).message}`);
    }
  }

  private giveUp(wait: number): void {
    if (this.engaged || this.failure) return;
    this.failure = new DynabridgeError(
      this.robotLacksJoints ? 'CONTRACT_MISMATCH' : 'UNAVAILABLE',
      `${this.options.robot.model.name} was not under control within ${wait} s: ${this.lastWaiting}; ` +
        `start the robot or its twin (dynabridge twin --robot ${this.options.robotName}), or give --wait more`,
    );
    this.end('nobody came to drive');
  }

  private end(how: string): void {
    this.supervisor?.stop();
    this.options.onEvent?.('ending', { how });
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

/** What the bridge did, for people. @param control how long who drove @param last lines at its end */
export function outcomeTable(
  { summary, end, faults }: BridgeOutcome,
  control: string,
  last: readonly [string, string][] = [],
): string {
  const ending: [string, string] = ['end', faults.length > 0 ? `${end}: ${faults.join('; ')}` : end];
  if (!summary) return table([ending, ...last]);
  const { loopMs, latencyMs } = summary;
  return table([
    ['under control', control],
    ['commands', `${summary.commands} sent, ${summary.limited} limited, ${summary.blocked} blocked`],
    [
      'loop period',
      `p50 ${loopMs.p50} ms, p99 ${loopMs.p99} ms, max ${loopMs.max} ms; ${summary.skippedTicks} ticks skipped`,
    ],
    ['state to command', `p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, max ${latencyMs.max} ms`],
    ending,
    ...last,
  ]);
}
