import { elapsedMs, type Clock } from '../core/index.js';
import type { Middleware } from '../io/ros/index.js';
import type { ModeReply, WantedMode } from '../io/serial/index.js';
import type { RobotConfig } from '../robot/index.js';
import {
  NOBODY,
  arbitrate,
  followOperator,
  grantAgent,
  lockOn,
  lockText,
  revoke,
  type ArbiterState,
  type EngagedLock,
  type EventOutcome,
  type GateConfig,
  type GateEvent,
  type GateState,
  type Measured,
  type Owner,
  type Priorities,
  type Proposal,
} from '../safety/index.js';
import { JointJogTeleop } from './joint-jog.js';
import { Locks } from './locks.js';
import { changeMode } from './mode-request.js';
import { Operators } from './operator-source.js';
import { operatorStatus, robotState, stopNumber } from './operator-told.js';
import { Teleop } from './teleop.js';

const NO_PORT = 'no port of an operator device was given';

/** The guard, as far as authority is concerned. */
export interface AuthorityHost {
  gate(): Pick<GateState, 'mode' | 'fault' | 'silent'>;
  /** null before the first joint state */
  measured(): Measured | null;
  request(event: GateEvent, by: string): EventOutcome;
  /** Opens the gate for the operator, and ends what the agent was doing. */
  handToOperator(): EventOutcome;
  tell(kind: string, detail: Readonly<Record<string, unknown>>): void;
}

export interface AuthorityOptions {
  readonly robot: RobotConfig;
  readonly gate: GateConfig;
  readonly middleware: Middleware;
  readonly clock: Clock;
  /** serial port of the operator's device; default: none */
  readonly teleopPort: string | undefined;
}

/** Who may move the robot: the operator, by a device or over the network, the agent, and the locks on them. */
export class Authority {
  private state: ArbiterState = NOBODY;
  private readonly teleop: Teleop | null;
  private readonly jog: JointJogTeleop | null;
  private readonly operators: Operators;
  private readonly locks: Locks;
  private readonly priorities: Priorities;
  /** why the operator got no authority when it was asked for last */
  private refusal = '';

  constructor(
    private readonly options: AuthorityOptions,
    private readonly host: AuthorityHost,
  ) {
    const { robot, middleware, teleopPort } = options;
    this.priorities = { teleop: robot.teleop.priority, agent: robot.agent.priority };
    this.locks = new Locks(middleware, robot.locks);
    this.teleop = teleopPort === undefined ? null : this.openTeleop(teleopPort);
    this.jog = robot.teleop.jointJog ? this.openJog() : null;
    this.operators = new Operators([this.teleop, this.jog].filter((source) => source !== null));
  }

  get owner(): Owner {
    return this.state.owner;
  }

  /** Looks at locks and at what the operator wants now; to be called at every tick, since commands and locks expire. */
  follow(nowNs: bigint): void {
    const lock = this.locks.strongest(nowNs);
    this.obeyLock(lock);
    if (this.teleop !== null) this.obeyAttendance();
    const locked = lockOn('teleop', lock, this.priorities);
    const { active } = this.operators;
    const { state, event } = followOperator(this.state, this.operators.input(nowNs), nowNs, locked !== null);
    if (event === undefined) {
      this.state = state;
      return;
    }
    const by = active?.name ?? 'nobody';
    if (event === 'taken') {
      const outcome = this.host.handToOperator();
      this.refusal = outcome.accepted ? '' : outcome.why;
      this.host.tell('teleop', outcome.accepted ? { event, by } : { event: 'refused', why: outcome.why, by });
      this.state = outcome.accepted ? state : { ...this.state, released: false };
      active?.begin();
      return;
    }
    this.state = state;
    this.refusal = locked ? lockText(locked) : event;
    this.host.tell(
      'teleop',
      locked && event === 'locked-out' ? { event, why: lockText(locked), by } : { event, by },
    );
    if (event === 'released' || event === 'lost') this.host.request('release', `teleop: ${event}`);
  }

  /** Takes authority from an agent that may not drive unattended; it does not come back by itself with the device. */
  private obeyAttendance(): void {
    const why = this.state.owner === 'agent' ? this.whyUnattended() : null;
    if (why === null) return;
    this.host.request('release', why);
    this.state = revoke(this.state);
  }

  /** Takes authority from a source that is locked; it does not come back by itself when the lock goes. */
  private obeyLock(lock: EngagedLock | null): void {
    const { owner } = this.state;
    const locked = lockOn(owner, lock, this.priorities);
    if (locked === null) return;
    this.host.tell('locked', { source: owner, by: locked.topic, why: locked.why });
    this.host.request('release', lockText(locked));
    this.state = revoke(this.state);
  }

  /** The proposal of who has authority. @param base last command (m), from which the operator's set-point goes on */
  choose(agent: Proposal | null, base: () => Float64Array): Proposal | null {
    const sticks = this.owner === 'teleop' ? (this.operators.active?.proposal(base()) ?? null) : null;
    return arbitrate(this.state, [agent, sticks]);
  }

  /** What is wrong though one can drive with it, for people: the operator cannot take over. */
  get warnings(): readonly string[] {
    const why = this.teleop?.whyNotLinked() ?? null;
    return why === null ? [] : [why];
  }

  /** Why the agent may not have authority, for people; undefined where it may. */
  whyNotAgent(): string | undefined {
    return this.whyUnattended() ?? grantAgent(this.state, this.lockOn('agent')).why;
  }

  /** What the operator does not do, or has not, so that nobody drives; for people. */
  whyNotOperator(): string {
    const lock = this.lockOn('teleop');
    if (lock !== null) return lockText(lock);
    return this.operators.whyIdle() ?? NO_PORT;
  }

  /** The agent may drive only while the operator's device is linked, where robot.yaml says so. */
  private whyUnattended(): string | null {
    if (!this.options.robot.teleop.required) return null;
    const why = this.teleop === null ? NO_PORT : this.teleop.whyNotLinked();
    return why === null ? null : `${why}, and robot.yaml says teleop: {required: true}`;
  }

  giveToAgent(): void {
    this.state = grantAgent(this.state).state;
  }

  /** Nobody moves the robot from now on. @returns who did */
  end(): Owner {
    const { owner } = this.state;
    this.state = revoke(this.state);
    return owner;
  }

  async stop(): Promise<void> {
    this.locks.close();
    await this.operators.stop();
  }

  /** What was counted of the operator's input, for people. */
  get counts(): Readonly<Record<string, number>> {
    return this.jog === null ? {} : { 'joint_jog dropped': this.jog.dropped };
  }

  private lockOn(source: Owner): EngagedLock | null {
    return lockOn(source, this.locks.strongest(this.options.clock.nowNs()), this.priorities);
  }

  private openTeleop(port: string): Teleop {
    const { host } = this;
    const { robot, gate, clock } = this.options;
    const stateAgeMs = () => {
      const measured = host.measured();
      return measured === null ? Infinity : elapsedMs(measured.receivedNs, clock.nowNs());
    };
    const told = {
      status: () => operatorStatus(host.gate().fault, this.owner, stateAgeMs()),
      state: () => robotState(gate, host.gate(), host.measured(), stateAgeMs()),
    };
    return new Teleop(port, gate, robot.teleop, clock, told, {
      changed: () => this.follow(clock.nowNs()),
      estop: (by) => {
        if (host.gate().fault?.check !== 'estop') host.request('estop', by);
      },
      reset: (number) => {
        if (number === stopNumber(host.gate().fault)) host.request('reset', 'operator device');
        else host.tell('teleop', { event: 'reset-refused', why: 'it is of another stop' });
      },
      mode: (wanted) => this.changeMode(wanted),
      tell: (kind, detail) => host.tell(kind, detail),
    });
  }

  private openJog(): JointJogTeleop {
    const { robot, gate, clock, middleware } = this.options;
    const isActive = () => this.operators.active === this.jog;
    return new JointJogTeleop(middleware, gate, robot.teleop, clock, {
      changed: () => this.follow(clock.nowNs()),
      drives: () => this.owner === 'teleop' && isActive(),
      whyNot: () => (isActive() ? this.refusal : 'an operator device is linked, which comes first'),
      tell: (kind, detail) => this.host.tell(kind, detail),
    });
  }

  private changeMode(wanted: WantedMode): Pick<ModeReply, 'result' | 'why'> {
    const { host } = this;
    const reply = changeMode(wanted, {
      owner: this.owner,
      mayEngage: this.options.robot.teleop.mayEngage,
      locked: this.lockOn('agent') !== null,
      gate: () => host.gate(),
      request: (event) => host.request(event, 'operator device'),
    });
    host.tell('teleop-mode', { wanted, ...reply });
    return reply;
  }
}
