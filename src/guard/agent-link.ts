import type { IpcConnection, ObservationMessage, ProposalMessage } from '../io/ipc/index.js';
import type { Proposal } from '../safety/index.js';

/** The guard's view of the agent process: what was asked, what came back, whether it is there. */
export class AgentLink {
  /** newest usable proposal; the gate judges its age */
  newest: Proposal | null = null;
  /** number of the newest policy step */
  step = 0;
  validProposals = 0;
  private connection: IpcConnection | null = null;

  /** @param lifetimeNs no proposal lives longer than this from its arrival, whatever it says of itself */
  constructor(
    private readonly joints: readonly string[],
    private readonly lifetimeNs: bigint,
  ) {}

  get connected(): boolean {
    return this.connection !== null;
  }

  owns(connection: IpcConnection): boolean {
    return connection === this.connection;
  }

  /** A second agent takes the place of the first: an agent is restarted, never doubled. */
  connect(connection: IpcConnection): void {
    this.connection?.destroy();
    this.connection = connection;
    this.validProposals = 0;
    this.newest = null;
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

  /** Leaves a gap in the step numbers, so that the agent starts its history anew. */
  breakHistory(): void {
    this.step++;
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

  answersNewest(message: ProposalMessage): boolean {
    return message.policyStep === this.step;
  }
}
