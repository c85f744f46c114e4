import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/index.js';
import { measureSpeed, selectBackend, tf } from '../../../src/compute/index.js';
import { describeAddon } from '../../kernels/backends.js';

/** Says at every reading that half a second has passed. */
class HalfSecondClock extends ManualClock {
  override nowNs(): bigint {
    this.advanceMs(500);
    return super.nowNs();
  }
}

it('counts the products of one second, two operations per multiply-add, and frees its tensors', async () => {
  await selectBackend('wasm');
  const { numTensors } = tf.memory();
  const speed = await measureSpeed(new HalfSecondClock());
  expect(speed.gflops).toBeCloseTo((2 * 256 ** 3 * 16) / 1e9, 9); // two readings of eight products
  expect(speed.peakGflops).toBeUndefined();
  expect(tf.memory().numTensors).toBe(numTensors);
});

describeAddon('on the native backend', () => {
  it('tells the peak of all threads beside the speed', async () => {
    await selectBackend('native', { threads: 1 });
    const { gflops, peakGflops } = await measureSpeed(new HalfSecondClock());
    expect(gflops).toBeGreaterThan(0);
    expect(peakGflops).toBeGreaterThan(0);
  });
});
