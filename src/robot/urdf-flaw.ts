import { DynabridgeError } from '../core/index.js';

/** Told of something in a URDF that the user must complete or correct before the robot loads. */
export type OnFlaw = (flaw: DynabridgeError) => void;

/** What `read` gives; undefined where it refuses its input and there is somebody to be told. */
export function unlessFlawed<T>(read: () => T, onFlaw: OnFlaw | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (onFlaw === undefined || !(error instanceof DynabridgeError) || error.code !== 'BAD_INPUT')
      throw error;
    onFlaw(error);
    return undefined;
  }
}
