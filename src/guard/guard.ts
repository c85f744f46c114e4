import { elapsedMs } from '../core/index.js';
import type { EventMessage, IpcConnection, ProposalMessage } from '../io/ipc/index.js';
import {
  CommandPublisher,
  SENSOR_QOS,
  fullNodeName,
  type JointState,
  type MessageInfo,
  type Subscription,
} from '../io/ros/index.js';
import {
  gateConfigFromRobot,
  gateEvent,
  latchedText,
  requireSelfTest,
  shapeTick,
  type EventOutcome,
  type GateConfig,
  type GateEvent,
  type GateMode,
  type Measured,
  type ShapedTick,
  type ShaperState,
} from '../safety/index.js';
import { Veto, readVetoLimits } from '../veto/index.js';
import { FULL } from './agent-evidence.js';
import { AgentEpisodes } from './agent-episodes.js';
import { agentLinkOf } from './agent-link.js';
import { Authority } from './authority.js';
import { baseCommand } from './base-command.js';
import { CommandStream } from './command-stream.js';
import { firstShaper } from './first-shaper.js';
import { HEARTBEAT_MS, SUPERVISOR_TIMEOUT_MS, type GuardOptions } from './guard-config.js';
import { BY_LIFECYCLE } from './lifecycle.js';
import { LoopMetrics, type GuardSummary } from './loop-metrics.js';
import { ModeNews } from './mode-news.js';
import { NodeInterface } from './node-interface.js';
import { ObservationFrame } from './observation-frame.js';
import { ProcessLinks } from './process-links.js';
import { qosOfTopics } from './qos-of-topics.js';
import { Readiness } from './readiness.js';
import { RestDetector } from './rest-detector.js';
import { StateDecimator } from './state-decimator.js';
import { StateMapper } from './state-mapper.js';
import { guardStatus, type GuardStatus } from './status.js';
import { tickMessage } from './tick-message.js';
import { TopicWatch } from './topic-watch.js';

/** A policy tick waits at most this part of a control period for its proposal, then goes on without. */
const PROPOSAL_PATIENCE = 0.5;
/** A clean stop that has not been confirmed by then is ended all the same. */
const STOP_TIMEOUT_MS = 2_000;
const WAITING_REPORT_MS = 1_000;
const TOPICS_MS = 100;
/** how often a missing state is looked for */
const WATCHES_PER_PERIOD = 5;

/**
 * The only writer of commands. Each joint state that makes a control tick goes through: map by name -> (every N-th) observation
 * to the agent, its proposal back -> interpolate -> gate -> veto -> publish -> record. Nothing here blocks: a proposal that does not
 * come in time is not there, and the gate holds.
 */
export class Guard {
  private config: GateConfig;
  private readonly decimation: number;
  private readonly periodMs: number;
  private readonly mapper: StateMapper;
  private readonly decimator: StateDecimator;
  private readonly rest: RestDetector;
  private readonly metrics = new LoopMetrics();
  private readonly episodes: AgentEpisodes;
  private readonly links: ProcessLinks;
  private readonly publisher: CommandPublisher;
  private readonly commands: CommandStream;
  private readonly states: Subscription;
  private readonly node: NodeInterface;
  private readonly authority: Authority;
  private readonly readiness: Readiness;
  private readonly topics: TopicWatch;
  private readonly news: ModeNews;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly startNs: bigint;
  private readonly lastCommand: Float64Array;
  private readonly frame: ObservationFrame;
  private readonly base = () => baseCommand(this.config, this.shaper.gate, this.measured, this.lastCommand);

  private shaper: ShaperState;
  private measured: Measured | null = null;
  /** somebody has driven */
  private driven = false;
  /** a command was sent */
  private commanded = false;
  private tickSeq = 0;
  private lastTickNs = 0n;
  /** a policy tick that waits for its proposal */
  private pending: NodeJS.Timeout | null = null;
  private stopReason = '';
  private finishing: NodeJS.Timeout | null = null;
  private finished = false;

  constructor(private readonly options: GuardOptions) {
    const { robot, node, clock } = options;
    const { model, config } = robot;
    const middleware = qosOfTopics(config, node).of(options.middleware);
    this.config = gateConfigFromRobot(robot);
    requireSelfTest(this.config);
    this.decimation = Math.round(config.controlRateHz / config.policyRateHz);
    this.periodMs = 1e3 / config.controlRateHz;
    this.startNs = clock.nowNs();
    this.shaper = firstShaper(this.config, this.decimation, options.afterFence, this.startNs);
    const record = (message: Parameters<ProcessLinks['record']>[0]) => this.links.record(message);
    options.recording?.begin(model.commanded, this.shaper, this.startNs, record);
    this.mapper = new StateMapper(model);
    this.decimator = new StateDecimator(config.controlRateHz);
    this.rest = new RestDetector(this.config);
    const agent = agentLinkOf(robot, options.predicted);
    const tell = (kind: string, detail: EventMessage['detail']) => this.links.emit(kind, detail);
    this.episodes = new AgentEpisodes(agent, config.agent.timeoutMs, clock, {
      owner: () => this.authority.owner,
      release: (why) => this.request('release', why),
      record,
      tell,
    });
    this.links = new ProcessLinks(agent, clock, {
      onProposal: (message) => this.onProposal(message),
      onEvidence: (message) => agent.takeEvidence(message, clock.nowNs()),
      onEpisodeEnd: (message) => this.episodes.endByAgent(message),
      onDeploy: (message) => this.episodes.deploy(message),
      onRequest: (event) => this.request(event, 'the supervisor'),
      onExit: () => this.stopAndFinish('the supervisor asked for the end'),
      onAgentLost: () => this.episodes.lost(),
      onSupervisorLost: () => {
        this.links.emit('supervisor-lost', {});
        this.stopAndFinish('the supervisor went away');
      },
      onRecorder: () => this.node.refresh(),
    });
    this.lastCommand = new Float64Array(model.commanded.length);
    const veto = new Veto(readVetoLimits(robot.folder, config.commandMessageType));
    this.publisher = new CommandPublisher(middleware, robot, veto, clock);
    this.commands = new CommandStream(this.publisher, clock, config.commandPoints, this.decimation);
    const { teleopPort } = options;
    const owners = { robot: config, gate: this.config, middleware, clock, teleopPort };
    this.authority = new Authority(owners, {
      gate: () => this.shaper.gate,
      measured: () => this.measured,
      request: (event, by) => this.request(event, by),
      handToOperator: () => this.handToOperator(),
      tell,
    });
    const { publisher, links, decimator } = this;
    const nodeName = fullNodeName(node).slice(1);
    const topics = (this.topics = new TopicWatch({ config, node, middleware, publisher, clock }, tell));
    this.frame = new ObservationFrame(robot, this.mapper, topics.sensors);
    const parts = { config, nodeName, topics, publisher, links, decimator };
    this.readiness = new Readiness(parts, options.engage === 'auto');
    this.news = new ModeNews(this.shaper.gate, tell);
    this.node = new NodeInterface(middleware, node, options.managed ?? false, robot, this.config, {
      gate: () => this.shaper.gate,
      finished: () => this.finished,
      status: () => this.status(),
      request: (event, by) => this.request(event, by),
      stopAndFinish: (reason) => this.stopAndFinish(reason),
      isDriven: () => this.shaper.gate.mode === 'active',
      setVelocityScale: (velocityScale) => {
        this.config = { ...this.config, velocityScale };
        tell('velocity-scale', { velocityScale });
      },
      tell,
    });
    this.readiness.whyNotActive = () => this.node.whyNotActive();
    this.states = middleware.createSubscription<JointState>(
      config.stateTopic,
      'sensor_msgs/msg/JointState',
      SENSOR_QOS,
      (message, info) => this.onState(message, info),
    );
    this.timers.push(
      setInterval(() => this.watch(), this.periodMs / WATCHES_PER_PERIOD),
      setInterval(() => this.beat(), HEARTBEAT_MS),
      setInterval(() => this.reportWaiting(), WAITING_REPORT_MS),
      setInterval(() => this.checkTopics(), TOPICS_MS),
      setTimeout(() => {
        if (!this.links.supervised) this.stopAndFinish('no supervisor came');
      }, SUPERVISOR_TIMEOUT_MS),
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
    this.readiness.stopping = true;
    this.finishing = setTimeout(() => this.finish('not confirmed at rest within 2 s'), STOP_TIMEOUT_MS);
    if (this.shaper.gate.silent) this.finish('nothing was being sent');
  }

  // states

  private onState(message: JointState, { receivedNs }: MessageInfo): void {
    this.topics.onState(message, receivedNs, this.node.clock);
    if (!this.mapper.map(message, receivedNs)) {
      if (this.measured === null) this.readiness.missingJoints = this.mapper.missingFrom(message);
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
    if (!this.observe(receivedNs) || !this.links.agent.connected || this.authority.owner === 'teleop') {
      this.tick();
      return;
    }
    this.pending = setTimeout(() => {
      this.metrics.missedProposals++;
      this.pending = null;
      this.tick();
      this.episodes.missed();
    }, PROPOSAL_PATIENCE * this.periodMs);
  }

  /** @returns false without a sensor: then nobody is asked, the agent's history has a gap, and its authority ends */
  private observe(receivedNs: bigint): boolean {
    const policyStep = this.links.agent.nextStep();
    const frame = this.frame.compose(this.base(), this.options.clock.nowNs());
    if (frame === null) {
      this.checkTopics();
      return false;
    }
    const observation = { type: 'observation', policyStep, receivedNs, frame } as const;
    this.links.agent.send(observation);
    this.links.record(observation);
    return true;
  }

  private onProposal(message: ProposalMessage): void {
    const now = this.options.clock.nowNs();
    if (!this.links.agent.take(message, now)) return;
    const answers = this.links.agent.answersNewest(message);
    if (answers) this.episodes.answered(now);
    this.links.record(message);
    if (this.readiness.armed && this.shaper.gate.silent) this.engage('automatic');
    if (this.pending && answers) {
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
    this.authority.follow(now);
    this.shaper = this.commands.follow(this.config, this.shaper, now);
    const { newest, evidence } = this.links.agent;
    const target = this.authority.choose(newest, this.base);
    const predicted = evidence?.newest ?? null;
    const { config, decimation, shaper, measured, commands } = this;
    const shaped = shapeTick(config, decimation, shaper, target, measured, predicted, now);
    const { command, kind, reasons } = shaped.verdict;
    const sent = commands.send(config, shaper, shaped, target, measured, predicted, now);
    const { executed, sentNs } = sent;
    this.shaper = sent.state;
    if (executed) this.metrics.sent(kind, now, measured!.receivedNs, sentNs);
    else if (command !== null) this.metrics.skippedTicks++; // it expired between gate and wire
    if (executed && !this.commanded)
      this.links.emit('first-command', { afterMs: elapsedMs(this.startNs, sentNs) });
    this.commanded ||= executed !== null;
    const { owner } = this.authority;
    const { velocityScale = 1 } = config;
    const given = { target, measured, evidence: predicted, madeNs: now, sentNs, velocityScale, owner };
    this.options.recording?.tick({ ...given, veto: this.publisher.vetoed }, shaped, this.shaper);
    this.lastTickNs = now;
    if (!this.shaper.gate.silent) {
      this.metrics.countReasons(reasons);
      this.record(shaped, executed, now, sentNs);
    }
    this.announceMode();
    this.announceBlend(now);
    if (this.finishing && this.measured && this.rest.isAtRest(this.shaper.gate, this.measured, now))
      this.finish('at rest');
  }

  private record(shaped: ShapedTick, executed: Float64Array | null, atNs: bigint, sentNs: bigint): void {
    const { frame, links, tickSeq: seq } = this;
    const { owner } = this.authority;
    const measuredNs = this.measured!.receivedNs;
    const at = { seq, policyStep: links.agent.step, owner, atNs, measuredNs, sentNs };
    links.record(tickMessage(at, shaped, executed, frame.measured(atNs)));
  }

  private announceMode(): void {
    const { gate } = this.shaper;
    if (this.news.ofGate(gate)) this.endActive(gate.mode, gate.fault?.message ?? this.stopReason);
    this.node.refreshLifecycle();
    if (this.news.ofOwner(this.authority.owner)) this.node.refresh();
  }

  /** @param reason empty where nobody asked: then the gate has lost sight of the robot */
  private endActive(mode: GateMode, reason: string): void {
    const message = `the joint state was lost: now ${mode}`;
    if (reason === '') this.links.emit('state-lost', { message });
    this.endAuthority(reason || message);
  }

  /** While the agent drives, whatever changes how far it may. */
  private announceBlend(nowNs: bigint): void {
    const change = this.links.agent.evidence?.change(this.authority.owner, nowNs);
    if (!change) return;
    this.links.emit('blend-ratio', { ...change });
    this.node.refresh();
  }

  /** Nobody moves the robot from now on. */
  private endAuthority(reason: string): void {
    const owner = this.authority.end();
    if (owner === 'agent') this.episodes.end(reason, this.stopReason !== '');
    if (owner === 'teleop') this.links.emit('teleop', { event: 'ended', reason });
  }

  /** Without states there are no ticks; then this timer runs them, so that the gate can ramp to rest on what it knows. */
  private watch(): void {
    if (this.shaper.gate.silent || this.measured === null) return;
    const now = this.options.clock.nowNs();
    if (elapsedMs(this.measured.receivedNs, now) <= this.config.stateTimeoutMs) return;
    const sinceMs = elapsedMs(this.lastTickNs, now);
    if (sinceMs > (1 - 0.5 / WATCHES_PER_PERIOD) * this.periodMs) this.tick();
  }

  // requests

  private request(event: GateEvent, by: string): EventOutcome {
    this.readiness.armed = false;
    if (event !== 'engage') this.stopReason = by;
    const asked = by === BY_LIFECYCLE ? null : this.node.whyNotActive();
    const why = event === 'release' && this.shaper.gate.silent ? (asked ?? this.topics.whyNotSend()) : null;
    const outcome =
      event === 'engage' ? this.engage(by) : why === null ? this.apply(event) : { accepted: false, why };
    this.links.emit('request', { event, by, ...outcome });
    this.announceMode();
    if (event === 'estop' && !this.shaper.gate.silent && this.measured) this.tick(); // not only with the next state
    return outcome;
  }

  private engage(by: string): EventOutcome {
    const outcome = this.open(() => this.authority.whyNotAgent() ?? this.readiness.whyNotEngage());
    if (outcome.accepted) {
      this.readiness.armed = false;
      this.stopReason = '';
      this.authority.giveToAgent();
      this.driven = true;
      this.episodes.begin(by);
    }
    this.readiness.refusal = outcome.accepted ? '' : outcome.why;
    return outcome;
  }

  /** Lets the gate take proposals, unless something is missing. A latched fault is told before all else that may be. */
  private open(missing: () => string | null): EventOutcome {
    const { fault } = this.shaper.gate;
    const why = fault === null ? missing() : latchedText(fault);
    return why === null ? this.apply('engage') : { accepted: false, why };
  }

  private apply(event: GateEvent): EventOutcome {
    const { measured } = this;
    const atNs = this.options.clock.nowNs();
    const { silent } = this.shaper.gate;
    const { state, outcome } = gateEvent(this.config, this.shaper.gate, event, measured, atNs);
    if (state.silent && !silent) {
      this.commands.fallSilent();
      this.metrics.fallSilent();
    }
    this.shaper = { ...this.shaper, gate: state };
    this.options.recording?.event({ event, atNs, measured, outcome, mode: state.mode });
    return outcome;
  }

  /** The operator at the teleoperation device takes the place of whoever drove. */
  private handToOperator(): EventOutcome {
    this.readiness.armed = false;
    const outcome = this.open(() => this.readiness.whyNotDrive());
    if (outcome.accepted) {
      this.episodes.end('the operator took over', true);
      this.stopReason = '';
      this.driven = true;
    }
    this.announceMode();
    return outcome;
  }

  private checkTopics(): void {
    if (this.topics.tellNews()) this.node.refresh();
    const loss = this.shaper.gate.mode === 'active' ? this.topics.loss(this.authority.owner) : null;
    if (loss === null) return;
    this.links.emit('fault', { ...loss });
    this.request('stop', loss.message);
  }

  /** Until somebody drives, says once a second what is still missing. */
  private reportWaiting(): void {
    if (this.driven || this.finishing) return;
    const seen = this.measured !== null;
    const missingJoints = seen ? [] : this.readiness.missingJoints;
    this.links.emit('waiting', { why: this.whyNobodyDrives(), missingJoints });
  }

  private whyNobodyDrives(): string {
    const operator = this.options.engage === 'operator' ? this.authority.whyNotOperator() : null;
    return this.readiness.waiting(this.measured !== null, operator, this.shaper.gate.fault);
  }

  private beat(): void {
    const { tickSeq: seq, commands, measured } = this;
    this.links.beat({ seq, mode: this.shaper.gate.mode }, commands.newest, measured);
  }

  private finish(outcome: string): void {
    if (this.finished) return;
    this.finished = true;
    if (this.finishing) clearTimeout(this.finishing);
    for (const timer of this.timers) clearTimeout(timer);
    this.clearPending();
    this.states.close();
    this.topics.sensors.close();
    this.node.close();
    void this.authority.stop();
    this.links.emit('stopped', { outcome, reason: this.stopReason });
    this.links.emit('summary', { ...this.summary() });
    this.options.onFinished();
  }

  private summary(): GuardSummary {
    return {
      ...this.metrics.summary(this.startNs, this.decimator.bursts),
      seconds: this.episodes.seconds,
      rejectedStates: { ...this.mapper.rejected },
      ...this.topics.sensors.summary,
    };
  }

  private status(): GuardStatus {
    const { links, measured } = this;
    const { clock, robot } = this.options;
    return guardStatus({
      ...this.shaper.gate,
      nodeName: fullNodeName(this.options.node).slice(1),
      owner: this.authority.owner,
      blend: links.agent.evidence?.inForce(this.authority.owner, clock.nowNs()) ?? FULL,
      stateTopic: robot.config.stateTopic,
      stateAgeMs: measured ? elapsedMs(measured.receivedNs, clock.nowNs()) : Infinity,
      stateTimeoutMs: this.config.stateTimeoutMs,
      waiting: this.whyNobodyDrives(),
      stopReason: this.stopReason,
      faultSinceWallNs: (sinceNs) => clock.wallNs() - clock.nowNs() + sinceNs,
      summary: this.summary(),
      agentConnected: links.agent.connected,
      commandSubscribers: this.publisher.matched,
      blackBox: links.blackBox,
      warnings: [...this.topics.warnings, ...this.authority.warnings],
      operatorCounts: { ...this.authority.counts, ...this.topics.sensors.counts },
      controller: this.topics.downstream.fact,
    });
  }
}
