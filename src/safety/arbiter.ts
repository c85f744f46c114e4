import type { Proposal, ProposalSource } from './types.js';

/**
 * One source at a time: the proposal when it comes from the source that was given authority, else none. Losing a source never
 * gives authority to another; that takes an explicit engage.
 */
export function arbitrate(authority: ProposalSource | null, proposal: Proposal | null): Proposal | null {
  return proposal !== null && proposal.source === authority ? proposal : null;
}
