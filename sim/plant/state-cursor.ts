/** Reads and writes the parts of a saved state one after another, in one order for both directions. */
export class StateCursor {
  private at = 0;

  constructor(
    private readonly state: Float64Array,
    /** true: parts are filled from the state; false: the state is filled from the parts */
    readonly restoring: boolean,
  ) {}

  /** Moves an array of numbers. */
  array(part: Float64Array): void {
    const stored = this.state.subarray(this.at, this.at + part.length);
    if (this.restoring) part.set(stored);
    else stored.set(part);
    this.at += part.length;
  }

  /** Moves one number; returns what it is after the move. */
  number(value: number): number {
    if (!this.restoring) this.state[this.at] = value;
    return this.state[this.at++]!;
  }
}
