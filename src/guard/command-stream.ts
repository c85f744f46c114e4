import type { Clock } from '../core/index.js';
import type { CommandPublisher } from '../io/ros/index.js';
import {
  followPoints,
  latchVeto,
  lookAhead,
  withSendTime,
  type Evidence,
  type GateConfig,
  type Measured,
  type PointsInFlight,
  type Proposal,
  type ShapedTick,
  type ShaperState,
} from '../safety/index.js';

/** The newest message with commands, as the robot has it. */
export interface NewestCommand {
  /** its points (m each), one control period apart; just one but for trajectories */
  readonly rows: readonly Float64Array[];
  /** monotonic */
  readonly sentNs: bigint;
}

/** What became of a tick's command. */
export interface SentTick {
  /** after it */
  readonly state: ShaperState;
  /** on the wire now (m); null: nothing was sent */
  readonly executed: Float64Array | null;
  /** 0n: nothing was sent */
  readonly sentNs: bigint;
}

/** Sends what the gate has decided, with the points after it where robot.yaml asks for some, and knows where the robot is on them. */
export class CommandStream {
  newest: NewestCommand | null = null;
  private inFlight: PointsInFlight | null = null;

  /**
   * @param points of a message
   * @param decimation control ticks per policy step
   */
  constructor(
    private readonly publisher: CommandPublisher,
    private readonly clock: Clock,
    private readonly points: number,
    private readonly decimation: number,
  ) {}

  /** The state for a tick at `nowNs`, see {@link followPoints}. */
  follow(config: GateConfig, state: ShaperState, nowNs: bigint): ShaperState {
    return followPoints(config, state, this.inFlight, nowNs);
  }

  /** @param before the state that the tick began with */
  send(
    config: GateConfig,
    before: ShaperState,
    tick: ShapedTick,
    target: Proposal | null,
    measured: Measured | null,
    evidence: Evidence | null,
    nowNs: bigint,
  ): SentTick {
    const { command } = tick.verdict;
    const count = this.points - 1;
    const { decimation } = this;
    const ahead = lookAhead(config, decimation, before, tick, target, measured, evidence, nowNs, count);
    const executed = this.publisher.publish(
      command,
      nowNs,
      ahead.map((point) => point.command),
    );
    const sentNs = executed ? this.clock.nowNs() : 0n;
    let { state } = tick;
    if (executed) state = { ...state, gate: withSendTime(config, state.gate, nowNs, sentNs) };
    const { vetoed } = this.publisher;
    if (vetoed !== null) state = { ...state, gate: latchVeto(state.gate, vetoed, nowNs) };
    if (executed) this.remember(executed, sentNs, vetoed === null ? ahead : []);
    return { state, executed, sentNs };
  }

  /** The gate has fallen silent: what the robot is going to is no business of ours any more. */
  fallSilent(): void {
    this.newest = null;
    this.inFlight = null;
    this.publisher.fallSilent();
  }

  private remember(command: Float64Array, sentNs: bigint, ahead: PointsInFlight['ahead']): void {
    this.inFlight = { sentNs, command, ahead };
    this.newest = { rows: [command, ...ahead.map((point) => point.command.copyValues())], sentNs };
  }
}
