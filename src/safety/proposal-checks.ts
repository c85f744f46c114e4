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

/**
 * The part of a proposal that the evidence leaves, 0 to 1. No evidence, or evidence that has expired, is not there and lowers
 * nothing; evidence that is not a number leaves nothing.
 */
export function authorityOf(evidence: Evidence | null, nowNs: bigint, reasons: Reason[]): number {
  if (evidence === null || nowNs >= evidence.expiresNs || evidence.authority >= 1) return 1;
  reasons.push({ check: 'evidence', value: evidence.authority, limit: 1 });
  return evidence.authority > 0 ? evidence.authority : 0;
}
