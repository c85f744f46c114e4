/** What the operator's device is told of the robot. */
import { ROBOT_FAULTS, positionShare, velocityShare } from '../io/serial/index.js';
import type { RobotFault, RobotState, Status } from '../io/serial/index.js';
import type { Fault, GateConfig, GateState, Measured, Owner } from '../safety/index.js';

/** @param stateAgeMs Infinity before the first joint state */
export function operatorStatus(fault: Fault | null, owner: Owner, stateAgeMs: number): Omit<Status, 'type'> {
  return {
    owner: fault ? 'stopped' : owner,
    latched: fault !== null,
    nonce: stopNumber(fault),
    stateAgeMs: Math.round(stateAgeMs),
  };
}

/** Shares of the joints' envelopes; null before the first joint state. */
export function robotState(
  { joints }: GateConfig,
  { mode, fault }: Pick<GateState, 'mode' | 'fault'>,
  measured: Measured | null,
  ageMs: number,
): Omit<RobotState, 'type'> | null {
  if (measured === null) return null;
  const { positions, velocities } = measured;
  return {
    mode,
    fault: faultOf(fault),
    ageMs,
    positions: joints.map((joint, i) => positionShare(joint, positions[i]!)),
    velocities: joints.map((joint, i) => velocityShare(joint, velocities[i]!)),
  };
}

function faultOf(fault: Fault | null): RobotFault {
  if (fault === null) return 'none';
  return ROBOT_FAULTS.find((name) => name === fault.check) ?? 'other';
}

/** Tells latched stops apart, so that a late reset clears no newer one; 0: nothing is latched. */
export function stopNumber(fault: Fault | null): number {
  return fault === null ? 0 : 1 + Number(fault.sinceNs % 0xffff_ffffn);
}
