/**
 * B batch, H history, P previous actions, F frame size, A action size, S observation size.
 * A view on recorded episodes: raw frames, actions and rewards; observations are computed when sampled.
 */
import { badInput, type Rng } from '../core/index.js';
import type { FrameLayout, Task } from '../env/index.js';
import { takeTensor, type NamedTensors } from './named-tensors.js';
import { encodeObservations, type ObservationSpec } from './observation.js';
import type { TransitionBatch } from './transition-batch.js';

/** One recorded episode of T steps. */
export interface RecordedEpisode {
  /** ((T + 1) x F) */
  readonly frames: Float32Array;
  /** (T x A) */
  readonly actions: Float32Array;
  /** (T); default: what the task says of the frames */
  readonly rewards?: Float32Array;
  /** whether the last step ended the task for good (a fall), rather than being cut off */
  readonly terminated: boolean;
}

/** Frames and previous actions up to some steps: what an observation is encoded from. */
export interface HistoryWindows {
  /** (B x H x F) newest first */
  readonly frames: Float32Array;
  /** (B x P x A) newest first */
  readonly actions: Float32Array;
}

export function historyWindows(spec: ObservationSpec, count: number): HistoryWindows {
  return {
    frames: new Float32Array(count * spec.history * spec.frameSize),
    actions: new Float32Array(count * spec.previousActions * spec.actionSize),
  };
}

/** One step of a recorded episode. */
export interface RecordedStep {
  /** (F) */
  readonly frame: Float32Array;
  /** (A) */
  readonly action: Float32Array;
  /** (F) */
  readonly next: Float32Array;
  readonly reward: number;
  readonly terminated: boolean;
}

const NONE = -1;

export class ReplayView {
  private rows: number;
  /** number of rows written since the beginning; row r lives in slot r % capacity */
  private head = 0;
  private stepCount = 0;
  private frames = new Float32Array(0);
  /** action taken at the row, its reward, and whether it ended the task */
  private actions = new Float32Array(0);
  private rewards = new Float32Array(0);
  private ended = new Uint8Array(0);
  /** rows before and after in the same episode, or NONE (float64 holds them exactly) */
  private previous = new Float64Array(0);
  private next = new Float64Array(0);
  /** newest row of the running episode of each stream */
  private readonly open = new Map<number, number>();
  private scratch: { readonly windows: HistoryWindows; readonly count: number } | undefined;

  /** @param capacity rows kept, the oldest are overwritten; default 1e6, as MBPO's and SAC's replay */
  constructor(
    readonly layout: FrameLayout,
    readonly spec: ObservationSpec,
    readonly task: Task,
    readonly capacity = 1_000_000,
  ) {
    if (capacity < spec.history + 2) throw badInput(`replay capacity ${capacity} is below history + 2`);
    this.rows = Math.min(1024, capacity);
    this.allocate();
  }

  /** Steps appended since the beginning, including those overwritten. */
  get steps(): number {
    return this.stepCount;
  }

  /** Starts an episode of one stream (one environment) with its first frame (F). */
  begin(frame: Float32Array, stream = 0): void {
    this.open.set(stream, this.write(frame, NONE));
  }

  /** Appends the action (A) taken at the newest frame of the stream, the frame (F) it led to, and what that was worth. */
  append(
    action: Float32Array,
    next: Float32Array,
    reward: number,
    terminated: boolean,
    truncated: boolean,
    stream = 0,
  ): void {
    const row = this.open.get(stream);
    if (row === undefined)
      throw badInput('append() without begin(): the stream has no running episode', { stream });
    const slot = row % this.capacity;
    if (row < this.head - this.capacity)
      throw badInput('replay capacity is smaller than the running episodes');
    this.actions.set(action, slot * this.spec.actionSize);
    this.rewards[slot] = reward;
    this.ended[slot] = terminated ? 1 : 0;
    const nextRow = this.write(next, row);
    this.next[slot] = nextRow;
    this.stepCount++;
    if (terminated || truncated) this.open.delete(stream);
    else this.open.set(stream, nextRow);
  }

  /** Ends the running episode of a stream without a step, as after a lost connection; counts as truncation. */
  cut(stream = 0): void {
    this.open.delete(stream);
  }

  addEpisode(episode: RecordedEpisode): void {
    const { size } = this.layout;
    const { actionSize } = this.spec;
    const steps = episode.actions.length / actionSize;
    if (episode.frames.length !== (steps + 1) * size) {
      throw badInput(
        `episode has ${episode.frames.length / size} frames for ${steps} steps, expected ${steps + 1}`,
      );
    }
    const rewards = episode.rewards ?? this.taskRewards(episode, steps);
    const stream = NONE;
    this.begin(episode.frames.subarray(0, size), stream);
    for (let t = 0; t < steps; t++) {
      this.append(
        episode.actions.subarray(t * actionSize, (t + 1) * actionSize),
        episode.frames.subarray((t + 1) * size, (t + 2) * size),
        rewards[t]!,
        episode.terminated && t === steps - 1,
        false,
        stream,
      );
    }
    this.cut(stream);
  }

  addEpisodes(episodes: Iterable<RecordedEpisode>): void {
    for (const episode of episodes) this.addEpisode(episode);
  }

  /** Rows of all steps that can be used, oldest first. */
  transitions(): Float64Array {
    const rows: number[] = [];
    for (let row = Math.max(0, this.head - this.rows); row < this.head; row++)
      if (this.usable(row)) rows.push(row);
    return Float64Array.from(rows);
  }

  /** First rows of the episodes, those that can be used, oldest first. */
  episodeStarts(): number[] {
    const rows: number[] = [];
    for (let row = Math.max(0, this.head - this.rows); row < this.head; row++)
      if (this.previous[row % this.capacity] === NONE && this.usable(row)) rows.push(row);
    return rows;
  }

  /** The rows of {@link transitions} by episode: within one, each row's step leads to the next row. */
  episodes(): Float64Array[] {
    const chains = new Map<number, number[]>(); // by their newest row
    for (const row of this.transitions()) {
      const before = this.previous[row % this.capacity]!;
      const chain = chains.get(before) ?? [];
      chains.delete(before);
      chain.push(row);
      chains.set(row, chain);
    }
    return [...chains.values()].sort((a, b) => a[0]! - b[0]!).map((rows) => Float64Array.from(rows));
  }

  /** A usable step, uniformly. */
  draw(rng: Rng): number {
    const oldest = Math.max(0, this.head - this.rows);
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const row = oldest + rng.integer(this.head - oldest);
      if (this.usable(row)) return row;
    }
    throw badInput('replay holds no usable step', { steps: this.stepCount });
  }

  /** Copies the history up to `row` to position `index` of `windows`; before the episode's start its first frame stands. */
  readWindow(row: number, windows: HistoryWindows, index: number): void {
    const { history, frameSize, previousActions, actionSize } = this.spec;
    let at = row;
    let exists = true;
    for (let k = 0; k < Math.max(history, previousActions + 1); k++) {
      const slot = at % this.capacity;
      if (k < history) {
        copy(this.frames, slot * frameSize, windows.frames, (index * history + k) * frameSize, frameSize);
      }
      const before = this.previous[slot]!;
      exists &&= before !== NONE;
      if (exists) at = before;
      if (k < previousActions) {
        const to = (index * previousActions + k) * actionSize;
        if (exists) copy(this.actions, (at % this.capacity) * actionSize, windows.actions, to, actionSize);
        else windows.actions.fill(0, to, to + actionSize);
      }
    }
  }

  /** Frame (F) and action (A) at `row`, and what came of it; arrays are views, do not write. */
  step(row: number): RecordedStep {
    const { frameSize: f, actionSize: a } = this.spec;
    const slot = row % this.capacity;
    const after = this.next[slot]! % this.capacity;
    return {
      frame: this.frames.subarray(slot * f, (slot + 1) * f),
      action: this.actions.subarray(slot * a, (slot + 1) * a),
      next: this.frames.subarray(after * f, (after + 1) * f),
      reward: this.rewards[slot]!,
      terminated: this.ended[slot] === 1,
    };
  }

  /** Writes uniformly drawn transitions to rows [start, start + count) of `batch`. */
  fill(batch: TransitionBatch, start: number, count: number, rng: Rng): void {
    if (count === 0) return;
    const { actionSize: a, size: s } = this.spec;
    const windows = this.scratchFor(count);
    const rows = Array.from({ length: count }, () => this.draw(rng));
    rows.forEach((row, i) => {
      this.readWindow(row, windows, i);
      const { action, reward, terminated } = this.step(row);
      batch.actions.set(action, (start + i) * a);
      batch.rewards[start + i] = reward;
      batch.terminated[start + i] = terminated ? 1 : 0;
    });
    const observations = batch.observations.subarray(start * s, (start + count) * s);
    encodeObservations(this.spec, count, windows.frames, windows.actions, observations);
    rows.forEach((row, i) => this.readWindow(this.next[row % this.capacity]!, windows, i));
    const nextObservations = batch.nextObservations.subarray(start * s, (start + count) * s);
    encodeObservations(this.spec, count, windows.frames, windows.actions, nextObservations);
  }

  /** Everything held, oldest row first; rows refer to each other by distance, so that all numbers are exact below 2^24. */
  tensors(): NamedTensors {
    const { head } = this;
    const { frameSize: f, actionSize: a } = this.spec;
    const oldest = Math.max(0, head - this.rows);
    const count = head - oldest;
    const rowsOf = (values: ArrayLike<number>, width: number): Float32Array => {
      const out = new Float32Array(count * width);
      for (let i = 0; i < count; i++) {
        const slot = (oldest + i) % this.capacity;
        for (let j = 0; j < width; j++) out[i * width + j] = values[slot * width + j]!;
      }
      return out;
    };
    const distances = (links: Float64Array) =>
      Float32Array.from({ length: count }, (_, i) => {
        const link = links[(oldest + i) % this.capacity]!;
        return link === NONE ? 0 : link - (oldest + i);
      });
    const open = [...this.open].flatMap(([stream, row]) => [stream, head - row]);
    return {
      frames: { shape: [count, f], data: rowsOf(this.frames, f) },
      actions: { shape: [count, a], data: rowsOf(this.actions, a) },
      rewards: { shape: [count], data: rowsOf(this.rewards, 1) },
      ended: { shape: [count], data: rowsOf(this.ended, 1) },
      previous: { shape: [count], data: distances(this.previous) },
      next: { shape: [count], data: distances(this.next) },
      open: { shape: [open.length / 2, 2], data: Float32Array.from(open) },
      counts: { shape: [2], data: Float32Array.of(head, this.stepCount) },
    };
  }

  /** Replaces all that is held by what {@link tensors} gave. */
  load(tensors: NamedTensors): void {
    const { frameSize: f, actionSize: a } = this.spec;
    const [head, stepCount] = takeTensor(tensors, 'counts', [2]);
    const count = tensors['rewards']?.shape[0] ?? 0;
    const oldest = head! - count;
    this.rows = Math.min(Math.max(this.rows, count), this.capacity);
    this.allocate();
    const put = (to: Float32Array | Uint8Array, from: Float32Array, width: number): void => {
      for (let i = 0; i < count; i++)
        to.set(from.subarray(i * width, (i + 1) * width), ((oldest + i) % this.capacity) * width);
    };
    put(this.frames, takeTensor(tensors, 'frames', [count, f]), f);
    put(this.actions, takeTensor(tensors, 'actions', [count, a]), a);
    put(this.rewards, takeTensor(tensors, 'rewards', [count]), 1);
    put(this.ended, takeTensor(tensors, 'ended', [count]), 1);
    for (const [links, name] of [
      [this.previous, 'previous'],
      [this.next, 'next'],
    ] as const) {
      takeTensor(tensors, name, [count]).forEach((distance, i) => {
        const row = oldest + i;
        links[row % this.capacity] = distance === 0 ? NONE : row + distance;
      });
    }
    this.head = head!;
    this.stepCount = stepCount!;
    this.open.clear();
    const streams = tensors['open']?.shape[0] ?? 0;
    const open = takeTensor(tensors, 'open', [streams, 2]);
    for (let i = 0; i < streams; i++) this.open.set(open[2 * i]!, head! - open[2 * i + 1]!);
  }

  private taskRewards({ frames, actions }: RecordedEpisode, steps: number): Float32Array {
    const { task, layout } = this;
    if (task.reward === undefined) {
      throw badInput(
        `the reward of task '${task.name}' cannot be told from frames; record it with the episode`,
      );
    }
    const rewards = new Float32Array(steps);
    task.reward(steps, layout, frames, actions, frames.subarray(layout.size), rewards);
    return rewards;
  }

  private usable(row: number): boolean {
    const oldest = this.head - this.rows;
    if (row < oldest || row >= this.head) return false;
    const slot = row % this.capacity;
    if (this.next[slot] === NONE) return false;
    let at = row;
    for (let k = 0; k < Math.max(this.spec.history - 1, this.spec.previousActions); k++) {
      const before = this.previous[at % this.capacity]!;
      if (before === NONE) return true;
      if (before < oldest) return false; // its history has been overwritten
      at = before;
    }
    return true;
  }

  private write(frame: Float32Array, previous: number): number {
    if (this.head === this.rows && this.rows < this.capacity) this.grow();
    const row = this.head++;
    const slot = row % this.capacity;
    this.frames.set(frame, slot * this.layout.size);
    this.previous[slot] = previous;
    this.next[slot] = NONE;
    return row;
  }

  private allocate(): void {
    this.frames = new Float32Array(this.rows * this.layout.size);
    this.actions = new Float32Array(this.rows * this.spec.actionSize);
    this.rewards = new Float32Array(this.rows);
    this.ended = new Uint8Array(this.rows);
    this.previous = new Float64Array(this.rows);
    this.next = new Float64Array(this.rows);
  }

  private grow(): void {
    this.rows = Math.min(this.rows * 2, this.capacity);
    const { frames, actions, rewards, ended, previous, next } = this;
    this.allocate();
    this.frames.set(frames);
    this.actions.set(actions);
    this.rewards.set(rewards);
    this.ended.set(ended);
    this.previous.set(previous);
    this.next.set(next);
  }

  private scratchFor(count: number): HistoryWindows {
    if (this.scratch?.count !== count) this.scratch = { windows: historyWindows(this.spec, count), count };
    return this.scratch.windows;
  }
}

function copy(from: Float32Array, fromStart: number, to: Float32Array, toStart: number, count: number): void {
  for (let i = 0; i < count; i++) to[toStart + i] = from[fromStart + i]!;
}
