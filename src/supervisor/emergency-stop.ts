import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/index.js';
import { RestDetector, StateMapper } from '../guard/index.js';
import {
  CommandPublisher,
  SENSOR_QOS,
  type JointState,
  type Middleware,
  type Subscription,
} from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';
import {
  createGateState,
  gate,
  gateConfigFromRobot,
  gateEvent,
  type GateConfig,
  type GateState,
  type Measured,
} from '../safety/index.js';

export interface EmergencyStopResult {
  readonly atRest: boolean;
  readonly commands: number;
  readonly why: string;
}

const TIMEOUT_MS = 2_000;

/**
 * Stops the robot when the guard cannot: takes over the command topic after the guard was fenced (SIGKILL, so that there are
 * never two writers) and ramps to rest through a gate of its own that goes on from the guard's last command.
 */
export class EmergencyStop {
  private readonly config: GateConfig;
  private readonly mapper: StateMapper;
  private readonly rest: RestDetector;
  private state: GateState;
  private commands = 0;

  /**
   * @param middleware a participant that has been on the wire for a while, so that peers are already discovered
   * @param lastCommand the guard's newest command (m), from which the ramp goes on; empty when it sent none
   */
  constructor(
    private readonly middleware: Middleware,
    private readonly robot: Robot,
    private readonly clock: Clock,
    private readonly lastCommand: Float64Array,
  ) {
    this.config = gateConfigFromRobot(robot);
    this.mapper = new StateMapper(robot.model);
    this.rest = new RestDetector(this.config);
    this.state = createGateState(this.config);
  }

  /** Resolves when the robot is confirmed at rest, or after 2 s. */
  async run(): Promise<EmergencyStopResult> {
    const publisher = new CommandPublisher(this.middleware, this.robot, this.clock);
    const m = this.robot.model.commanded.length;
    let subscription: Subscription | undefined;
    const atRest = new Promise<true>((resolve) => {
      subscription = this.middleware.createSubscription<JointState>(
        this.robot.config.stateTopic,
        'sensor_msgs/msg/JointState',
        SENSOR_QOS,
        (message, { receivedNs }) => {
          if (publisher.matched === 0 || !this.mapper.map(message, receivedNs)) return;
          const { positions, velocities } = this.mapper;
          const measured = {
            positions: positions.subarray(0, m),
            velocities: velocities.subarray(0, m),
            receivedNs,
          };
          if (this.tick(publisher, measured)) resolve(true);
        },
      );
    });
    const stopped = await Promise.race([atRest, sleep(TIMEOUT_MS, false)]);
    subscription?.close();
    return {
      atRest: stopped,
      commands: this.commands,
      why: stopped
        ? 'at rest'
        : this.commands === 0
          ? 'no usable joint state arrived'
          : `not at rest within ${TIMEOUT_MS} ms`,
    };
  }

  /** The state as the guard's last command left it, so that the first command of ours does not jump. */
  private continued(measured: Measured): Measured {
    if (this.lastCommand.length === 0) return measured;
    if (this.config.interface === 'velocity') return { ...measured, velocities: this.lastCommand };
    if (this.config.interface === 'position') return { ...measured, positions: this.lastCommand };
    return measured;
  }

  private tick(publisher: CommandPublisher, measured: Measured): boolean {
    const now = this.clock.nowNs();
    if (this.state.silent) {
      // Outside its limits and moving out, a gate will not engage; then the robot's own limits are all that is left.
      this.state = gateEvent(this.config, this.state, 'engage', this.continued(measured), now).state;
      this.state = gateEvent(this.config, this.state, 'stop', measured, now).state;
    }
    const { state, verdict } = gate(this.config, this.state, null, measured, null, now);
    this.state = state;
    if (verdict.command && publisher.publish(verdict.command)) this.commands++;
    return this.rest.isAtRest(state, measured);
  }
}
