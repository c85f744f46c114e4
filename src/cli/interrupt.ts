import { ERROR_CODES } from '../core/index.js';

/**
 * The first Ctrl+C, SIGTERM or SIGHUP asks the command to finish cleanly, the second ends it at once. A command that does not look
 * at the signal within its work loop must not use this.
 */
export function interruptSignal(onFirst: (signal: NodeJS.Signals) => void): AbortSignal {
  const controller = new AbortController();
  const handle = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(ERROR_CODES.INTERRUPTED.exitCode);
    onFirst(signal);
    controller.abort();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  process.on('SIGHUP', handle); // the terminal was closed
  return controller.signal;
}
