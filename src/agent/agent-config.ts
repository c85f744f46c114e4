/** What the supervisor tells the agent process, see src/io/ipc/process-config.ts. */
export interface AgentProcessConfig {
  readonly robotFolder: string;
  readonly socketPath: string;
  readonly runFolder: string;
  /** predict what is proposed, with the world model of the run */
  readonly predicted: boolean;
  /** name of the robot's task that ends episodes; absent: others stop the agent, and nothing is deployed to it */
  readonly task?: string | undefined;
}
