/** A policy is to drive. */
export interface PolicyDeployment {
  readonly motion: 'policy';
  /** step of the checkpoint in the agent's run directory */
  readonly version: number;
  /** draw actions from the stochastic policy instead of taking its mean */
  readonly sampling: boolean;
  /** of what is drawn */
  readonly seed: number;
  /** policy steps after which the agent ends the episode, at least 1 */
  readonly steps: number;
}

/** The commanded joints are to be brought to where episodes start. */
export interface StartDeployment {
  readonly motion: 'start';
  /** (m) [rad] or [m], in the order of commands */
  readonly pose: readonly number[];
  /** policy steps after which the agent gives up, at least 1 */
  readonly steps: number;
}

export type Deployment = PolicyDeployment | StartDeployment;

/** supervisor -> guard -> agent: what the agent drives with from now on, once it is engaged */
export type DeployMessage = Deployment & { readonly type: 'deploy' };

/** task: it is terminated; steps: the limit of the deployment; pose: the joints are where they were to be brought */
export type EpisodeEndCause = 'task' | 'steps' | 'pose';

/** agent -> guard: the episode that it drives ends with the frame of this step, and its authority with it */
export interface EpisodeEndMessage {
  readonly type: 'episode-end';
  readonly policyStep: number;
  readonly cause: EpisodeEndCause;
  /** of the task alone: no value lies behind the frame */
  readonly terminated: boolean;
  /** for people */
  readonly why: string;
}
