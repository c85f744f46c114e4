import { elapsedMs, type Clock } from '../core/index.js';
import {
  COMMAND_QOS,
  type Float64MultiArray,
  type JointState,
  type Middleware,
  type Publisher,
  type Subscription,
} from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';
import { gateConfigFromRobot, type GateConfig } from '../safety/index.js';
import { commandFormat, type CommandFormat } from './command-message.js';
import { rejoin, towardsRest } from './rest.js';

export interface DeadManOptions {
  readonly robot: Robot;
  readonly middleware: Middleware;
  readonly clock: Clock;
  /** topic of the bridge's commands */
  readonly from: string;
  /** topic of the controller */
  readonly to: string;
  /** silence of this long stops the robot [ms] */
  readonly timeoutMs: number;
  /** for people */
  readonly tell: (line: string) => void;
}

/** Rest is sent so often before silence (stop_publish_cycles of MoveIt Servo is of that kind). */
const REST_CYCLES = 50;

/**
 * Stands between the bridge and a controller that keeps its last command for ever. Commands are handed on at once; when they stop coming
 * the robot is brought to rest. It listens only while it has a controller, and the topic to it for itself: so the bridge sees nobody
 * there while it cannot drive. After a stop it does not listen until the robot has been sent rest for a while.
 */
export class DeadMan {
  forwarded = 0;
  /** messages of another size, of other joints or that are not finite */
  dropped = 0;
  stops = 0;
  private readonly limits: GateConfig;
  private readonly format: CommandFormat;
  private readonly publisher: Publisher<Float64MultiArray | JointState>;
  private subscription: Subscription | null = null;
  /** the newest command on the wire (m) */
  private last: { readonly values: Float64Array; readonly atNs: bigint } | null = null;
  /** when a command came last; null: nobody drives through here */
  private heardNs: bigint | null = null;
  /** commands towards rest are being sent, so many of rest itself; null: none are */
  private restSent: number | null = null;
  private ending = false;
  /** a robot at rest was commanded to move at once */
  private restWanted = false;
  private told = '';

  /** @throws BAD_INPUT for trajectories */
  constructor(private readonly options: DeadManOptions) {
    const { robot, middleware, to } = options;
    this.limits = gateConfigFromRobot(robot);
    this.format = commandFormat(robot);
    this.publisher = middleware.createPublisher(to, this.format.type, COMMAND_QOS);
  }

  /** what it does now, for people */
  get state(): string {
    return this.told;
  }

  /** To be called once in a control period. */
  tick(nowNs: bigint): void {
    const { timeoutMs } = this.options;
    if (this.heardNs !== null && elapsedMs(this.heardNs, nowNs) > timeoutMs)
      this.beginStop(`no command for ${timeoutMs} ms`);
    if (this.restSent !== null) this.sendRest(nowNs);
    else this.listen();
  }

  /** Stops the robot, if it is driven through here, and listens no more. */
  end(): void {
    this.ending = true;
    if (this.heardNs !== null) this.beginStop('it was asked to end');
  }

  /** it was asked to end, and has nothing left to do */
  get ended(): boolean {
    return this.ending && this.restSent === null;
  }

  private listen(): void {
    const why = this.whyNotListen();
    if (why === null && this.subscription === null) {
      const { middleware, from } = this.options;
      this.subscription = middleware.createSubscription<Float64MultiArray | JointState>(
        from,
        this.format.type,
        COMMAND_QOS,
        (message, { receivedNs }) => this.take(message, receivedNs),
      );
    } else if (why !== null && this.heardNs !== null) this.beginStop(why);
    else if (why !== null) this.deafen();
    const wanted = 'waiting: the robot rests and is commanded to move; command rest first';
    this.say(why ?? (this.restWanted ? wanted : `listening on ${this.options.from}`));
  }

  private whyNotListen(): string | null {
    const { middleware, to } = this.options;
    if (this.ending) return 'ending';
    if (this.publisher.matched === 0) return `waiting: nobody listens on ${to}; is the controller active?`;
    return middleware.otherPublishers(to) > 0
      ? `waiting: another node publishes on ${to}; stop it first`
      : null;
  }

  private take(message: Float64MultiArray | JointState, nowNs: bigint): void {
    const values = this.format.read(message);
    if (values.length !== this.limits.joints.length || !values.every(Number.isFinite)) {
      this.dropped++;
      return;
    }
    if (this.subscription === null) return; // came while it was being closed
    const next = this.heardNs === null && this.last !== null ? this.rejoined(values) : values;
    if (next === null) return;
    if (next === values) this.heardNs = nowNs;
    this.forwarded++;
    this.send(next, nowNs);
  }

  /** @returns `values` themselves once the robot is where they have it */
  private rejoined(values: Float64Array): Float64Array | null {
    const next = rejoin(this.limits, this.last!.values, values);
    this.restWanted = next === null;
    if (next === null) return null;
    return next.every((value, i) => value === values[i]) ? values : next;
  }

  private beginStop(why: string): void {
    this.stops++;
    this.heardNs = null;
    this.restSent = 0;
    this.deafen();
    this.say(`stopping: ${why}`);
  }

  private sendRest(nowNs: bigint): void {
    const { values, atNs } = this.last!;
    const next = towardsRest(this.limits, values, Math.max(0, Number(nowNs - atNs) / 1e9));
    if (next.every((value, i) => value === values[i])) this.restSent!++;
    this.send(next, nowNs);
    if (this.restSent! < REST_CYCLES) return;
    this.restSent = null;
    this.say('at rest');
  }

  private send(values: Float64Array, nowNs: bigint): void {
    this.publisher.publish(this.format.write(values, this.options.clock.wallNs()));
    this.last = { values, atNs: nowNs };
  }

  private deafen(): void {
    this.subscription?.close();
    this.subscription = null;
  }

  private say(line: string): void {
    if (line === this.told) return;
    this.told = line;
    this.options.tell(line);
  }
}
