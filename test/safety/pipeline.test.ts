/** What the commands that were sent still do, against the joint of twin.ts and by hand. Times are binary fractions: nothing rounds. */
import { describe, expect, it } from 'vitest';
import { FIELD, HEADER, createGateState, fieldOffset } from '../../src/safety/gate-state.js';
import { advanceModel, appendSent, seedPipeline, travelToCome } from '../../src/safety/pipeline.js';
import { config, joint } from './fixtures.js';
import { Twin } from './twin.js';

const latency = 0.25;
const lag = 0.5;
const joints = [joint(), joint({ name: 'joint1' })];
const lagging = config({ joints, commandLatency: latency, actuatorLag: lag, stateFrozenMs: 1000 });
const model = fieldOffset(FIELD.model, 2);

/** Going on at 0.2 and -0.1, then sent at 1 s and at 1.5 s. */
const SEED = [0.2, -0.1] as const;
const SENT = [
  [1, 0.4, -0.3],
  [1.5, -0.5, 0.6],
] as const;
const PIPELINE = Float64Array.from([-Infinity, ...SEED, ...SENT.flat()]);

it('begins with what was measured, since ever', () => {
  expect([...seedPipeline(Float64Array.from(SEED))]).toEqual([-Infinity, ...SEED]);
});

describe('the modelled velocity', () => {
  /** Numbers with a model of 0.1 and 0.3 at 1 s. */
  const given = (): Float64Array => {
    const { numbers } = createGateState(lagging);
    numbers[HEADER.modelAt] = 1;
    numbers.set([0.1, 0.3], model);
    return numbers;
  };

  it.each([1.125, 1.25, 1.5, 1.75, 2, 4])('is that of a joint with latency and lag, at %d s', (until) => {
    const numbers = given();
    advanceModel(lagging, numbers, PIPELINE, until);
    expect(numbers[HEADER.modelAt]).toBe(until);
    [0.1, 0.3].forEach((velocity, i) => {
      const twin = new Twin({ kind: 'velocity', latency, lag, position: 0, velocity, startsAt: 1 });
      twin.send(1 - latency, SEED[i]!);
      for (const row of SENT) twin.send(row[0], row[i + 1]!);
      twin.advanceTo(until);
      expect(numbers[model + i]).toBeCloseTo(twin.velocity, 12);
    });
  });

  it('is the same in one step as in several', () => {
    const [once, often] = [given(), given()];
    advanceModel(lagging, once, PIPELINE, 2);
    for (const until of [1.1, 1.3, 1.3, 1.4, 1.8, 2]) advanceModel(lagging, often, PIPELINE, until);
    [0, 1].forEach((i) => expect(often[model + i]).toBeCloseTo(once[model + i]!, 12));
  });

  it('never goes back in time', () => {
    for (const until of [1, 0.5]) {
      const numbers = given();
      advanceModel(lagging, numbers, PIPELINE, until);
      expect(numbers).toEqual(given());
    }
  });

  it.each([
    [1.125, SEED],
    [1.25, SEED], // the next one begins to act just then
    [1.5, [0.4, -0.3]],
    [2, [-0.5, 0.6]],
  ])('without lag is the command that acts, at %d s', (until, expected) => {
    const numbers = given();
    advanceModel({ ...lagging, actuatorLag: 0 }, numbers, PIPELINE, until);
    expect([...numbers.subarray(model, model + 2)]).toEqual(expected);
  });
});

describe('the travel to come', () => {
  // acting: the first until 1.25, the second until 1.75, the third until 2 + 0.25
  it.each([
    [1, 0.2 * 0.25 + 0.4 * 0.5, 0.5 * 0.5, 0.6 * 0.5, 0.1 * 0.25 + 0.3 * 0.5],
    [1.25, 0.4 * 0.5, 0.5 * 0.5, 0.6 * 0.5, 0.3 * 0.5],
    [1.5, 0.4 * 0.25, 0.5 * 0.5, 0.6 * 0.5, 0.3 * 0.25],
    [2, 0, 0.5 * 0.25, 0.6 * 0.25, 0],
    [2.25, 0, 0, 0, 0],
    [3, 0, 0, 0, 0],
  ])('from %d s on is rate times time to act, each way on its own', (since, ...expected) => {
    const travel = (index: number, direction: 1 | -1): number =>
      travelToCome(lagging, PIPELINE, index, direction, since, 2);
    [travel(0, 1), travel(0, -1), travel(1, 1), travel(1, -1)].forEach((value, i) =>
      expect(value).toBeCloseTo(expected[i]!, 12),
    );
  });
});

describe('the commands that are remembered', () => {
  const { numbers } = createGateState(lagging);
  numbers.set([0.7, 0.8], fieldOffset(FIELD.rate, 2));
  const added = [2, 0.7, 0.8];

  it.each([
    [1, [-Infinity, ...SEED, ...SENT.flat(), ...added]],
    [1.125, [-Infinity, ...SEED, ...SENT.flat(), ...added]],
    [1.25, [...SENT.flat(), ...added]],
    [1.625, [...SENT.flat(), ...added]],
    [1.75, [...SENT[1], ...added]],
    [9, [...SENT[1], ...added]],
  ])('are those that had not been replaced at %d s, and the newest', (by, expected) => {
    expect([...appendSent(lagging, PIPELINE, by, 2, numbers)]).toEqual(expected);
  });
});
