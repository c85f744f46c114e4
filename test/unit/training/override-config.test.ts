import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { presetConfig } from '../../../src/rl/index.js';
import { overrideConfig } from '../../../src/training/override-config.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const preset = presetConfig('mbpo', 'cpu', { task: 'balance', delayed: true });
const override = (text: string) => {
  const file = path.join(folder, 'config.yaml');
  writeFileSync(file, text);
  return overrideConfig(preset, file);
};

describe('overrideConfig', () => {
  it('changes what the file names, deep inside too, and nothing else', () => {
    const changed = override(
      'updatesPerStep: 3\nsac: { hidden: [32], targetEntropy: -0.5 }\nworld: { rollout: { cut: { kind: none } } }',
    );
    expect(changed).toEqual({
      ...preset,
      updatesPerStep: 3,
      sac: { ...preset.sac, hidden: [32], targetEntropy: -0.5 },
      world: { ...preset.world, rollout: { ...preset.world!.rollout, cut: { kind: 'none' } } },
    });
  });

  it('takes an empty file as no change', () => {
    expect(override('')).toEqual(preset);
  });

  it.each([
    ['updatePerStep: 3', "there is no 'updatePerStep' (did you mean 'updatesPerStep'?)"],
    ['sac: { gama: 0.9 }', "there is no 'sac.gama' (did you mean 'gamma'?)"],
    ['batchSize: many', 'batchSize is "many", expected number'],
    ['sac: { hidden: [wide] }', 'sac.hidden.0 is "wide", expected number'],
    ['sac: 3', 'sac is 3, expected Object'],
    ['world: { rollout: { cut: none } }', 'world.rollout.cut is "none", expected Object'],
    ['batchSize: 0', 'batchSize is 0, expected >=1'],
    ['- a', 'the content is ["a"], expected a map of values'],
    ['world: { termination: learnt }', 'world.termination is "learnt", expected ("task" | "learned")'],
    ['world: { rollout: { cut: { kind: macura, scale: 1, percent: 3 } } }', 'world.rollout.cut'],
    ['a: [', 'is not YAML'],
  ])('refuses %s', (text, message) => {
    expect(() => override(text)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
    expect(() => override(text)).toThrow(message);
  });

  it('refuses a file that is not there', () => {
    expect(() => overrideConfig(preset, path.join(folder, 'none.yaml'))).toThrow('none.yaml cannot be read');
  });
});
