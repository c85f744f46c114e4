import type { Clock } from '../core/index.js';
import {
  SENSOR_QOS,
  type JointJog,
  type Middleware,
  type ServiceServer,
  type SetBoolResponse,
  type Subscription,
} from '../io/ros/index.js';
import type { TeleopConfig } from '../robot/index.js';
import type { GateConfig, OperatorInput, Proposal } from '../safety/index.js';
import { readJog, type JogFlaw } from './jog-command.js';
import { OperatorMotion } from './operator-motion.js';
import type { OperatorSource } from './operator-source.js';

const TOPIC = '~/joint_jog';
const SERVICE = '~/request_teleop';

export interface JogHost {
  /** the operator's input is another: who has authority may have changed */
  changed(): void;
  /** the operator drives by this source */
  drives(): boolean;
  /** why authority was not given at the last {@link changed}, for people */
  whyNot(): string;
  /** for the record and for people */
  tell(kind: string, detail: Readonly<Record<string, unknown>>): void;
}

type Flaw = JogFlaw | { readonly kind: 'publishers'; readonly why: string };

/**
 * An operator on the network: velocities on `~/joint_jog`, authority by `~/request_teleop`. The request is the enable button: it is
 * heard only while messages come that ask for no motion, and silence, or a request of false, lets go of it. Lost messages are not
 * repeated late, hence best effort.
 */
export class JointJogTeleop implements OperatorSource {
  readonly name = 'joint_jog';
  /** messages that were not obeyed */
  dropped = 0;
  private readonly motion: OperatorMotion;
  private readonly subscription: Subscription;
  private readonly service: ServiceServer;
  private readonly told = new Set<Flaw['kind']>();
  private enabled = false;

  constructor(
    middleware: Middleware,
    private readonly config: GateConfig,
    private readonly teleop: TeleopConfig,
    private readonly clock: Clock,
    private readonly host: JogHost,
  ) {
    this.motion = new OperatorMotion(config, { maxVelocityScale: teleop.maxVelocityScale, deadBand: 0 }); // readJog has its own
    this.subscription = middleware.createSubscription(
      TOPIC,
      'control_msgs/msg/JointJog',
      SENSOR_QOS,
      (message, { receivedNs }) => this.take(message, receivedNs),
    );
    this.service = middleware.createService(SERVICE, 'std_srvs/srv/SetBool', ({ data }) =>
      data ? this.request() : this.letGo(),
    );
  }

  get linked(): boolean {
    return this.subscription.matched > 0;
  }

  input(nowNs: bigint): OperatorInput | null {
    const input = this.motion.input(nowNs);
    if (input === null || nowNs >= input.expiresNs) this.enabled = false;
    return input && { ...input, enable: this.enabled };
  }

  whyIdle(): string {
    const { topic } = this.subscription;
    if (!this.linked) return `nobody publishes on ${topic}`;
    return `the operator on ${topic} has not called ${this.service.service} (with no motion asked for)`;
  }

  begin(): void {
    this.motion.begin();
  }

  proposal(base: Float64Array): Proposal | null {
    return this.motion.proposal(base, this.clock.nowNs(), false);
  }

  async stop(): Promise<void> {
    this.subscription.close();
    this.service.close();
    return Promise.resolve();
  }

  private take(message: JointJog, receivedNs: bigint): void {
    const publishers = this.subscription.matched;
    const read: ReturnType<typeof readJog> | Flaw =
      publishers > 1
        ? { kind: 'publishers', why: `${publishers} publishers are on ${this.subscription.topic}` }
        : readJog(message, this.config.joints, this.teleop);
    if ('why' in read) return this.drop(read);
    this.motion.takeCommand({
      type: 'teleop',
      mode: 'joint-velocity',
      enable: this.enabled,
      estop: false,
      ttlMs: read.lifetimeMs,
      axes: read.axes,
      receivedNs,
      expiresNs: receivedNs + BigInt(Math.round(read.lifetimeMs * 1e6)),
    });
    this.host.changed();
  }

  private drop({ kind, why }: Flaw): void {
    this.dropped++;
    if (this.told.has(kind)) return;
    this.told.add(kind);
    this.host.tell('joint-jog', { event: 'dropped', why: `${why}; told once, counted in ~/status` });
  }

  /** A press of the button, whatever it was before. */
  private request(): SetBoolResponse {
    if (this.host.drives()) return { success: true, message: 'the operator drives already' };
    const now = this.clock.nowNs();
    this.enabled = false;
    this.host.changed();
    const input = this.input(now);
    if (input === null || now >= input.expiresNs)
      return { success: false, message: `no usable message comes on ${this.subscription.topic}` };
    if (!input.neutral)
      return { success: false, message: 'motion is asked for already; send velocities of 0 first' };
    this.enabled = true;
    this.host.changed();
    if (this.host.drives()) return { success: true, message: 'the operator drives, through the gate' };
    this.enabled = false;
    return { success: false, message: this.host.whyNot() };
  }

  private letGo(): SetBoolResponse {
    const drove = this.host.drives();
    this.enabled = false;
    this.host.changed();
    return { success: true, message: drove ? 'the operator has let go' : 'the operator did not drive' };
  }
}
