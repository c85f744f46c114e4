/**
 * The same cases on every backend, and on native with every instruction set: values and gradients against loops in double precision.
 * The inputs are drawn anew in every run; KERNEL_SEED=<number> repeats one.
 */
import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe } from 'vitest';
import { tf, type BackendName } from '../../src/compute/index.js';
import { argumentCases } from './argument-cases.js';
import { describeInstructionSets, describeOn } from './backends.js';
import { fusedCases } from './fused-cases.js';
import { Numbers } from './numbers.js';
import { tfjsCases } from './tfjs-cases.js';

declare module 'vitest' {
  interface TaskMeta {
    /** set by a case after which tensors remain through no fault of ours */
    leaks?: boolean;
  }
}

const SEED = Number(process.env['KERNEL_SEED'] ?? randomInt(1_000_000));
const TITLE = `kernels with seed ${SEED}`;

function cases(backend: BackendName, offsets: readonly (0 | 1)[]): void {
  let before = 0;
  beforeEach(() => {
    before = tf.memory().numTensors;
    tf.engine().startScope();
  });
  afterEach(({ task }) => {
    tf.engine().endScope();
    if (task.meta.leaks !== true && tf.memory().numTensors !== before) {
      throw new Error('the case leaves tensors behind');
    }
  });

  argumentCases();
  for (const offset of offsets) {
    describe(`arrays at offset ${offset} of their buffers`, () => {
      const numbers = new Numbers(SEED, offset, backend);
      fusedCases(numbers);
      tfjsCases(numbers);
    });
  }
}

describeOn(['cpu', 'wasm'], TITLE, (backend) => cases(backend, [1]));
describeInstructionSets(`${TITLE} on the native backend`, () => cases('native', [0, 1]));
