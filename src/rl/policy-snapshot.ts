/**
 * The actor as plain arrays, and its forward pass in plain TypeScript. This file must not import tfjs, even indirectly:
 * the process beside the robot loads it. S observation size, A actions, N width.
 */
import { badInput, type Rng } from '../core/index.js';
import { dense, type DenseWeights } from './dense.js';
import { takeTensor, withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { Normaliser } from './normaliser.js';
import { ObservationHistory, type ObservationSpec } from './observation.js';

/** Bounds of the policy's log standard deviation: CleanRL `sac_continuous_action.py` (pytorch_sac: -10, 2). */
export const LOG_STD_MIN = -5;
export const LOG_STD_MAX = 2;

/** Everything that is needed to act. */
export interface PolicySnapshot {
  readonly observation: ObservationSpec;
  /** of observations (S) */
  readonly normaliser: { readonly mean: Float32Array; readonly std: Float32Array; readonly clip: number };
  /** ReLU layers */
  readonly hidden: readonly DenseWeights[];
  readonly mean: DenseWeights;
  readonly logStd: DenseWeights;
}

/** A policy that may remember: the carry holds all it knows of one running robot. Frames are raw (src/env/frame.ts). */
export interface Policy<Carry = unknown> {
  /** A carry for an episode that starts with the frame given to the first `step`. */
  begin(): Carry;
  /** @returns action (A) in [-1, 1], owned by the carry and overwritten by its next step; and the carry to pass on */
  step(carry: Carry, frame: Float32Array): { readonly action: Float32Array; readonly carry: Carry };
}

/** Carry of {@link PlainPolicy}: history, and the action that leads to the next frame. */
export class PolicyCarry {
  readonly history: ObservationHistory;
  readonly action: Float32Array;
  started = false;

  constructor(spec: ObservationSpec) {
    this.history = new ObservationHistory(spec);
    this.action = new Float32Array(spec.actionSize);
  }

  /** Says which action (A) was really taken, where it was not the policy's own (exploration, an operator). */
  override(action: Float32Array): void {
    this.action.set(action);
  }

  tensors(): NamedTensors {
    const { history, action, started } = this;
    return {
      frames: { shape: [history.frames.length], data: history.frames.slice() },
      actions: { shape: [history.actions.length], data: history.actions.slice() },
      action: { shape: [action.length], data: action.slice() },
      started: { shape: [1], data: Float32Array.of(started ? 1 : 0) },
    };
  }

  load(tensors: NamedTensors): void {
    const { history, action } = this;
    history.frames.set(takeTensor(tensors, 'frames', [history.frames.length]));
    history.actions.set(takeTensor(tensors, 'actions', [history.actions.length]));
    action.set(takeTensor(tensors, 'action', [action.length]));
    this.started = takeTensor(tensors, 'started', [1])[0] === 1;
  }
}

/** Deterministic policy tanh(mean); stochastic when given a generator. No allocation per step. */
export class PlainPolicy implements Policy<PolicyCarry> {
  private readonly normaliser: Normaliser;
  private readonly raw: Float32Array;
  private readonly layers: readonly Float32Array[];
  private readonly meanOut: Float32Array;
  private readonly logStdOut: Float32Array;

  constructor(
    readonly snapshot: PolicySnapshot,
    private readonly rng?: Rng,
  ) {
    const { observation, normaliser, hidden, mean, logStd } = snapshot;
    this.normaliser = new Normaliser(observation.size, normaliser.clip);
    this.normaliser.mean.set(normaliser.mean);
    this.normaliser.std.set(normaliser.std);
    this.raw = new Float32Array(observation.size);
    this.layers = [
      new Float32Array(observation.size),
      ...hidden.map((layer) => new Float32Array(layer.outputs)),
    ];
    let width = observation.size;
    for (const layer of hidden) width = checked(layer, width).outputs;
    this.meanOut = new Float32Array(checked(mean, width).outputs);
    this.logStdOut = new Float32Array(checked(logStd, width).outputs);
    if (mean.outputs !== observation.actionSize || logStd.outputs !== observation.actionSize) {
      throw badInput(`policy has ${mean.outputs} outputs for ${observation.actionSize} commanded joints`);
    }
  }

  begin(): PolicyCarry {
    return new PolicyCarry(this.snapshot.observation);
  }

  step(carry: PolicyCarry, frame: Float32Array): { action: Float32Array; carry: PolicyCarry } {
    if (carry.started) carry.history.push(carry.action, frame);
    else carry.history.begin(frame);
    carry.started = true;
    carry.history.encode(this.raw);
    this.act(this.raw, carry.action);
    return { action: carry.action, carry };
  }

  /**
   * @param observation (S) raw
   * @param action (A) written, in (-1, 1)
   */
  act(observation: Float32Array, action: Float32Array): void {
    const { hidden, mean, logStd } = this.snapshot;
    this.normaliser.apply(1, observation, this.layers[0]!);
    for (let i = 0; i < hidden.length; i++) dense(hidden[i]!, this.layers[i]!, this.layers[i + 1]!, 'relu');
    const last = this.layers[hidden.length]!;
    dense(mean, last, this.meanOut, 'none');
    if (this.rng !== undefined) dense(logStd, last, this.logStdOut, 'none');
    const half = 0.5 * (LOG_STD_MAX - LOG_STD_MIN);
    for (let i = 0; i < action.length; i++) {
      let u = this.meanOut[i]!;
      if (this.rng !== undefined) {
        u += Math.exp(LOG_STD_MIN + half * (Math.tanh(this.logStdOut[i]!) + 1)) * this.rng.normal();
      }
      action[i] = Math.tanh(u);
    }
  }
}

function checked(layer: DenseWeights, inputs: number): DenseWeights {
  if (layer.inputs !== inputs)
    throw badInput(`policy layer takes ${layer.inputs} inputs, expected ${inputs}`);
  return layer;
}

/** Uniform random actions: the first steps of a training, and the return that a policy must beat. */
export class RandomPolicy implements Policy<Float32Array> {
  constructor(
    private readonly actionSize: number,
    private readonly rng: Rng,
  ) {}

  begin(): Float32Array {
    return new Float32Array(this.actionSize);
  }

  step(carry: Float32Array): { action: Float32Array; carry: Float32Array } {
    for (let i = 0; i < carry.length; i++) carry[i] = this.rng.uniform(-1, 1);
    return { action: carry, carry };
  }
}

/** The part of a snapshot that is not tensors, for JSON. */
export interface PolicySnapshotMeta {
  readonly observation: ObservationSpec;
  readonly clip: number;
  readonly hiddenWidths: readonly number[];
}

/** Splits a snapshot into named tensors and plain JSON. */
export function snapshotToTensors(snapshot: PolicySnapshot): {
  tensors: NamedTensors;
  meta: PolicySnapshotMeta;
} {
  const { observation, normaliser, hidden, mean, logStd } = snapshot;
  const layer = (name: string, weights: DenseWeights): NamedTensors =>
    withPrefix(name, {
      kernel: { shape: [weights.inputs, weights.outputs], data: weights.kernel },
      bias: { shape: [weights.outputs], data: weights.bias },
    });
  const tensors = Object.assign(
    withPrefix('normaliser', {
      mean: { shape: [observation.size], data: normaliser.mean },
      std: { shape: [observation.size], data: normaliser.std },
    }),
    ...hidden.map((weights, i) => layer(`dense${i}`, weights)),
    layer('mean', mean),
    layer('logStd', logStd),
  ) as NamedTensors;
  return {
    tensors,
    meta: { observation, clip: normaliser.clip, hiddenWidths: hidden.map((l) => l.outputs) },
  };
}

/** The inverse of {@link snapshotToTensors}. */
export function snapshotFromTensors(tensors: NamedTensors, meta: PolicySnapshotMeta): PolicySnapshot {
  const { observation, hiddenWidths } = meta;
  const layer = (name: string, inputs: number, outputs: number): DenseWeights => {
    const own = withoutPrefix(name, tensors);
    const kernel = takeTensor(own, 'kernel', [inputs, outputs]);
    return { inputs, outputs, kernel, bias: takeTensor(own, 'bias', [outputs]) };
  };
  const widths = [observation.size, ...hiddenWidths];
  const last = widths[widths.length - 1]!;
  const normaliser = withoutPrefix('normaliser', tensors);
  return {
    observation,
    normaliser: {
      mean: takeTensor(normaliser, 'mean', [observation.size]),
      std: takeTensor(normaliser, 'std', [observation.size]),
      clip: meta.clip,
    },
    hidden: hiddenWidths.map((width, i) => layer(`dense${i}`, widths[i]!, width)),
    mean: layer('mean', last, observation.actionSize),
    logStd: layer('logStd', last, observation.actionSize),
  };
}
