import { setTimeout as sleep } from 'node:timers/promises';
import { DynabridgeError, badInput, elapsedMs, type Clock } from '../core/index.js';
import { Downstream, RestDetector, StateDecimator, subscribeMeasured, whyNotDrive } from '../guard/index.js';
import { CommandPublisher, type Middleware, type Subscription } from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';
import {
  createGateState,
  gate,
  gateConfigFromRobot,
  gateEvent,
  requireSelfTest,
  type GateConfig,
  type GateState,
  type Measured,
} from '../safety/index.js';
import { Veto, readVetoLimits } from '../veto/index.js';
import { EXCITATION_S, excitation, pulseSpeed } from './excitation.js';
import { fitResponse, type Response, type Sample } from './fit-response.js';

export interface JointResponse extends Response {
  readonly joint: string;
}

export interface SessionListener {
  /** @param done seconds of motion, of `total` */
  progress(done: number, total: number, note: string): void;
}

const PROPOSAL_NS = 100_000_000n;
const POLL_MS = 20;
/** Longest wait for the robot, and for it to come to rest [ms]. */
const READY_MS = 10_000;
const REST_MS = 3_000;
/** A controller_manager is looked for this long: a robot at rest can wait [ms]. */
const MANAGER_MS = 2_000;
/** Below this share of a joint's speed limit a pulse would drown in friction and noise. */
const LEAST_SPEED = 0.02;

/**
 * Moves one joint after the other in small pulses through a gate of its own, on the beat of the joint states, and fits each joint's
 * response. The only writer of commands while it runs.
 */
export class IdentifySession {
  private readonly config: GateConfig;
  private readonly decimator: StateDecimator;
  private readonly rest: RestDetector;
  private readonly publisher: CommandPublisher;
  private readonly downstream: Downstream;
  private readonly states: Subscription;
  private state: GateState;
  private measured: Measured | null = null;
  private sent: Float64Array | null = null;
  /** command wanted at a time of motion [s]; null: hold */
  private ask: ((elapsed: number) => Float64Array) | null = null;
  private startNs = 0n;
  private atRest = false;
  private seq = 0;
  private commands: Sample[][] = [];
  private positions: Sample[][] = [];

  /** @throws BAD_INPUT for an effort interface */
  constructor(
    private readonly robot: Robot,
    private readonly middleware: Middleware,
    private readonly clock: Clock,
  ) {
    this.config = gateConfigFromRobot(robot);
    if (this.config.interface === 'effort') {
      throw badInput(
        `robot '${robot.model.name}' has an effort interface, where motion follows from inertia and load and not from the command; ` +
          'measure command_latency and actuator_lag of the drive itself and write them in robot.yaml',
      );
    }
    requireSelfTest(this.config);
    this.decimator = new StateDecimator(robot.config.controlRateHz);
    this.rest = new RestDetector(this.config);
    this.state = createGateState(this.config);
    const veto = new Veto(readVetoLimits(robot.folder, robot.config.commandMessageType));
    this.publisher = new CommandPublisher(middleware, robot, veto, clock);
    this.downstream = new Downstream(middleware, robot.config, MANAGER_MS);
    this.states = subscribeMeasured(middleware, robot, (measured) => this.onState(measured));
  }

  /**
   * @param stop ends the motion: the robot ramps to rest and INTERRUPTED is thrown
   * @throws UNAVAILABLE where the robot is not there, not at rest, or behind a controller that should get no commands, SAFETY_FAULT where the gate latches one
   */
  async run(listener: SessionListener, stop: AbortSignal): Promise<JointResponse[]> {
    await this.ready(stop);
    const results: JointResponse[] = [];
    const { joints } = this.config;
    try {
      for (let index = 0; index < joints.length; index++) {
        const { name: joint } = joints[index]!;
        await this.move(index, stop, (elapsed) =>
          listener.progress(index * EXCITATION_S + elapsed, joints.length * EXCITATION_S, joint),
        );
        const kind = this.config.interface === 'position' ? 'position' : 'velocity';
        results.push({ joint, ...fitResponse(kind, this.commands[index]!, this.positions[index]!) });
      }
    } finally {
      await this.comeToRest();
    }
    return results;
  }

  close(): void {
    this.states.close();
  }

  private async ready(stop: AbortSignal): Promise<void> {
    const deadlineNs = this.clock.nowNs() + BigInt(READY_MS) * 1_000_000n;
    for (let why: string | null = ''; why !== null; await sleep(POLL_MS)) {
      if (stop.aborted) throw new DynabridgeError('INTERRUPTED', 'stopped before anything was moved');
      why = this.whyNotReady();
      if (why !== null && this.clock.nowNs() > deadlineNs)
        throw new DynabridgeError('UNAVAILABLE', `${why} (waited ${READY_MS / 1e3} s)`);
    }
  }

  private whyNotReady(): string | null {
    const { config } = this.robot;
    const { topic } = this.publisher;
    this.downstream.look(this.clock.nowNs());
    if (this.measured === null) return `no usable joint state has arrived on ${config.stateTopic}`;
    const why = whyNotDrive({
      stopping: false,
      supervised: true,
      commandTopic: topic,
      commandSubscribers: this.publisher.matched,
      commandPublishers: this.middleware.otherPublishers(topic),
      stateTopic: config.stateTopic,
      statePublishers: this.middleware.otherPublishers(config.stateTopic),
      stateRateHz: this.decimator.stateRateHz,
      controlRateHz: config.controlRateHz,
      downstream: this.downstream.whyNot ?? this.downstream.whyNotYet,
    });
    if (why !== null) return why;
    const { state, outcome } = gateEvent(
      this.config,
      this.state,
      'engage',
      this.measured,
      this.clock.nowNs(),
    );
    if (!outcome.accepted) return outcome.why;
    this.state = state;
    return null;
  }

  private async move(index: number, stop: AbortSignal, tell: (elapsed: number) => void): Promise<void> {
    const origin = this.measured!.positions.slice();
    const speed = pulseSpeed(this.config, index, origin[index]!);
    const { name, maxVelocity } = this.config.joints[index]!;
    if (speed < LEAST_SPEED * maxVelocity) {
      throw new DynabridgeError(
        'UNAVAILABLE',
        `joint '${name}' at ${origin[index]} is too near to a position limit to be moved both ways; bring it to the middle of its range`,
      );
    }
    const kind = this.config.interface === 'position' ? 'position' : 'velocity';
    const out = new Float64Array(origin.length);
    const before = { at: -Infinity, value: kind === 'position' ? (this.sent ?? origin)[index]! : 0 };
    this.commands[index] = [before];
    this.positions[index] = [];
    this.startNs = this.clock.nowNs();
    this.ask = (elapsed) => excitation(kind, index, speed, origin, elapsed, out);
    for (;;) {
      await sleep(POLL_MS);
      const elapsed = elapsedMs(this.startNs, this.clock.nowNs()) / 1e3;
      if (stop.aborted) throw new DynabridgeError('INTERRUPTED', 'stopped; the robot ramps to rest');
      const { fault, mode } = this.state;
      if (fault)
        throw new DynabridgeError('SAFETY_FAULT', `${fault.message}; cleared by: ${fault.clearedBy}`);
      if (mode !== 'active')
        throw new DynabridgeError('UNAVAILABLE', `the joint state was lost: now ${mode}`);
      this.downstream.look(this.clock.nowNs());
      if (this.downstream.whyNot !== null) throw new DynabridgeError('UNAVAILABLE', this.downstream.whyNot);
      if (elapsed >= EXCITATION_S) return;
      tell(elapsed);
    }
  }

  private async comeToRest(): Promise<void> {
    this.ask = null;
    if (this.state.silent) return;
    this.state = gateEvent(this.config, this.state, 'stop', this.measured, this.clock.nowNs()).state;
    const deadlineNs = this.clock.nowNs() + BigInt(REST_MS) * 1_000_000n;
    while (!this.atRest && this.clock.nowNs() < deadlineNs) {
      await sleep(POLL_MS);
      if (elapsedMs(this.measured!.receivedNs, this.clock.nowNs()) > this.config.stateTimeoutMs) this.tick();
    }
  }

  private onState(measured: Measured): void {
    this.measured = measured;
    const at = Number(measured.receivedNs) * 1e-9;
    if (this.ask !== null) {
      const index = this.positions.length - 1;
      this.positions[index]!.push({ at, value: measured.positions[index]! });
    }
    if (this.decimator.isTick(measured.receivedNs)) this.tick();
  }

  private tick(): void {
    const now = this.clock.nowNs();
    const proposal = this.ask && {
      source: 'script' as const,
      joints: this.robot.model.commanded,
      command: this.ask(elapsedMs(this.startNs, now) / 1e3),
      seq: ++this.seq,
      expiresNs: now + PROPOSAL_NS,
    };
    const { state, verdict } = gate(this.config, this.state, proposal, this.measured, null, now);
    this.state = state;
    const sent = this.publisher.publish(verdict.command, now);
    if (sent !== null) {
      this.sent = sent;
      const index = this.commands.length - 1;
      if (this.ask)
        this.commands[index]!.push({ at: Number(this.clock.nowNs()) * 1e-9, value: sent[index]! });
    }
    if (this.measured) this.atRest = this.rest.isAtRest(state, this.measured, now);
  }
}
