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

  constructor(private readonly joints: readonly string[]) {}

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

  /** @returns false for a proposal that answers no step of ours; its values are the gate's to judge */
  take(message: ProposalMessage): boolean {
    if (message.policyStep > this.step) return false;
    if (this.newest && message.policyStep <= this.newest.seq) return false;
    if (message.command.length === this.joints.length && message.command.every(Number.isFinite))
      this.validProposals++;
    this.newest = {
      source: 'agent',
      joints: this.joints,
      command: message.command,
      seq: message.policyStep,
      expiresNs: message.expiresNs,
    };
    return true;
  }

  answersNewest(message: ProposalMessage): boolean {
    return message.policyStep === this.step;
  }
}
