/**
 * The bridge's side of the operator link: bytes and time in, commands and losses out. No port, no clock. A link gives no authority; that is
 * the arbiter's. Timings and rules: docs/serial-protocol.md.
 */
import type { Rng } from '../../core/index.js';
import { FrameSplitter } from './cobs.js';
import {
  MAX_STUFFED_BYTES,
  FLAG,
  PROTOCOL_MAJOR,
  decodeFrame,
  encodeFrame,
  type Frame,
  type FrameError,
} from './frame.js';
import {
  decodeMessage,
  encodeMessage,
  schemaOf,
  type Hello,
  type HelloResult,
  type Message,
  type Status,
  type TeleopCommand,
} from './messages.js';
import type { ModeReply, WantedMode } from './mode-messages.js';
import type { RobotState, SetPoint } from './motion-messages.js';

export interface OperatorLinkConfig {
  /** axes that the device must have: one for each commanded joint */
  readonly axes: number;
  /** jointSetHash of those joints */
  readonly jointSet: number;
  /** a command is acted on no longer than this, and no longer than its own ttl; default 100 ms */
  readonly commandTimeoutMs: number;
  /** no valid frame, or no progress of the device's loop, for so long ends the link; default 300 ms */
  readonly linkTimeoutMs: number;
  /** how often the device is told where the robot is [Hz]; default 10, at most 20 */
  readonly stateRateHz: number;
}

export const DEFAULT_TIMEOUTS = { commandTimeoutMs: 100, linkTimeoutMs: 300, stateRateHz: 10 } as const;

/** A frame that began and has not ended for so long is dropped [ms]. */
const PARTIAL_FRAME_MS = 50;
const STATUS_EVERY_MS = 100;
/** shares of damaged frames over 1 to 2 s that degrade and that end the link, and how many frames it takes to judge */
const DEGRADED_LIMIT = 0.05;
const NOISE_LIMIT = 0.2;
const NOISE_FRAMES = 20;
const LOGS_PER_SECOND = 10;
/** requests to engage the agent: nobody presses a key more often on purpose */
const ENGAGES_PER_SECOND = 2;
/** From this minor version on a device knows STATE. */
const STATE_MINOR = 1;
/** how fast two good clocks may part: 200 parts per million */
const CLOCK_DRIFT = 2e-4;

export type LinkLoss = 'silent' | 'stuck' | 'restarted' | 'noisy' | 'closed';

/** Why a frame was not used. */
export type Dropped =
  | FrameError
  | 'overlong'
  | 'late-frame'
  /** of another major version */
  | 'version'
  /** not a message of its kind */
  | 'content'
  /** our own bytes came back */
  | 'echo'
  | 'session'
  /** came before, or after a newer one */
  | 'sequence'
  /** was on its way for longer than a command may be old */
  | 'delayed'
  | 'axes'
  /** log lines beyond what anybody would read, and engagements beyond what anybody would ask for */
  | 'flood';

interface Received {
  readonly receivedNs: bigint;
  /** not to be acted on from then on */
  readonly expiresNs: bigint;
}

export interface OperatorCommand extends TeleopCommand, Received {}

export interface OperatorSetPoint extends SetPoint, Received {}

export interface OperatorLinkEvents {
  linked(device: Hello): void;
  /** a device that does not fit asked to be linked */
  refused(result: HelloResult, device: Hello): void;
  lost(reason: LinkLoss): void;
  command(command: OperatorCommand): void;
  setPoint(setPoint: OperatorSetPoint): void;
  /** The operator asks for a mode, once. @returns what became of it; the device is told */
  mode(wanted: WantedMode): Pick<ModeReply, 'result' | 'why'>;
  /** @param cause of the device; 0: its button */
  estop(cause: number): void;
  estopReset(nonce: number): void;
  log(level: number, text: string): void;
  /** the line is noisy, or clean again */
  quality(degraded: boolean): void;
}

interface Session {
  readonly id: number;
  /** of the device's version */
  readonly minor: number;
  lastFrameNs: bigint;
  lastSequence: number;
  progress: number;
  progressNs: bigint;
  /** least difference of our clock and the device's so far, allowed to drift [ms] */
  offsetMs: number;
  offsetNs: bigint;
}

const ms = (from: bigint, to: bigint): number => Number(to - from) / 1e6;

export class OperatorLink {
  /** frames that were not used, by reason */
  readonly dropped = new Map<Dropped, number>();
  received = 0;
  private session: Session | undefined;
  private sequence = 0;
  private partialSinceNs: bigint | undefined;
  private lastStatusNs: bigint | undefined;
  private lastStateNs: bigint | undefined;
  private nowNs = 0n;
  private logs = 0;
  private engages = 0;
  private isDegraded = false;
  private noise = { sinceNs: 0n, good: 0, bad: 0, goodBefore: 0, badBefore: 0 };
  private readonly splitter = new FrameSplitter(
    MAX_STUFFED_BYTES,
    (stuffed) => this.frame(stuffed),
    (reason) => this.damaged(reason === 'late' ? 'late-frame' : reason),
  );

  constructor(
    readonly config: OperatorLinkConfig,
    private readonly events: OperatorLinkEvents,
    /** sends bytes now or never; those of no use later only where nothing waits to be sent */
    private readonly send: (bytes: Uint8Array, onlyIfIdle: boolean) => void,
    /** for session numbers */
    private readonly rng: Rng,
  ) {}

  /** more than 5 % of the frames were damaged, and since then no two seconds went by without a damaged one */
  get degraded(): boolean {
    return this.isDegraded;
  }

  get linked(): boolean {
    return this.session !== undefined;
  }

  receive(chunk: Uint8Array, nowNs: bigint): void {
    this.nowNs = nowNs;
    this.splitter.push(chunk);
    if (chunk.includes(0)) this.partialSinceNs = undefined; // what is partial now has begun with this chunk
    this.partialSinceNs = this.splitter.partial === 0 ? undefined : (this.partialSinceNs ?? nowNs);
  }

  /**
   * To be called every few milliseconds: timeouts, the status that tells the device that we are here, and the robot's state.
   * @param state read when it is to be sent; null where there is none
   */
  tick(
    nowNs: bigint,
    status: Omit<Status, 'type'>,
    state: () => Omit<RobotState, 'type'> | null = () => null,
  ): void {
    this.nowNs = nowNs;
    if (this.partialSinceNs !== undefined && ms(this.partialSinceNs, nowNs) > PARTIAL_FRAME_MS) {
      this.splitter.expire();
      this.partialSinceNs = undefined;
    }
    this.turnNoiseWindow();
    const { session } = this;
    if (session === undefined) return;
    const { linkTimeoutMs } = this.config;
    if (ms(session.lastFrameNs, nowNs) > linkTimeoutMs) return this.lose('silent');
    if (ms(session.progressNs, session.lastFrameNs) > linkTimeoutMs) return this.lose('stuck'); // heard all the while
    if (session.minor >= STATE_MINOR) this.tellState(session, state); // before the status, behind which it would have to wait
    if (this.lastStatusNs === undefined || ms(this.lastStatusNs, nowNs) >= STATUS_EVERY_MS) {
      this.lastStatusNs = nowNs;
      this.write({ type: 'status', ...status }, session.id);
    }
  }

  private tellState(session: Session, state: () => Omit<RobotState, 'type'> | null): void {
    const { lastStateNs, nowNs } = this;
    if (lastStateNs !== undefined && ms(lastStateNs, nowNs) < 1e3 / this.config.stateRateHz) return;
    const newest = state();
    if (newest === null) return;
    this.lastStateNs = nowNs;
    this.write({ type: 'state', ...newest }, session.id, true);
  }

  /** The port is gone. */
  closed(): void {
    this.splitter.push(Uint8Array.of(0));
    this.partialSinceNs = undefined;
    this.lose('closed');
  }

  private frame(stuffed: Uint8Array): void {
    const frame = decodeFrame(stuffed, schemaOf);
    if (typeof frame === 'string') return this.damaged(frame);
    this.noise.good++;
    if (frame.role === 'bridge') return this.drop('echo');
    if (frame.role !== 'operator') return this.drop('role');
    const message = decodeMessage(frame.id, frame.payload);
    if (message === undefined) return this.drop('content');
    this.received++;
    if (message.type === 'estop') return this.estop(frame, message.cause); // of any session and version: it can only stop
    if (frame.major !== PROTOCOL_MAJOR) return this.otherVersion(message);
    if (message.type === 'hello') return this.hello(frame, message);
    const reason = this.refusal(frame);
    if (reason !== undefined) return this.drop(reason);
    this.use(message, this.session!);
  }

  /** Why a frame of a running session is not used; a frame that is used moves the session on. */
  private refusal(frame: Frame): Dropped | undefined {
    const { session, nowNs } = this;
    if (session === undefined || frame.session !== session.id) return 'session';
    const ahead = (frame.sequence - session.lastSequence) & 0xffff;
    if (ahead === 0 || ahead >= 0x8000) return 'sequence';
    session.lastSequence = frame.sequence;
    if (this.delay(frame, session) > this.config.commandTimeoutMs) return 'delayed';
    session.lastFrameNs = nowNs;
    return undefined;
  }

  /** How much longer than the quickest frame this one was on its way [ms]; the device's clock counts modulo 2^32 ms. */
  private delay(frame: Frame, session: Session): number {
    const ourMs = Number(this.nowNs / 1_000_000n) % 2 ** 32;
    const offset = (ourMs - frame.sentMs) | 0;
    const least = session.offsetMs + ms(session.offsetNs, this.nowNs) * CLOCK_DRIFT;
    if (offset - least <= 0) {
      session.offsetMs = offset;
      session.offsetNs = this.nowNs;
    }
    return offset - least;
  }

  private use(message: Message, session: Session): void {
    const { nowNs, events } = this;
    switch (message.type) {
      case 'heartbeat':
        if (message.progress !== session.progress) {
          session.progress = message.progress;
          session.progressNs = nowNs;
        }
        return;
      case 'teleop':
        if (message.estop) events.estop(0);
        else if (message.axes.length !== this.config.axes) this.drop('axes');
        else events.command({ ...message, receivedNs: nowNs, expiresNs: nowNs + this.lifetimeNs(message) });
        return;
      case 'set-point':
        if (message.axes.length !== this.config.axes) this.drop('axes');
        else events.setPoint({ ...message, receivedNs: nowNs, expiresNs: nowNs + this.lifetimeNs(message) });
        return;
      case 'mode-request':
        return this.modeRequest(message.wanted, session);
      case 'estop-reset':
        return events.estopReset(message.nonce);
      case 'log':
        if (++this.logs > LOGS_PER_SECOND) return this.drop('flood');
        return events.log(message.level, message.text);
      default:
        return this.drop('content'); // a message that only a bridge sends
    }
  }

  private lifetimeNs({ ttlMs }: Pick<TeleopCommand, 'ttlMs'>): bigint {
    return BigInt(Math.min(ttlMs, this.config.commandTimeoutMs)) * 1_000_000n;
  }

  /** Its frame is the newest of its session, so that no request comes here twice. */
  private modeRequest(wanted: WantedMode, session: Session): void {
    if (wanted === 'agent' && ++this.engages > ENGAGES_PER_SECOND) return this.drop('flood');
    const sequence = session.lastSequence;
    const { result, why } = this.events.mode(wanted);
    this.write({ type: 'mode-reply', sequence, wanted, result, why }, session.id);
  }

  private estop(frame: Frame, cause: number): void {
    if ((frame.flags & FLAG.ackRequested) !== 0)
      this.write({ type: 'ack', id: frame.id, sequence: frame.sequence }, frame.session);
    this.events.estop(cause);
  }

  private hello(frame: Frame, device: Hello): void {
    const { axes, jointSet } = this.config;
    if (this.session !== undefined) this.lose('restarted');
    const result: HelloResult =
      device.axes !== axes ? 'axes' : device.jointSet !== jointSet ? 'joint-set' : 'accepted';
    const session = result === 'accepted' ? 1 + this.rng.integer(0xffff) : 0;
    this.reply(result, session);
    if (result !== 'accepted') return this.events.refused(result, device);
    this.session = {
      id: session,
      minor: device.minor,
      lastFrameNs: this.nowNs,
      lastSequence: frame.sequence,
      progress: NaN,
      progressNs: this.nowNs,
      offsetMs: ((Number(this.nowNs / 1_000_000n) % 2 ** 32) - frame.sentMs) | 0,
      offsetNs: this.nowNs,
    };
    this.events.linked(device);
  }

  /** ESTOP, HELLO and its reply keep id, schema and layout in every version, so that either end can tell people to update the other. */
  private otherVersion(message: Message): void {
    this.drop('version');
    if (message.type !== 'hello') return;
    if (this.session !== undefined) this.lose('restarted');
    this.reply('version', 0);
    this.events.refused('version', message);
  }

  private reply(result: HelloResult, session: number): void {
    const { axes, jointSet, commandTimeoutMs, linkTimeoutMs } = this.config;
    const reply = { session, result, axes, jointSet, commandTimeoutMs, linkTimeoutMs };
    this.write({ type: 'hello-reply', ...reply }, session);
  }

  private lose(reason: LinkLoss): void {
    if (this.session === undefined) return;
    this.session = undefined;
    this.lastStatusNs = undefined;
    this.lastStateNs = undefined;
    this.events.lost(reason);
  }

  private damaged(reason: FrameError | 'overlong' | 'late-frame'): void {
    this.drop(reason);
    this.noise.bad++;
    const { good, bad, goodBefore, badBefore } = this.noise;
    const [damaged, all] = [bad + badBefore, good + bad + goodBefore + badBefore];
    if (all < NOISE_FRAMES) return;
    if (damaged > DEGRADED_LIMIT * all) this.setDegraded(true);
    if (damaged > NOISE_LIMIT * all) this.lose('noisy');
  }

  private drop(reason: Dropped): void {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1);
  }

  private setDegraded(degraded: boolean): void {
    if (degraded === this.isDegraded) return;
    this.isDegraded = degraded;
    this.events.quality(degraded);
  }

  private turnNoiseWindow(): void {
    const { sinceNs, good, bad, badBefore } = this.noise;
    if (ms(sinceNs, this.nowNs) < 1000) return;
    if (good > 0 && bad + badBefore === 0) this.setDegraded(false);
    this.logs = 0;
    this.engages = 0;
    this.noise = { sinceNs: this.nowNs, good: 0, bad: 0, goodBefore: good, badBefore: bad };
  }

  private write(message: Message, session: number, onlyIfIdle = false): void {
    const { id, schema, payload } = encodeMessage(message);
    this.sequence = (this.sequence + 1) & 0xffff;
    const sentMs = Number((this.nowNs / 1_000_000n) % 2n ** 32n);
    const { sequence } = this;
    const major = PROTOCOL_MAJOR;
    this.send(
      encodeFrame({ major, id, flags: 0, role: 'bridge', session, sequence, sentMs, payload }, schema),
      onlyIfIdle,
    );
  }
}
