import { badInput, type Rng } from '../core/index.js';
import { takeTensor, type NamedTensors } from './named-tensors.js';
import { transitionBatch, type TransitionBatch } from './transition-batch.js';

/** Imagined transitions of the last rounds of rollouts, in a ring that grows as needed. S observation size, A action size. */
export class ModelBuffer {
  private ring: TransitionBatch;
  /** place of the oldest transition in the ring */
  private first = 0;
  private held = 0;
  /** transitions of each round, oldest first */
  private rounds = [0];

  constructor(
    readonly observationSize: number,
    readonly actionSize: number,
  ) {
    this.ring = transitionBatch(0, observationSize, actionSize);
  }

  /** transitions held */
  get size(): number {
    return this.held;
  }

  /** Begins a round; it and those before it, `retained` in all, are kept. */
  startRound(retained: number): void {
    this.rounds.push(0);
    for (const count of this.rounds.splice(0, Math.max(0, this.rounds.length - retained))) {
      if (count > 0) this.first = (this.first + count) % this.ring.count;
      this.held -= count;
    }
  }

  /** Forgets all that is held. */
  clear(): void {
    this.first = this.held = 0;
    this.rounds = [0];
  }

  /** Appends the transitions of `batch` whose index is in `rows` (first `count` entries) to the round. */
  append(batch: TransitionBatch, rows: Int32Array, count: number): void {
    if (this.held + count > this.ring.count) this.grow(Math.max(this.held + count, 2 * this.ring.count));
    for (let k = 0; k < count; k++) {
      copyTransition(batch, rows[k]!, this.ring, (this.first + this.held++) % this.ring.count, this);
    }
    this.rounds[this.rounds.length - 1]! += count;
  }

  /** Writes uniformly drawn transitions to rows [start, start + count) of `batch`. */
  fill(batch: TransitionBatch, start: number, count: number, rng: Rng): void {
    if (count > 0 && this.held === 0) throw badInput('the model buffer is empty');
    for (let k = 0; k < count; k++) {
      const place = (this.first + rng.integer(this.held)) % this.ring.count;
      copyTransition(this.ring, place, batch, start + k, this);
    }
  }

  /** Everything held, oldest first, and how it divides into rounds. */
  tensors(): NamedTensors {
    const { observationSize: s, actionSize: a, held } = this;
    const { observations, actions, rewards, nextObservations, terminated } = this.ordered(held);
    return {
      observations: { shape: [held, s], data: observations },
      actions: { shape: [held, a], data: actions },
      rewards: { shape: [held], data: rewards },
      nextObservations: { shape: [held, s], data: nextObservations },
      terminated: { shape: [held], data: terminated },
      rounds: { shape: [this.rounds.length], data: Float32Array.from(this.rounds) }, // exact up to 2^24
    };
  }

  /** Replaces all that is held by what {@link tensors} gave. */
  load(tensors: NamedTensors): void {
    const { observationSize: s, actionSize: a } = this;
    const count = tensors['rewards']?.shape[0] ?? 0;
    this.ring = {
      count,
      observations: takeTensor(tensors, 'observations', [count, s]).slice(),
      actions: takeTensor(tensors, 'actions', [count, a]).slice(),
      rewards: takeTensor(tensors, 'rewards', [count]).slice(),
      nextObservations: takeTensor(tensors, 'nextObservations', [count, s]).slice(),
      terminated: takeTensor(tensors, 'terminated', [count]).slice(),
    };
    this.first = 0;
    this.held = count;
    this.rounds = Array.from(takeTensor(tensors, 'rounds', [tensors['rounds']?.shape[0] ?? 0]));
  }

  private grow(capacity: number): void {
    this.ring = this.ordered(capacity);
    this.first = 0;
  }

  /** Everything held, oldest first, in a batch of `capacity`. */
  private ordered(capacity: number): TransitionBatch {
    const out = transitionBatch(capacity, this.observationSize, this.actionSize);
    for (let k = 0; k < this.held; k++) {
      copyTransition(this.ring, (this.first + k) % this.ring.count, out, k, this);
    }
    return out;
  }
}

function copyTransition(
  from: TransitionBatch,
  i: number,
  to: TransitionBatch,
  j: number,
  sizes: { readonly observationSize: number; readonly actionSize: number },
): void {
  const { observationSize: s, actionSize: a } = sizes;
  for (let d = 0; d < s; d++) {
    to.observations[j * s + d] = from.observations[i * s + d]!;
    to.nextObservations[j * s + d] = from.nextObservations[i * s + d]!;
  }
  for (let d = 0; d < a; d++) to.actions[j * a + d] = from.actions[i * a + d]!;
  to.rewards[j] = from.rewards[i]!;
  to.terminated[j] = from.terminated[i]!;
}
