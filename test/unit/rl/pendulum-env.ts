/**
 * Gymnasium's Pendulum-v1 as a VectorEnv of one robot, in plain TypeScript: an independent task to learn and to test with.
 * Frame [theta (0 is up), theta rate, last torque]; action scale 2 N m; 200 steps of 0.05 s; g 10, m 1, l 1.
 * Reward -(angle^2 + 0.1 rate^2 + 0.001 torque^2) of the state before the step.
 */
import type { Rng } from '../../../src/core/index.js';
import { robotLayout, type RobotTask, type StepResult, type VectorEnv } from '../../../src/env/index.js';

const DT = 0.05;
const MAX_RATE = 8;
const MAX_TORQUE = 2;
const layout = robotLayout(['hinge'], ['hinge'], ['hinge']);

export const pendulumTask: RobotTask = {
  name: 'pendulum',
  robot: 'pendulum',
  episodeSteps: 200,
  goalReturn: -200,
  reward(batch, _layout, frames, actions, _next, rewards) {
    for (let b = 0; b < batch; b++) {
      const q = frames[b * 3]!;
      const angle = Math.atan2(Math.sin(q), Math.cos(q));
      const torque = MAX_TORQUE * actions[b]!;
      rewards[b] = -(angle * angle + 0.1 * frames[b * 3 + 1]! ** 2 + 0.001 * torque * torque);
    }
  },
  terminated(batch, _layout, _next, out) {
    out.fill(0, 0, batch);
  },
  reset: (rng) => ({
    positions: { hinge: rng.uniform(-Math.PI, Math.PI) },
    velocities: { hinge: rng.uniform(-1, 1) },
  }),
};

export class PendulumEnv implements VectorEnv {
  readonly count = 1;
  readonly framesPerStep = 1;
  readonly layout = layout;
  readonly task = pendulumTask;
  readonly frames = new Float32Array(3);
  private angle = 0;
  private rate = 0;
  private time = 0;
  private readonly result = {
    frames: this.frames,
    rewards: new Float32Array(1),
    terminated: new Uint8Array(1),
    truncated: new Uint8Array(1),
    ticks: [[]],
  };

  reset(_index: number, rng: Rng): void {
    const initial = this.task.reset(rng);
    this.angle = initial.positions['hinge']!;
    this.rate = initial.velocities['hinge']!;
    this.time = 0;
    this.write(0);
  }

  step(actions: Float32Array): StepResult {
    const torque = MAX_TORQUE * Math.min(1, Math.max(-1, actions[0]!));
    const before = this.frames.slice();
    this.rate += (15 * Math.sin(this.angle) + 3 * torque) * DT; // 3 g / (2 l) and 3 / (m l^2)
    this.rate = Math.min(MAX_RATE, Math.max(-MAX_RATE, this.rate));
    this.angle += this.rate * DT;
    this.write(torque);
    this.task.reward(1, layout, before, actions, this.frames, this.result.rewards);
    this.result.truncated[0] = ++this.time >= this.task.episodeSteps ? 1 : 0;
    return this.result;
  }

  getState(): Uint8Array {
    return new Uint8Array(Float64Array.of(this.angle, this.rate, this.time, this.frames[2]!).buffer);
  }

  setState(_index: number, state: Uint8Array): void {
    const [angle, rate, time, torque] = new Float64Array(state.slice().buffer);
    this.angle = angle!;
    this.rate = rate!;
    this.time = time!;
    this.write(torque!);
  }

  dispose(): void {}

  private write(torque: number): void {
    this.frames.set([this.angle, this.rate, torque]);
  }
}
