import { NS_PER_S, type Clock } from '../core/index.js';
import {
  writeBlackBox,
  type BlackBoxEvent,
  type BlackBoxProposal,
  type BlackBoxRobot,
  type BlackBoxTick,
} from '../data/index.js';
import type { EventMessage, IpcMessage, ProposalMessage, TickMessage } from '../io/ipc/index.js';
import { reasonNames } from '../safety/index.js';
import { Ring } from './ring.js';
import { GUARD_LOST, tripOf, type Trip } from './trips.js';

export interface BlackBoxOptions {
  /** made when the first file is written */
  readonly folder: string;
  readonly robot: BlackBoxRobot;
  /** kept before a trip [s] */
  readonly seconds: number;
  readonly clock: Clock;
  /** a file was written */
  readonly onWritten: (path: string, cause: string) => void;
  /** a file could not be written; control must not notice */
  readonly onFailed: (why: string, cause: string) => void;
}

/** What follows a trip belongs to it. */
const AFTER_NS = NS_PER_S;
/** A trip sooner than this after the last file waits, so that a fault that comes again and again does not fill the disk. */
const SPACING_NS = 5n * NS_PER_S;
/** Older files go. */
const KEEP_FILES = 20;
/** Bounds of memory, about 50 MB for ticks of an arm of six joints at the most. */
const MAX_TICKS = 60_000;
const MAX_PROPOSALS = 20_000;
const MAX_EVENTS = 2_000;
const MAX_TEXT = 2_000;
/** Room for ticks that come closer than the control rate says. */
const SPARE = 1.5;

/**
 * Keeps the last seconds of all that the guard tells, whoever drives, and writes them to a file when something trips, together with
 * the second after it. A trip that comes while another waits to be written is in the same file, which is named by the first.
 */
export class BlackBoxRecorder {
  private readonly ticks: Ring<TickMessage>;
  private readonly proposals: Ring<BlackBoxProposal>;
  private readonly events: Ring<BlackBoxEvent>;
  private readonly spanNs: bigint;
  private waiting: (Trip & { readonly timeNs: bigint; readonly dueNs: bigint }) | null = null;
  private lastTripNs: bigint | null = null;
  private saidGoodbye = false;

  constructor(private readonly options: BlackBoxOptions) {
    const { seconds, robot } = options;
    // the newest is up to SPACING after a trip, and `seconds` before the trip are wanted
    const kept = seconds + Number(SPACING_NS + AFTER_NS) / 1e9;
    this.spanNs = BigInt(Math.round(seconds * 1e9));
    const ringNs = BigInt(Math.round(kept * 1e9));
    const perRate = Math.ceil(kept * robot.controlRateHz * SPARE);
    this.ticks = new Ring(Math.min(perRate, MAX_TICKS), ringNs);
    this.proposals = new Ring(Math.min(perRate, MAX_PROPOSALS), ringNs);
    this.events = new Ring(MAX_EVENTS, ringNs);
  }

  onMessage(message: IpcMessage): void {
    if (message.type === 'tick') this.ticks.push(message.atNs, message);
    else if (message.type === 'proposal') this.onProposal(message);
    else if (message.type === 'event') this.onEvent(message);
  }

  /** The guard's connection has ended: a trip unless it said goodbye. */
  guardGone(): void {
    if (this.saidGoodbye) return;
    const timeNs = this.options.clock.nowNs();
    this.events.push(timeNs, { timeNs, kind: GUARD_LOST.cause, text: GUARD_LOST.message, trip: true });
    this.trip(GUARD_LOST, timeNs);
  }

  /** To be called often: writes what is due. */
  poll(): void {
    if (this.waiting && this.options.clock.nowNs() >= this.waiting.dueNs) this.write();
  }

  /** Writes what waits; nothing more will come. */
  close(): void {
    if (this.waiting) this.write();
  }

  private onProposal({ policyStep, expiresNs, action, command }: ProposalMessage): void {
    const timeNs = this.options.clock.nowNs();
    this.proposals.push(timeNs, { timeNs, policyStep, expiresNs, action, command });
  }

  private onEvent(event: EventMessage): void {
    const { kind, atNs: timeNs } = event;
    if (kind === 'summary') this.saidGoodbye = true;
    const trip = tripOf(event);
    const text = JSON.stringify(event.detail).slice(0, MAX_TEXT);
    this.events.push(timeNs, { timeNs, kind, text, trip: trip !== null });
    if (trip) this.trip(trip, timeNs);
  }

  private trip(trip: Trip, timeNs: bigint): void {
    if (this.waiting) return; // it is among the events of the file that waits
    const soonest = timeNs + AFTER_NS;
    const spaced = this.lastTripNs === null ? soonest : this.lastTripNs + SPACING_NS;
    this.waiting = { ...trip, timeNs, dueNs: spaced > soonest ? spaced : soonest };
  }

  private write(): void {
    const { waiting, options } = this;
    if (!waiting) return;
    const { dueNs: _, timeNs, ...trip } = waiting;
    this.waiting = null;
    this.lastTripNs = timeNs;
    const since = timeNs - this.spanNs;
    const wallNs = timeNs + (options.clock.wallNs() - options.clock.nowNs());
    const box = {
      trip: { ...trip, timeNs, wallNs },
      robot: options.robot,
      ticks: this.ticks.since(since).map(toRecord),
      proposals: this.proposals.since(since),
      events: this.events.since(since),
    };
    let path: string;
    try {
      path = writeBlackBox(options.folder, box, KEEP_FILES);
    } catch (error) {
      options.onFailed(reasonOf(error), trip.cause);
      return;
    }
    options.onWritten(path, trip.cause);
  }
}

function toRecord(tick: TickMessage): BlackBoxTick {
  return {
    seq: tick.seq,
    policyStep: tick.policyStep,
    timeNs: tick.atNs,
    measuredNs: tick.stateReceivedNs,
    sentNs: tick.sentNs,
    mode: tick.mode,
    authority: tick.owner,
    verdict: tick.verdict,
    reasons: reasonNames(tick.reasons),
    positions: tick.positions,
    velocities: tick.velocities,
    asked: tick.requested,
    sent: tick.executed,
  };
}

/** What the disk said, without what an episode file would say about it. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
