import type { SessionInfo } from '../data/index.js';

/** What the supervisor tells the recorder process, see src/io/ipc/process-config.ts. */
export interface RecorderProcessConfig {
  readonly socketPath: string;
  readonly robotFolder: string;
  readonly episodesFolder: string;
  readonly blackBoxFolder: string;
  readonly session: SessionInfo;
  /** step of the checkpoint that drives */
  readonly policyVersion: number;
}
