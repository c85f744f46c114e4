/**
 * An independent joint for the safety tests, written from the equations and sharing no code with the gate: a command sent at s
 * acts from s + latency until the next one does; velocity interface tau dv/dt = u - v, dq/dt = v, solved exactly per segment;
 * position interface tau dq/dt = p - q.
 */
export interface TwinOptions {
  readonly kind: 'position' | 'velocity';
  readonly latency: number;
  readonly lag: number;
  readonly position: number;
  /** [s] */
  readonly startsAt: number;
  /** what somebody else commanded before; velocity interface */
  readonly velocity?: number;
}

export class Twin {
  position: number;
  velocity = 0;
  highest: number;
  lowest: number;
  private time: number;
  private readonly queue: { at: number; value: number }[] = [];
  private acting: number;

  constructor(private readonly options: TwinOptions) {
    this.time = options.startsAt;
    this.position = options.position;
    this.highest = options.position;
    this.lowest = options.position;
    this.velocity = options.velocity ?? 0;
    this.acting = options.kind === 'position' ? options.position : this.velocity;
  }

  send(time: number, value: number): void {
    this.queue.push({ at: time + this.options.latency, value });
  }

  advanceTo(time: number): void {
    while (this.queue.length > 0 && this.queue[0]!.at <= time) {
      const { at, value } = this.queue.shift()!;
      this.move(Math.max(at - this.time, 0));
      this.time = Math.max(at, this.time);
      this.acting = value;
    }
    this.move(time - this.time);
    this.time = time;
  }

  private move(duration: number): void {
    // in pieces, so that an extreme inside a segment is seen
    const pieces = 4;
    for (let i = 0; i < pieces && duration > 0; i++) this.piece(duration / pieces);
  }

  private piece(dt: number): void {
    const { lag, kind } = this.options;
    const kept = lag > 0 ? Math.exp(-dt / lag) : 0;
    if (kind === 'velocity') {
      const excess = this.velocity - this.acting;
      this.position += this.acting * dt + excess * lag * (1 - kept);
      this.velocity = this.acting + excess * kept;
    } else {
      const before = this.position;
      this.position = this.acting + (this.position - this.acting) * kept;
      this.velocity = lag > 0 ? (this.acting - this.position) / lag : (this.position - before) / dt;
    }
    this.highest = Math.max(this.highest, this.position);
    this.lowest = Math.min(this.lowest, this.position);
  }
}
