import type { ModeReply, WantedMode } from '../io/serial/index.js';
import type { EventOutcome, GateState, Owner } from '../safety/index.js';

/** What a request for a mode is decided by, at the time when it comes. */
export interface ModeRequestFacts {
  readonly owner: Owner;
  /** teleop.may_engage of robot.yaml */
  readonly mayEngage: boolean;
  /** a lock keeps authority from the agent */
  readonly locked: boolean;
  readonly gate: () => Pick<GateState, 'fault' | 'silent'>;
  /** as the services ~/engage and ~/release do */
  readonly request: (event: 'engage' | 'release' | 'stop') => EventOutcome;
}

/** What the operator asks for at the device: at most what ~/release and ~/engage do, under the same conditions. */
export function changeMode(wanted: WantedMode, facts: ModeRequestFacts): Pick<ModeReply, 'result' | 'why'> {
  const { owner, mayEngage } = facts;
  if (wanted === 'teleop' && owner === 'teleop') return { result: 'accepted', why: '' };
  if (wanted === 'agent' && !mayEngage)
    return { result: 'not-allowed', why: 'teleop.may_engage of robot.yaml is not true' };
  const outcome = facts.request(wanted === 'agent' ? 'engage' : giveUp(facts.gate()));
  if (outcome.accepted) return { result: 'accepted', why: '' };
  return { result: refusalOf(wanted, facts), why: outcome.why };
}

/** Where nothing is sent a release would begin to send hold; a stop sends nothing, and ends an engagement that waits. */
function giveUp({ silent, fault }: Pick<GateState, 'fault' | 'silent'>): 'release' | 'stop' {
  return silent && fault === null ? 'stop' : 'release';
}

function refusalOf(wanted: WantedMode, { owner, locked, gate }: ModeRequestFacts): ModeReply['result'] {
  if (gate().fault !== null) return 'stopped';
  if (wanted !== 'agent') return 'not-ready';
  if (locked) return 'locked';
  return owner === 'teleop' ? 'operator' : 'not-ready';
}
