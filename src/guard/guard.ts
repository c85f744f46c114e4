import { NS_PER_S, elapsedMs, type Clock } from '../core/index.js';
import { frameLayout } from '../env/index.js';
import type { IpcConnection, ProposalMessage, RequestMessage } from '../io/ipc/index.js';
import {
  CommandPublisher,
  SENSOR_QOS,
  type JointState,
  type MessageInfo,
  type Middleware,
  type Subscription,
} from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';
import {
  arbitrate,
  createShaperState,
  gateConfigFromRobot,
  gateEvent,
  lastSent,
  reasonMask,
  shapeTick,
  type EventOutcome,
  type GateConfig,
  type GateEvent,
  type GateMode,
  type Measured,
  type Proposal,
  type ShapedTick,
  type ShaperState,
} from '../safety/index.js';
import { HEARTBEAT_MS, PROOF_OF_LIFE_PROPOSALS } from './guard-config.js';
import { LoopMetrics, type GuardSummary } from './loop-metrics.js';
import { ProcessLinks } from './process-links.js';
import { RestDetector } from './rest-detector.js';
import { RosSurface, type GuardStatus } from './ros-surface.js';
import { StateDecimator } from './state-decimator.js';
import { StateMapper } from './state-mapper.js';

export interface GuardOptions {
  readonly robot: Robot;
  readonly middleware: Middleware;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly engage: 'auto' | 'manual';
  /** called once, when the guard has stopped the robot and has nothing left to do */
  readonly onFinished: () => void;
}

/** A policy tick waits at most this part of a control period for its proposal, then goes on without. */
const PROPOSAL_PATIENCE = 0.5;
/** A clean stop that has not been confirmed by then is ended all the same. */
const STOP_TIMEOUT_MS = 2_000;
const WAITING_REPORT_MS = 1_000;

/**
 * The only writer of commands. Each joint state that makes a control tick goes through: map by name -> (every N-th) observation
 * to the agent, its proposal back -> interpolate -> gate -> publish -> record. Nothing here blocks: a proposal that does not
 * come in time is not there, and the gate holds.
 */
export class Guard {
  private readonly config: GateConfig;
  private readonly decimation: number;
  private readonly mapper: StateMapper;
  private readonly decimator: StateDecimator;
  private readonly rest: RestDetector;
  private readonly metrics = new LoopMetrics();
  private readonly links: ProcessLinks;
  private readonly publisher: CommandPublisher;
  private readonly states: Subscription;
  private readonly surface: RosSurface;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly startNs: bigint;
  private readonly lastCommand: Float64Array;
  private readonly frame: Float64Array;

  private shaper: ShaperState;
  private measured: Measured | null = null;
  private engagedNs = 0n;
  private tickSeq = 0;
  private lastTickNs = 0n;
  /** a policy tick that waits for its proposal */
  private pending: NodeJS.Timeout | null = null;
  private modeSeen: GateMode = 'mute';
  private stopReason = '';
  private saidMissing = false;
  /** why the last attempt to engage was refused */
  private waitingFor = '';
  private finishing: NodeJS.Timeout | null = null;
  private finished = false;

  constructor(private readonly options: GuardOptions) {
    const { robot, middleware, clock, nodeName } = options;
    const { model, config } = robot;
    this.config = gateConfigFromRobot(robot);
    this.decimation = Math.round(config.controlRateHz / config.policyRateHz);
    this.shaper = createShaperState(this.config, this.decimation);
    this.mapper = new StateMapper(model);
    this.decimator = new StateDecimator(config.controlRateHz);
    this.rest = new RestDetector(this.config);
    this.links = new ProcessLinks(model.commanded, {
      onProposal: (message) => this.onProposal(message),
      onRequest: (message) => this.onRequest(message),
      onAgentLost: () => {
        this.request('release', 'the agent went away');
        this.links.emit('agent-lost', {});
      },
      onSupervisorLost: () => this.stopAndFinish('the supervisor went away'),
    });
    this.lastCommand = new Float64Array(model.commanded.length);
    this.frame = new Float64Array(frameLayout(model.measured, model.commanded).size);
    this.startNs = clock.nowNs();
    this.publisher = new CommandPublisher(middleware, robot, clock);
    this.surface = new RosSurface(
      middleware,
      nodeName,
      () => this.status(),
      (event) => this.request(event, `~/${event} service`),
    );
    this.states = middleware.createSubscription<JointState>(
      config.stateTopic,
      'sensor_msgs/msg/JointState',
      SENSOR_QOS,
      (message, info) => this.onState(message, info),
    );
    this.timers.push(
      setInterval(() => this.watch(), 1e3 / config.controlRateHz),
      setInterval(() => this.beat(), HEARTBEAT_MS),
      setInterval(() => this.reportWaiting(), WAITING_REPORT_MS),
    );
  }

  /** A process of ours has connected. */
  accept(connection: IpcConnection): void {
    this.links.accept(connection);
  }

  /** Ramps to rest through the gate, waits until the robot is confirmed at rest or 2 s have passed, then finishes. */
  stopAndFinish(reason: string): void {
    if (this.finishing) return;
    this.request('stop', reason);
    this.finishing = setTimeout(() => this.finish('not confirmed at rest within 2 s'), STOP_TIMEOUT_MS);
    if (this.shaper.gate.silent) this.finish('nothing was being sent');
  }

  // states

  private onState(message: JointState, { receivedNs }: MessageInfo): void {
    if (!this.mapper.map(message, receivedNs)) {
      this.explainRejection(message);
      return;
    }
    const m = this.lastCommand.length; // commanded joints come first in measured order
    this.measured = {
      positions: this.mapper.positions.subarray(0, m),
      velocities: this.mapper.velocities.subarray(0, m),
      receivedNs,
    };
    if (!this.decimator.isTick(receivedNs)) return;
    if (this.pending) {
      this.metrics.skippedTicks++;
      this.clearPending();
    }
    this.tickSeq++;
    if ((this.tickSeq - 1) % this.decimation !== 0) {
      this.tick();
      return;
    }
    this.observe(receivedNs);
    if (!this.links.agent.connected) {
      this.tick();
      return;
    }
    const patienceMs = (PROPOSAL_PATIENCE * 1e3) / this.options.robot.config.controlRateHz;
    this.pending = setTimeout(() => {
      this.metrics.missedProposals++;
      this.pending = null;
      this.tick();
    }, patienceMs);
  }

  /** Says once which joints a robot's states lack, since nothing will ever start. */
  private explainRejection(message: JointState): void {
    const missing = this.mapper.missingFrom(message);
    if (missing.length === 0 || this.measured !== null || this.saidMissing) return;
    this.saidMissing = true;
    this.links.emit('state-lacks-joints', { missing, has: message.name });
  }

  private observe(receivedNs: bigint): void {
    const { positions, velocities } = this.mapper;
    const n = positions.length;
    this.frame.set(positions, 0);
    this.frame.set(velocities, n);
    this.frame.set(lastSent(this.shaper.gate, this.lastCommand), 2 * n);
    const observation = {
      type: 'observation',
      policyStep: this.links.agent.nextStep(),
      receivedNs,
      frame: this.frame,
    } as const;
    this.links.agent.send(observation);
    this.links.record(observation);
  }

  private onProposal(message: ProposalMessage): void {
    if (!this.links.agent.take(message)) return;
    this.links.record(message);
    if (this.options.engage === 'auto' && this.engagedNs === 0n && this.shaper.gate.silent)
      this.engage('automatic');
    if (this.pending && this.links.agent.answersNewest(message)) {
      this.clearPending();
      this.tick();
    }
  }

  private clearPending(): void {
    if (this.pending) clearTimeout(this.pending);
    this.pending = null;
  }

  // the control tick

  private tick(): void {
    const { clock } = this.options;
    const now = clock.nowNs();
    const authority = this.shaper.gate.mode === 'active' ? 'agent' : null;
    const target: Proposal | null = arbitrate(authority, this.links.agent.newest);
    const shaped = shapeTick(this.config, this.decimation, this.shaper, target, this.measured, null, now);
    this.shaper = shaped.state;
    const { command, kind, reasons } = shaped.verdict;
    const sent = command !== null && this.publisher.publish(command);
    const sentNs = sent ? clock.nowNs() : 0n;
    if (sent) this.metrics.sent(kind, now, this.measured!.receivedNs, sentNs);
    else if (command !== null) this.metrics.skippedTicks++; // it expired between gate and wire
    if (sent && this.metrics.commands === 1) {
      this.links.emit('first-command', { afterMs: elapsedMs(this.startNs, sentNs) });
    }
    this.lastTickNs = now;
    if (!this.shaper.gate.silent) {
      this.metrics.countReasons(reasons);
      this.record(shaped, sentNs);
    }
    this.announceMode();
    if (this.finishing && this.measured && this.rest.isAtRest(this.shaper.gate, this.measured))
      this.finish('at rest');
  }

  private record({ verdict, requested }: ShapedTick, sentNs: bigint): void {
    const none = new Float64Array(0);
    this.links.record({
      type: 'tick',
      seq: this.tickSeq,
      policyStep: this.links.agent.step,
      mode: this.shaper.gate.mode,
      verdict: verdict.kind,
      reasons: reasonMask(verdict.reasons),
      stateReceivedNs: this.measured!.receivedNs,
      sentNs,
      positions: this.mapper.positions,
      velocities: this.mapper.velocities,
      requested: requested ?? none,
      executed: sentNs === 0n ? none : (verdict.command?.copyValues() ?? none),
    });
  }

  private announceMode(): void {
    const { mode, fault } = this.shaper.gate;
    if (mode !== this.modeSeen) {
      const from = this.modeSeen;
      this.modeSeen = mode;
      this.links.emit('mode', { from, to: mode });
      if (fault)
        this.links.emit('fault', { check: fault.check, message: fault.message, clearedBy: fault.clearedBy });
      if (from === 'active')
        this.links.emit('disengaged', { reason: fault?.message ?? (this.stopReason || mode) });
      this.surface.refresh();
    }
  }

  /** Without states there are no ticks; then this timer runs them, so that the gate can ramp to rest on what it knows. */
  private watch(): void {
    if (this.shaper.gate.silent || this.measured === null) return;
    const ageMs = elapsedMs(this.measured.receivedNs, this.options.clock.nowNs());
    if (ageMs > this.config.stateTimeoutMs) this.tick();
  }

  // requests

  private request(event: GateEvent, by: string): EventOutcome {
    const outcome = event === 'engage' ? this.engage(by) : this.apply(event);
    if (outcome.accepted && event !== 'engage') this.stopReason = by;
    this.links.emit('request', { event, by, ...outcome });
    this.announceMode();
    return outcome;
  }

  private engage(by: string): EventOutcome {
    const why = this.unready();
    const outcome = why === null ? this.apply('engage') : ({ accepted: false, why } as const);
    if (outcome.accepted) {
      this.engagedNs = this.options.clock.nowNs();
      this.links.emit('engaged', { atNs: this.engagedNs.toString(), by });
    }
    this.waitingFor = outcome.accepted ? '' : outcome.why;
    return outcome;
  }

  private apply(event: GateEvent): EventOutcome {
    const { state, outcome } = gateEvent(
      this.config,
      this.shaper.gate,
      event,
      this.measured,
      this.options.clock.nowNs(),
    );
    this.shaper = { ...this.shaper, gate: state };
    return outcome;
  }

  /** Why the agent may not be given authority yet, if anything. */
  private unready(): string | null {
    if (this.finishing) return 'the guard is stopping';
    if (!this.links.agent.connected) return 'no agent is connected';
    if (this.links.agent.validProposals < PROOF_OF_LIFE_PROPOSALS) {
      return `the agent has made ${this.links.agent.validProposals} valid proposals, ${PROOF_OF_LIFE_PROPOSALS} are wanted as proof of life`;
    }
    if (this.publisher.matched === 0)
      return `nobody listens on ${this.publisher.topic}; is the controller active?`;
    return null;
  }

  /** Until the first engagement, says once a second what is still missing. */
  private reportWaiting(): void {
    if (this.engagedNs !== 0n || this.finishing) return;
    const noState = `no usable joint state has arrived on ${this.options.robot.config.stateTopic}`;
    const manual = `waiting for the service /${this.options.nodeName}/engage`;
    const ready = this.options.engage === 'manual' && this.waitingFor === '' ? manual : this.waitingFor;
    this.links.emit('waiting', {
      why: this.measured === null ? noState : ((ready || this.unready()) ?? 'about to engage'),
    });
  }

  private onRequest({ event }: RequestMessage): void {
    if (event === 'exit') this.stopAndFinish('the supervisor asked for the end');
    else this.request(event, 'the supervisor asked');
  }

  private beat(): void {
    this.links.beat({
      type: 'heartbeat',
      seq: this.tickSeq,
      mode: this.shaper.gate.mode,
      sentNs: this.lastTickNs,
      lastCommand: this.shaper.gate.silent
        ? new Float64Array(0)
        : lastSent(this.shaper.gate, this.lastCommand),
    });
  }

  // the end and the account

  private finish(outcome: string): void {
    if (this.finished) return;
    this.finished = true;
    if (this.finishing) clearTimeout(this.finishing);
    for (const timer of this.timers) clearInterval(timer);
    this.clearPending();
    this.states.close();
    this.surface.close();
    this.links.emit('stopped', { outcome, reason: this.stopReason });
    this.links.emit('summary', { ...this.summary() });
    this.options.onFinished();
  }

  private summary(): GuardSummary {
    const { metrics, engagedNs } = this;
    const engagedFor = engagedNs === 0n ? 0n : this.options.clock.nowNs() - engagedNs;
    const counts = metrics.summary();
    return {
      ...counts,
      seconds: Number(engagedFor) / Number(NS_PER_S),
      skippedTicks: counts.skippedTicks + this.decimator.bursts,
      rejectedStates: { ...this.mapper.rejected },
      firstCommandMs: metrics.commands === 0 ? null : elapsedMs(this.startNs, metrics.firstCommandNs),
    };
  }

  private status(): GuardStatus {
    const { gate } = this.shaper;
    const summary = this.summary();
    return {
      mode: gate.mode,
      message: gate.fault ? `${gate.fault.message}; cleared by: ${gate.fault.clearedBy}` : gate.mode,
      values: {
        commands: summary.commands,
        limited: summary.limited,
        blocked: summary.blocked,
        'skipped ticks': summary.skippedTicks,
        'missed proposals': summary.missedProposals,
        'loop p50 ms': summary.loopMs.p50,
        'loop p99 ms': summary.loopMs.p99,
        'latency p50 ms': summary.latencyMs.p50,
        'latency p99 ms': summary.latencyMs.p99,
        'agent connected': this.links.agent.connected ? 'yes' : 'no',
        'command subscribers': this.publisher.matched,
      },
    };
  }
}
