import {
  DeviceLink,
  HELLO_RESULTS,
  STATUS_OWNERS,
  type Status,
  type TeleopCommand,
} from '../io/serial/index.js';
import type { DeviceOrder } from './device-orders.js';

/** As often as a device sends its sticks. */
const COMMAND_EVERY_NS = 20_000_000n;

/** An operator device without hardware: sticks, buttons and link; told what to do by orders or by the keyboard. */
export class SimulatedDevice {
  /** sent every 20 ms; null: none */
  sticks: Omit<TeleopCommand, 'type'> | null = null;
  /** newest word of the bridge; null where there is no link */
  status: Status | null = null;
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
    if (this.sticks !== null && nowNs - this.lastSentNs >= COMMAND_EVERY_NS) {
      this.lastSentNs = nowNs;
      this.link.teleop(this.sticks, nowNs);
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
        this.sticks = null;
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
        this.sticks = null;
        this.link = this.boot();
        break;
      case 'wait':
      case 'quit':
    }
  }

  private boot(): DeviceLink {
    this.status = null;
    this.toldDropped = 0;
    const bootId = (this.bootId + this.boots++) >>> 0;
    return new DeviceLink(
      { firmware: 'dynabridge teleop-device 1', bootId, joints: this.joints, maxRateHz: 50 },
      {
        link: (linked, result) => {
          this.status = null;
          this.refusal = result === 'accepted' ? null : result;
          this.tell(`link ${linked ? 1 : 0} ${HELLO_RESULTS.indexOf(result)}`);
        },
        status: (status) => {
          this.status = status;
          const { owner, latched, stateAgeMs, nonce } = status;
          this.tell(`status ${STATUS_OWNERS.indexOf(owner)} ${latched ? 1 : 0} ${stateAgeMs} ${nonce}`);
        },
      },
      (bytes) => {
        if (!this.muted) this.send(bytes);
      },
    );
  }
}
