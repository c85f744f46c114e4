import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import type { MjData, MjModel } from '@mujoco/mujoco';
import { afterEach } from 'vitest';
import { Rng, packageRoot } from '../../../../src/core/index.js';
import { encodeObservations, observationSpec } from '../../../../src/rl/index.js';
import {
  loadEngine,
  loadStandardEnv,
  type StandardEnvOptions,
  type StandardVectorEnv,
} from '../../../../sim/index.js';

export const engine = await loadEngine();

const open: { dispose(): void }[] = [];
afterEach(() => open.splice(0).forEach((one) => one.dispose()));

/** One environment with one control step per policy step, unless told otherwise; disposed of after the test. */
export function standardEnv(
  task: string,
  options: Partial<Omit<StandardEnvOptions, 'task'>> = {},
): StandardVectorEnv {
  const env = loadStandardEnv({ engine, task, count: 1, actionRepeat: 1, ...options });
  open.push(env);
  return env;
}

export function modelPath(file: string): string {
  return fileURLToPath(new URL(`sim/standard/models/${file}`, packageRoot()));
}

/** A model of ours in plain MuJoCo, without anything of sim/standard, as an oracle. */
export class RawPhysics {
  readonly model: MjModel;
  readonly data: MjData;

  constructor(file: string) {
    this.model = engine.MjModel.from_xml_string(readFileSync(modelPath(file), 'utf8'));
    this.data = new engine.MjData(this.model);
    open.push({
      dispose: () => {
        this.data.delete();
        this.model.delete();
      },
    });
  }

  array(name: 'qpos' | 'qvel' | 'ctrl' | 'site_xpos' | 'geom_xpos' | 'qfrc_constraint'): Float64Array {
    return this.data[name] as Float64Array;
  }

  facts(name: string): number[] {
    return Array.from((this.model as unknown as Record<string, ArrayLike<number>>)[name]!);
  }

  pose(qpos: number[], qvel: number[]): void {
    engine.mj_resetData(this.model, this.data);
    this.array('qpos').set(qpos);
    this.array('qvel').set(qvel);
    engine.mj_forward(this.model, this.data);
  }

  step(control: ArrayLike<number>, steps: number): void {
    this.array('ctrl').set(control);
    for (let i = 0; i < steps; i++) engine.mj_step(this.model, this.data);
  }
}

/**
 * Puts environment 0 into a state. It goes through getState, whose last part is MuJoCo's integration state: time, positions,
 * velocities and more.
 */
export function pose(
  env: StandardVectorEnv,
  qpos: readonly number[],
  qvel: readonly number[],
  kept: readonly number[] = [],
) {
  env.reset(0, new Rng(0));
  const numbers = new Float64Array(env.getState(0).buffer);
  const start = 1 + env.layout.size;
  numbers.set([...kept, 0, ...qpos, ...qvel], start);
  env.setState(0, new Uint8Array(numbers.buffer));
}

/** The policy's observation of environment 0, sorted: what is left when the order of a vector is free. */
export function sortedObservation(env: StandardVectorEnv, frames = env.frames): number[] {
  const spec = observationSpec(env.layout);
  const out = new Float32Array(spec.size);
  encodeObservations(spec, 1, frames.subarray(0, env.layout.size), new Float32Array(0), out);
  return sorted(out);
}

export function sorted(values: ArrayLike<number>): number[] {
  return Array.from(values).sort((a, b) => a - b);
}

/** Expects two lists of numbers to agree to `digits` relative to 1 or the value itself, whichever is larger. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!) / Math.max(1, Math.abs(b[i]!))));
}

/** The frames of `count` fresh starts (count x F). */
export function starts(env: StandardVectorEnv, count: number): Float32Array[] {
  const rng = new Rng(11);
  return Array.from({ length: count }, () => {
    env.reset(0, rng);
    return env.frames.slice(0, env.layout.size);
  });
}

export function spread(values: number[]): { min: number; max: number; mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { min: Math.min(...values), max: Math.max(...values), mean, deviation: Math.sqrt(variance) };
}
