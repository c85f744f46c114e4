import { FIELD, HEADER, fieldOffset } from './gate-state.js';
import type { GateConfig } from './types.js';

/**
 * Commands that were sent and have not fully acted (see stopping-bound.ts): entry i acts from its send time + latency until the
 * next entry's + latency. The first entry stands for all that came before it.
 */

/** One entry, at minus infinity: until our first command acts, the robot goes on as it was measured. */
export function seedPipeline(rates: Float64Array): Float64Array {
  const pipeline = new Float64Array(rates.length + 1);
  pipeline[0] = -Infinity;
  pipeline.set(rates, 1);
  return pipeline;
}

/** Moves the modelled velocities in `numbers` on to `until` [s], along what the pipeline says was acting. */
export function advanceModel(
  config: GateConfig,
  numbers: Float64Array,
  pipeline: Float64Array,
  until: number,
): void {
  const m = config.joints.length;
  const row = m + 1;
  const model = fieldOffset(FIELD.model, m);
  const { commandLatency, actuatorLag } = config;
  const from = numbers[HEADER.modelAt]!;
  if (!(until > from)) return;
  numbers[HEADER.modelAt] = until;
  for (let at = 0; at < pipeline.length; at += row) {
    const start = Math.max(pipeline[at]! + commandLatency, from);
    const next = (pipeline[at + row] ?? Infinity) + commandLatency;
    const duration = Math.min(next, until) - start;
    if (!(duration > 0)) continue;
    const kept = Math.exp(-duration / actuatorLag); // without lag exp(-Infinity), which is 0
    for (let i = 0; i < m; i++) {
      const rate = pipeline[at + 1 + i]!;
      numbers[model + i] = rate + (numbers[model + i]! - rate) * kept;
    }
  }
}

/** The pipeline without what had fully acted by `by` [s], and with the rates in `numbers` as sent at `now` [s]. */
export function appendSent(
  config: GateConfig,
  pipeline: Float64Array,
  by: number,
  now: number,
  numbers: Float64Array,
): Float64Array {
  const m = config.joints.length;
  const row = m + 1;
  let first = 0;
  while ((pipeline[first + row] ?? Infinity) + config.commandLatency <= by) first += row;
  const kept = pipeline.length - first;
  const extended = new Float64Array(kept + row);
  extended.set(pipeline.subarray(first));
  extended[kept] = now;
  const rate = fieldOffset(FIELD.rate, m);
  extended.set(numbers.subarray(rate, rate + m), kept + 1);
  return extended;
}

/**
 * Travel of joint `index` that is still to come from commands sent, counted from the state received at `since` and up to the
 * moment when a command sent at `now` will act. `direction` 1 counts motion up, -1 motion down; the result is never negative.
 */
export function travelToCome(
  config: GateConfig,
  pipeline: Float64Array,
  index: number,
  direction: 1 | -1,
  since: number,
  now: number,
): number {
  const row = config.joints.length + 1;
  let travel = 0;
  for (let at = 0; at < pipeline.length; at += row) {
    const rate = direction * pipeline[at + 1 + index]!;
    if (rate <= 0) continue;
    const start = Math.max(pipeline[at]! + config.commandLatency, since);
    const end = (pipeline[at + row] ?? now) + config.commandLatency;
    travel += rate * Math.max(end - start, 0);
  }
  return travel;
}
