import { badInput, type Rng } from '../core/index.js';
import { takeTensor, type NamedTensors } from './named-tensors.js';
import { transitionBatch, type TransitionBatch } from './transition-batch.js';

/** Ring of imagined transitions; the oldest are overwritten. S observation size, A action size. */
export class ModelBuffer {
  private ring: TransitionBatch;
  private written = 0;

  constructor(
    capacity: number,
    readonly observationSize: number,
    readonly actionSize: number,
  ) {
    this.ring = transitionBatch(capacity, observationSize, actionSize);
  }

  get capacity(): number {
    return this.ring.count;
  }

  /** transitions held */
  get size(): number {
    return Math.min(this.written, this.capacity);
  }

  /** Appends the transitions of `batch` whose index is in `rows` (first `count` entries). */
  append(batch: TransitionBatch, rows: Int32Array, count: number): void {
    for (let k = 0; k < count; k++)
      copyTransition(batch, rows[k]!, this.ring, this.written++ % this.capacity, this);
  }

  /** Writes uniformly drawn transitions to rows [start, start + count) of `batch`. */
  fill(batch: TransitionBatch, start: number, count: number, rng: Rng): void {
    if (count > 0 && this.size === 0) throw badInput('the model buffer is empty');
    for (let k = 0; k < count; k++) copyTransition(this.ring, rng.integer(this.size), batch, start + k, this);
  }

  /** Another capacity, keeping the newest transitions that fit (MBPO enlarges the buffer with the rollout length). */
  resize(capacity: number): void {
    if (capacity === this.capacity) return;
    const old = this.ring;
    const kept = Math.min(this.size, capacity);
    const first = this.written - kept;
    this.ring = transitionBatch(capacity, this.observationSize, this.actionSize);
    for (let k = 0; k < kept; k++) copyTransition(old, (first + k) % old.count, this.ring, k, this);
    this.written = kept;
  }

  /** Everything held, oldest first, and how much it may hold. */
  tensors(): NamedTensors {
    const { observationSize: s, actionSize: a, size, capacity } = this;
    const held = transitionBatch(size, s, a);
    const first = this.written - size;
    for (let k = 0; k < size; k++) copyTransition(this.ring, (first + k) % capacity, held, k, this);
    return {
      observations: { shape: [size, s], data: held.observations },
      actions: { shape: [size, a], data: held.actions },
      rewards: { shape: [size], data: held.rewards },
      nextObservations: { shape: [size, s], data: held.nextObservations },
      terminated: { shape: [size], data: held.terminated },
      place: { shape: [2], data: Float32Array.of(capacity, size === 0 ? 0 : first % capacity) },
    };
  }

  /** Replaces all that is held by what {@link tensors} gave; rows keep their places, since {@link fill} draws by place. */
  load(tensors: NamedTensors): void {
    const { observationSize: s, actionSize: a } = this;
    const [capacity, first] = takeTensor(tensors, 'place', [2]);
    const size = tensors['rewards']?.shape[0] ?? 0;
    const held: TransitionBatch = {
      count: size,
      observations: takeTensor(tensors, 'observations', [size, s]),
      actions: takeTensor(tensors, 'actions', [size, a]),
      rewards: takeTensor(tensors, 'rewards', [size]),
      nextObservations: takeTensor(tensors, 'nextObservations', [size, s]),
      terminated: takeTensor(tensors, 'terminated', [size]),
    };
    this.ring = transitionBatch(capacity!, s, a);
    for (let k = 0; k < size; k++) copyTransition(held, k, this.ring, (first! + k) % capacity!, this);
    this.written = first! + size;
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
