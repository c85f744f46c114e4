import { fileURLToPath } from 'node:url';
import { badInput, packageRoot } from '../../src/core/index.js';
import type { Task } from '../../src/env/index.js';
import { loadModel } from './load-model.js';
import { MujocoWorld } from './mujoco-world.js';
import type { ModelSource, TaskDefinition } from './task-definition.js';
import type { SetupOptions, StandardSetup, StandardTask } from './world.js';

/** What a public benchmark says of a task that MuJoCo simulates. */
export interface MujocoTaskOptions {
  readonly name: string;
  readonly threshold: number;
  /** file in `models/` */
  readonly model: string;
  /** kinds of the joints that the model must have, in order */
  readonly joints: readonly ('slide' | 'hinge')[];
  /** number of actuators that it must have */
  readonly actuators: number;
  readonly physicsStepsPerFrame: number;
  readonly episodeFrames: number;
  readonly actionRepeat: number;
  define(model: ModelSource, actionRepeat: number): TaskDefinition;
}

/** Makes a standard task of a definition and its MJCF file. */
export function mujocoTask(options: MujocoTaskOptions): StandardTask {
  return {
    name: options.name,
    threshold: options.threshold,
    actionRepeat: options.actionRepeat,
    prepare: (setup) => prepare(options, setup),
  };
}

function prepare(options: MujocoTaskOptions, { engine, mjcf, actionRepeat }: SetupOptions): StandardSetup {
  const path = mjcf ?? fileURLToPath(new URL(`sim/standard/models/${options.model}`, packageRoot()));
  const model = loadModel(engine, path);
  try {
    requireShape(options, { engine, model, path });
    const definition = options.define({ engine, model, path }, actionRepeat);
    const option = model.opt;
    const frameSeconds = option.timestep * options.physicsStepsPerFrame;
    option.delete();
    const task: Task = {
      name: options.name,
      episodeSteps: Math.ceil(options.episodeFrames / actionRepeat),
      goalReturn: options.threshold,
      terminated: definition.terminated,
      ...(definition.reward && { reward: definition.reward }),
    };
    return {
      layout: definition.layout,
      task,
      frameSeconds,
      episodeFrames: options.episodeFrames,
      actionRepeat,
      createWorld: () =>
        new MujocoWorld(engine, model, definition, options.physicsStepsPerFrame, frameSeconds),
      dispose: () => model.delete(),
    };
  } catch (error) {
    model.delete();
    throw error;
  }
}

/** Tasks go by the order and kind of joints, as the public environments do; names are free. */
function requireShape(options: MujocoTaskOptions, { engine, model, path }: ModelSource): void {
  const { mjJNT_HINGE, mjJNT_SLIDE } = engine.mjtJoint;
  const names = new Map<number, string>([
    [mjJNT_HINGE.value, 'hinge'],
    [mjJNT_SLIDE.value, 'slide'],
  ]);
  const joints = Array.from(model.jnt_type as Int32Array, (type) => names.get(type) ?? 'free or ball');
  if (joints.join() !== options.joints.join() || model.nu !== options.actuators) {
    throw badInput(
      `${path} is no model of task '${options.name}': it has joints (${joints.join(', ')}) and ${model.nu} actuators, expected ` +
        `(${options.joints.join(', ')}) and ${options.actuators}; give a model of that task, or name the task that the model is of`,
      { path, task: options.name },
    );
  }
  const range = model.actuator_ctrlrange as Float64Array;
  for (let i = 0; i < model.nu; i++) {
    if (range[2 * i]! < range[2 * i + 1]!) continue;
    throw badInput(
      `actuator ${i} in ${path} has control range [${range[2 * i]}, ${range[2 * i + 1]}]; give it a ctrlrange, to which actions are scaled`,
      { path, actuator: i },
    );
  }
}
