import {
  DeviceLink,
  HELLO_RESULTS,
  MODE_RESULTS,
  ROBOT_FAULTS,
  ROBOT_MODES,
  STATUS_OWNERS,
  WANTED_MODES,
  type ModeReply,
  type RobotState,
  type SetPoint,
  type Status,
  type TeleopCommand,
} from '../io/serial/index.js';
import type { DeviceOrder } from './device-orders.js';

/** As often as a device sends its sticks. */
const COMMAND_EVERY_NS = 20_000_000n;
const FULL_SCALE = 32767;

/** An operator device without hardware: sticks, buttons and link; told what to do by orders or by the keyboard. */
export class SimulatedDevice {
  /** sent every 20 ms; null: none */
  sticks: Omit<TeleopCommand, 'type'> | null = null;
  /** sent as often; null: none */
  setPoint: Omit<SetPoint, 'type'> | null = null;
  /** newest words of the bridge; null where there is no link, or there was none yet */
  status: Status | null = null;
  state: RobotState | null = null;
  modeReply: ModeReply | null = null;
  /** why the bridge has refused this device, while it does */
  refusal: string | null = null;
  private link: DeviceLink;
  private hung = false;
  private muted = false;
  private lastSentNs = 0n;
  private toldDropped = 0;
  private boots = 0;

  /**
   * @param tell events, in the words of firmware/host/device.c
   * @param send bytes, now or never
   */
  constructor(
    private readonly joints: readonly string[],
    private readonly tell: (line: string) => void,
    private readonly send: (bytes: Uint8Array) => void,
    /** drawn at each start */
    private readonly bootId: number,
  ) {
    this.link = this.boot();
  }

  get linked(): boolean {
    return this.link.linked;
  }

  receive(chunk: Uint8Array, nowNs: bigint): void {
    if (!this.muted) this.link.receive(chunk, nowNs);
  }

  /** To be called every few milliseconds. */
  tick(nowNs: bigint): void {
    if (!this.hung) this.link.progress();
    if (nowNs - this.lastSentNs >= COMMAND_EVERY_NS) {
      this.lastSentNs = nowNs;
      if (this.setPoint !== null) this.link.setPoint(this.setPoint, nowNs);
      if (this.sticks !== null) this.link.teleop(this.sticks, nowNs);
    }
    this.link.tick(nowNs);
    if (this.link.dropped !== this.toldDropped)
      this.tell(`dropped ${(this.toldDropped = this.link.dropped)}`);
  }

  /** Does what an order says; `wait` and `quit` are for whoever reads the orders. */
  obey(order: DeviceOrder, nowNs: bigint): void {
    switch (order.order) {
      case 'stick':
        this.sticks = order.command;
        break;
      case 'release':
        this.sticks = this.setPoint = null;
        break;
      case 'setpoint':
        this.setPoint = order.command;
        break;
      case 'mode':
        this.link.requestMode(order.wanted, nowNs);
        break;
      case 'estop':
        this.link.estop(order.cause, nowNs);
        break;
      case 'reset':
        this.link.estopReset(order.nonce, nowNs);
        break;
      case 'log':
        this.link.log(1, order.text, nowNs);
        break;
      case 'hang':
        this.hung = true;
        break;
      case 'mute':
        this.muted = true;
        break;
      case 'restart':
        this.sticks = this.setPoint = null;
        this.link = this.boot();
        break;
      case 'wait':
      case 'quit':
    }
  }

  private boot(): DeviceLink {
    this.forget();
    this.toldDropped = 0;
    const bootId = (this.bootId + this.boots++) >>> 0;
    return new DeviceLink(
      { firmware: 'dynabridge teleop-device 1', bootId, joints: this.joints, maxRateHz: 50 },
      {
        link: (linked, result) => {
          this.forget();
          this.refusal = result === 'accepted' ? null : result;
          this.tell(`link ${linked ? 1 : 0} ${HELLO_RESULTS.indexOf(result)}`);
        },
        status: (status) => {
          this.status = status;
          const { owner, latched, stateAgeMs, nonce } = status;
          this.tell(`status ${STATUS_OWNERS.indexOf(owner)} ${latched ? 1 : 0} ${stateAgeMs} ${nonce}`);
        },
        state: (state) => {
          this.state = state;
          const { mode, fault, ageMs, positions, velocities } = state;
          const shares = [...positions, ...velocities].map((share) => Math.round(share * FULL_SCALE));
          const codes = [ROBOT_MODES.indexOf(mode), ROBOT_FAULTS.indexOf(fault)];
          this.tell(`state ${[...codes, ageMs, ...shares].join(' ')}`);
        },
        modeReply: (reply) => {
          this.modeReply = reply;
          const { wanted, result, why } = reply;
          this.tell(`mode ${WANTED_MODES.indexOf(wanted)} ${MODE_RESULTS.indexOf(result)} ${why}`);
        },
      },
      (bytes) => {
        if (!this.muted) this.send(bytes);
      },
    );
  }

  private forget(): void {
    this.status = this.state = this.modeReply = null;
  }
}
