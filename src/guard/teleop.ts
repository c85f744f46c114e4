import { Rng, type Clock } from '../core/index.js';
import {
  OperatorLink,
  SerialConnection,
  jointSetHash,
  type OperatorCommand,
  type Status,
  type TeleopCommand,
} from '../io/serial/index.js';
import type { TeleopConfig } from '../robot/index.js';
import type { GateConfig, OperatorInput, Proposal } from '../safety/index.js';

export interface TeleopEvents {
  /** the operator's input is another: who has authority may have changed */
  changed(): void;
  estop(by: string): void;
  reset(nonce: number): void;
  /** for the record and for people */
  tell(kind: string, detail: Readonly<Record<string, unknown>>): void;
}

/** Part of the usual speed while the line is noisy. */
const DEGRADED_SCALE = 0.5;
const TICK_MS = 5;

/** The operator's device: its link, what it asks for, and what that means for this robot. */
export class Teleop {
  private readonly connection: SerialConnection;
  private readonly link: OperatorLink;
  private readonly timer: NodeJS.Timeout;
  private readonly joints: readonly string[];
  private newest: OperatorCommand | null = null;
  /** set-point that the sticks move, while they do (position interface) */
  private target: Float64Array | null = null;
  private seq = 0;
  /** why the device was refused last, while it is */
  private refusal: string | undefined;

  constructor(
    private readonly path: string,
    private readonly config: GateConfig,
    private readonly teleop: TeleopConfig,
    clock: Clock,
    status: () => Omit<Status, 'type'>,
    private readonly events: TeleopEvents,
  ) {
    const joints = (this.joints = config.joints.map(({ name }) => name));
    this.connection = new SerialConnection(
      { path },
      {
        bytes: (chunk) => this.link.receive(chunk, clock.nowNs()),
        opened: () => events.tell('teleop-port', { state: 'open', path }),
        closed: () => {
          events.tell('teleop-port', { state: 'closed', path });
          this.link.closed();
        },
        failed: ({ message }) => events.tell('teleop-port', { state: 'not open', why: message }),
      },
    );
    this.link = new OperatorLink(
      {
        axes: joints.length,
        jointSet: jointSetHash(joints),
        commandTimeoutMs: teleop.commandTimeoutMs,
        linkTimeoutMs: teleop.linkTimeoutMs,
      },
      {
        linked: ({ firmware }) => {
          this.refusal = undefined;
          events.tell('teleop-linked', { firmware });
        },
        refused: (result, { firmware }) => {
          if (this.refusal !== result) events.tell('teleop-refused', { why: result, firmware, joints }); // it asks four times a second
          this.refusal = result;
        },
        lost: (reason) => {
          events.tell('teleop-lost', { why: reason });
          this.take(null);
        },
        command: (command) => this.take(command),
        estop: (cause) => events.estop(`operator device, cause ${cause}`),
        estopReset: (nonce) => events.reset(nonce),
        quality: (degraded) =>
          events.tell('teleop-line', { state: degraded ? 'degraded: slowed to half' : 'clean' }),
        log: (level, text) => events.tell('teleop-log', { level, text }),
      },
      (bytes) => this.connection.write(bytes),
      new Rng(Number(clock.nowNs() % 2n ** 31n), 'operator-session'), // another session number at each start
    );
    this.connection.start();
    this.timer = setInterval(() => this.link.tick(clock.nowNs(), status()), TICK_MS);
  }

  /** As far as authority is concerned; null where there is no link. */
  get input(): OperatorInput | null {
    if (this.newest === null) return null;
    const { enable, axes, expiresNs } = this.newest;
    const { deadBand } = this.teleop;
    return { enable, expiresNs, neutral: axes.every((value) => Math.abs(value) <= deadBand) };
  }

  /** Why there is no link to the device, for people; null where there is one. */
  whyNotLinked(): string | null {
    if (!this.connection.isOpen) return `serial port ${this.path} is not open`;
    return this.link.linked ? null : `no operator device is linked at ${this.path}`;
  }

  /** Why the operator does not drive, for people. */
  whyIdle(): string {
    return this.whyNotLinked() ?? 'the operator has not pressed enable (with the sticks at rest)';
  }

  /** The operator drives from now on: a set-point goes on from the last command, not from where sticks had it before. */
  begin(): void {
    this.target = null;
  }

  /** What the sticks ask for, for one control tick while the operator drives. @param base last command */
  proposal(base: Float64Array): Proposal | null {
    const { newest, config, joints } = this;
    if (newest === null) return null;
    const scale = this.teleop.maxVelocityScale * (this.link.degraded ? DEGRADED_SCALE : 1);
    const tuned = { maxVelocityScale: scale, deadBand: this.teleop.deadBand };
    const command = stickCommand(config, tuned, newest, this.target ?? base);
    if (config.interface === 'position') this.target = command;
    return { source: 'teleop', joints, command, seq: ++this.seq, expiresNs: newest.expiresNs };
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.connection.stop();
  }

  private take(command: OperatorCommand | null): void {
    this.newest = command;
    this.events.changed();
  }
}

/**
 * What sticks mean for one control tick: velocities or efforts in proportion, set-points moved on at that velocity, within limits.
 * Modes other than joint-velocity ask for no motion.
 * @param from set-point (m) of a position interface before this tick
 */
export function stickCommand(
  { interface: kind, joints, controlPeriod }: GateConfig,
  { maxVelocityScale, deadBand }: Pick<TeleopConfig, 'maxVelocityScale' | 'deadBand'>,
  { mode, axes }: Pick<TeleopCommand, 'mode' | 'axes'>,
  from: Float64Array,
): Float64Array {
  return Float64Array.from(joints, ({ maxVelocity, maxEffort, minPosition, maxPosition }, i) => {
    const share = mode === 'joint-velocity' ? maxVelocityScale * beyondDeadBand(axes[i]!, deadBand) : 0;
    if (kind === 'effort') return share * maxEffort;
    if (kind === 'velocity') return share * maxVelocity;
    return Math.min(Math.max(from[i]! + share * maxVelocity * controlPeriod, minPosition), maxPosition);
  });
}

/** 0 within the dead band, then to 1 at full deflection without a jump. */
function beyondDeadBand(value: number, deadBand: number): number {
  const beyond = Math.max(0, Math.abs(value) - deadBand) / (1 - deadBand);
  return Math.sign(value) * beyond;
}
