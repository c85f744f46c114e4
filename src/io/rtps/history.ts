import type { Change } from './message-builder.js';
import type { RemoteParticipant } from './remote-participant.js';

export interface HistoryChange extends Change {
  /** KEEP_LAST counts per instance; keyless topics have one instance */
  readonly instance: number;
  /** who gets it; undefined: all matched readers */
  readonly audience: ((participant: RemoteParticipant) => boolean) | undefined;
}

/** A writer's KEEP_LAST history (DDS 1.4, 2.2.3.18), in order of sequence number. */
export class History {
  private changes: HistoryChange[] = [];
  private lastSequenceNumber = 0;

  /**
   * @param depth samples kept per instance
   * @param perInstance false: everything is one instance
   */
  constructor(
    private readonly depth: number,
    private readonly perInstance = false,
  ) {}

  get size(): number {
    return this.changes.length;
  }

  /** Oldest number still kept; last + 1 when empty. */
  get first(): number {
    return this.changes[0]?.sequenceNumber ?? this.lastSequenceNumber + 1;
  }

  get last(): number {
    return this.lastSequenceNumber;
  }

  add(change: HistoryChange): void {
    this.lastSequenceNumber = change.sequenceNumber;
    this.changes.push(change);
    if (!this.perInstance) {
      if (this.changes.length > this.depth) this.changes.shift();
      return;
    }
    let kept = 0;
    this.changes = this.changes
      .reverse()
      .filter((other) => other.instance !== change.instance || kept++ < this.depth)
      .reverse();
  }

  get(sequenceNumber: number): HistoryChange | undefined {
    const guess = this.changes[sequenceNumber - this.first];
    if (guess?.sequenceNumber === sequenceNumber) return guess;
    return this.changes.find((change) => change.sequenceNumber === sequenceNumber);
  }

  /** Forgets disposals that everyone has acknowledged: nobody who comes later needs them. Only instances are disposed. */
  dropDisposedUpTo(sequenceNumber: number): void {
    if (!this.perInstance) return;
    if (!this.changes.some((change) => change.isKey && change.sequenceNumber <= sequenceNumber)) return;
    this.changes = this.changes.filter((change) => !change.isKey || change.sequenceNumber > sequenceNumber);
  }

  *[Symbol.iterator](): IterableIterator<HistoryChange> {
    yield* this.changes;
  }
}
