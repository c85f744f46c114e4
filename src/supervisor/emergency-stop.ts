import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/index.js';
import { RestDetector, subscribeMeasured, type NewestCommand } from '../guard/index.js';
import type { CommandPublisher, Middleware } from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';
import {
  createGateState,
  gate,
  gateConfigFromRobot,
  gateEvent,
  pointDue,
  type GateConfig,
  type GateState,
  type Measured,
} from '../safety/index.js';

/** What the guard last said of itself: where an emergency stop goes on from. Commanded order (m). */
export interface LastKnown {
  /** the newest one on the wire */
  readonly command: NewestCommand;
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
}

export interface EmergencyStopResult {
  readonly atRest: boolean;
  readonly commands: number;
  readonly why: string;
}

const TIMEOUT_MS = 2_000;
const MATCH_POLL_MS = 2;

/**
 * Stops the robot when the guard cannot: takes over the command topic after the guard was fenced (SIGKILL, so that there are
 * never two writers) and ramps to rest through a gate of its own that goes on from the guard's last command. It needs no joint
 * state to ramp; it needs one to confirm that the robot is at rest.
 */
export class EmergencyStop {
  private readonly config: GateConfig;
  private readonly rest: RestDetector;
  private state: GateState;
  private measured: Measured;
  private commands = 0;

  /**
   * @param publisher stands by: its peers are discovered already; of this stop alone
   * @param middleware that of the publisher
   */
  constructor(
    private readonly publisher: CommandPublisher,
    private readonly middleware: Middleware,
    private readonly robot: Robot,
    private readonly clock: Clock,
    lastKnown: LastKnown,
  ) {
    this.config = gateConfigFromRobot(robot);
    this.rest = new RestDetector(this.config);
    const now = clock.nowNs();
    const { positions, velocities } = lastKnown;
    this.measured = { positions, velocities, receivedNs: now };
    // 'release' sends hold from the state it is given, wherever the robot is; the state is told as the last command left it.
    const { rows, sentNs } = lastKnown.command;
    const due = pointDue(rows, this.config.controlPeriod, sentNs, now);
    const seed = continued(this.config, this.measured, due);
    this.state = gateEvent(this.config, createGateState(this.config), 'release', seed, now).state;
  }

  /** Resolves when the robot is confirmed at rest, or after 2 s. */
  async run(): Promise<EmergencyStopResult> {
    const { publisher } = this;
    const subscription = subscribeMeasured(this.middleware, this.robot, (measured) => {
      this.measured = measured;
    });
    const deadlineNs = this.clock.nowNs() + BigInt(TIMEOUT_MS) * 1_000_000n;
    const periodMs = 1e3 / this.robot.config.controlRateHz;
    let atRest = false;
    while (publisher.matched === 0 && this.clock.nowNs() < deadlineNs) await sleep(MATCH_POLL_MS);
    while (!atRest && this.clock.nowNs() < deadlineNs) {
      atRest = this.tick();
      await sleep(periodMs);
    }
    subscription.close();
    const why =
      this.commands === 0
        ? `nobody listens on ${publisher.topic}`
        : `not confirmed at rest within ${TIMEOUT_MS} ms`;
    const outcome = atRest ? 'at rest' : why;
    const { vetoed } = publisher;
    return {
      atRest,
      commands: this.commands,
      why: vetoed === null ? outcome : `${outcome}; a command was vetoed: ${vetoed}`,
    };
  }

  private tick(): boolean {
    const now = this.clock.nowNs();
    const { state, verdict } = gate(this.config, this.state, null, this.measured, null, now);
    this.state = state;
    if (this.publisher.publish(verdict.command, now) !== null) this.commands++;
    return this.rest.isAtRest(state, this.measured, now);
  }
}

/** The state as the guard's last command has left it, so that the first command of ours does not jump. */
function continued(config: GateConfig, measured: Measured, command: Float64Array): Measured {
  if (config.interface === 'velocity') return { ...measured, velocities: command };
  if (config.interface === 'position') return { ...measured, positions: command };
  return measured;
}
