import { interruptSignal } from '../../src/cli/interrupt.js';
import { Output, table } from '../../src/cli/output.js';
import { ERROR_CODES, Rng, elapsedMs, systemClock } from '../../src/core/index.js';
import { BridgeRig } from '../rig/bridge-rig.js';
import { machineLine } from '../statistics-table.js';
import { AuthorityWatch, type Stop } from './authority-watch.js';
import type { Fault } from './faults.js';
import { GuardMemoryLog, type GuardMemory } from './guard-memory.js';
import { ProcessorWatch } from './processor-watch.js';
import { waitUntil } from './waiting.js';

export interface SoakOptions {
  readonly minutes: number;
  /** of the order of faults and all that is random in them */
  readonly seed?: number;
  readonly faults: readonly Fault[];
  readonly json?: boolean;
}

export interface SoakResult {
  /** that it really took */
  readonly minutes: number;
  readonly seed: number;
  readonly faultsInjected: number;
  /** how often each */
  readonly faults: Readonly<Record<string, number>>;
  /** that the twin received */
  readonly commands: number;
  readonly violationsAtTwin: number;
  readonly unexplainedStops: number;
  /** stops that no fault explains, while one of the processes had no processor to run on: see processor-watch.ts */
  readonly starvedStops: number;
  /** those in words */
  readonly starved: readonly string[];
  /** faults that have to stop the robot and did not */
  readonly missedStops: number;
  /** in words: what was not explained, missed or violated */
  readonly findings: readonly string[];
  /** [MiB] */
  readonly guardMemory: GuardMemory | null;
}

const MAX_SEED = 2n ** 31n;
const DOMAIN = 92;
const RATE_HZ = 100;
const POLICY_RATE_HZ = 25;
/** between an engagement and the next fault [ms] */
const CALM_MS = [500, 3_000] as const;
const NO_FAULTS_MS = 5_000;
/** for a stop that must come; for one that must not */
const STOP_MS = 5_000;
const QUIET_MS = 500;
/** until an engagement that was accepted is written down */
const READY_MS = 30_000;

/**
 * Drives the twin for a while under faults of every kind, one after the other, and asks after each for the explained stop and for
 * the agent to come back by request. The twin is the witness of every command. Exit code 1 where anything was not explained.
 */
export async function runSoak(options: SoakOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const { minutes, faults, seed = Number(systemClock.nowNs() % MAX_SEED) } = options;
  output.line(`soak of ${minutes} min, seed ${seed}, ${faults.length} kinds of faults; ${machineLine()}`);
  const signal = interruptSignal(() => output.line('ending with the figures so far'));
  const rates = { controlRateHz: RATE_HZ, policyRateHz: POLICY_RATE_HZ } as const;
  const rig = await BridgeRig.start({ domain: DOMAIN, seed, policy: 'shuttle', ...rates });
  const soak = new Soak(rig, { minutes, faults, seed }, output, signal);
  try {
    await soak.run();
  } catch (error) {
    await rig.stop();
    throw error;
  }
  const result = await soak.finish();
  output.result({ ...result, machine: machineLine() }, resultTable(result));
  if (result.findings.length > 0) process.exitCode = ERROR_CODES.GOAL_NOT_REACHED.exitCode;
}

class Soak {
  private readonly watch: AuthorityWatch;
  private readonly processor: ProcessorWatch;
  private readonly memory = new GuardMemoryLog();
  private readonly rng: Rng;
  private readonly counts: Record<string, number> = {};
  private readonly missed: string[] = [];
  private readonly startNs = systemClock.nowNs();
  /** what is still to come of the present round, in which each fault has its turn */
  private round: Fault[] = [];

  constructor(
    private readonly rig: BridgeRig,
    private readonly options: Required<Omit<SoakOptions, 'json'>>,
    private readonly output: Output,
    private readonly signal: AbortSignal,
  ) {
    this.processor = new ProcessorWatch(rig);
    this.watch = new AuthorityWatch(rig, this.processor);
    this.rng = new Rng(options.seed, 'soak');
  }

  async run(): Promise<void> {
    const progress = this.output.progress('soak', Math.round(this.options.minutes * 60), 's');
    await this.drive();
    while (!this.over) {
      await this.calm();
      if (!this.watch.engaged)
        await this.drive(); // it stopped by itself; that has been noted
      else if (this.options.faults.length > 0 && !this.over) await this.suffer(this.next());
      progress.update(Math.min(Math.round(this.seconds), Math.round(this.options.minutes * 60)), this.note);
    }
    progress.stop();
  }

  async finish(): Promise<SoakResult> {
    this.watch.look();
    this.processor.stop();
    const minutes = this.seconds / 60;
    const stops = [...this.watch.unexplained]; // without the one that the end itself brings
    const twin = await this.rig.stop();
    const unexplained = stops.filter(({ starved }) => !starved);
    const violations = twin.violationList.map(
      ({ kind, joint, value, limit }) => `violation: ${kind} of ${joint}, ${value}, limit ${limit}`,
    );
    return {
      minutes,
      seed: this.options.seed,
      faultsInjected: Object.values(this.counts).reduce((sum, count) => sum + count, 0),
      faults: this.counts,
      commands: twin.commands,
      violationsAtTwin: twin.violations,
      unexplainedStops: unexplained.length,
      starvedStops: stops.length - unexplained.length,
      starved: stops.filter(({ starved }) => starved).map(inWords),
      missedStops: this.missed.length,
      findings: [
        ...unexplained.map((stop) => `unexplained stop: ${inWords(stop)}`),
        ...this.missed,
        ...violations,
      ],
      guardMemory: this.memory.memory,
    };
  }

  private get seconds(): number {
    return elapsedMs(this.startNs, systemClock.nowNs()) / 1e3;
  }

  private get over(): boolean {
    return this.signal.aborted || this.seconds >= this.options.minutes * 60;
  }

  private get note(): string {
    const injected = Object.values(this.counts).reduce((sum, count) => sum + count, 0);
    return `${injected} faults, ${this.watch.unexplained.length} other stops, ${this.missed.length} missed`;
  }

  private next(): Fault {
    if (this.round.length === 0) this.round = this.rng.shuffle([...this.options.faults]);
    return this.round.pop()!;
  }

  private async calm(): Promise<void> {
    const ms = this.options.faults.length > 0 ? this.rng.uniform(...CALM_MS) : NO_FAULTS_MS;
    await this.look(() => !this.watch.engaged || this.over, ms);
  }

  /** Injects one fault, waits for its stop, and has the agent drive again. */
  private async suffer(fault: Fault): Promise<void> {
    const { watch, rig } = this;
    this.counts[fault.name] = (this.counts[fault.name] ?? 0) + 1;
    watch.begin(fault);
    const stopped = (): boolean => {
      watch.look();
      return watch.stops > 0;
    };
    await fault.inject(rig, this.rng, stopped).catch((error: Error) => this.output.line(error.message)); // the bridge may have gone
    const came = await this.look(stopped, fault.stops === 'always' ? STOP_MS : QUIET_MS);
    if (fault.stops === 'always' && !came) {
      this.missed.push(`no stop after: ${fault.name}`);
      watch.engaged = false;
    }
    if (fault.endsBridge) await rig.endBridge();
    if (!watch.engaged) await this.drive();
    watch.end();
  }

  private async drive(): Promise<void> {
    await this.rig.drive();
    await this.look(() => this.watch.engaged, READY_MS);
  }

  private look(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    return waitUntil(() => {
      this.watch.look();
      this.memory.look(this.rig);
      return condition();
    }, timeoutMs);
  }
}

function inWords({ why, waitedMs }: Stop): string {
  return `${why}; a process had waited ${waitedMs.toFixed(0)} ms for a processor`;
}

function resultTable(result: SoakResult): string {
  const { guardMemory: memory } = result;
  const growth = memory?.growthPerMinute?.toFixed(2) ?? 'not known, lived too short';
  return table([
    ['time', `${result.minutes.toFixed(1)} min, seed ${result.seed}`],
    ['faults', `${result.faultsInjected} injected`],
    ...Object.entries(result.faults).map(([name, count]): [string, string] => ['', `${count} x ${name}`]),
    ['commands', `${result.commands} received by the twin, ${result.violationsAtTwin} violations`],
    [
      'stops',
      `${result.unexplainedStops} unexplained, ${result.missedStops} missed, ${result.starvedStops} for want of a processor`,
    ],
    ...[...result.findings, ...result.starved].map((line): [string, string] => ['', line]),
    ...(memory === null
      ? []
      : [
          [
            "guard's memory",
            `${memory.first.toFixed(1)} MiB at first, ${memory.max.toFixed(1)} at most; growth MiB/min: ${growth}`,
          ] as [string, string],
        ]),
  ]);
}
