import { elapsedMs } from '../core/index.js';
import type { ReadMessage } from '../data/index.js';
import {
  GATE_TOPICS,
  inputsOf,
  measuredOf,
  stateOf,
  type GateEventMessage,
  type GateStateMessage,
  type GateTickMessage,
} from '../io/gate-record/index.js';
import { CodecCache, type Float64MultiArray, type JointTrajectory } from '../io/ros/index.js';
import {
  describeReason,
  followPoints,
  gateEvent,
  latchVeto,
  lookAhead,
  reasonMask,
  reasonNames,
  shapeTick,
  withSendTime,
  type GateConfig,
  type GateEvent,
  type PointsInFlight,
  type ShapedTick,
  type ShaperState,
} from '../safety/index.js';
import { Differences, sameNumbers, type Difference } from './differences.js';

export interface ReplayOptions {
  /** of the gate that is run */
  readonly config: GateConfig;
  /** control ticks per policy step */
  readonly decimation: number;
  readonly commandTopic: string;
  /** of a trajectory, see RobotConfig */
  readonly commandPoints: number;
  /** this gate is another than the recorded one: what it remembers is not compared */
  readonly otherGate: boolean;
  /** differences that are kept one by one */
  readonly keep: number;
}

/** Commands over time, one value per tick that had any. */
export interface CommandTraces {
  /** since the recording began [s] */
  readonly timeS: number[];
  /** by joint; NaN: none */
  readonly recorded: readonly number[][];
  readonly computed: readonly number[][];
}

const NONE = new Float64Array(0);

/** Runs the gate again over the messages of a recording, in their order, and compares. Nothing is read but the messages. */
export class GateReplay {
  ticks = 0;
  commands = 0;
  events = 0;
  /** ticks that could not be run, because records before them were lost */
  skipped = 0;
  /** records that were lost on the way to the file */
  lost = 0;
  readonly differences: Differences;
  readonly traces: CommandTraces;
  private readonly codecs = new CodecCache();
  private readonly joints: readonly string[];
  /** null: not known, until the next record of it */
  private state: ShaperState | null = null;
  /** undefined: not known, until a command has been run */
  private inFlight: PointsInFlight | null | undefined = null;
  private lastSentNs = 0n;
  private beginNs: bigint | null = null;
  private sequence = 0;
  /** what crossed the wire and belongs to the next ticks */
  private wire: Float64Array[] = [];

  constructor(private readonly options: ReplayOptions) {
    this.joints = options.config.joints.map(({ name }) => name);
    this.differences = new Differences(options.keep);
    const perJoint = () => this.joints.map((): number[] => []);
    this.traces = { timeS: [], recorded: perJoint(), computed: perJoint() };
  }

  /** @throws BAD_INPUT where a message is not of the type that its channel says */
  take({ topic, type, sequence, data }: ReadMessage): void {
    this.count(sequence);
    const decode = <T>(): T => this.codecs.get<T>(type).decode(data);
    if (topic === GATE_TOPICS.tick.topic) this.onTick(decode<GateTickMessage>());
    else if (topic === GATE_TOPICS.event.topic) this.onEvent(decode<GateEventMessage>());
    else if (topic === GATE_TOPICS.state.topic) this.onState(decode<GateStateMessage>());
    else if (topic === this.options.commandTopic) this.wire.push(valuesOf(decode()));
  }

  private count(sequence: number): void {
    const missing = sequence - this.sequence - 1;
    this.sequence = sequence;
    if (missing === 0) return;
    this.lost += missing;
    this.state = null;
    this.inFlight = undefined;
  }

  private onState(message: GateStateMessage): void {
    this.beginNs ??= message.at_ns;
    const recorded = stateOf(message);
    if (this.state === null) {
      this.state = recorded;
      this.wire = [];
    } else if (!this.options.otherGate) {
      const of = differentPart(recorded, this.state);
      const same = { recorded: 'as recorded', computed: 'another' };
      if (of !== null) this.differ({ what: 'state', of, ...same, reasons: [] }, message.at_ns);
    }
  }

  private onEvent(message: GateEventMessage): void {
    this.events++;
    if (this.state === null) return;
    const event = message.event as GateEvent;
    const { config } = this.options;
    const { silent } = this.state.gate;
    const { state, outcome } = gateEvent(config, this.state.gate, event, measuredOf(message), message.at_ns);
    if (state.silent && !silent) this.inFlight = null;
    this.state = { ...this.state, gate: state };
    if (outcome.accepted === message.accepted) return;
    const text = (accepted: boolean): string => (accepted ? 'accepted' : 'refused');
    const told = { recorded: text(message.accepted), computed: text(outcome.accepted) };
    const reasons = outcome.accepted ? [] : [outcome.why];
    this.differ({ what: 'event', of: event, ...told, reasons }, message.at_ns);
  }

  private onTick(message: GateTickMessage): void {
    this.ticks++;
    const sent = message.sent_ns === 0n ? null : (this.wire.shift() ?? NONE);
    if (sent !== null) this.commands++;
    const { decimation, commandPoints } = this.options;
    const config = { ...this.options.config, velocityScale: message.velocity_scale };
    const now = message.made_ns;
    this.state = this.stateAt(config, now);
    if (sent !== null) this.lastSentNs = message.sent_ns;
    if (this.state === null) {
      this.skipped++;
      return;
    }
    const before = this.state;
    const { target, measured, evidence } = inputsOf(message, this.joints);
    const shaped = shapeTick(config, decimation, before, target, measured, evidence, now);
    const count = commandPoints - 1;
    const ahead = lookAhead(config, decimation, before, shaped, target, measured, evidence, now, count);
    this.state = after(config, shaped.state, message);
    const rows = [shaped.verdict.command, ...ahead.map(({ command }) => command)].map(
      (command) => command?.copyValues() ?? NONE,
    );
    const vetoed = message.veto !== '';
    if (sent !== null) this.inFlight = vetoed ? null : { sentNs: message.sent_ns, command: rows[0]!, ahead };
    this.compare(message, shaped, this.state, vetoed ? null : sent, rows);
  }

  /** The state for a tick; null where it goes on along points that were lost. */
  private stateAt(config: GateConfig, nowNs: bigint): ShaperState | null {
    const { state, inFlight } = this;
    if (state === null) return null;
    if (inFlight !== undefined) return followPoints(config, state, inFlight, nowNs);
    const late = elapsedMs(this.lastSentNs, nowNs) / 1e3 > config.controlPeriod;
    return this.options.commandPoints > 1 && late ? null : state;
  }

  /**
   * @param sent what crossed the wire, point by point; null: nothing of the gate's was sent
   * @param rows of the points computed
   */
  private compare(
    message: GateTickMessage,
    { verdict }: ShapedTick,
    { gate }: ShaperState,
    sent: Float64Array | null,
    [computed = NONE, ...ahead]: readonly Float64Array[],
  ): void {
    const reasons = verdict.reasons.map(describeReason);
    const differ = (what: Difference['what'], of: string, was: Difference['recorded'], is: typeof was) =>
      this.differ({ what, of, recorded: was, computed: is, reasons }, message.made_ns);
    this.joints.forEach((joint, i) => {
      const is = computed[i] ?? null;
      const was = message.command[i] ?? null;
      if (!Object.is(was, is)) differ('command', joint, was, is);
      if (sent === null) return;
      const crossed = sent[i] ?? null;
      if (!Object.is(crossed, is) && !Object.is(crossed, was)) differ('wire', joint, crossed, is);
      ahead.forEach((point, k) => {
        const later = sent[(k + 1) * this.joints.length + i] ?? null;
        if (!Object.is(later, point[i])) differ('wire', `${joint} (point ${k + 2})`, later, point[i]!);
      });
    });
    const most = this.joints.length * (1 + ahead.length);
    if (sent !== null && sent.length > most) differ('wire', 'points', sent.length, most);
    if (message.verdict !== verdict.kind) differ('verdict', '', message.verdict, verdict.kind);
    const [was, is] = [message.reasons.join(), checksOf(verdict.reasons)];
    if (was !== is) differ('reasons', '', was, is);
    if (message.mode !== gate.mode) differ('mode', '', message.mode, gate.mode);
    this.trace(message, computed);
  }

  private trace({ made_ns, command }: GateTickMessage, computed: Float64Array): void {
    if (command.length === 0 && computed.length === 0) return;
    this.traces.timeS.push(this.seconds(made_ns));
    this.joints.forEach((_, i) => {
      this.traces.recorded[i]!.push(command[i] ?? NaN);
      this.traces.computed[i]!.push(computed[i] ?? NaN);
    });
  }

  private differ(difference: Omit<Difference, 'tick' | 'timeS'>, atNs: bigint): void {
    this.differences.add({ ...difference, tick: this.ticks, timeS: this.seconds(atNs) });
  }

  private seconds(atNs: bigint): number {
    this.beginNs ??= atNs;
    return elapsedMs(this.beginNs, atNs) / 1e3;
  }
}

/** The state after a tick's command has left, or was vetoed. */
function after(config: GateConfig, state: ShaperState, message: GateTickMessage): ShaperState {
  const { made_ns, sent_ns, veto } = message;
  let { gate } = state;
  if (sent_ns !== 0n) gate = withSendTime(config, gate, made_ns, sent_ns);
  if (veto !== '') gate = latchVeto(gate, veto, made_ns);
  return { ...state, gate };
}

/** In the order in which the guard writes them. */
function checksOf(reasons: ShapedTick['verdict']['reasons']): string {
  return reasonNames(reasonMask(reasons)).join();
}

/** Point by point. */
function valuesOf(message: Float64MultiArray | JointTrajectory): Float64Array {
  if ('data' in message) return Float64Array.from(message.data);
  return Float64Array.from(
    message.points.flatMap(({ positions, velocities, effort }) => {
      const fields = [positions, velocities, effort];
      return Array.from(fields.find(({ length }) => length > 0) ?? []);
    }),
  );
}

/** The first part of what the gate remembers that differs; null: none. */
function differentPart(a: ShaperState, b: ShaperState): string | null {
  if (a.gate.mode !== b.gate.mode || a.gate.silent !== b.gate.silent) return 'mode';
  if (a.gate.fault?.check !== b.gate.fault?.check) return 'fault';
  if (!sameNumbers(a.gate.numbers, b.gate.numbers)) return 'numbers';
  if (!sameNumbers(a.gate.pipeline, b.gate.pipeline)) return 'pipeline';
  if (!sameNumbers(a.origin, b.origin)) return 'origin';
  return a.source === b.source && a.seq === b.seq && a.subTick === b.subTick ? null : 'proposal';
}
