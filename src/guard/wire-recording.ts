import {
  GATE_TOPICS,
  requestToMessage,
  stateToMessage,
  tickToMessage,
  type GateRequest,
} from '../io/gate-record/index.js';
import type { TrafficMessage } from '../io/ipc/index.js';
import { CodecCache, type Traffic } from '../io/ros/index.js';
import { NS_PER_S } from '../core/index.js';
import { reasonMask, type Evidence, type Measured, type Proposal } from '../safety/index.js';
import type { Owner, ShapedTick, ShaperState } from '../safety/index.js';

/** Of one control tick, what the gate was given and what became of its command. */
export interface RecordedTick {
  readonly target: Proposal | null;
  readonly measured: Measured | null;
  readonly evidence: Evidence | null;
  readonly madeNs: bigint;
  /** 0n: nothing was sent */
  readonly sentNs: bigint;
  /** share of the velocities in force */
  readonly velocityScale: number;
  readonly owner: Owner;
  /** why a command was vetoed; null while none was */
  readonly veto: string | null;
}

/** Bounds of memory: what does not fit is lost, and counted. */
const MOST_RECORDS = 20_000;
const MOST_BYTES = 16 << 20;
/** A message larger than this is lost; a frame between our processes holds no more than twice that. */
const LARGEST_BYTES = 512 << 10;
/** Room that a record of the gate takes until it is serialized, on the generous side. */
const GATE_BYTES = 4 << 10;
/** From a state of the gate on it can be run again, so what follows a loss is lost for this long at most [ns]. */
const STATE_EVERY_NS = NS_PER_S;
const NONE = new Float64Array(0);

interface Waiting {
  readonly number: number;
  readonly bytes: number;
  readonly make: () => Omit<TrafficMessage, 'type' | 'number'>;
}

/**
 * All that crosses the wire and goes into the gate, on its way to the recorder. Taking something in only puts it into a queue, which is
 * serialized and sent when the guard has nothing else to do; what was taken in before the recorder has come waits for it.
 */
export class WireRecording {
  private readonly codecs = new CodecCache();
  private send: (message: TrafficMessage) => boolean = () => false;
  private joints: readonly string[] = [];
  private waiting: Waiting[] = [];
  private bytes = 0;
  private number = 0;
  private scheduled = false;
  private stateNs: bigint | null = null;

  /** @param send false where it could not be taken now; it is tried again then */
  begin(
    joints: readonly string[],
    state: ShaperState,
    nowNs: bigint,
    send: (message: TrafficMessage) => boolean,
  ): void {
    this.joints = joints;
    this.send = send;
    this.state(state, nowNs);
  }

  readonly traffic = ({ topic, type, offers, payload, atNs, sourceNs }: Traffic): void => {
    this.push(payload.byteLength, () => ({
      ...{ topic, messageType: type, offers, atNs, sourceNs: sourceNs ?? 0n, payload },
    }));
  };

  /** @param state after the tick, its send time and its veto */
  tick(tick: RecordedTick, { verdict, requested }: ShapedTick, state: ShaperState): void {
    const { target, evidence, owner, ...times } = tick;
    const record = {
      ...times,
      evidence,
      target: target && { ...target, command: target.command.slice() },
      measured: copyOf(tick.measured), // the vectors are those of the newest state, and change with it
      authority: owner,
      mode: state.gate.mode,
      verdict: verdict.kind,
      reasons: reasonMask(verdict.reasons),
      requested: requested?.slice() ?? NONE,
      command: verdict.command?.copyValues() ?? NONE,
    };
    this.gate('tick', tick.madeNs, () => tickToMessage(record, this.joints));
    if (this.stateNs === null || tick.madeNs - this.stateNs >= STATE_EVERY_NS) this.state(state, tick.madeNs);
  }

  event(request: GateRequest): void {
    const record = { ...request, measured: copyOf(request.measured) };
    this.gate('event', request.atNs, () => requestToMessage(record));
  }

  private state(state: ShaperState, atNs: bigint): void {
    this.stateNs = atNs;
    this.gate('state', atNs, () => stateToMessage(state, atNs));
  }

  private gate(kind: keyof typeof GATE_TOPICS, atNs: bigint, message: () => object): void {
    const { topic, type } = GATE_TOPICS[kind];
    this.push(GATE_BYTES, () => ({
      topic,
      messageType: type,
      offers: [{ reliability: 'reliable', durability: 'volatile', depth: 1 }],
      ...{ atNs, sourceNs: 0n },
      payload: this.codecs.get<object>(type).encode(message()),
    }));
  }

  private push(bytes: number, make: Waiting['make']): void {
    const number = ++this.number;
    const full = this.waiting.length >= MOST_RECORDS || this.bytes + bytes > MOST_BYTES;
    if (!full && bytes <= LARGEST_BYTES) {
      this.waiting.push({ number, bytes, make });
      this.bytes += bytes;
    }
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.drain());
  }

  private drain(): void {
    this.scheduled = false;
    let sent = 0;
    for (const { number, bytes, make } of this.waiting) {
      if (!this.send({ type: 'traffic', number, ...make() })) break;
      this.bytes -= bytes;
      sent++;
    }
    this.waiting.splice(0, sent);
  }
}

function copyOf(measured: Measured | null): Measured | null {
  if (measured === null) return null;
  const { positions, velocities, receivedNs } = measured;
  return { positions: positions.slice(), velocities: velocities.slice(), receivedNs };
}
