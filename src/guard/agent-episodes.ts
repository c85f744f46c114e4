import type { Clock } from '../core/index.js';
import type { DeployMessage, EpisodeEndMessage, EventMessage } from '../io/ipc/index.js';
import type { Owner } from '../safety/index.js';
import type { AgentLink } from './agent-link.js';
import { AgentTime } from './agent-time.js';

/** The guard, as far as the agent's episodes are concerned. */
export interface AgentEpisodesHost {
  owner(): Owner;
  /** Takes authority from the agent; the robot holds. */
  release(why: string): void;
  record(message: EpisodeEndMessage): void;
  tell(kind: string, detail: EventMessage['detail']): void;
}

/** The agent's episodes, each from its engagement to the end of its authority, and what it drives with in the next one. */
export class AgentEpisodes {
  private readonly time: AgentTime;

  /** @param timeoutMs without an answer for so long the agent is silent */
  constructor(
    private readonly link: AgentLink,
    timeoutMs: number,
    private readonly clock: Clock,
    private readonly host: AgentEpisodesHost,
  ) {
    this.time = new AgentTime(timeoutMs);
  }

  /** with the agent in authority [s] */
  get seconds(): number {
    return this.time.seconds(this.clock.nowNs());
  }

  /** The agent has been given authority. @param by whom, for people */
  begin(by: string): void {
    const now = this.clock.nowNs();
    this.time.begin(now);
    this.link.breakHistory();
    this.host.tell('engaged', { atNs: now.toString(), by });
  }

  /** It has none any more. @param requested somebody asked for that */
  end(reason: string, requested: boolean): void {
    if (this.time.end(this.clock.nowNs())) this.host.tell('disengaged', { reason, requested });
  }

  /** It answered the newest policy step in time. */
  answered(nowNs: bigint): void {
    this.time.answered(nowNs);
  }

  /** It did not. An agent that hangs loses its authority, so that it cannot move the robot again when it wakes. */
  missed(): void {
    const silence = this.time.missed(this.clock.nowNs());
    if (this.host.owner() !== 'agent' || !silence) return;
    this.host.tell('agent-silent', { ...silence });
    this.host.release('the agent is silent');
  }

  /** Its process is gone. */
  lost(): void {
    if (this.host.owner() === 'agent') this.host.release('the agent went away');
    this.host.tell('agent-lost', {});
  }

  /**
   * It gives up its authority, which is always safe; it has none to give up but in the episode that it speaks of. (What it says of a
   * frame from before its engagement may arrive after.)
   */
  endByAgent(message: EpisodeEndMessage): void {
    if (this.host.owner() !== 'agent' || !this.link.isOfHistory(message.policyStep)) return;
    const { cause, terminated, why } = message;
    this.host.record(message);
    this.host.tell('episode-end', { cause, terminated, why });
    this.host.release(why);
  }

  /** Never while the agent drives: it answers nothing while it loads a policy, and the one that drives is not replaced under way. */
  deploy(message: DeployMessage): void {
    const why = this.whyNotDeploy() ?? (this.link.deploy(message) ? null : 'the agent does not keep up');
    if (why !== null) this.host.tell('deploy-refused', { why });
  }

  private whyNotDeploy(): string | null {
    if (this.host.owner() === 'agent') return 'the agent drives; end its episode first';
    if (!this.link.connected) return 'no agent is connected';
    return this.link.deploying ? 'the agent has not answered the deployment before' : null;
  }
}
