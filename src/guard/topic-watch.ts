import type { Clock } from '../core/index.js';
import type { EventMessage } from '../io/ipc/index.js';
import {
  fullNodeName,
  type CommandPublisher,
  type JointState,
  type Middleware,
  type NodeArguments,
} from '../io/ros/index.js';
import type { RobotConfig } from '../robot/index.js';
import type { Owner } from '../safety/index.js';
import { Downstream } from './downstream.js';
import { otherWriter, tooManyStates } from './engagement.js';
import { supervisorNode } from './guard-config.js';
import { SensorWatch } from './sensor-watch.js';
import { StampCheck } from './stamp-check.js';

export interface TopicWatchParts {
  readonly config: Pick<
    RobotConfig,
    'stateTopic' | 'commandTopic' | 'commandInterface' | 'downstream' | 'sensors'
  >;
  readonly node: NodeArguments;
  readonly middleware: Middleware;
  readonly publisher: CommandPublisher;
  readonly clock: Clock;
}

/** What the guard cannot drive with. */
export interface TopicLoss {
  readonly check: 'other-writer' | 'controller' | 'no-subscriber' | 'sensor';
  readonly message: string;
}

/** Who else is on the guard's topics, what takes its commands, and how joint states are stamped. */
export class TopicWatch {
  readonly downstream: Downstream;
  readonly sensors: SensorWatch;
  private readonly stamps = new StampCheck();
  private told: readonly string[] = [];
  private unstampedTold = false;

  /** @param tell for the record and for people */
  constructor(
    private readonly parts: TopicWatchParts,
    private readonly tell: (kind: string, detail: EventMessage['detail']) => void,
  ) {
    const { middleware, config, clock } = parts;
    this.downstream = new Downstream(middleware, config);
    this.sensors = new SensorWatch(middleware, config.sensors, clock);
  }

  private get stateTopic(): string {
    return this.parts.config.stateTopic;
  }

  /** publishers of commands besides the guard and its supervisor */
  get otherWriters(): number {
    const { middleware, publisher, node } = this.parts;
    return middleware.otherPublishers(publisher.topic, fullNodeName(supervisorNode(node)));
  }

  /** publishers of joint states */
  get stateSources(): number {
    return this.parts.middleware.otherPublishers(this.stateTopic);
  }

  /** @param clock that stamps should be by */
  onState({ header }: JointState, receivedNs: bigint, clock: Pick<Clock, 'wallNs'>): void {
    this.stamps.look(header.stamp, receivedNs, clock);
  }

  /** Why commands may not go beside those of others, for people. */
  whyNotSend(): string | null {
    return this.otherWriters > 0 ? otherWriter(this.parts.publisher.topic) : null;
  }

  /**
   * Two writers on one command topic is one too many, whoever was first; what nobody may begin to drive, nobody may go on driving, such as
   * a controller that went inactive; commands that nobody hears move nothing; and the agent does not drive without its sensors.
   */
  loss(owner: Owner): TopicLoss | null {
    const { topic, matched } = this.parts.publisher;
    const otherWriter = this.whyNotSend();
    if (otherWriter !== null) return { check: 'other-writer', message: otherWriter };
    const { whyNot } = this.downstream;
    if (whyNot !== null) return { check: 'controller', message: whyNot };
    if (matched === 0) {
      return {
        check: 'no-subscriber',
        message: `nobody listens on ${topic} any more; is the controller active?`,
      };
    }
    const silent = owner === 'agent' ? this.sensors.whyNoReading() : null;
    return silent === null ? null : { check: 'sensor', message: silent };
  }

  /** What is wrong on the topics though one can drive with it, or why one cannot, for people. */
  get warnings(): string[] {
    const { stateTopic, stateSources } = this;
    const warnings: string[] = [];
    if (stateSources > 1) warnings.push(tooManyStates(stateSources, stateTopic));
    for (const topic of new Set([stateTopic, this.parts.publisher.topic]))
      warnings.push(...this.parts.middleware.mismatches(topic));
    if (this.stamps.concern !== '') warnings.push(`joint states on ${stateTopic} are ${this.stamps.concern}`);
    return [...warnings, ...this.sensors.warnings];
  }

  /** Tells what is new since the last time. @returns whether the warnings are others than they were */
  tellNews(): boolean {
    this.downstream.look(this.parts.clock.nowNs());
    if (this.stamps.unstamped && !this.unstampedTold) {
      this.unstampedTold = true;
      this.tell('topics', {
        note: `joint states on ${this.stateTopic} carry no stamps; none are needed here`,
      });
    }
    const { warnings, told } = this;
    for (const why of warnings) if (!told.includes(why)) this.tell('topics', { why });
    for (const over of told) if (!warnings.includes(over)) this.tell('topics', { over });
    this.told = warnings;
    return warnings.join() !== told.join();
  }
}
