/** Valid proposals wanted before the agent is given authority (proof of life; source: PX4 offboard mode asks for a stream first). */
const PROOF_OF_LIFE_PROPOSALS = 5;
/** Joint states slower than this part of the control rate stretch every policy step; the agent is not engaged on them. */
const MIN_STATE_RATE = 0.7;

/** What has to be true before anybody may drive; the gate asks for a fresh and safe state besides. */
export interface DrivingFacts {
  readonly stopping: boolean;
  readonly supervised: boolean;
  readonly commandTopic: string;
  readonly commandSubscribers: number;
  /** of other nodes */
  readonly commandPublishers: number;
  readonly stateTopic: string;
  readonly statePublishers: number;
  readonly stateRateHz: number;
  readonly controlRateHz: number;
  /** why what takes the commands should get none, for people; null: nothing speaks against it */
  readonly downstream: string | null;
}

/** What has to be true of the agent besides, before it may. */
export interface EngagementFacts {
  /** true as well where nobody waits for a recorder */
  readonly recorded: boolean;
  readonly agentConnected: boolean;
  /** something was deployed to it, which it has not answered yet */
  readonly deploying: boolean;
  readonly validProposals: number;
}

/** The first thing that is missing, for people; null when nothing is. */
export function whyNotDrive(facts: DrivingFacts): string | null {
  const { commandTopic, stateTopic, statePublishers, stateRateHz, controlRateHz } = facts;
  if (facts.stopping) return 'the guard is stopping';
  if (!facts.supervised) return 'no supervisor has joined';
  if (facts.commandSubscribers === 0) return `nobody listens on ${commandTopic}; is the controller active?`;
  if (facts.commandPublishers > 0) return otherWriter(commandTopic);
  if (statePublishers > 1) return tooManyStates(statePublishers, stateTopic);
  if (stateRateHz < MIN_STATE_RATE * controlRateHz) {
    return (
      `joint states come at ${stateRateHz.toFixed(0)} Hz, control_rate_hz is ${controlRateHz}; ` +
      'raise the one or lower the other'
    );
  }
  return facts.downstream;
}

/** For people. */
export function otherWriter(topic: string): string {
  return `another node publishes on ${topic}; stop it first`;
}

/** For people. A publisher that was killed is there until its lease ends. */
export function tooManyStates(publishers: number, topic: string): string {
  return `${publishers} publishers are on ${topic}, one is wanted; find them with: ros2 topic info --verbose ${topic} (one that was killed counts for some 10 s)`;
}

/** Why there is no joint state, for people. @param missing joints that the newest message lacks */
export function whyNoState(topic: string, missing: readonly string[]): string {
  if (missing.length === 0) return `no usable joint state has arrived on ${topic}`;
  return `joint states on ${topic} lack ${missing.map((name) => `'${name}'`).join(', ')}`;
}

/** The first thing that is missing of the agent, for people; null when nothing is. */
export function whyNotEngage(facts: EngagementFacts): string | null {
  const { recorded, agentConnected, deploying, validProposals } = facts;
  if (!recorded) return 'the recorder has not joined yet';
  if (!agentConnected) return 'no agent is connected';
  if (deploying) return 'the agent is loading what was deployed';
  if (validProposals < PROOF_OF_LIFE_PROPOSALS) {
    return `the agent has made ${validProposals} valid proposals, ${PROOF_OF_LIFE_PROPOSALS} are wanted as proof of life`;
  }
  return null;
}
