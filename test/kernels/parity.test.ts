/**
 * The same cases on every backend: values and gradients against loops in double precision. The inputs are drawn anew in every run;
 * KERNEL_SEED=<number> repeats one.
 */
import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe } from 'vitest';
import { tf } from '../../src/compute/index.js';
import { describeOn } from './backends.js';
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
describeOn(['cpu', 'wasm', 'native'], `kernels with seed ${SEED}`, (backend) => {
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

  for (const offset of [0, 1] as const) {
    describe(`arrays at offset ${offset} of their buffers`, () => {
      const numbers = new Numbers(SEED, offset, backend);
      fusedCases(numbers);
      tfjsCases(numbers);
    });
  }
});
