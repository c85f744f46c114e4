import { elapsedMs, type Clock } from '../core/index.js';
import { loadAddon } from './native/addon.js';
import { tf } from './tf.js';

const SIZE = 256;
const PRODUCTS_PER_READING = 8;
const PEAK_MS = 200;

export interface Speed {
  /** of products of two 256 x 256 float32 matrices */
  readonly gflops: number;
  /** native only: what as many cores reach with nothing but fused multiply-adds in registers */
  readonly peakGflops?: number;
}

/** Speed of the current backend, in `durationMs` of matrix products. */
export async function measureSpeed(clock: Clock, durationMs = 1_000): Promise<Speed> {
  const a = tf.fill([SIZE, SIZE], 0.5);
  const products = async (): Promise<void> => {
    for (let i = 1; i < PRODUCTS_PER_READING; i++) tf.matMul(a, a).dispose();
    const last = tf.matMul(a, a);
    await last.data(); // a GPU has done the work only when its result is here
    last.dispose();
  };
  await products();
  const startNs = clock.nowNs();
  let count = 0;
  let ms: number;
  do {
    await products();
    count += PRODUCTS_PER_READING;
    ms = elapsedMs(startNs, clock.nowNs());
  } while (ms < durationMs);
  a.dispose();
  const gflops = (2 * SIZE ** 3 * count) / (ms * 1e6);
  const loaded = loadAddon();
  if (tf.getBackend() !== 'native' || 'missing' in loaded) return { gflops };
  const { addon } = loaded;
  return { gflops, peakGflops: addon.threads * addon.measurePeak(PEAK_MS) };
}
