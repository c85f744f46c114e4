import { setTimeout as sleep } from 'node:timers/promises';
import { elapsedMs, systemClock } from '../../src/core/index.js';

const POLL_MS = 10;

/** @returns false when it did not come to be within `timeoutMs` */
export async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const startNs = systemClock.nowNs();
  while (!condition()) {
    if (elapsedMs(startNs, systemClock.nowNs()) > timeoutMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}

export const pause = (ms: number): Promise<void> => sleep(ms);
