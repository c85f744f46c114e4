import { DIAGNOSTIC_LEVEL } from '../io/ros/index.js';
import type { Fault, GateMode, Owner } from '../safety/index.js';
import type { BlendRatio } from './agent-evidence.js';
import type { GuardSummary } from './loop-metrics.js';

/** What the surface shows; a snapshot of the guard. */
export interface GuardStatus {
  /** one of DIAGNOSTIC_LEVEL */
  readonly level: number;
  readonly mode: GateMode;
  /** for people: what happened, and what to do about it */
  readonly message: string;
  /** worth telling at once when one of them changes */
  readonly facts: Readonly<Record<string, string>>;
  /** as they stand */
  readonly counts: Readonly<Record<string, string | number>>;
}

export interface StatusSources {
  readonly nodeName: string;
  readonly mode: GateMode;
  readonly fault: Fault | null;
  readonly owner: Owner;
  /** what the prediction leaves of the agent's authority */
  readonly blend: BlendRatio;
  readonly stateTopic: string;
  /** Infinity before the first usable joint state */
  readonly stateAgeMs: number;
  readonly stateTimeoutMs: number;
  /** what has to be true before somebody may drive, for people */
  readonly waiting: string;
  /** who asked for the newest change of mode; empty: nobody */
  readonly stopReason: string;
  /** wall clock of a monotonic time, both [ns] */
  readonly faultSinceWallNs: (sinceNs: bigint) => bigint;
  readonly summary: GuardSummary;
  readonly agentConnected: boolean;
  readonly commandSubscribers: number;
  /** what is wrong though one can drive with it, for people */
  readonly warnings: readonly string[];
  /** path of the newest black box; empty: none */
  readonly blackBox: string;
  /** what takes the commands, for people */
  readonly controller: string;
  /** of the operator's input */
  readonly operatorCounts: Readonly<Record<string, number>>;
}

const OWNERS = { hold: 'nobody', agent: 'the agent', teleop: 'the operator' } as const satisfies Record<
  Owner,
  string
>;

/** The guard for people at ROS tools. A latched fault comes first, then a joint state that is not there, then the mode. */
export function guardStatus(sources: StatusSources): GuardStatus {
  const { mode, fault, owner, blend, summary, blackBox } = sources;
  return {
    ...withWarnings(headline(sources), sources.warnings),
    mode,
    facts: {
      mode,
      owner: OWNERS[owner],
      blend_ratio: String(blend.ratio),
      'fault check': fault?.check ?? 'none',
      fault: fault?.message ?? 'none',
      'cleared by': fault?.clearedBy ?? 'nothing is latched',
      'fault since': fault === null ? 'none' : isoTime(sources.faultSinceWallNs(fault.sinceNs)),
      warnings: sources.warnings.length === 0 ? 'none' : sources.warnings.join('; '),
      controller: sources.controller,
      'black box': blackBox === '' ? 'none yet' : `${blackBox}; look at it with: dynabridge blackbox`,
    },
    counts: {
      'joint state age ms': Math.round(sources.stateAgeMs),
      commands: summary.commands,
      limited: summary.limited,
      blocked: summary.blocked,
      'skipped ticks': summary.skippedTicks,
      'missed proposals': summary.missedProposals,
      'loop p50 ms': summary.loopMs.p50,
      'loop p99 ms': summary.loopMs.p99,
      'latency p50 ms': summary.latencyMs.p50,
      'latency p99 ms': summary.latencyMs.p99,
      'agent connected': sources.agentConnected ? 'yes' : 'no',
      'command subscribers': sources.commandSubscribers,
      ...sources.operatorCounts,
    },
  };
}

type Headline = Pick<GuardStatus, 'level' | 'message'>;

/** What is wrong besides, unless there is worse to tell. */
function withWarnings(headline: Headline, warnings: readonly string[]): Headline {
  const { warn } = DIAGNOSTIC_LEVEL;
  if (warnings.length === 0 || headline.level > warn) return headline;
  const others = warnings.filter((warning) => !headline.message.includes(warning));
  return { level: warn, message: [headline.message, ...others].join('; ') };
}

function headline(sources: StatusSources): Headline {
  const { fault, nodeName, stateTopic, stateAgeMs, stateTimeoutMs } = sources;
  const { error, stale } = DIAGNOSTIC_LEVEL;
  if (fault) {
    const message = `${fault.message}; cleared by: ${fault.clearedBy} (service /${nodeName}/reset)`;
    return { level: error, message };
  }
  if (stateAgeMs === Infinity)
    return { level: stale, message: `${sources.waiting}; start the robot or its driver` };
  if (stateAgeMs > stateTimeoutMs) {
    const message = `joint states on ${stateTopic} have stopped coming; check the driver and the network`;
    return { level: stale, message };
  }
  return ofMode(sources);
}

function ofMode(sources: StatusSources): Headline {
  const { mode, owner, blend, stopReason, waiting, nodeName } = sources;
  const { ok, warn, error } = DIAGNOSTIC_LEVEL;
  const after = stopReason === '' ? 'the joint state was lost' : stopReason;
  switch (mode) {
    case 'active':
      if (blend.ratio < 1)
        return { level: warn, message: `${OWNERS[owner]} drives, blend_ratio ${blend.ratio}: ${blend.why}` };
      return { level: ok, message: `${OWNERS[owner]} drives, through the gate` };
    case 'mute':
      return { level: warn, message: `nothing is sent: ${waiting}` };
    case 'holding':
      return {
        level: warn,
        message: `holding, nobody drives (after: ${after}); to go on: service /${nodeName}/engage`,
      };
    case 'stopping':
      return { level: warn, message: `stopping (${after}); it holds once at rest` };
    case 'fault':
    case 'estop':
      return { level: error, message: mode }; // both have a fault, which is told instead
  }
}

function isoTime(wallNs: bigint): string {
  return new Date(Number(wallNs / 1_000_000n)).toISOString();
}
