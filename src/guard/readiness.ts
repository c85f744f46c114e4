import type { CommandPublisher } from '../io/ros/index.js';
import type { RobotConfig } from '../robot/index.js';
import { latchedText, type Fault } from '../safety/index.js';
import { whyNoState, whyNotDrive, whyNotEngage } from './engagement.js';
import type { ProcessLinks } from './process-links.js';
import type { StateDecimator } from './state-decimator.js';
import type { TopicWatch } from './topic-watch.js';

export interface ReadinessParts {
  readonly config: RobotConfig;
  readonly nodeName: string;
  readonly topics: TopicWatch;
  readonly publisher: CommandPublisher;
  readonly links: ProcessLinks;
  readonly decimator: StateDecimator;
}

/** What has to be true before somebody may drive, and what of it is not, in words. */
export class Readiness {
  stopping = false;
  /** why the node's lifecycle does not allow anybody to drive, if it does not */
  whyNotActive: () => string | null = () => null;
  /** joints that the newest refused state lacked */
  missingJoints: readonly string[] = [];
  /** why the last attempt to engage was refused; empty: it was not */
  refusal = '';

  /** @param armed engage without being asked; the first engagement or any request of an operator ends that for good */
  constructor(
    private readonly parts: ReadinessParts,
    public armed: boolean,
  ) {}

  /** Why nobody may be given authority yet, if anything. */
  whyNotDrive(): string | null {
    const { config, publisher, topics, links, decimator } = this.parts;
    const inactive = this.stopping ? null : this.whyNotActive();
    if (inactive !== null) return inactive;
    return whyNotDrive({
      stopping: this.stopping,
      supervised: links.supervised,
      commandTopic: publisher.topic,
      commandSubscribers: publisher.matched,
      commandPublishers: topics.otherWriters,
      stateTopic: config.stateTopic,
      statePublishers: topics.stateSources,
      stateRateHz: decimator.stateRateHz,
      controlRateHz: config.controlRateHz,
      downstream: topics.downstream.whyNot,
    });
  }

  /** Why the agent may not be given authority yet, if anything. */
  whyNotEngage(): string | null {
    const { links, topics } = this.parts;
    return (
      this.whyNotDrive() ??
      topics.downstream.whyNotYet ??
      topics.sensors.whyNotEngage() ??
      whyNotEngage({
        recorded: links.recorded || !this.armed,
        agentConnected: links.agent.connected,
        deploying: links.agent.deploying,
        validProposals: links.agent.validProposals,
      })
    );
  }

  /**
   * What is waited for, for people.
   * @param stateSeen a usable joint state has arrived
   * @param operator why the operator, who drives alone, does not; null where there is an agent
   * @param fault that is latched; it comes before all else
   */
  waiting(stateSeen: boolean, operator: string | null, fault: Fault | null): string {
    const { config, nodeName } = this.parts;
    if (fault !== null) return latchedText(fault);
    if (!stateSeen) return whyNoState(config.stateTopic, this.missingJoints);
    if (operator !== null) return this.whyNotDrive() ?? operator;
    return this.whyNotEngage() ?? (this.armed ? this.refusal : `waiting for the service /${nodeName}/engage`);
  }
}
