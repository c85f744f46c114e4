import { badInput, type Rng } from '../../src/core/index.js';
import type { FrameLayout, StepResult, Task, VectorEnv } from '../../src/env/index.js';
import type { StandardSetup, StandardWorld } from './world.js';

/**
 * E worlds of one standard task. A policy step is `actionRepeat` control steps with the same action, their rewards added up; it is
 * shorter where the episode ends within it. Rewards come from the full state. Ends are judged on the frames, which are float32, so
 * that `task.terminated` agrees with the environment without exception; beside a bound that differs from the public environments by
 * rounding (1e-7 relative). There is no robot and no gate here: actions go to the actuators, clipped to [-1, 1].
 */
export class StandardVectorEnv implements VectorEnv {
  readonly layout: FrameLayout;
  readonly framesPerStep: number;
  readonly task: Task;
  readonly frames: Float32Array;
  /** length of a policy step [s] */
  readonly stepSeconds: number;
  private readonly result: StepResult;
  private readonly worlds: StandardWorld[] = [];
  /** control steps since the episode began (E) */
  private readonly elapsed: Uint32Array;
  private readonly action: Float32Array;
  /** one row of the result's frames, and its flag, per environment */
  private readonly rows: readonly Float32Array[];
  private readonly flags: readonly Uint8Array[];

  /** Takes ownership of `setup`. @throws BAD_INPUT for a count below 1 */
  constructor(
    private readonly setup: StandardSetup,
    readonly count: number,
  ) {
    if (!Number.isInteger(count) || count < 1) {
      setup.dispose();
      throw badInput(`${count} environments asked for, expected a whole number >= 1`);
    }
    const { layout, task } = setup;
    this.layout = layout;
    this.framesPerStep = setup.actionRepeat;
    this.task = task;
    this.stepSeconds = setup.frameSeconds * setup.actionRepeat;
    this.frames = new Float32Array(count * layout.size);
    this.elapsed = new Uint32Array(count);
    this.action = new Float32Array(layout.actions.length);
    const result = {
      frames: new Float32Array(count * layout.size),
      rewards: new Float32Array(count),
      terminated: new Uint8Array(count),
      truncated: new Uint8Array(count),
      ticks: Array.from({ length: count }, () => []),
    };
    this.result = result;
    this.rows = result.ticks.map((_, i) => result.frames.subarray(i * layout.size, (i + 1) * layout.size));
    this.flags = result.ticks.map((_, i) => result.terminated.subarray(i, i + 1));
    try {
      for (let i = 0; i < count; i++) this.worlds.push(setup.createWorld());
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  reset(index: number, rng: Rng): void {
    const world = this.world(index);
    world.reset(rng);
    this.elapsed[index] = 0;
    world.writeFrame(this.frames, index * this.layout.size);
  }

  step(actions: Float32Array): StepResult {
    const { count, result } = this;
    const size = this.action.length;
    if (actions.length !== count * size) {
      throw badInput(`actions has ${actions.length} values, expected ${count} x ${size}`);
    }
    for (let i = 0; i < actions.length; i++) {
      if (!Number.isFinite(actions[i])) {
        const name = this.layout.actions[i % size];
        throw badInput(
          `action '${name}' of environment ${Math.floor(i / size)} is ${actions[i]}, expected -1 to 1`,
        );
      }
    }
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < size; j++) this.action[j] = Math.max(-1, Math.min(1, actions[i * size + j]!));
      this.stepWorld(i);
    }
    this.frames.set(result.frames);
    return result;
  }

  getState(index: number): Uint8Array {
    const world = this.world(index);
    const { size } = this.layout;
    const state = new Float64Array(1 + size + world.stateSize);
    state[0] = this.elapsed[index]!;
    // the frame too: some of its numbers are left over from the step and cannot be told from the physics state
    state.set(this.frames.subarray(index * size, (index + 1) * size), 1);
    world.save(state.subarray(1 + size));
    return new Uint8Array(state.buffer);
  }

  setState(index: number, state: Uint8Array): void {
    const world = this.world(index);
    const { size } = this.layout;
    const expected = 8 * (1 + size + world.stateSize);
    if (state.length !== expected) {
      throw badInput(
        `the saved state has ${state.length} bytes, '${this.task.name}' needs ${expected}; was it saved by another task or model?`,
      );
    }
    const numbers = new Float64Array(new Uint8Array(state).buffer); // a copy, which is aligned too
    this.elapsed[index] = numbers[0]!;
    this.frames.set(numbers.subarray(1, 1 + size), index * size);
    world.restore(numbers.subarray(1 + size));
  }

  dispose(): void {
    for (const world of this.worlds.splice(0)) world.dispose();
    this.setup.dispose();
  }

  private stepWorld(index: number): void {
    const { layout, task, result, setup } = this;
    const world = this.world(index);
    const row = this.rows[index]!;
    const flag = this.flags[index]!;
    let reward = 0;
    for (let frame = 0; frame < setup.actionRepeat; frame++) {
      world.advance(this.action);
      this.elapsed[index]!++;
      world.writeFrame(row, 0);
      this.requireFinite(index, row);
      task.terminated(1, layout, row, flag);
      reward += world.reward(flag[0] === 1);
      if (flag[0] === 1 || this.elapsed[index]! >= setup.episodeFrames) break;
    }
    result.rewards[index] = reward;
    result.truncated[index] = this.elapsed[index]! >= setup.episodeFrames ? 1 : 0;
  }

  /** Diverged physics ends here, loudly: a learner that is fed NaN fails later and far away. */
  private requireFinite(index: number, row: Float32Array): void {
    const field = row.findIndex((value) => !Number.isFinite(value));
    if (field < 0) return;
    throw badInput(
      `the physics of '${this.task.name}' diverged: ${this.layout.fields[field]} is ${row[field]} in environment ${index}, ` +
        `control step ${this.elapsed[index]}; a model of your own needs a smaller timestep or softer contacts`,
    );
  }

  private world(index: number): StandardWorld {
    const world = this.worlds[index];
    if (!world) throw badInput(`there is no environment ${index}; there are ${this.worlds.length}`);
    return world;
  }
}
