import { filter, firstValueFrom, type Observable } from 'rxjs';
import { setTimeout } from 'node:timers/promises';
import { DynabridgeError } from '../core/index.js';
import type { Deployment, EpisodeEndCause } from '../io/ipc/index.js';
import type { TriggerResponse } from '../io/ros/index.js';

/** What a fine-tuning asks of the supervisor. */
export interface RobotControl {
  deploy(deployment: Deployment): void;
  engage(): void;
  mute(): void;
  trigger(service: string, timeoutMs: number): Promise<TriggerResponse>;
}

/** An episode that is on disk. */
export interface DrivenEpisode {
  readonly id: string;
  readonly steps: number;
  readonly reason: string;
  /** the agent ended it, at its task's end or after the steps that it was given; otherwise somebody or something else did */
  readonly planned: boolean;
}

/** What the supervisor tells. */
export interface RobotEvent {
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The supervisor's name where it asks the guard for something; everybody else is a person. */
const OURS = 'the supervisor';
/** requests of a person, after which nothing moves again before a person says so */
const STOPS = ['estop', 'stop', 'reset', 'release'];
/** without agent or record there is nothing to learn from */
const ENDS = ['agent-ended', 'recorder-ended', 'recording-failed'];
/** the bridge is being ended: nothing more is asked for, but the episode that runs still comes to its end */
const ENDING = 'ending';
const RETRY_MS = 300;
/** an agent that was just deployed, and a robot that comes to rest, need some time */
const UNTOLD_WAITS = 6;
const RESET_TIMEOUT_MS = 10_000;

/**
 * A robot that drives one episode after the other, by what the supervisor tells. Whatever a person did, or a fault: from then on
 * it engages by a person's word only.
 */
export class EpisodeRobot {
  /** somebody intervened; cleared when a person has engaged the agent again */
  private intervention: string | null = null;
  private driving = false;
  private endedByAgent = false;
  /** of the end that the agent told last */
  private endCause: EpisodeEndCause | null = null;
  /** the request to release that follows on the end that the agent told */
  private ownRelease = false;
  /** a person is asked whether it may go on */
  private asked = false;
  /** a person here has said that it may */
  private confirmed = false;
  /** after which nothing can come any more */
  private end: RobotEvent | null = null;

  /**
   * @param events of the supervisor; whoever waits for one gets an error when they end
   * @param say is told what is waited for
   * @param sleep waits so many milliseconds
   */
  constructor(
    private readonly control: RobotControl,
    private readonly events: Observable<RobotEvent>,
    private readonly say: (line: string) => void,
    private readonly sleep: (ms: number) => Promise<unknown> = setTimeout,
  ) {
    events.subscribe((event) => this.onEvent(event));
  }

  /** Why a person has to engage the agent, for people; null where none has to. */
  get needsPerson(): string | null {
    return this.intervention;
  }

  /** A person at this terminal says that the agent may drive; of no effect where nobody was asked, e.g. while it learns. */
  confirm(): void {
    if (!this.asked) return;
    this.confirmed = true;
    this.control.engage();
  }

  /** Gives the agent what to drive next; waits while it drives. @throws what kept it from that */
  async deploy(deployment: Deployment): Promise<void> {
    for (;;) {
      if (this.driving) await this.next(({ kind }) => kind === 'disengaged');
      const answer = this.next(({ kind }) => ['deployed', 'deploy-refused', 'deploy-failed'].includes(kind));
      this.control.deploy(deployment);
      const { kind, detail } = await answer;
      if (kind === 'deployed') return;
      if (kind === 'deploy-failed')
        throw new DynabridgeError(
          'GOAL_NOT_REACHED',
          `the agent cannot drive that: ${String(detail['why'])}`,
        );
      await this.sleep(RETRY_MS);
    }
  }

  /**
   * Leaves the robot to a service that puts it back: until the agent is engaged again, nothing is sent.
   * @throws UNAVAILABLE where the service does not answer, or refuses
   */
  async resetBy(service: string): Promise<void> {
    if (!(await this.insist('mute', () => this.control.mute()))) return;
    const { success, message } = await this.control.trigger(service, RESET_TIMEOUT_MS);
    if (!success)
      throw new DynabridgeError('UNAVAILABLE', `${service} did not put the robot back: ${message}`);
  }

  /**
   * Drives one episode with what was deployed.
   * @param alone engage without a person, as long as none has intervened
   */
  async episode(alone: boolean): Promise<DrivenEpisode> {
    const ended = this.next(({ kind }) => kind === 'episode');
    ended.catch(() => {}); // told by whoever engages, too
    await this.engaged(alone);
    const { detail } = await ended;
    const { id, steps, reason } = detail as unknown as DrivenEpisode;
    return { id, steps, reason, planned: this.endedByAgent };
  }

  /** Drives to where an episode starts. @returns why the robot is not there, for people; null where it is */
  async move(): Promise<string | null> {
    const ended = this.next(({ kind }) => kind === 'disengaged');
    ended.catch(() => {});
    await this.engaged(true);
    const { detail } = await ended;
    return this.endedByAgent && this.endCause === 'pose' ? null : String(detail['reason']);
  }

  private onEvent(event: RobotEvent): void {
    const { kind, detail } = event;
    if (ENDS.includes(kind) || kind === ENDING) this.end ??= event;
    switch (kind) {
      case 'engaged':
        this.driving = true;
        this.endedByAgent = this.asked = false;
        if (detail['by'] !== OURS || this.confirmed) this.intervention = null;
        this.confirmed = false;
        break;
      case 'episode-end':
        this.endedByAgent = this.ownRelease = true;
        this.endCause = detail['cause'] as EpisodeEndCause;
        break;
      case 'disengaged':
        this.driving = false;
        if (!this.endedByAgent) this.intervention ??= String(detail['reason']);
        break;
      case 'fault':
        this.intervention = String(detail['message']);
        break;
      case 'teleop':
        if (detail['event'] === 'taken') this.intervention = 'the operator took over';
        break;
      case 'request':
        this.onRequest(detail);
        break;
    }
  }

  private onRequest({ event, by, accepted, why }: RobotEvent['detail']): void {
    if (event === 'release' && this.ownRelease) this.ownRelease = false;
    else if (STOPS.includes(String(event))) this.intervention ??= `${String(event)}: ${String(by)}`;
    if (event !== 'engage' || by !== OURS || !this.confirmed || accepted === true) return;
    this.confirmed = false;
    this.say(`not yet: ${String(why)}`);
  }

  /** Asks until the agent drives, or waits for a person's word. */
  private async engaged(alone: boolean): Promise<void> {
    if (this.driving) return;
    const engaged = this.next(({ kind }) => kind === 'engaged');
    engaged.catch(() => {});
    if (!alone || !(await this.insist('engage', () => this.control.engage()))) this.askPerson();
    await engaged;
  }

  /** Asks the guard until it does what it is asked. @returns false where somebody intervened meanwhile */
  private async insist(event: 'engage' | 'mute', ask: () => void): Promise<boolean> {
    let told = '';
    let waits = 0;
    while (this.intervention === null) {
      if (event === 'engage' && this.driving) return true; // a person was first
      const answer = this.next(
        ({ kind, detail }) => kind === 'request' && detail['event'] === event && detail['by'] === OURS,
      );
      ask();
      const { detail } = await answer;
      if (detail['accepted'] === true) return true;
      const why = String(detail['why']);
      if (++waits > UNTOLD_WAITS && why !== told) {
        this.say(`waiting: ${why}`);
        told = why;
      }
      await this.sleep(RETRY_MS);
    }
    return false;
  }

  private askPerson(): void {
    if (this.end !== null) throw nothingMore(this.end);
    this.asked = true;
    const cleared = this.intervention === null ? '' : `${this.intervention}; clear what is wrong, `;
    this.say(`${cleared}put the robot back to a start, then press Enter here or call the service ~/engage`);
  }

  /** @throws UNAVAILABLE at once, before anything is asked for, where it cannot come any more */
  private next(wanted: (event: RobotEvent) => boolean): Promise<RobotEvent> {
    if (this.end !== null) throw nothingMore(this.end);
    return this.first(wanted);
  }

  private async first(wanted: (event: RobotEvent) => boolean): Promise<RobotEvent> {
    const found = this.events.pipe(filter((event) => wanted(event) || ENDS.includes(event.kind)));
    const event = await firstValueFrom(found, { defaultValue: null });
    if (event === null) throw new DynabridgeError('UNAVAILABLE', 'the bridge has ended');
    if (ENDS.includes(event.kind)) throw nothingMore(event);
    return event;
  }
}

function nothingMore({ kind, detail: { how, why } }: RobotEvent): DynabridgeError {
  return new DynabridgeError('UNAVAILABLE', `nothing more can be learned: ${kind} (${String(how ?? why)})`);
}
