import type { Limits } from './limits.js';
import { NumberSet } from './number-set.js';
import { MAX_SET_BITS } from './protocol.js';
import type { DataFragmentSubmessage } from './submessage.js';

/** Bytes of unfinished samples of a whole participant. */
export interface ReassemblyBudget {
  usedBytes: number;
}

interface Partial {
  readonly bytes: Buffer;
  /** by fragment number - 1 */
  readonly received: Uint8Array;
  readonly fragmentBytes: number;
  missing: number;
}

export type FragmentResult = 'stored' | 'malformed' | 'over-limit';

/** Puts the fragments of one remote writer's samples together (RTPS 8.4.14.1). */
export class FragmentAssembler {
  private readonly partials = new Map<number, Partial>();

  constructor(
    private readonly limits: Limits,
    private readonly budget: ReassemblyBudget,
    /** true: what is missing will be sent again, so the oldest sample matters most; false: the newest */
    private readonly reliable: boolean,
  ) {}

  get size(): number {
    return this.partials.size;
  }

  has(sequenceNumber: number): boolean {
    return this.partials.has(sequenceNumber);
  }

  /** The whole sample once its last fragment has come, else what became of this one. */
  add(fragment: DataFragmentSubmessage): Buffer | FragmentResult {
    const { sequenceNumber, firstFragment, fragmentBytes, sampleBytes, payload } = fragment;
    const partial =
      this.partials.get(sequenceNumber) ?? this.begin(sequenceNumber, sampleBytes, fragmentBytes);
    if (!partial) return 'over-limit';
    if (partial.bytes.length !== sampleBytes || partial.fragmentBytes !== fragmentBytes) return 'malformed';
    let offset = 0;
    for (let i = 0; i < fragment.fragmentCount; i++) {
      const index = firstFragment - 1 + i;
      const at = index * fragmentBytes;
      const size = Math.min(fragmentBytes, sampleBytes - at);
      if (index >= partial.received.length || offset + size > payload.length) return 'malformed';
      if (partial.received[index] === 0) {
        partial.received[index] = 1;
        partial.missing--;
        payload.copy(partial.bytes, at, offset, offset + size);
      }
      offset += size;
    }
    if (partial.missing > 0) return 'stored';
    this.drop(sequenceNumber);
    return partial.bytes;
  }

  /** Fragments to ask for again, from the first missing one on; undefined when none has come. */
  missingOf(sequenceNumber: number): NumberSet | undefined {
    const partial = this.partials.get(sequenceNumber);
    if (!partial) return undefined;
    const first = partial.received.indexOf(0);
    const missing = new NumberSet(first + 1);
    const end = Math.min(partial.received.length, first + MAX_SET_BITS);
    for (let index = first; index < end; index++) {
      if (partial.received[index] === 0) missing.add(index + 1);
    }
    return missing;
  }

  drop(sequenceNumber: number): void {
    const partial = this.partials.get(sequenceNumber);
    if (!partial) return;
    this.partials.delete(sequenceNumber);
    this.budget.usedBytes -= costOf(partial);
  }

  dropBelow(sequenceNumber: number): void {
    for (const key of [...this.partials.keys()]) if (key < sequenceNumber) this.drop(key);
  }

  clear(): void {
    this.dropBelow(Infinity);
  }

  private begin(sequenceNumber: number, sampleBytes: number, fragmentBytes: number): Partial | undefined {
    if (sampleBytes === 0 || sampleBytes > this.limits.maxSampleBytes) return undefined;
    const count = Math.ceil(sampleBytes / fragmentBytes);
    if (this.budget.usedBytes + sampleBytes + count > this.limits.maxReassemblyBytes) return undefined;
    if (this.partials.size >= this.limits.maxFragmentedSamples && !this.makeRoomFor(sequenceNumber)) {
      return undefined;
    }
    const bytes = Buffer.allocUnsafe(sampleBytes); // handed out only when every byte has been written
    const partial = { bytes, received: new Uint8Array(count), fragmentBytes, missing: count };
    this.partials.set(sequenceNumber, partial);
    this.budget.usedBytes += costOf(partial);
    return partial;
  }

  private makeRoomFor(sequenceNumber: number): boolean {
    const keys = [...this.partials.keys()];
    const victim = this.reliable ? Math.max(...keys) : Math.min(...keys);
    if (this.reliable && victim < sequenceNumber) return false;
    this.drop(victim);
    return true;
  }
}

function costOf(partial: Partial): number {
  return partial.bytes.length + partial.received.length;
}
