import { CHECKS, type Check, type Reason } from './types.js';

/** Bit i is set when CHECKS[i] is among the reasons; for records and wire frames. */
export function reasonMask(reasons: readonly Reason[]): number {
  let mask = 0;
  for (const reason of reasons) mask |= 1 << CHECKS.indexOf(reason.check);
  return mask;
}

/** The checks of a mask, in the order of CHECKS; bits beyond them are ignored. */
export function reasonNames(mask: number): Check[] {
  return CHECKS.filter((_, i) => (mask & (1 << i)) !== 0);
}
