import { describe, expect, it } from 'vitest';
import { finetuneJobOf, type FinetuneJob } from '../../../src/learner/index.js';
import { refinedConfig } from '../../../src/learner/refined-config.js';
import { presetConfig } from '../../../src/rl/index.js';

const learner = refinedConfig(presetConfig('mbpo', 'cpu', { task: 'swing-up', delayed: true }), 'swing-up');
const JOB: FinetuneJob = {
  trained: '/runs/trained',
  trainedStep: 5000,
  task: 'swing-up',
  seed: 3,
  budget: 60,
  evaluationEpisodes: 2,
  reset: 'start',
  backend: 'cpu',
  threads: null,
  learner,
};

describe('finetuneJobOf', () => {
  it('gives the job that a run was begun with', () => {
    expect(finetuneJobOf(JSON.parse(JSON.stringify(JOB)), '/runs/a')).toEqual(JOB);
  });

  it.each(['trained', 'budget', 'learner'] as const)('refuses a configuration without %s', (missing) => {
    const { [missing]: _, ...config } = JOB;
    expect(() => finetuneJobOf(config, '/runs/a')).toThrow(
      /^\/runs\/a\/config.yaml is not that of a fine-tuning/,
    );
  });

  it('refuses an empty file', () => {
    expect(() => finetuneJobOf(null, '/runs/a')).toThrow('dynabridge finetune');
  });

  it('names the value of the learner that is wrong', () => {
    const config = { ...JOB, learner: { ...learner, batchSize: 0 } };
    expect(() => finetuneJobOf(config, '/runs/a')).toThrow(
      /^\/runs\/a\/config.yaml: learner: batchSize is 0/,
    );
  });
});
