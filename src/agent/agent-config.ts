/** What the supervisor tells the agent process, see src/io/ipc/process-config.ts. */
export interface AgentProcessConfig {
  readonly robotFolder: string;
  readonly socketPath: string;
  readonly runFolder: string;
}

/** A proposal stays valid for this many policy periods from the state it answers: one, and half as much again for jitter. */
export const PROPOSAL_LIFETIME_PERIODS = 1.5;
