import { FragmentAssembler, type ReassemblyBudget } from './fragment-assembler.js';
import type { Limits } from './limits.js';
import type { Locator } from './locator.js';
import type { Reader } from './reader.js';
import type { RemoteParticipant } from './remote-participant.js';
import type { Sample } from './sample.js';

/** A sample that arrived early, or a number that will never come. */
export type Held = Sample | 'irrelevant';

/** A local reader's view of one matched remote writer (RTPS 8.4.10.4). */
export class WriterProxy {
  /** next number to deliver; undefined until the writer has said where we start */
  expected: number | undefined;
  /** best effort: highest number delivered */
  lastDelivered = 0;
  lastHeartbeatCount = -1;
  /** of our ACKNACKs and NACK_FRAGs */
  ackCount = 0;
  /** monotonic time of the last request made before a heartbeat [ns] */
  lastEarlyNackNs = 0n;
  /** it has sent us a heartbeat: both sides know of the match */
  confirmed = false;
  /** ticks without a heartbeat since the match */
  ticksUnconfirmed = 0;
  readonly assembler: FragmentAssembler;
  private readonly held = new Map<number, Held>();
  private heldBytes = 0;

  constructor(
    readonly reader: Reader,
    readonly participant: RemoteParticipant,
    readonly writerId: number,
    readonly reliable: boolean,
    /** the writer keeps history, and this reader does not want it */
    readonly skipsHistory: boolean,
    private readonly ownLocators: readonly Locator[] | undefined,
    private readonly limits: Limits,
    budget: ReassemblyBudget,
  ) {
    this.assembler = new FragmentAssembler(limits, budget, reliable);
  }

  get locators(): readonly Locator[] {
    return this.ownLocators ?? this.participant.user;
  }

  get heldCount(): number {
    return this.held.size;
  }

  holds(sequenceNumber: number): boolean {
    return this.held.has(sequenceNumber);
  }

  /** False when there is no room; the writer will be asked again. */
  hold(sequenceNumber: number, item: Held): boolean {
    if (this.held.has(sequenceNumber)) return true;
    const bytes = item === 'irrelevant' ? 0 : item.payload.length;
    if (this.held.size >= this.limits.maxHeldSamples) return false;
    if (this.heldBytes + bytes > this.limits.maxHeldBytes && this.held.size > 0) return false;
    this.held.set(sequenceNumber, item);
    this.heldBytes += bytes;
    return true;
  }

  take(sequenceNumber: number): Held | undefined {
    const item = this.held.get(sequenceNumber);
    if (item === undefined) return undefined;
    this.held.delete(sequenceNumber);
    if (item !== 'irrelevant') this.heldBytes -= item.payload.length;
    return item;
  }

  /** Held numbers below the given one, ascending. */
  heldBelow(sequenceNumber: number): number[] {
    return [...this.held.keys()].filter((key) => key < sequenceNumber).sort((a, b) => a - b);
  }
}
