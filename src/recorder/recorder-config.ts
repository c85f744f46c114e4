import type { SessionInfo } from '../data/index.js';
import type { ControllerKind } from '../robot/index.js';

/** What the supervisor tells the recorder process, see src/io/ipc/process-config.ts. */
export interface RecorderProcessConfig {
  readonly socketPath: string;
  readonly robotFolder: string;
  /** instead of the controller that robot.yaml names */
  readonly controller?: ControllerKind;
  readonly episodesFolder: string;
  readonly blackBoxFolder: string;
  readonly session: SessionInfo;
  /** MCAP file for all that crosses the wire and goes into the gate; default: none */
  readonly wireFile?: string | undefined;
}
