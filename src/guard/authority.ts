import type { Clock } from '../core/index.js';
import {
  NOBODY,
  arbitrate,
  followOperator,
  grantAgent,
  revoke,
  type ArbiterState,
  type EventOutcome,
  type Fault,
  type GateConfig,
  type GateEvent,
  type Owner,
  type Proposal,
} from '../safety/index.js';
import { Teleop } from './teleop.js';

/** The guard, as far as authority is concerned. */
export interface AuthorityHost {
  fault(): Fault | null;
  /** [ms]; Infinity before the first joint state */
  stateAgeMs(): number;
  request(event: GateEvent, by: string): EventOutcome;
  /** Opens the gate for the operator, and ends what the agent was doing. */
  handToOperator(): EventOutcome;
  tell(kind: string, detail: Readonly<Record<string, unknown>>): void;
}

/** Who may move the robot, and the operator's device, where there is one. */
export class Authority {
  private state: ArbiterState = NOBODY;
  private readonly teleop: Teleop | null;

  /** @param teleopPort serial port of the operator's device; default: none */
  constructor(
    config: GateConfig,
    private readonly clock: Clock,
    teleopPort: string | undefined,
    private readonly host: AuthorityHost,
  ) {
    this.teleop = teleopPort === undefined ? null : this.openTeleop(config, teleopPort);
  }

  get owner(): Owner {
    return this.state.owner;
  }

  /** Looks at what the operator wants now; to be called at every tick, since commands expire. */
  follow(nowNs: bigint): void {
    if (this.teleop === null) return;
    const { state, event } = followOperator(this.state, this.teleop.input, nowNs);
    if (event === 'taken') {
      const outcome = this.host.handToOperator();
      this.host.tell('teleop', outcome.accepted ? { event } : { event: 'refused', why: outcome.why });
      this.state = outcome.accepted ? state : { ...this.state, released: false };
      this.teleop.begin();
      return;
    }
    this.state = state;
    if (event === undefined) return;
    this.host.tell('teleop', { event });
    if (event !== 'not-neutral') this.host.request('release', `teleop: ${event}`);
  }

  /** The proposal of who has authority. @param base last command (m), from which the operator's set-point goes on */
  choose(agent: Proposal | null, base: () => Float64Array): Proposal | null {
    const sticks = this.teleop && this.owner === 'teleop' ? this.teleop.proposal(base()) : null;
    return arbitrate(this.state, [agent, sticks]);
  }

  /** Why the agent may not have authority, for people; undefined where it may. */
  whyNotAgent(): string | undefined {
    return grantAgent(this.state).why;
  }

  /** What the operator does not do, or has not, so that nobody drives; for people. */
  whyNotOperator(): string {
    return this.teleop?.whyIdle() ?? 'no port of an operator device was given';
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
    await this.teleop?.stop();
  }

  private openTeleop(config: GateConfig, port: string): Teleop {
    const { host, clock } = this;
    const status = () => {
      const fault = host.fault();
      return {
        owner: fault ? ('stopped' as const) : this.owner,
        latched: fault !== null,
        nonce: stopNumber(fault),
        stateAgeMs: Math.round(host.stateAgeMs()),
      };
    };
    return new Teleop(port, config, clock, status, {
      changed: () => this.follow(clock.nowNs()),
      estop: (by) => {
        if (host.fault()?.check !== 'estop') host.request('estop', by);
      },
      reset: (number) => {
        if (number === stopNumber(host.fault())) host.request('reset', 'operator device');
        else host.tell('teleop', { event: 'reset-refused', why: 'it is of another stop' });
      },
      tell: (kind, detail) => host.tell(kind, detail),
    });
  }
}

/** Tells latched stops apart, so that a late reset clears no newer one; 0: nothing is latched. */
function stopNumber(fault: Fault | null): number {
  return fault === null ? 0 : 1 + Number(fault.sinceNs % 0xffff_ffffn);
}
