import type { ControlTickInput } from '../data/index.js';
import type { TickMessage } from '../io/ipc/index.js';

/** A control tick of the guard as it is recorded. @param startNs when the episode began */
export function tickRecord(tick: TickMessage, startNs: bigint): ControlTickInput {
  return {
    timeNs: tick.stateReceivedNs - startNs,
    measuredNs: tick.stateReceivedNs - startNs,
    sentNs: (tick.sentNs === 0n ? tick.stateReceivedNs : tick.sentNs) - startNs,
    seq: tick.seq,
    source: tick.requested.length === 0 ? 'hold' : tick.owner,
    positions: tick.positions,
    velocities: tick.velocities,
    requested: tick.requested,
    executed: tick.executed,
    reasons: tick.reasons,
    ...(tick.sensors && { sensors: tick.sensors }),
  };
}
