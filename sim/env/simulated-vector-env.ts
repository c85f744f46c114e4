import { badInput, type Rng } from '../../src/core/index.js';
import {
  layoutOf,
  type ControlTick,
  type RobotLayout,
  type RobotTask,
  type StepResult,
  type VectorEnv,
} from '../../src/env/index.js';
import type { Robot } from '../../src/robot/index.js';
import { gateConfigFromRobot } from '../../src/safety/index.js';
import { compileRobot, type CompiledRobot, type Engine, type WorldOptionsInput } from '../engine/index.js';
import { nominalImperfections, type Imperfections } from '../imperfections.js';
import { SimulatedEpisode } from './simulated-episode.js';

export interface SimulatedEnvOptions {
  readonly engine: Engine;
  readonly robot: Robot;
  readonly task: RobotTask;
  /** environments (E) */
  readonly count: number;
  /**
   * default: nominalImperfections(robot), so that the policy learns with the declared delay and lag. An array randomises the
   * domain: environment i has entry i modulo its length, and each distinct entry is compiled once.
   */
  readonly imperfections?: Imperfections | readonly Imperfections[];
  readonly world?: WorldOptionsInput;
  /** fill StepResult.ticks; default false */
  readonly recordTicks?: boolean;
}

/**
 * E simulated robots of one kind, each behind its own gate. Ends: the task terminates; the task's episodeSteps truncate, and so
 * does a gate that has latched a fault, since the policy has lost the robot for good.
 */
export class SimulatedVectorEnv implements VectorEnv {
  readonly count: number;
  readonly framesPerStep = 1;
  readonly layout: RobotLayout;
  readonly task: RobotTask;
  readonly frames: Float32Array;
  private readonly result: { -readonly [K in keyof StepResult]: StepResult[K] };
  private readonly compiled: CompiledRobot[] = [];
  private readonly episodes: SimulatedEpisode[] = [];
  private readonly actionSize: number;

  /** @throws BAD_INPUT for a count below 1, a robot without the limits that its gate needs, or one that physics rejects */
  constructor(options: SimulatedEnvOptions) {
    const { engine, robot, task, count, world } = options;
    if (!Number.isInteger(count) || count < 1)
      throw badInput(`${count} environments asked for, expected a whole number >= 1`);
    this.count = count;
    this.task = task;
    this.layout = layoutOf(robot);
    this.actionSize = robot.model.commanded.length;
    this.frames = new Float32Array(count * this.layout.size);
    this.result = {
      frames: new Float32Array(count * this.layout.size),
      rewards: new Float32Array(count),
      terminated: new Uint8Array(count),
      truncated: new Uint8Array(count),
      ticks: [],
    };
    const gate = gateConfigFromRobot(robot);
    const choices = [options.imperfections ?? nominalImperfections(robot)].flat();
    const byChoice = new Map<Imperfections, CompiledRobot>();
    try {
      for (let i = 0; i < count; i++) {
        const choice = choices[i % choices.length]!;
        const compiled = byChoice.get(choice) ?? compileRobot(engine, robot, choice, world);
        if (!byChoice.has(choice)) this.compiled.push(compiled);
        byChoice.set(choice, compiled);
        this.episodes.push(new SimulatedEpisode(compiled, gate, options.recordTicks ?? false));
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  reset(index: number, rng: Rng): void {
    this.episode(index).start(this.task, rng);
    this.episode(index).writeFrame(this.frames, index * this.layout.size);
  }

  step(actions: Float32Array): StepResult {
    const { count, layout, task, actionSize, result } = this;
    if (actions.length !== count * actionSize) {
      throw badInput(`actions has ${actions.length} values, expected ${count} x ${actionSize}`);
    }
    const ticks: (readonly ControlTick[])[] = [];
    for (let i = 0; i < count; i++) {
      const episode = this.episodes[i]!;
      episode.step(actions.subarray(i * actionSize, (i + 1) * actionSize));
      episode.writeFrame(result.frames, i * layout.size);
      result.truncated[i] = episode.steps >= task.episodeSteps || !episode.engaged ? 1 : 0;
      ticks.push(episode.ticks);
    }
    result.ticks = ticks;
    task.reward(count, layout, this.frames, actions, result.frames, result.rewards);
    task.terminated(count, layout, result.frames, result.terminated);
    this.frames.set(result.frames);
    return result;
  }

  getState(index: number): Uint8Array {
    return this.episode(index).save();
  }

  setState(index: number, state: Uint8Array): void {
    this.episode(index).restore(state);
    this.episode(index).writeFrame(this.frames, index * this.layout.size);
  }

  /** What is really so in one environment, for reports; see {@link SimulatedEpisode}. */
  truth(index: number): { readonly positions: Float64Array; readonly velocities: Float64Array } {
    return this.episode(index).robot.truth();
  }

  dispose(): void {
    for (const episode of this.episodes.splice(0)) episode.dispose();
    for (const compiled of this.compiled.splice(0)) compiled.dispose();
  }

  private episode(index: number): SimulatedEpisode {
    const episode = this.episodes[index];
    if (!episode) throw badInput(`there is no environment ${index}; there are ${this.episodes.length}`);
    return episode;
  }
}
