import { describe, expect, it } from 'vitest';
import { selectBackend, tf } from '../../../src/compute/index.js';

const loads = () => Promise.resolve();
const fails = () => Promise.reject(new Error('libcudart.so.11.0: cannot open shared object file'));

describe('selectBackend', () => {
  it('activates the backend that was asked for', async () => {
    expect((await selectBackend('cpu')).name).toBe('cpu');
    expect(tf.getBackend()).toBe('cpu');
    expect((await selectBackend('wasm')).name).toBe('wasm');
    expect(tf.getBackend()).toBe('wasm');
  });

  it('takes the GPU on auto when it loads', async () => {
    const selected = await selectBackend('auto', { 'tensorflow-gpu': loads, wasm: fails, cpu: fails });
    expect(selected.name).toBe('tensorflow-gpu');
  });

  it('goes on to the next on auto, and says in one line what was skipped and why', async () => {
    const selected = await selectBackend('auto', { 'tensorflow-gpu': fails, wasm: fails, cpu: loads });
    expect(selected.name).toBe('cpu');
    expect(selected.explanation).toContain('skipped tensorflow-gpu: libcudart.so.11.0');
    expect(selected.explanation).not.toContain('\n');
  });

  it('refuses when a backend asked for by name does not load', async () => {
    await expect(
      selectBackend('tensorflow-gpu', { 'tensorflow-gpu': fails, wasm: loads, cpu: loads }),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('libcudart') as string });
  });

  it('refuses a name it does not know', async () => {
    await expect(selectBackend('webgl' as 'cpu')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
