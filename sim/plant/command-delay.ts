import type { StateCursor } from './state-cursor.js';

/**
 * Delays commands by a whole number of physics steps: a command that is applied before step s acts from step s + delay on.
 * The buffer is as long as the delay, so it never fills up.
 */
export class CommandDelay {
  /** physics step from which each entry acts; entries in due order */
  private readonly due: Float64Array;
  private readonly values: Float64Array;
  /** oldest entry, and how many there are */
  private readonly ring = new Float64Array(2);
  private readonly capacity: number;

  /**
   * @param width commanded joints (m)
   * @param delaySteps >= 0
   */
  constructor(
    private readonly width: number,
    private readonly delaySteps: number,
  ) {
    this.capacity = delaySteps + 1;
    this.due = new Float64Array(this.capacity);
    this.values = new Float64Array(this.capacity * width);
  }

  clear(): void {
    this.due.fill(0);
    this.values.fill(0);
    this.ring.fill(0);
  }

  /** A second command before the same step replaces the first. */
  push(step: number, command: ArrayLike<number>): void {
    const due = step + this.delaySteps;
    const count = this.ring[1]!;
    const newest = (this.ring[0]! + count - 1) % this.capacity;
    const replaces = count > 0 && this.due[newest] === due;
    const slot = replaces ? newest : (this.ring[0]! + count) % this.capacity;
    if (!replaces) this.ring[1]!++;
    this.due[slot] = due;
    for (let i = 0; i < this.width; i++) this.values[slot * this.width + i] = command[i]!;
  }

  /** Writes the command that starts to act at `step` to `out` (m) and returns true; leaves `out` alone when none does. */
  pop(step: number, out: Float64Array): boolean {
    let found = false;
    while (this.ring[1]! > 0 && this.due[this.ring[0]!]! <= step) {
      const slot = this.ring[0]!;
      for (let i = 0; i < this.width; i++) out[i] = this.values[slot * this.width + i]!;
      this.ring[0] = (slot + 1) % this.capacity;
      this.ring[1]!--;
      found = true;
    }
    return found;
  }

  get stateSize(): number {
    return this.capacity * (1 + this.width) + 2;
  }

  transfer(cursor: StateCursor): void {
    cursor.array(this.due);
    cursor.array(this.values);
    cursor.array(this.ring);
  }
}
