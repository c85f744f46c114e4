import { DynabridgeError, type ErrorCode } from './errors.js';

/** An error as one thread or process tells it another. */
export interface ToldError {
  /** of a DynabridgeError; absent for a defect */
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly context: object };
  readonly stack: string;
}

export function tellError(error: unknown): ToldError {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (!(error instanceof DynabridgeError)) return { stack };
  const { code, message, context } = error;
  return { error: { code, message, context }, stack };
}

/** The error again, with the stack of where it was thrown. */
export function toldError({ error, stack }: ToldError): Error {
  const thrown =
    error === undefined
      ? new Error(stack.split('\n')[0])
      : new DynabridgeError(error.code, error.message, { ...error.context });
  thrown.stack = stack;
  return thrown;
}
