/**
 * The device's side of the operator link, as firmware/dynabridge_link.h has it for microcontrollers: bytes and time in, bytes and events
 * out. No port, no clock. Timings and rules: docs/serial-protocol.md.
 */
import { elapsedMs } from '../../core/index.js';
import { FrameSplitter } from './cobs.js';
import { FLAG, MAX_STUFFED_BYTES, PROTOCOL_MAJOR, decodeFrame, encodeFrame } from './frame.js';
import {
  decodeMessage,
  encodeMessage,
  jointSetHash,
  schemaOf,
  type HelloReply,
  type HelloResult,
  type Message,
  type Status,
  type TeleopCommand,
} from './messages.js';
import type { ModeReply, WantedMode } from './mode-messages.js';
import type { RobotState, SetPoint } from './motion-messages.js';

export interface DeviceLinkConfig {
  /** name and version, at most 32 bytes */
  readonly firmware: string;
  /** another number at each start */
  readonly bootId: number;
  /** that the axes command, in their order */
  readonly joints: readonly string[];
  /** most commands per second */
  readonly maxRateHz: number;
}

export interface DeviceLinkEvents {
  /** @param result why there is no link; 'accepted' where one came, or ended */
  link(linked: boolean, result: HelloResult): void;
  /** ten times a second while linked */
  status(status: Status): void;
  /** some ten times a second while linked and the bridge knows where the robot is */
  state(state: RobotState): void;
  /** to the newest request, once */
  modeReply(reply: ModeReply): void;
}

/** 1: knows STATE, SETPOINT and MODE_REQ */
const MINOR = 1;

const HELLO_EVERY_MS = 250;
const HEARTBEAT_EVERY_MS = 100;
const ESTOP_EVERY_MS = 50;

interface PendingStop {
  readonly cause: number;
  /** sequence numbers under which it was sent so far */
  readonly first: number;
  last: number;
  sentNs: bigint;
}

export class DeviceLink {
  /** frames that were damaged, or not for us */
  dropped = 0;
  /** 0: not linked */
  private session = 0;
  private sequence = 0;
  private progressCount = 0;
  private linkTimeoutMs = 0;
  private lastFrameNs = 0n;
  private lastHelloNs: bigint | undefined;
  private lastHeartbeatNs = 0n;
  private stop: PendingStop | undefined;
  /** sequence number of the request that waits for its reply */
  private askedMode: number | undefined;
  private nowNs = 0n;
  private readonly splitter = new FrameSplitter(
    MAX_STUFFED_BYTES,
    (stuffed) => this.frame(stuffed),
    () => this.dropped++,
  );

  constructor(
    private readonly config: DeviceLinkConfig,
    private readonly events: DeviceLinkEvents,
    /** sends bytes now or never */
    private readonly send: (bytes: Uint8Array) => void,
  ) {}

  get linked(): boolean {
    return this.session !== 0;
  }

  receive(chunk: Uint8Array, nowNs: bigint): void {
    this.nowNs = nowNs;
    this.splitter.push(chunk);
  }

  /** To be called at least every 10 ms. */
  tick(nowNs: bigint): void {
    this.nowNs = nowNs;
    if (this.linked && elapsedMs(this.lastFrameNs, nowNs) > this.linkTimeoutMs) this.unlink('accepted');
    if (this.stop && elapsedMs(this.stop.sentNs, nowNs) >= ESTOP_EVERY_MS) this.estop(this.stop.cause, nowNs);
    if (!this.linked) this.sayHello();
    else if (elapsedMs(this.lastHeartbeatNs, nowNs) >= HEARTBEAT_EVERY_MS) {
      this.lastHeartbeatNs = nowNs;
      this.write({ type: 'heartbeat', faults: 0, progress: this.progressCount, dropped: this.dropped });
    }
  }

  /** To be called by the loop that reads the sticks: the bridge notices when it hangs. */
  progress(): void {
    this.progressCount = (this.progressCount + 1) >>> 0;
  }

  /** To be called 50 times a second. @returns false, and nothing is sent, where there is no link */
  teleop(command: Omit<TeleopCommand, 'type'>, nowNs: bigint): boolean {
    return this.writeLinked({ type: 'teleop', ...command }, nowNs);
  }

  /**
   * Where the robot is to be; acted on only beside {@link teleop} commands with the enable button pressed and the sticks at rest. To be
   * called 50 times a second. @returns false, and nothing is sent, where there is no link
   */
  setPoint(command: Omit<SetPoint, 'type'>, nowNs: bigint): boolean {
    return this.writeLinked({ type: 'set-point', ...command }, nowNs);
  }

  /** Asks for a mode, once: a request that is lost is for the operator to repeat. @returns false where there is no link */
  requestMode(wanted: WantedMode, nowNs: bigint): boolean {
    this.nowNs = nowNs;
    if (this.linked) this.askedMode = this.write({ type: 'mode-request', wanted });
    return this.linked;
  }

  /** Sent every 50 ms until the bridge acknowledges it, linked or not. */
  estop(cause: number, nowNs: bigint): void {
    this.nowNs = nowNs;
    const sequence = this.write({ type: 'estop', cause }, FLAG.ackRequested);
    const first = this.stop?.first ?? sequence;
    this.stop = { cause, first, last: sequence, sentNs: nowNs };
  }

  /** @param nonce of the latched stop, from the status */
  estopReset(nonce: number, nowNs: bigint): boolean {
    return this.writeLinked({ type: 'estop-reset', nonce }, nowNs);
  }

  /** @param level 0 debug, 1 info, 2 warning, 3 error */
  log(level: number, text: string, nowNs: bigint): boolean {
    return this.writeLinked({ type: 'log', level, text }, nowNs);
  }

  private frame(stuffed: Uint8Array): void {
    const frame = decodeFrame(stuffed, schemaOf);
    if (typeof frame === 'string' || frame.role !== 'bridge') {
      this.dropped++;
      return;
    }
    const message = decodeMessage(frame.id, frame.payload);
    if (frame.major !== PROTOCOL_MAJOR && !isVersionRefusal(message)) {
      this.dropped++;
      return;
    }
    if (message?.type === 'hello-reply' && !this.linked) this.onReply(message);
    else if (message?.type === 'ack' && message.id === ESTOP_ID) this.onAck(message.sequence);
    else if (message !== undefined && this.linked && frame.session === this.session) this.use(message);
  }

  private use(message: Message): void {
    if (message.type === 'status') {
      this.lastFrameNs = this.nowNs;
      this.events.status(message);
    } else if (message.type === 'state') this.events.state(message);
    else if (message.type === 'mode-reply' && message.sequence === this.askedMode) {
      this.askedMode = undefined;
      this.events.modeReply(message);
    }
  }

  private onReply({ result, session, linkTimeoutMs }: HelloReply): void {
    if (result !== 'accepted') return this.unlink(result);
    this.session = session;
    this.linkTimeoutMs = linkTimeoutMs;
    this.lastFrameNs = this.nowNs;
    this.events.link(true, 'accepted');
  }

  private onAck(sequence: number): void {
    if (!this.stop) return;
    const { first, last } = this.stop;
    if (((sequence - first) & 0xffff) <= ((last - first) & 0xffff)) this.stop = undefined;
  }

  private unlink(result: HelloResult): void {
    const was = this.linked;
    this.session = 0;
    this.askedMode = undefined;
    if (was || result !== 'accepted') this.events.link(false, result);
  }

  private sayHello(): void {
    if (this.lastHelloNs !== undefined && elapsedMs(this.lastHelloNs, this.nowNs) < HELLO_EVERY_MS) return;
    const { firmware, bootId, joints, maxRateHz } = this.config;
    this.lastHelloNs = this.nowNs;
    const axes = joints.length;
    this.write({
      type: 'hello',
      minor: MINOR,
      bootId,
      jointSet: jointSetHash(joints),
      axes,
      maxRateHz,
      firmware,
    });
  }

  private writeLinked(message: Message, nowNs: bigint): boolean {
    this.nowNs = nowNs;
    if (this.linked) this.write(message);
    return this.linked;
  }

  /** @returns sequence number of the frame */
  private write(message: Message, flags = 0): number {
    const { id, schema, payload } = encodeMessage(message);
    const sequence = (this.sequence = (this.sequence + 1) & 0xffff);
    const sentMs = Number((this.nowNs / 1_000_000n) % 2n ** 32n);
    const major = PROTOCOL_MAJOR;
    const { session } = this;
    this.send(
      encodeFrame({ major, id, flags, role: 'operator', session, sequence, sentMs, payload }, schema),
    );
    return sequence;
  }
}

/** A bridge of any version may say that ours is not its own. */
function isVersionRefusal(message: Message | undefined): boolean {
  return message?.type === 'hello-reply' && message.result === 'version';
}

const ESTOP_ID = encodeMessage({ type: 'estop', cause: 0 }).id;
