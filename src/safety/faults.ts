import type { StateQuality } from './state-checks.js';
import type { Check, Fault, Reason } from './types.js';

/** What clears each fault that the gate latches, for people. */
const CLEARED_BY = {
  'state-frozen': 'reset, at rest, once joint states change again; check the driver and the encoder',
  'state-jump': 'reset, at rest, once joint states are plausible; check the encoder',
  infeasible:
    'reset, at rest; check max_deceleration, command_latency, actuator_lag and position_margin against the robot',
  estop: 'release the e-stop, then reset, at rest',
  'guard-restart':
    'reset; then the operator may drive; for the agent end this and start again, once it is known what was wrong',
  veto: 'nothing while this process runs; keep the black box, report the bug, then start again',
} as const;

/** The first cause is kept until it is reset. */
export function latchFault(
  current: Fault | null,
  quality: StateQuality,
  infeasible: boolean,
  reasons: readonly Reason[],
  nowNs: bigint,
): Fault | null {
  if (current !== null) return current;
  if (quality === 'frozen') return fault('state-frozen', reasons, nowNs);
  if (quality === 'jumped') return fault('state-jump', reasons, nowNs);
  return infeasible ? fault('infeasible', reasons, nowNs) : null;
}

export function estopFault(sinceNs: bigint): Fault {
  return { check: 'estop', message: 'e-stop pressed', sinceNs, clearedBy: CLEARED_BY.estop };
}

/** @param reason of the veto, for people */
export function vetoFault(reason: string, sinceNs: bigint): Fault {
  return { check: 'veto', message: `a command was vetoed: ${reason}`, sinceNs, clearedBy: CLEARED_BY.veto };
}

/** @param why the guard before this one was fenced, for people */
export function restartFault(why: string, sinceNs: bigint): Fault {
  const message = `the guard was started again: ${why}`;
  return { check: 'guard-restart', message, sinceNs, clearedBy: CLEARED_BY['guard-restart'] };
}

function fault(check: Check & keyof typeof CLEARED_BY, reasons: readonly Reason[], sinceNs: bigint): Fault {
  const message = reasons
    .filter((reason) => reason.check === check)
    .map(describe)
    .join('; ');
  return { check, message, sinceNs, clearedBy: CLEARED_BY[check] };
}

/** A latched fault for people: what, and what clears it. */
export function latchedText({ message, clearedBy }: Fault): string {
  return `latched: ${message}; cleared by: ${clearedBy}`;
}

/** One line for people: check, joint, value, limit, unit. */
export function describe(reason: Reason): string {
  const joint = reason.joint === undefined ? '' : ` joint '${reason.joint}'`;
  const where = reason.where === undefined ? '' : ` ${reason.where}`;
  const value = reason.value === undefined ? '' : ` ${format(reason.value)}${unitOf(reason)}`;
  const limit = reason.limit === undefined ? '' : `, limit ${format(reason.limit)}${unitOf(reason)}`;
  const facts = `${joint}${where}${value}${limit}`;
  return facts === '' ? reason.check : `${reason.check}:${facts}`;
}

function format(value: number): string {
  return Number(value.toPrecision(4)).toString();
}

function unitOf(reason: Reason): string {
  return reason.unit === undefined ? '' : ` ${reason.unit}`;
}
