import type { TickMessage } from '../io/ipc/index.js';
import { reasonMask, type Owner, type ShapedTick } from '../safety/index.js';

/** Of one control tick, what the gate does not know. Times are monotonic [ns]. */
export interface TickFacts {
  readonly seq: number;
  readonly policyStep: number;
  readonly owner: Owner;
  /** when the tick began */
  readonly atNs: bigint;
  /** when the newest joint state was received */
  readonly measuredNs: bigint;
  /** 0n: nothing was sent */
  readonly sentNs: bigint;
}

const NONE = new Float64Array(0);

/** One control tick for the record. @param executed what is on the wire, null where nothing was sent @param measured newest state, measured order (n), and sensor readings (s); not copied */
export function tickMessage(
  { seq, policyStep, owner, atNs, measuredNs, sentNs }: TickFacts,
  { state, verdict, requested }: ShapedTick,
  executed: Float64Array | null,
  { positions, velocities, sensors }: Pick<TickMessage, 'positions' | 'velocities' | 'sensors'>,
): TickMessage {
  return {
    type: 'tick',
    seq,
    policyStep,
    atNs,
    mode: state.gate.mode,
    owner,
    verdict: verdict.kind,
    reasons: reasonMask(verdict.reasons),
    stateReceivedNs: measuredNs,
    sentNs,
    positions,
    velocities,
    requested: requested ?? NONE,
    executed: executed ?? NONE,
    ...(sensors !== undefined && sensors.length > 0 && { sensors }),
  };
}
