import { Subject } from 'rxjs';
import type { RobotControl } from '../../../src/finetune/episode-robot.js';
import type { RobotEvent } from '../../../src/finetune/index.js';
import type { Deployment } from '../../../src/io/ipc/index.js';

/** Requests that the guard hears from people, and from what has lost patience with the agent. */
type Request = 'engage' | 'release' | 'stop' | 'estop' | 'reset' | 'mute';

/** The guard as the supervisor tells of it: what it is asked is kept, and answered at once with the events of src/guard, in their order. */
export class ToldGuard implements RobotControl {
  readonly events = new Subject<RobotEvent>();
  /** all that was asked of it: deployments, requests by name, services */
  readonly asked: unknown[] = [];
  /** why it refuses the next requests of the supervisor; then it accepts again */
  readonly refusals: string[] = [];
  /** what the agent answers to the next deployments, instead of 'deployed' */
  readonly failures: string[] = [];
  /** answer of services */
  service = { success: true, message: '' };
  /** is told of every engagement, after its events */
  onEngaged: (deployment: Deployment | null) => void = () => {};
  deployment: Deployment | null = null;
  private driving = false;
  private recordings = 0;

  tell(kind: string, detail: RobotEvent['detail'] = {}): void {
    this.events.next({ kind, detail });
  }

  deploy(deployment: Deployment): void {
    this.asked.push(deployment);
    const { motion } = deployment;
    const failure = this.failures.shift();
    if (this.driving) this.tell('deploy-refused', { why: 'the agent drives; end its episode first' });
    else if (failure !== undefined) this.tell('deploy-failed', { motion, why: failure });
    else {
      this.deployment = deployment;
      this.tell('deployed', { motion, version: motion === 'policy' ? deployment.version : 0 });
    }
  }

  engage(): void {
    this.asked.push('engage');
    this.request('engage', 'the supervisor', this.refusals.shift());
  }

  mute(): void {
    this.asked.push('mute');
    this.request('mute', 'the supervisor', this.refusals.shift());
  }

  trigger(service: string) {
    this.asked.push(service);
    return Promise.resolve(this.service);
  }

  /** Of whomever. @param why it is refused */
  request(event: Request, by: string, why?: string): void {
    const engages = event === 'engage' && why === undefined;
    if (engages) {
      this.driving = true;
      this.tell('engaged', { atNs: '1', by });
    }
    this.tell('request', {
      event,
      by,
      ...(why === undefined ? { accepted: true } : { accepted: false, why }),
    });
    if (why !== undefined) return;
    if (engages) {
      this.tell('mode', { from: 'holding', to: 'active' });
      this.onEngaged(this.deployment);
      return;
    }
    if (event === 'estop') this.fault('estop', 'e-stop pressed', true);
    else this.end(by, true);
  }

  /** The gate has latched. */
  fault(check: string, message: string, requested = false): void {
    this.tell('mode', {
      from: this.driving ? 'active' : 'holding',
      to: check === 'estop' ? 'estop' : 'fault',
    });
    this.tell('fault', { check, message, clearedBy: 'reset, at rest' });
    this.end(message, requested);
  }

  /** The agent ends its episode, or its way to a start. */
  agentEnds(why: string, steps = 200, cause = 'steps'): void {
    this.tell('episode-end', { cause, terminated: false, why });
    this.request('release', why);
    this.recorded(why, steps);
  }

  /** of the episode that is recorded */
  get id(): string {
    return `real-0001/${this.recordings}`;
  }

  /** The recorder has closed the episode. */
  recorded(reason: string, steps: number): void {
    if (this.deployment?.motion === 'start') return;
    const { id } = this;
    this.recordings++;
    this.tell('episode', { id, steps, ticks: 5 * steps, terminated: false, reason });
  }

  private end(reason: string, requested: boolean): void {
    if (!this.driving) return;
    this.driving = false;
    this.tell('disengaged', { reason, requested });
  }
}
