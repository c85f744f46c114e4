/** Ranges of everything in a {@link LearnerConfig}; unknown keys are refused. What each value means is in the interfaces. */
import * as v from 'valibot';
import type { LearnerConfig } from './learner-config.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const notNegative = v.pipe(v.number(), v.finite(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const widths = v.pipe(v.array(count), v.readonly());

const sac = v.strictObject({
  hidden: widths,
  actorLearningRate: positive,
  criticLearningRate: positive,
  temperatureLearningRate: positive,
  gamma: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  tau: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  actorTau: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  initialTemperature: positive,
  targetEntropy: v.exactOptional(v.pipe(v.number(), v.finite())),
  criticLayerNorm: v.boolean(),
  observationClip: positive,
});

const model = v.pipe(
  v.strictObject({
    members: count,
    elites: count,
    hidden: widths,
    probabilistic: v.boolean(),
    calibrated: v.boolean(),
    shrink: share,
    normaliseTargets: v.boolean(),
    learningRate: positive,
    weightDecay: v.pipe(v.array(notNegative), v.readonly()),
    batchSize: count,
    holdoutRatio: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
    holdoutMax: count,
    improvement: share,
    minEpochSteps: count,
    patience: wholeNumber,
    maxGradientSteps: count,
    boundWeight: notNegative,
    initialMaxLogVariance: v.pipe(v.number(), v.finite()),
    initialMinLogVariance: v.pipe(v.number(), v.finite()),
  }),
  v.check(({ elites, members }) => elites <= members, 'expected at most as many elites as members'),
  v.check(
    ({ weightDecay, hidden }) => weightDecay.length === hidden.length + 1,
    'expected a weightDecay for each hidden layer and one for the heads',
  ),
  v.check(
    ({ initialMinLogVariance, initialMaxLogVariance }) => initialMinLogVariance < initialMaxLogVariance,
    'expected initialMinLogVariance below initialMaxLogVariance',
  ),
);

const cut = v.variant('kind', [
  v.strictObject({ kind: v.literal('none') }),
  v.strictObject({
    kind: v.literal('macura'),
    scale: positive,
    percentile: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
  }),
  v.strictObject({
    kind: v.literal('infoprop'),
    stepQuantile: share,
    pathQuantile: share,
    horizon: positive,
  }),
]);

const length = v.pipe(
  v.strictObject({ from: count, to: count, fromStep: wholeNumber, toStep: wholeNumber }),
  v.check(
    ({ from, to, fromStep, toStep }) => from <= to && fromStep <= toStep,
    'expected not to shrink: from <= to and fromStep <= toStep',
  ),
);

const world = v.strictObject({
  model,
  target: v.picklist(['delta', 'next']),
  reward: v.picklist(['task', 'learned']),
  termination: v.picklist(['task', 'learned']),
  domainInput: v.boolean(),
  realRatio: share,
  rollout: v.strictObject({
    every: count,
    branches: count,
    startShare: share,
    length,
    retainedRounds: count,
    cut,
  }),
});

export const learnerSchema: v.GenericSchema<unknown, LearnerConfig> = v.strictObject({
  sac,
  history: count,
  previousActions: wholeNumber,
  batchSize: count,
  updatesPerStep: notNegative,
  initialRandomSteps: count,
  fitEvery: count,
  world: v.exactOptional(world),
});
