import loadMujoco, { type MainModule } from '@mujoco/mujoco';
import { DynabridgeError } from '../../src/core/index.js';

/** The MuJoCo WebAssembly module: one heap, shared by every model and data that was made with it. */
export type Engine = MainModule;

/**
 * Loads the official MuJoCo WebAssembly build (10 MB, about 0.1 s). Load once per process and pass it on: each call makes a
 * module with a heap of its own (2 GiB at most).
 */
export async function loadEngine(): Promise<Engine> {
  try {
    return await loadMujoco();
  } catch (cause) {
    throw new DynabridgeError(
      'UNAVAILABLE',
      'the physics engine @mujoco/mujoco did not load; run npm ci, and check that mujoco.wasm is installed beside mujoco.js',
      {},
      { cause },
    );
  }
}
