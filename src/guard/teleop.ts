import { Rng, type Clock } from '../core/index.js';
import {
  OperatorLink,
  SerialConnection,
  jointSetHash,
  type ModeReply,
  type OperatorCommand,
  type RobotState,
  type Status,
  type WantedMode,
} from '../io/serial/index.js';
import type { TeleopConfig } from '../robot/index.js';
import type { GateConfig, OperatorInput, Proposal } from '../safety/index.js';
import { OperatorMotion } from './operator-motion.js';
import type { OperatorSource } from './operator-source.js';

export interface TeleopEvents {
  /** the operator's input is another: who has authority may have changed */
  changed(): void;
  estop(by: string): void;
  reset(nonce: number): void;
  mode(wanted: WantedMode): Pick<ModeReply, 'result' | 'why'>;
  /** for the record and for people */
  tell(kind: string, detail: Readonly<Record<string, unknown>>): void;
}

/** What the device is told. */
export interface TeleopTold {
  readonly status: () => Omit<Status, 'type'>;
  /** null before the first joint state */
  readonly state: () => Omit<RobotState, 'type'> | null;
}

const TICK_MS = 5;

/** The operator's device: its link, what it asks for, and what that means for this robot. */
export class Teleop implements OperatorSource {
  readonly name = 'device';
  private readonly connection: SerialConnection;
  private readonly link: OperatorLink;
  private readonly timer: NodeJS.Timeout;
  private readonly motion: OperatorMotion;
  /** why the device was refused last, while it is */
  private refusal: string | undefined;

  constructor(
    private readonly path: string,
    config: GateConfig,
    teleop: TeleopConfig,
    private readonly clock: Clock,
    told: TeleopTold,
    private readonly events: TeleopEvents,
  ) {
    const joints = config.joints.map(({ name }) => name);
    this.motion = new OperatorMotion(config, teleop);
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
        stateRateHz: teleop.stateRateHz,
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
        setPoint: (setPoint) => this.motion.takeSetPoint(setPoint),
        mode: (wanted) => events.mode(wanted),
        estop: (cause) => events.estop(`operator device, cause ${cause}`),
        estopReset: (nonce) => events.reset(nonce),
        quality: (degraded) =>
          events.tell('teleop-line', { state: degraded ? 'degraded: slowed to half' : 'clean' }),
        log: (level, text) => events.tell('teleop-log', { level, text }),
      },
      (bytes, onlyIfIdle) => this.connection.write(bytes, onlyIfIdle),
      new Rng(Number(clock.nowNs() % 2n ** 31n), 'operator-session'), // another session number at each start
    );
    this.connection.start();
    this.timer = setInterval(() => this.link.tick(clock.nowNs(), told.status(), told.state), TICK_MS);
  }

  get linked(): boolean {
    return this.connection.isOpen && this.link.linked;
  }

  /** As far as authority is concerned; null where there is no link. */
  input(nowNs: bigint): OperatorInput | null {
    return this.motion.input(nowNs);
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

  /** The operator drives from now on. */
  begin(): void {
    this.motion.begin();
  }

  /** What the operator asks for, for one control tick while driving. @param base last command */
  proposal(base: Float64Array): Proposal | null {
    return this.motion.proposal(base, this.clock.nowNs(), this.link.degraded);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.connection.stop();
  }

  private take(command: OperatorCommand | null): void {
    this.motion.takeCommand(command);
    this.events.changed();
  }
}
