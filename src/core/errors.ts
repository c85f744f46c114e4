/**
 * Every error that dynabridge raises on purpose, its process exit code and what it means.
 * `dynabridge --help` and the README print this table.
 */
export const ERROR_CODES = {
  GOAL_NOT_REACHED: {
    exitCode: 1,
    meaning: 'the command ran, but its goal was not reached (a fall, a violation, a failed check)',
  },
  BAD_INPUT: {
    exitCode: 2,
    meaning: 'a file, option or value given by the user is wrong; nothing was written',
  },
  CONTRACT_MISMATCH: {
    exitCode: 3,
    meaning: 'the policy was trained for another robot than the one that is running',
  },
  UNAVAILABLE: {
    exitCode: 4,
    meaning: 'something outside did not answer (no joint states, no robot, port in use)',
  },
  SAFETY_FAULT: { exitCode: 5, meaning: 'a latched fault, an e-stop or a fenced guard ended the run' },
  INTERNAL: { exitCode: 70, meaning: 'a defect of dynabridge itself; please report it with the stack trace' },
  INTERRUPTED: {
    exitCode: 130,
    meaning: 'ended by Ctrl+C or SIGTERM after a clean stop; what was learned is kept',
  },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * The one base class of expected errors. The message says what, the value with its unit, what was expected, where,
 * and the next step; `context` holds the same facts for machines.
 */
export class DynabridgeError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly context: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'DynabridgeError';
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exitCode;
  }

  toJSON(): Record<string, unknown> {
    return { code: this.code, message: this.message, context: this.context };
  }
}

/** Shorthand for the commonest case: the user gave something wrong (exit code 2). */
export function badInput(message: string, context: Readonly<Record<string, unknown>> = {}): DynabridgeError {
  return new DynabridgeError('BAD_INPUT', message, context);
}
