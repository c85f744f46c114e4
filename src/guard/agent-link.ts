import type {
  DeployMessage,
  EvidenceMessage,
  IpcConnection,
  ObservationMessage,
  ProposalMessage,
} from '../io/ipc/index.js';
import type { Proposal } from '../safety/index.js';
import { EVIDENCE_LIFETIME_PERIODS, PROPOSAL_LIFETIME_PERIODS } from '../env/index.js';
import type { Robot } from '../robot/index.js';
import { AgentEvidence } from './agent-evidence.js';

/** The guard's view of the agent process: what was asked, what came back, whether it is there. */
export class AgentLink {
  /** newest usable proposal; the gate judges its age */
  newest: Proposal | null = null;
  /** number of the newest policy step */
  step = 0;
  validProposals = 0;
  /** something was deployed, and the agent has not said yet what became of it */
  deploying = false;
  /** first policy step of the agent's history */
  private historyFrom = 0;
  private connection: IpcConnection | null = null;

  /**
   * @param lifetimeNs no proposal lives longer than this from its arrival, whatever it says of itself
   * @param evidence what the agent predicts; null where it does not
   */
  constructor(
    private readonly joints: readonly string[],
    private readonly lifetimeNs: bigint,
    readonly evidence: AgentEvidence | null = null,
  ) {}

  get connected(): boolean {
    return this.connection !== null;
  }

  owns(connection: IpcConnection): boolean {
    return connection === this.connection;
  }

  /** One agent at a time: who drives is not replaced under way. @returns false while there is another */
  connect(connection: IpcConnection): boolean {
    if (this.connection !== null) return this.connection === connection;
    this.connection = connection;
    this.deploying = false;
    this.forget();
    return true;
  }

  /** @returns false when `connection` was not the agent in office */
  disconnect(connection: IpcConnection): boolean {
    if (connection !== this.connection) return false;
    this.connection = null;
    this.newest = null;
    return true;
  }

  nextStep(): number {
    return ++this.step;
  }

  send(observation: ObservationMessage): void {
    this.connection?.send(observation);
  }

  /** @returns false where there is no agent, or it does not keep up and has lost the message: then no answer will come */
  deploy(message: DeployMessage): boolean {
    this.deploying = this.connection?.send(message) ?? false;
    return this.deploying;
  }

  /** The agent has answered a deployment. @param changed it drives with something else from now on, which has yet to show itself alive */
  deployed(changed: boolean): void {
    this.deploying = false;
    if (changed) this.forget();
  }

  /** Leaves a gap in the step numbers, so that the agent starts its history anew. */
  breakHistory(): void {
    this.historyFrom = ++this.step + 1;
  }

  /** @returns false for a step of the history before, and for one that was not asked yet */
  isOfHistory(policyStep: number): boolean {
    return policyStep >= this.historyFrom && policyStep <= this.step;
  }

  /** @returns false for a proposal that answers no step of ours; its values are the gate's to judge */
  take(message: ProposalMessage, nowNs: bigint): boolean {
    if (message.policyStep > this.step) return false;
    if (this.newest && message.policyStep <= this.newest.seq) return false;
    if (message.command.length === this.joints.length && message.command.every(Number.isFinite))
      this.validProposals++;
    const latestNs = nowNs + this.lifetimeNs;
    this.newest = {
      source: 'agent',
      joints: this.joints,
      command: message.command,
      seq: message.policyStep,
      expiresNs: message.expiresNs < latestNs ? message.expiresNs : latestNs,
    };
    return true;
  }

  /** @returns false for a prediction of no step of ours, and where none is expected */
  takeEvidence(message: EvidenceMessage, nowNs: bigint): boolean {
    return this.evidence?.take(message, this.step, nowNs) ?? false;
  }

  answersNewest(message: ProposalMessage): boolean {
    return message.policyStep === this.step;
  }

  private forget(): void {
    this.validProposals = 0;
    this.newest = null;
    this.evidence?.forget();
  }
}

/** @param predicted the agent predicts what it proposes, and has no authority without */
export function agentLinkOf({ model, config }: Robot, predicted: boolean): AgentLink {
  const periods = (count: number): bigint => BigInt(Math.round((count * 1e9) / config.policyRateHz));
  const evidence = predicted ? new AgentEvidence(model, periods(EVIDENCE_LIFETIME_PERIODS)) : null;
  return new AgentLink(model.commanded, periods(PROPOSAL_LIFETIME_PERIODS), evidence);
}
