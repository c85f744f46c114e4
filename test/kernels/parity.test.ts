/**
 * The same cases on every backend: values and gradients against loops in double precision. The inputs are drawn anew in every run;
 * KERNEL_SEED=<number> repeats one.
 */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, afterEach, describe } from 'vitest';
import { selectBackend, tf, type BackendName } from '../../src/compute/index.js';
import { loadAddon } from '../../src/compute/native/addon.js';
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
const loaded = loadAddon();

interface Tested {
  readonly name: BackendName;
  /** why it cannot be tested here */
  readonly missing?: string;
}
const BACKENDS: readonly Tested[] = [
  { name: 'cpu' },
  { name: 'wasm' },
  { name: 'native', ...('missing' in loaded && { missing: loaded.missing }) },
];

for (const { name, missing } of BACKENDS) {
  const title = `${name} backend, seed ${SEED}${missing === undefined ? '' : `, SKIPPED: ${missing}`}`;
  describe.skipIf(missing !== undefined)(title, () => {
    beforeAll(async () => {
      await selectBackend(name);
    });
    let before = 0;
    beforeEach(() => {
      before = tf.memory().numTensors;
      tf.engine().startScope();
    });
    afterEach(({ task }) => {
      tf.engine().endScope();
      if (task.meta.leaks !== true && tf.memory().numTensors !== before)
        throw new Error('the case leaves tensors behind');
    });
    afterAll(() => tf.disposeVariables());

    for (const offset of [0, 1] as const) {
      describe(`arrays at offset ${offset} of their buffers`, () => {
        const numbers = new Numbers(SEED, offset, name);
        fusedCases(numbers);
        tfjsCases(numbers);
      });
    }
  });
}
