import { NS_PER_S, badInput, elapsedMs, type Clock, type Rng } from '../../src/core/index.js';
import {
  SENSOR_QOS,
  COMMAND_QOS,
  rosTime,
  type ClockMessage,
  type Float64MultiArray,
  type JointState,
  type JointTrajectory,
  type Middleware,
  type Publisher,
  type SetBoolRequest,
  type TriggerResponse,
} from '../../src/io/ros/index.js';
import type { InitialState } from '../../src/env/index.js';
import type { Robot } from '../../src/robot/index.js';
import { SimulatedRobot, type CompiledRobot, type Push } from '../index.js';
import { ForwardController, JointStateController, JointTrajectoryController } from './controller.js';
import { PacedTime } from './paced-time.js';
import { SensorPublishers } from './sensor-publishers.js';
import { stepsPerState } from './state-rate.js';
import type { TwinTrace } from './twin-trace.js';
import { Witness, type Violation } from './witness.js';

export interface TwinOptions {
  readonly robot: Robot;
  /** with a physics step that divides the period of states, see state-rate.ts */
  readonly compiled: CompiledRobot;
  /** its node name is where the services are */
  readonly middleware: Middleware;
  readonly clock: Clock;
  /** jitter and sensor noise */
  readonly rng: Rng;
  /** joint states per second [Hz] */
  readonly stateRateHz: number;
  /** each publication is late by a uniform draw of up to this much [ms] */
  readonly jitterMs: number;
  /** where it starts, and is put back to; default: the home pose, at rest */
  readonly start?: (() => InitialState) | undefined;
  /** what the service ~/push does */
  readonly push: Push;
  /** brakes hold the start pose until the first command, as the brakes of a real drive do */
  readonly brakeUntilFirstCommand: boolean;
  /** simulated seconds per second; default 1 */
  readonly speed?: number | undefined;
  /** publishes simulated time on /clock, and stamps joint states with it; default: they bear the wall clock */
  readonly simulatedClock?: boolean | undefined;
  /** told of every command received and every state published */
  readonly trace?: TwinTrace | undefined;
}

/** What the twin saw of the bridge: the witness's account. */
export interface TwinSummary {
  readonly seconds: number;
  /** physics time that passed; less than `seconds` where the process was held up for long */
  readonly simulatedSeconds: number;
  readonly states: number;
  readonly commands: number;
  readonly rejectedCommands: number;
  readonly pushes: number;
  readonly violations: number;
  /** the first hundred */
  readonly violationList: readonly Violation[];
  /** wall time by which the worst state was late [ms] */
  readonly worstLatenessMs: number;
}

export type CommandMessage = Float64MultiArray | JointTrajectory | JointState;

/** rclcpp's ClockQoS reads best effort, which a reliable writer serves too. */
const CLOCK_QOS = { ...SENSOR_QOS, reliability: 'reliable' } as const;
/** Time that stands still is told so often, for those who join late [ms]. */
const PAUSED_CLOCK_MS = 100;
/** Timers end at whole milliseconds. */
const MOST_STATES_PER_S = 1_000;
const TIMER_RESOLUTION_MS = 1;
/** Behind by more than this, time is given up instead of being caught up in a burst [ms]. */
const MAX_BACKLOG_MS = 250;

/**
 * A robot in MuJoCo behind the ROS 2 wire, in real time unless it is told another speed, paused or stepped: publishes its joint states and what its sensors read, obeys its command topic as a ros2_control
 * controller does, and is the witness of what it was sent. Nothing of the guard or the gate runs here.
 */
export class Twin {
  readonly witness: Witness;
  private readonly robot: SimulatedRobot;
  private controller: ReturnType<typeof controllerOf>;
  private readonly states: Publisher<JointState>;
  private readonly sensors: SensorPublishers;
  private readonly queue: {
    readonly message: CommandMessage;
    readonly atNs: bigint;
    readonly sentNs: bigint;
  }[] = [];
  private readonly periodNs: bigint;
  private readonly stepsPerState: number;
  private readonly startNs: bigint;
  private timer: NodeJS.Timeout | null = null;
  private readonly time: PacedTime;
  private readonly clockTopic: Publisher<ClockMessage> | null;
  /** how far the robot has been simulated [ns] */
  private simulatedNs = 0n;
  private physicsSteps = 0;
  private published = 0;
  private commands = 0;
  private pushes = 0;
  private worstLatenessMs = 0;
  private braked = false;
  private statesPaused = false;

  /** @throws BAD_INPUT when a period of `stateRateHz` is not a whole number of physics steps, or `speed` too high for it */
  constructor(private readonly options: TwinOptions) {
    const { robot, compiled, middleware, clock } = options;
    this.stepsPerState = stepsPerState(options.stateRateHz, compiled.physicsStep);
    const speed = options.speed ?? 1;
    if (speed > 1 && speed * options.stateRateHz > MOST_STATES_PER_S)
      throw badInput(
        `${speed} times real time at ${options.stateRateHz} Hz are ${speed * options.stateRateHz} states per second, ` +
          `expected at most ${MOST_STATES_PER_S}; lower --speed or --rate, or step the paused twin by ~/step_simulation`,
        { speed },
      );
    this.startNs = clock.nowNs();
    this.time = new PacedTime(this.startNs, speed);
    this.witness = new Witness(robot);
    this.robot = new SimulatedRobot(compiled);
    this.periodNs = BigInt(Math.round(Number(NS_PER_S) / options.stateRateHz));
    this.controller = controllerOf(robot);
    this.putBack();
    const { config } = robot;
    this.states = middleware.createPublisher<JointState>(config.stateTopic, 'sensor_msgs/msg/JointState', {
      ...SENSOR_QOS,
      reliability: 'reliable', // joint_state_broadcaster's default; best-effort readers match it too
    });
    this.sensors = new SensorPublishers(middleware, config.sensors);
    this.clockTopic = options.simulatedClock
      ? middleware.createPublisher('/clock', 'rosgraph_msgs/msg/Clock', CLOCK_QOS)
      : null;
    middleware.createSubscription<CommandMessage>(
      config.commandTopic,
      config.commandMessageType,
      { ...COMMAND_QOS, depth: 10 },
      (message, { receivedNs, sourceNs }) => {
        this.queue.push({
          message,
          atNs: this.time.at(receivedNs),
          sentNs: this.inRobotTime(sourceNs ?? receivedNs),
        });
        options.trace?.received(message, receivedNs);
      },
    );
    this.serve('push', () => {
      this.robot.push(options.push);
      this.pushes++;
      return 'pushed';
    });
    this.serve('reset', () => {
      this.putBack();
      return options.start ? 'at a start of the task' : 'at the home pose';
    });
    this.serve('pause_states', () => {
      this.statesPaused = true;
      return 'moving on, and saying nothing of it';
    });
    this.serve('resume_states', () => {
      this.statesPaused = false;
      return 'publishing states';
    });
    if (config.sensors.length > 0) this.sensors.serve((name, act) => this.serve(name, act));
    middleware.createService<SetBoolRequest, TriggerResponse>(
      '~/set_pause',
      'std_srvs/srv/SetBool',
      ({ data }) => ({
        success: true,
        message: data ? this.pause() : this.resume(),
      }),
    );
    middleware.createService<object, TriggerResponse>('~/step_simulation', 'std_srvs/srv/Trigger', () =>
      this.step(),
    );
    this.schedule();
  }

  /** where the robot is and what it was sent, in one line */
  get statusLine(): string {
    const { model } = this.options.robot;
    const { positions } = this.robot.truth();
    const joints = model.measured.map((name, i) => `${name} ${positions[i]!.toFixed(3)}`).join(', ');
    return `${joints} | ${this.commands} commands, ${this.witness.count} violations${this.braked ? ' | brakes on' : ''}`;
  }

  get summary(): TwinSummary {
    return {
      seconds: elapsedMs(this.startNs, this.options.clock.nowNs()) / 1e3,
      simulatedSeconds: this.physicsSteps * this.options.compiled.physicsStep,
      states: this.published,
      commands: this.commands,
      rejectedCommands: this.controller.rejected,
      pushes: this.pushes,
      violations: this.witness.count,
      violationList: this.witness.violations,
      worstLatenessMs: this.worstLatenessMs,
    };
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.robot.dispose();
  }

  private serve(name: string, act: () => string): void {
    this.options.middleware.createService<object, TriggerResponse>(
      `~/${name}`,
      'std_srvs/srv/Trigger',
      () => ({
        success: true,
        message: act(),
      }),
    );
  }

  /** Any steady clock's time, running as fast as the robot's: what is sent in a second is judged by the robot's seconds. */
  private inRobotTime(ns: bigint): bigint {
    const { speed } = this.time;
    return speed === 1 ? ns : BigInt(Math.round(Number(ns) * speed));
  }

  private pause(): string {
    this.time.set(this.simulatedNs, this.options.clock.nowNs());
    this.time.pause();
    this.schedule();
    return 'paused; ~/step_simulation goes on to the next state';
  }

  private resume(): string {
    if (this.time.paused) this.time.resume(this.options.clock.nowNs());
    this.schedule();
    return 'running';
  }

  /** From one state to the next, while paused. */
  private step(): TriggerResponse {
    if (!this.time.paused) return { success: false, message: 'it is running; pause it first by ~/set_pause' };
    this.advanceOnePeriod();
    this.time.set(this.simulatedNs, this.options.clock.nowNs());
    this.publishState();
    return { success: true, message: `${(Number(this.simulatedNs) / 1e9).toFixed(3)} s simulated` };
  }

  /** What was commanded before is forgotten: the brakes are on again until the next command. */
  private putBack(): void {
    const { robot, rng, start, brakeUntilFirstCommand } = this.options;
    this.queue.length = 0;
    this.controller = controllerOf(robot);
    this.robot.setInitial(start?.() ?? { positions: robot.config.homePose, velocities: {} }, rng);
    this.braked = brakeUntilFirstCommand;
    this.robot.hold(this.braked);
  }

  /** The next state falls due one period after the last one by the absolute schedule, plus jitter. */
  private schedule(): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.time.paused) {
      this.timer = setTimeout(() => {
        this.publishClock();
        this.schedule();
      }, PAUSED_CLOCK_MS);
      return;
    }
    const { clock, jitterMs, rng } = this.options;
    const dueNs = this.time.whenIs(this.simulatedNs + this.periodNs);
    const delayMs = elapsedMs(clock.nowNs(), dueNs) + rng.uniform(0, jitterMs);
    this.timer = setTimeout(
      () => this.tick(dueNs),
      Math.max(0, Math.round(delayMs - TIMER_RESOLUTION_MS / 2)),
    );
  }

  private tick(dueNs: bigint): void {
    const now = this.options.clock.nowNs();
    const lateMs = elapsedMs(dueNs, now);
    this.worstLatenessMs = Math.max(this.worstLatenessMs, lateMs);
    if (lateMs > MAX_BACKLOG_MS) {
      this.advanceOnePeriod();
      this.time.set(this.simulatedNs, now); // e.g. after SIGSTOP: a real robot would not replay what it slept through
    } else {
      // A late timer lets time pass in whole periods, so that the simulated clock stays on the real one.
      const due = this.time.at(now);
      do this.advanceOnePeriod();
      while (this.simulatedNs + this.periodNs <= due);
    }
    this.publishState();
    this.schedule();
  }

  private advanceOnePeriod(): void {
    const stepNs = BigInt(Math.round(this.options.compiled.physicsStep * 1e9));
    for (let i = 0; i < this.stepsPerState; i++) {
      const at = this.simulatedNs + BigInt(i) * stepNs;
      this.deliver(at);
      const setpoint = this.controller.setpoint(at);
      if (setpoint) this.robot.applyCommand(setpoint);
      this.robot.step(1);
    }
    this.physicsSteps += this.stepsPerState;
    this.simulatedNs += this.periodNs;
    this.robot.sample(Number(this.periodNs) / 1e9);
    this.witness.truth(this.robot.truth().positions);
  }

  /** Hands to the controller what has arrived by `at`. */
  private deliver(at: bigint): void {
    while (this.queue[0] !== undefined && this.queue[0].atNs <= at) {
      const { message, atNs, sentNs } = this.queue.shift()!;
      this.commands++;
      const accepted = this.obey(message, atNs);
      if (!accepted) {
        this.witness.malformed();
        continue;
      }
      this.witness.command(accepted, sentNs);
      if (this.braked) {
        this.braked = false;
        this.robot.hold(false);
      }
    }
  }

  /** @returns the accepted values, point by point, or null */
  private obey(message: CommandMessage, atNs: bigint): readonly Float64Array[] | null {
    const { controller } = this;
    if (controller instanceof JointTrajectoryController)
      return controller.onCommand(message as JointTrajectory, atNs);
    const values =
      controller instanceof ForwardController
        ? controller.onCommand((message as Float64MultiArray).data)
        : controller.onCommand(message as JointState);
    return values && [values];
  }

  private publishClock(): void {
    this.clockTopic?.publish({ clock: rosTime(this.simulatedNs) });
  }

  private publishState(): void {
    this.publishClock();
    if (this.statesPaused) return;
    const { positions, velocities, efforts, sensors } = this.robot.sense();
    const stamp = rosTime(this.clockTopic ? this.simulatedNs : this.options.clock.wallNs());
    this.sensors.publish(sensors, stamp); // before the state, which makes the bridge look at them
    this.options.trace?.published(positions, this.options.clock.nowNs());
    this.states.publish({
      header: { stamp, frame_id: '' },
      name: [...this.options.robot.model.measured],
      position: positions,
      velocity: velocities,
      effort: efforts,
    });
    this.published++;
  }
}

/** What takes the robot's commands. */
function controllerOf({
  model,
  config,
}: Robot): ForwardController | JointTrajectoryController | JointStateController {
  const { commandInterface, commandMessageType } = config;
  switch (commandMessageType) {
    case 'std_msgs/msg/Float64MultiArray':
      return new ForwardController(model.commanded);
    case 'trajectory_msgs/msg/JointTrajectory':
      return new JointTrajectoryController(
        model,
        commandInterface === 'velocity' ? 'velocities' : 'positions',
      );
    case 'sensor_msgs/msg/JointState':
      return new JointStateController(model.commanded, commandInterface);
  }
}
