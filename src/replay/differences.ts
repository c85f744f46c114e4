/** One thing in which the gate run again is another than the recorded one. */
export interface Difference {
  /**
   * command: the gate's for one joint, sent or not; wire: the value that crossed the wire; verdict, reasons, mode: of the gate; event:
   * whether a request was accepted; state: what the gate remembers
   */
  readonly what: 'command' | 'wire' | 'verdict' | 'reasons' | 'mode' | 'event' | 'state';
  /** of the recording, from 1; 0 before the first */
  readonly tick: number;
  /** since the recording began [s] */
  readonly timeS: number;
  /** joint, or what is concerned where that is none; empty for all */
  readonly of: string;
  /** null: there was none */
  readonly recorded: number | string | null;
  readonly computed: number | string | null;
  /** why, as the gate run again says it */
  readonly reasons: readonly string[];
}

/** Counts differences, and keeps the first few. */
export class Differences {
  count = 0;
  /** in which a command or what was sent differs */
  ticks = 0;
  readonly first: Difference[] = [];
  private lastTick = -1;

  constructor(private readonly keep: number) {}

  add(difference: Difference): void {
    this.count++;
    if (this.first.length < this.keep) this.first.push(difference);
    if (difference.tick === this.lastTick) return;
    this.lastTick = difference.tick;
    this.ticks++;
  }
}

/** Bit by bit, but for the many forms of NaN. */
export function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
