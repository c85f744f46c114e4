import { afterEach, describe, expect, it } from 'vitest';
import { BACKENDS, selectBackend, tf } from '../../../src/compute/index.js';
import { loadersWith, type Loaders } from '../../../src/compute/backend.js';
import { describeAddon } from '../../kernels/backends.js';

const loads = () => Promise.resolve({ what: 'a test' });
const fails = () => Promise.reject(new Error('libcudart.so.11.0: cannot open shared object file\nmore'));
const ALL_FAIL: Loaders = {
  'tensorflow-gpu': fails,
  tensorflow: fails,
  native: fails,
  wasm: fails,
  cpu: fails,
};
/** As Node says it. */
const notInstalled = (name: string) =>
  Promise.reject(
    Object.assign(new Error(`Cannot find package '${name}' imported from /here/backend.js`), {
      code: 'ERR_MODULE_NOT_FOUND',
    }),
  );

describe('selectBackend', () => {
  it.each(['cpu', 'wasm'] as const)('activates %s when it is asked for', async (name) => {
    const selected = await selectBackend(name);
    expect(selected).toMatchObject({ name, threads: 1 });
    expect(tf.getBackend()).toBe(name);
  });

  describeAddon('with the addon', (addon) => {
    it('takes native on auto, with its instruction set and the threads asked for', async () => {
      const selected = await selectBackend('auto', { threads: 1 }, loadersWith(notInstalled));
      expect(selected).toMatchObject({
        name: 'native',
        threads: 1,
        instructionSet: addon.instructionSet,
      });
      expect(selected.explanation).toMatch(/^compute backend native \(.+, 1 thread\)$/);
      expect(tf.getBackend()).toBe('native');
      expect(addon.threads).toBe(1);
    });
  });

  it('takes the first on auto that loads, and says in one line what was skipped, why, and the repair', async () => {
    for (const [i, name] of (['tensorflow-gpu', 'native', 'wasm', 'cpu'] as const).entries()) {
      const selected = await selectBackend('auto', {}, { ...ALL_FAIL, [name]: loads });
      expect(selected.name).toBe(name);
      expect(selected.explanation).not.toContain('\n');
      expect(selected.explanation.split('was skipped: libcudart.so.11.0')).toHaveLength(i + 1);
      expect(selected.explanation.includes('npm run build:native')).toBe(name === 'wasm' || name === 'cpu');
    }
  });

  it('fails on auto only when nothing loads', async () => {
    await expect(selectBackend('auto', {}, ALL_FAIL)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('cpu: libcudart') as string,
    });
  });

  it('says nothing on auto about a GPU package that is not installed', async () => {
    const { 'tensorflow-gpu': gpu } = loadersWith(notInstalled);
    const selected = await selectBackend('auto', {}, { ...ALL_FAIL, 'tensorflow-gpu': gpu, native: loads });
    expect(selected.explanation).toBe('compute backend native (a test)');
  });

  it.each(['@mapbox/node-pre-gyp', '@tensorflow/tfjs'])(
    'tells that a GPU package which is installed lacks %s',
    async (lacking) => {
      const { 'tensorflow-gpu': gpu } = loadersWith(() => notInstalled(lacking));
      const selected = await selectBackend('auto', {}, { ...ALL_FAIL, 'tensorflow-gpu': gpu, native: loads });
      expect(selected.explanation).toContain(
        `tensorflow-gpu was skipped: Cannot find package '${lacking}' imported from`,
      );
    },
  );

  it.each([
    ['tensorflow-gpu', 'npm install --no-save @tensorflow/tfjs-node-gpu'],
    ['tensorflow', 'npm install --no-save @tensorflow/tfjs-node'],
    ['native', 'npm run build:native'],
  ] as const)('refuses %s by name when it does not load, with the repair', async (name, repair) => {
    await expect(selectBackend(name, {}, ALL_FAIL)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(`libcudart.*repair: ${repair}`) as string,
    });
  });

  it('says that a number of threads is ignored where it cannot be set', async () => {
    expect((await selectBackend('cpu', { threads: 1 })).explanation).toMatch(/native only, 1 is ignored/);
    expect((await selectBackend('cpu')).explanation).not.toMatch(/ignored/);
  });

  it('refuses a name it does not know', async () => {
    await expect(selectBackend('webgl' as 'cpu')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining(BACKENDS.join(', ')) as string,
    });
  });
});

/** Stands for tfjs-node and tfjs-node-gpu, which both register a backend 'tensorflow' when they are imported. */
describe('selectBackend with libtensorflow', () => {
  class FakeTensorflow extends tf.KernelBackend {
    constructor(readonly isUsingGpuDevice: boolean) {
      super();
    }

    override dispose(): void {}
  }
  const registers = (onGpu: boolean, packages: readonly string[]) =>
    loadersWith((name) => {
      if (!packages.includes(name)) return notInstalled(name);
      tf.registerBackend('tensorflow', () => new FakeTensorflow(onGpu));
      return Promise.resolve();
    });
  const CPU_PACKAGE = '@tensorflow/tfjs-node';
  const GPU_PACKAGE = '@tensorflow/tfjs-node-gpu';

  afterEach(async () => {
    await selectBackend('cpu');
    tf.removeBackend('tensorflow');
  });

  it('takes the GPU on auto when the package reports one', async () => {
    const selected = await selectBackend('auto', {}, registers(true, [GPU_PACKAGE]));
    expect(selected).toMatchObject({
      name: 'tensorflow-gpu',
      explanation: 'compute backend tensorflow-gpu (libtensorflow on the GPU)',
    });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('goes on on auto when the package reports no GPU, and says so', async () => {
    const loaders = { ...registers(false, [GPU_PACKAGE]), native: fails };
    const { name, explanation } = await selectBackend('auto', {}, loaders);
    expect(name).toBe('wasm');
    expect(explanation).toContain(
      'tensorflow-gpu was skipped: @tensorflow/tfjs-node-gpu is installed but reports no GPU',
    );
    expect(tf.getBackend()).toBe('wasm');
  });

  it.each([CPU_PACKAGE, GPU_PACKAGE])('runs on the CPU by name with %s', async (installed) => {
    const selected = await selectBackend('tensorflow', {}, registers(false, [installed]));
    expect(selected).toMatchObject({
      name: 'tensorflow',
      explanation: 'compute backend tensorflow (libtensorflow on the CPU), as asked for',
    });
  });

  it('refuses the GPU by name where none is reported', async () => {
    await expect(selectBackend('tensorflow-gpu', {}, registers(false, [GPU_PACKAGE]))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('no GPU') as string,
    });
  });
});
