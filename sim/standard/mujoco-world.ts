import type { MjModel } from '@mujoco/mujoco';
import type { Rng } from '../../src/core/index.js';
import type { Engine } from '../engine/index.js';
import { PhysicsData } from './physics-data.js';
import type { StepFacts, TaskDefinition } from './task-definition.js';
import type { StandardWorld } from './world.js';

/** One MjData under a task definition. The model is shared and not owned. */
export class MujocoWorld implements StandardWorld {
  readonly stateSize: number;
  private readonly data: PhysicsData;
  private readonly kept: Float64Array;
  private readonly before: Float64Array;
  private readonly control: Float64Array;
  /** control = centre + halfRange * action (nu) */
  private readonly centre: Float64Array;
  private readonly halfRange: Float64Array;

  constructor(
    engine: Engine,
    model: MjModel,
    private readonly definition: TaskDefinition,
    private readonly physicsSteps: number,
    private readonly frameSeconds: number,
  ) {
    this.data = new PhysicsData(engine, model);
    this.kept = new Float64Array(definition.keptSize ?? 0);
    this.before = new Float64Array(model.nq);
    this.control = new Float64Array(model.nu);
    const range = model.actuator_ctrlrange as Float64Array;
    this.centre = this.control.map((_, i) => (range[2 * i]! + range[2 * i + 1]!) / 2);
    this.halfRange = this.control.map((_, i) => (range[2 * i + 1]! - range[2 * i]!) / 2);
    this.stateSize = this.kept.length + this.data.stateSize;
  }

  reset(rng: Rng): void {
    this.data.reset();
    this.definition.start(this.data, this.kept, rng);
    this.data.forward(); // as the public environments do; some of what a first frame holds follows from it
  }

  advance(action: Float32Array): void {
    const { data, control } = this;
    for (let i = 0; i < control.length; i++) control[i] = this.centre[i]! + this.halfRange[i]! * action[i]!;
    this.before.set(data.qpos);
    data.ctrl.set(control);
    data.step(this.physicsSteps);
  }

  writeFrame(out: Float32Array, offset: number): void {
    this.definition.writeFrame(this.data, this.kept, out, offset);
  }

  reward(terminated: boolean): number {
    const { data, kept, before, control, frameSeconds: seconds } = this;
    const facts: StepFacts = { data, kept, before, control, seconds, terminated };
    return this.definition.stepReward(facts);
  }

  save(out: Float64Array): void {
    out.set(this.kept);
    this.data.save(out.subarray(this.kept.length));
  }

  restore(state: Float64Array): void {
    this.kept.set(state.subarray(0, this.kept.length));
    this.data.restore(state.subarray(this.kept.length));
  }

  dispose(): void {
    this.data.dispose();
  }
}
