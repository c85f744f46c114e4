import type { ControlTick } from '../env/index.js';

/** Where the robot of an episode was: simulated, real under the agent, or real (or simulated) under an operator. */
export const EPISODE_SOURCES = ['sim', 'real', 'teleop'] as const;
export type EpisodeSource = (typeof EPISODE_SOURCES)[number];

/** Whose proposal a control tick executed; the index is the number on disk. */
export const COMMAND_SOURCES = ['hold', 'agent', 'teleop', 'script'] as const;
export type CommandSource = (typeof COMMAND_SOURCES)[number];

/**
 * One control tick. Vectors in measured (n) and commanded (m) order; times since the episode began [ns].
 * `requested` is empty when nothing was proposed, `executed` when nothing was sent.
 */
export interface ControlTickRecord extends ControlTick {
  /** when the measurement was received */
  readonly measuredNs: bigint;
  /** when the executed command was sent; `sentNs - measuredNs` is the state-to-command latency */
  readonly sentNs: bigint;
  /** sequence number of the proposal */
  readonly seq: number;
  readonly source: CommandSource;
}

/** What a writer must give; defaults: measuredNs and sentNs = timeNs, seq = number of the tick, source = 'agent'. */
export type ControlTickInput = ControlTick &
  Partial<Pick<ControlTickRecord, 'measuredNs' | 'sentNs' | 'seq' | 'source'>>;

/** One policy step: the frame that the policy saw and the action that it chose on it. */
export interface PolicyStepRecord {
  /** number within the episode, from 0 */
  readonly step: number;
  /** since the episode began [ns] */
  readonly timeNs: bigint;
  /** (layout.size) before the action */
  readonly frame: Float32Array;
  /** (m) in [-1, 1] */
  readonly action: Float32Array;
  /** counts the policy snapshots of a run; 0 before any learning */
  readonly policyVersion: number;
}

/** What a file's writer is told once; it is repeated in every episode's start record. */
export interface SessionInfo {
  readonly source: EpisodeSource;
  readonly robot: string;
  readonly task: string;
  readonly contractSha256: string;
  /** [Hz] */
  readonly controlRateHz: number;
  /** [Hz] */
  readonly policyRateHz: number;
  /** joint names (n) */
  readonly measured: readonly string[];
  /** joint names (m) */
  readonly commanded: readonly string[];
  /** names of the bits of `ControlTick.reasons` */
  readonly reasonNames: readonly string[];
  /** fields of the further sensors (s), with which each frame ends; absent for robots without */
  readonly sensors?: readonly string[];
}

export interface EpisodeHeader extends SessionInfo {
  readonly formatVersion: number;
  /** unique within a run: `<file stem>/<number>` */
  readonly id: string;
  /** number within its file, from 1 */
  readonly number: number;
  readonly seed: number;
  /** wall clock at the start, since the Unix epoch [ns] */
  readonly wallNs: bigint;
}

export interface EpisodeEnd {
  /** the task's end was reached (a fall, a goal) */
  readonly terminated: boolean;
  /** cut off by a step limit, an operator or a fault */
  readonly truncated: boolean;
  /** mark of the task or an operator; absent: not judged */
  readonly success?: boolean;
  readonly return?: number;
  /** why it ended, for people */
  readonly reason?: string;
  /** (layout.size) after the last step; without it the last step yields no transition */
  readonly finalFrame?: Float32Array;
}

export interface EpisodeFooter extends EpisodeEnd {
  readonly ticks: number;
  readonly steps: number;
}

/** A complete episode as read from disk. */
export interface Episode {
  readonly file: string;
  readonly header: EpisodeHeader;
  readonly ticks: readonly ControlTickRecord[];
  readonly steps: readonly PolicyStepRecord[];
  readonly footer: EpisodeFooter;
}
