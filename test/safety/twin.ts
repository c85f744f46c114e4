/**
 * An independent joint for the safety tests, written from the equations and sharing no code with the gate: a command sent at s
 * acts from s + latency until the next one does; velocity interface tau dv/dt = u - v, dq/dt = v, solved exactly per segment;
 * position interface tau dq/dt = p - q; effort interface tau du/dt = e - u, inertia dv/dt = u, dq/dt = v, solved exactly as well.
 */
export interface TwinOptions {
  readonly kind: 'position' | 'velocity' | 'effort';
  readonly latency: number;
  readonly lag: number;
  readonly position: number;
  /** [s] */
  readonly startsAt: number;
  /** what somebody else commanded before; velocity interface */
  readonly velocity?: number;
  /** [kg m^2] or [kg]; effort interface, default 1 */
  readonly inertia?: number;
}

export class Twin {
  position: number;
  velocity = 0;
  highest: number;
  lowest: number;
  private time: number;
  private readonly queue: { at: number; value: number }[] = [];
  private acting: number;
  /** effort that the actuator delivers */
  private effort = 0;

  constructor(private readonly options: TwinOptions) {
    this.time = options.startsAt;
    this.position = options.position;
    this.highest = options.position;
    this.lowest = options.position;
    this.velocity = options.velocity ?? 0;
    this.acting = { position: options.position, velocity: this.velocity, effort: 0 }[options.kind];
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
    } else if (kind === 'effort') {
      const { inertia = 1 } = this.options;
      const excess = this.effort - this.acting;
      const pushed = lag * (1 - kept);
      this.position +=
        this.velocity * dt + (this.acting * dt * dt) / 2 / inertia + (excess * lag * (dt - pushed)) / inertia;
      this.velocity += (this.acting * dt + excess * pushed) / inertia;
      this.effort = this.acting + excess * kept;
    } else {
      const before = this.position;
      this.position = this.acting + (this.position - this.acting) * kept;
      this.velocity = lag > 0 ? (this.acting - this.position) / lag : (this.position - before) / dt;
    }
    this.highest = Math.max(this.highest, this.position);
    this.lowest = Math.min(this.lowest, this.position);
  }
}
