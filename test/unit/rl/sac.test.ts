import { afterEach, describe, expect, it } from 'vitest';
import { tf } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import { robotLayout } from '../../../src/env/index.js';
import {
  DEFAULT_SAC,
  observationSpec,
  Sac,
  transitionBatch,
  type NamedTensors,
  type SacConfig,
  type SacNoise,
  type TransitionBatch,
} from '../../../src/rl/index.js';
import type { ParameterSet } from '../../../src/rl/parameter-set.js';
import { describeOn } from '../../kernels/backends.js';
import { expectClose, fixture } from './expect-close.js';

type Arrays = Record<string, number[]>;
type Named = Record<string, { readonly shape: number[]; readonly data: number[] }>;
interface Reference {
  readonly sizes: { readonly b: number; readonly s: number; readonly a: number };
  readonly config: SacConfig;
  readonly normaliser: { readonly mean: number[]; readonly std: number[] };
  readonly before: Record<'actor' | 'critics' | 'targets', Named> & { readonly logTemperature: number[] };
  readonly after: Record<'actor' | 'critics' | 'targets', Arrays> & { readonly logTemperature: number[] };
  readonly updates: readonly {
    readonly batch: Arrays;
    readonly noise: { readonly next: number[]; readonly current: number[] };
    readonly criticLoss: number;
    readonly actorLoss: number;
    readonly entropy: number;
    readonly temperatureGradient: number;
    readonly criticGradients: Arrays;
    readonly actorGradients: Arrays;
  }[];
}

// 2 measured and 2 commanded joints: frames and observations of 6 values
const observation = observationSpec(robotLayout(['a', 'b'], ['a', 'b']));
const live: Sac[] = [];
function make(config: Partial<SacConfig> = {}, seed = 1): Sac {
  const sac = new Sac(observation, { ...DEFAULT_SAC, hidden: [16, 16], ...config }, new Rng(seed, 'sac'));
  live.push(sac);
  return sac;
}

function loadParameters(parameters: ParameterSet, named: Named): void {
  const tensors: NamedTensors = {};
  for (const [name, { shape, data }] of Object.entries(named)) {
    tensors[name] = { shape, data: Float32Array.from(data) };
  }
  parameters.load(tensors);
}

function referenceSac(reference: Reference): Sac {
  const sac = make(reference.config);
  loadParameters(sac.actor, reference.before.actor);
  loadParameters(sac.critics, reference.before.critics);
  loadParameters(sac.targets, reference.before.targets);
  const saved = sac.tensors();
  saved['logTemperature']!.data.set(reference.before.logTemperature);
  saved['normaliser/mean']!.data.set(reference.normaliser.mean);
  saved['normaliser/std']!.data.set(reference.normaliser.std);
  sac.load(saved);
  return sac;
}

function referenceUpdate(update: Reference['updates'][number]): { batch: TransitionBatch; noise: SacNoise } {
  const array = (name: string) => Float32Array.from(update.batch[name]!);
  const batch = {
    count: update.batch['rewards']!.length,
    observations: array('observations'),
    actions: array('actions'),
    rewards: array('rewards'),
    nextObservations: array('nextObservations'),
    terminated: array('terminated'),
  };
  const { next, current } = update.noise;
  return { batch, noise: { next: Float32Array.from(next), current: Float32Array.from(current) } };
}

function expectParameters(parameters: ParameterSet, gradient: Float32Array, expected: Arrays): void {
  expect(parameters.entries.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
  for (const { name, start, end } of parameters.entries) {
    expectClose(gradient.subarray(start, end), expected[name]!, 2e-4);
  }
}

function randomUpdate(seed: number, count = 32): { batch: TransitionBatch; noise: SacNoise } {
  const rng = new Rng(seed, 'batch');
  const batch = transitionBatch(count, observation.size, observation.actionSize);
  rng.fillNormal(batch.observations);
  rng.fillNormal(batch.nextObservations);
  rng.fillNormal(batch.rewards);
  for (let i = 0; i < batch.actions.length; i++) batch.actions[i] = rng.uniform(-1, 1);
  const normals = () => rng.fillNormal(new Float32Array(count * observation.actionSize));
  return { batch, noise: { next: normals(), current: normals() } };
}

function values(sac: Sac): number[] {
  return Object.values(sac.tensors()).flatMap(({ data }) => Array.from(data));
}

describeOn(['cpu', 'wasm', 'native'], 'Sac', () => {
  afterEach(() => live.splice(0).forEach((sac) => sac.dispose()));

  describe.each(['sac.json', 'sac-layer-norm.json'])('against the reference %s', (name) => {
    const reference = fixture<Reference>(name);

    it('has its losses and gradients', () => {
      const sac = referenceSac(reference);
      const update = reference.updates[0]!;
      const { batch, noise } = referenceUpdate(update);
      const critic = sac.criticGradient(batch, noise.next);
      expectClose([critic.value], [update.criticLoss]);
      expectParameters(sac.critics, critic.gradient, update.criticGradients);
      sac.update(batch, noise); // the reference takes the actor's gradient with the critics already updated
      const again = referenceSac(reference);
      loadParameters(again.critics, sac.critics.tensors() as unknown as Named);
      const actor = again.actorGradient(batch, noise.current);
      expectClose([actor.value, actor.entropy], [update.actorLoss, update.entropy]);
      expectParameters(again.actor, actor.gradient, update.actorGradients);
      expectClose([actor.entropy - again.targetEntropy], [update.temperatureGradient]);
    });

    it('has its parameters, targets and temperature after two updates', () => {
      const sac = referenceSac(reference);
      for (const update of reference.updates) {
        const { batch, noise } = referenceUpdate(update);
        const report = sac.update(batch, noise);
        expectClose([report.criticLoss, report.actorLoss], [update.criticLoss, update.actorLoss]);
      }
      expectParameters(sac.actor, sac.actor.read(), reference.after.actor);
      expectParameters(sac.critics, sac.critics.read(), reference.after.critics);
      expectParameters(sac.targets, sac.targets.read(), reference.after.targets);
      expectClose([Math.log(sac.temperature)], reference.after.logTemperature);
    });
  });

  it('ignores what follows a termination, and does not ignore what follows a cut', () => {
    const sac = make();
    const { batch, noise } = randomUpdate(5);
    const other = { ...batch, nextObservations: batch.nextObservations.map((x) => x + 1) };
    const loss = (b: TransitionBatch, ended: number) =>
      sac.criticGradient({ ...b, terminated: b.terminated.map(() => ended) }, noise.next).value;
    expect(loss(other, 1)).toBe(loss(batch, 1));
    expect(loss(other, 0)).not.toBe(loss(batch, 0));
  });

  it('averages the actor by Polyak steps, and gives either out', () => {
    const sac = make({ actorTau: 0.25 });
    const expected = Float64Array.from(sac.actor.read());
    for (let i = 0; i < 3; i++) {
      const { batch, noise } = randomUpdate(i);
      sac.update(batch, noise);
      sac.actor.read().forEach((value, j) => (expected[j] = expected[j]! + (value - expected[j]!) / 4));
    }
    expectClose(sac.averageActor.read(), expected, 1e-5);
    expect(sac.snapshot('average').mean.bias).toEqual(
      sac.averageActor.get('actor/head/bias').slice(0, sac.observation.actionSize),
    );
    expect(sac.snapshot('newest').mean.bias).not.toEqual(sac.snapshot('average').mean.bias);
  });

  it('repeats bit for bit from the same seed', () => {
    const runs = [make({}, 7), make({}, 7)].map((sac) => {
      for (let i = 0; i < 3; i++) {
        const { batch, noise } = randomUpdate(i);
        sac.update(batch, noise);
      }
      return values(sac);
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(values(make({}, 8))).not.toEqual(values(make({}, 7)));
  });

  it('continues identically after saving and loading', () => {
    const original = make({}, 3);
    for (let i = 0; i < 3; i++) {
      const { batch, noise } = randomUpdate(i);
      original.normaliser.fit(batch.count, batch.observations);
      original.update(batch, noise);
    }
    const restored = make({}, 99);
    restored.load(structuredClone(original.tensors()));
    const { batch, noise } = randomUpdate(50);
    expect(restored.update(batch, noise)).toEqual(original.update(batch, noise));
    expect(values(restored)).toEqual(values(original));
  });

  it('refuses a checkpoint of other sizes and says which tensor', () => {
    const saved = make({ hidden: [8, 8] }).tensors();
    expect(() => make().load(saved)).toThrow(/actor\/dense0\/kernel.*\[6, 8\].*\[6, 16\]/);
  });

  it('keeps no tensors from updates and acting, and none after dispose', () => {
    const empty = tf.memory().numTensors;
    const sac = make();
    const { batch, noise } = randomUpdate(1);
    const actions = new Float32Array(batch.actions.length);
    const once = () => {
      sac.update(batch, noise);
      sac.act(batch.count, batch.observations, noise.current, actions);
      sac.act(batch.count, batch.observations, null, actions);
    };
    once();
    const { numTensors, numBytes } = tf.memory();
    for (let i = 0; i < 5; i++) once();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    sac.dispose();
    expect(tf.memory().numTensors).toBe(empty);
  });

  it('lets two agents learn in one process without touching each other', () => {
    const alone = make({}, 4);
    const { batch, noise } = randomUpdate(1);
    for (let i = 0; i < 3; i++) alone.update(batch, noise);
    const [first, second] = [make({}, 4), make({}, 5)];
    for (let i = 0; i < 3; i++) {
      first.update(batch, noise);
      second.update(batch, noise);
    }
    expect(values(first)).toEqual(values(alone));
  });

  it('moves the temperature towards the target entropy', () => {
    const { batch, noise } = randomUpdate(2);
    const below = make({ targetEntropy: -100 });
    expect(below.update(batch, noise).temperature).toBeLessThan(1);
    const above = make({ targetEntropy: 100 });
    expect(above.update(batch, noise).temperature).toBeGreaterThan(1);
  });
});
