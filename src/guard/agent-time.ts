import { NS_PER_S, elapsedMs } from '../core/index.js';
import { AGENT_TIMEOUT_STEPS } from './guard-config.js';

/** What the guard counts of the agent: how long it has had authority, and for how long it has answered nothing. */
export class AgentTime {
  /** with the agent in authority, before `sinceNs` */
  private activeNs = 0n;
  private sinceNs: bigint | null = null;
  private answeredNs = 0n;
  private missedSteps = 0;

  /** @param timeoutMs without an answer for so long it is silent */
  constructor(private readonly timeoutMs: number) {}

  /** The agent has authority. Again while it has: nothing changes. */
  begin(nowNs: bigint): void {
    this.sinceNs ??= nowNs;
  }

  /** @returns false when it had none */
  end(nowNs: bigint): boolean {
    if (this.sinceNs === null) return false;
    this.activeNs += nowNs - this.sinceNs;
    this.sinceNs = null;
    return true;
  }

  /** with the agent in authority [s] */
  seconds(nowNs: bigint): number {
    const runningNs = this.sinceNs === null ? 0n : nowNs - this.sinceNs;
    return Number(this.activeNs + runningNs) / Number(NS_PER_S);
  }

  /** It answered the newest policy step in time. */
  answered(nowNs: bigint): void {
    this.answeredNs = nowNs;
    this.missedSteps = 0;
  }

  /** It did not. @returns how silent it has been, when that is long enough to take its authority away */
  missed(nowNs: bigint): { readonly silentMs: number; readonly missedSteps: number } | null {
    const missedSteps = ++this.missedSteps;
    const silentMs = elapsedMs(this.answeredNs, nowNs);
    return silentMs < this.timeoutMs || missedSteps < AGENT_TIMEOUT_STEPS ? null : { silentMs, missedSteps };
  }
}
