import { elapsedMs } from '../core/index.js';
import type { Evidence, GateConfig, Proposal, Reason } from './types.js';

/** Judges presence (where one is expected), names, size, finiteness and age of a proposal; true when it may be shaped. */
export function checkProposal(
  config: GateConfig,
  proposal: Proposal | null,
  expected: boolean,
  nowNs: bigint,
  reasons: Reason[],
): boolean {
  if (proposal === null) {
    if (expected) reasons.push({ check: 'proposal-missing' });
    return false;
  }
  const before = reasons.length;
  const { joints, command } = proposal;
  const m = config.joints.length;
  if (joints.length !== m || command.length !== m) {
    reasons.push({ check: 'proposal-shape', value: command.length, limit: m, unit: 'joints' });
  }
  for (let i = 0; i < m; i++) {
    const name = config.joints[i]!.name;
    if (i < joints.length && joints[i] !== name) reasons.push({ check: 'proposal-shape', joint: name });
    if (i < command.length && !Number.isFinite(command[i])) {
      reasons.push({ check: 'proposal-non-finite', joint: name, value: command[i]! });
    }
  }
  if (nowNs >= proposal.expiresNs) {
    const value = elapsedMs(proposal.expiresNs, nowNs);
    reasons.push({ check: 'proposal-expired', value, limit: 0, unit: 'ms' });
  }
  return reasons.length === before;
}

/** What evidence that comes late leaves at most; the same as a first doubtful prediction. */
const LATE_AUTHORITY = 0.5;

/**
 * The part of an agent's proposal that the evidence leaves, 0 to 1. Null: no predictor is in use, which leaves all; where one is, what
 * is late leaves less, what is missing, gone or not a number nothing.
 */
export function evidenceAuthority(evidence: Evidence | null, nowNs: bigint): number {
  if (evidence === null) return 1;
  const { authority, expiresNs, goneNs } = evidence;
  const most = nowNs >= goneNs ? 0 : nowNs >= expiresNs ? LATE_AUTHORITY : 1;
  return authority > 0 ? Math.min(authority, most) : 0;
}

/** As {@link evidenceAuthority}, of whose proposal this is: only the agent's is lowered, since only the agent is predicted. */
export function authorityOf(
  evidence: Evidence | null,
  proposal: Proposal | null,
  nowNs: bigint,
  reasons: Reason[],
): number {
  if (proposal?.source !== 'agent') return 1;
  const authority = evidenceAuthority(evidence, nowNs);
  if (authority < 1) reasons.push({ check: 'evidence', value: authority, limit: 1 });
  return authority;
}
