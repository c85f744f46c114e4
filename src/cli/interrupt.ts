import { ERROR_CODES, elapsedMs, systemClock } from '../core/index.js';

/** One Ctrl+C can arrive twice: from the terminal, and from a parent such as ros2 launch [ms]. */
const SAME_MS = 200;

/**
 * The first Ctrl+C, SIGTERM or SIGHUP asks the command to finish cleanly, the second ends it at once. A command that does not look
 * at the signal within its work loop must not use this.
 */
export function interruptSignal(onFirst: (signal: NodeJS.Signals) => void): AbortSignal {
  const controller = new AbortController();
  let firstNs = 0n;
  const handle = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      if (elapsedMs(firstNs, systemClock.nowNs()) < SAME_MS) return;
      process.exit(ERROR_CODES.INTERRUPTED.exitCode);
    }
    firstNs = systemClock.nowNs();
    onFirst(signal);
    controller.abort();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  process.on('SIGHUP', handle); // the terminal was closed
  return controller.signal;
}
