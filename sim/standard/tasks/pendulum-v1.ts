import { wrapAngle, badInput, type Rng } from '../../../src/core/index.js';
import { frameLayout, neverTerminated } from '../task-definition.js';
import type { SetupOptions, StandardSetup, StandardTask, StandardWorld } from '../world.js';

const SECONDS = 0.05;
const GRAVITY = 10;
const MAX_SPEED = 8;
const MAX_TORQUE = 2;
const EPISODE_FRAMES = 200;

const layout = frameLayout(['hinge position', 'hinge velocity'], ['hinge torque'], ['hinge position']);

/**
 * Gymnasium's Pendulum-v1, with its own equations: a rod of 1 kg and 1 m, angle 0 upright, semi-implicit Euler steps of 50 ms, speed
 * clipped to 8 rad/s, torque to 2 N m. Reward -(angle^2 + 0.1 speed^2 + 0.001 torque^2) of the state before the step. 200 steps, no
 * other end. Starts: angle uniform within pi, speed within 1 rad/s. Source: gymnasium/envs/classic_control/pendulum.py.
 */
export const pendulumV1: StandardTask = {
  name: 'pendulum-v1',
  threshold: -160,
  actionRepeat: 1,
  prepare,
};

function prepare({ mjcf, actionRepeat }: SetupOptions): StandardSetup {
  if (mjcf !== undefined) {
    throw badInput(
      `task 'pendulum-v1' is simulated by its own equations and takes no model file, got ${mjcf}; leave it out`,
    );
  }
  return {
    layout,
    task: {
      name: pendulumV1.name,
      episodeSteps: Math.ceil(EPISODE_FRAMES / actionRepeat),
      goalReturn: pendulumV1.threshold,
      terminated: neverTerminated,

      /** With an action repeat above 1 the first reward stands for all of them. */
      reward(batch, _layout, frames, actions, _next, rewards) {
        for (let i = 0; i < batch; i++) {
          const torque = MAX_TORQUE * Math.max(-1, Math.min(1, actions[i]!));
          rewards[i] = -actionRepeat * costOf(frames[2 * i]!, frames[2 * i + 1]!, torque);
        }
      },
    },
    frameSeconds: SECONDS,
    episodeFrames: EPISODE_FRAMES,
    actionRepeat,
    createWorld: () => new PendulumWorld(),
    dispose: () => undefined,
  };
}

function costOf(angle: number, speed: number, torque: number): number {
  return wrapAngle(angle) ** 2 + 0.1 * speed * speed + 0.001 * torque * torque;
}

class PendulumWorld implements StandardWorld {
  readonly stateSize = 2;
  private angle = 0;
  private speed = 0;
  private cost = 0;

  reset(rng: Rng): void {
    this.angle = rng.uniform(-Math.PI, Math.PI);
    this.speed = rng.uniform(-1, 1);
  }

  advance(action: Float32Array): void {
    const torque = MAX_TORQUE * action[0]!;
    this.cost = costOf(this.angle, this.speed, torque);
    const acceleration = 1.5 * GRAVITY * Math.sin(this.angle) + 3 * torque;
    this.speed = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, this.speed + acceleration * SECONDS));
    this.angle += this.speed * SECONDS;
  }

  writeFrame(out: Float32Array, offset: number): void {
    out[offset] = wrapAngle(this.angle);
    out[offset + 1] = this.speed;
  }

  reward(): number {
    return -this.cost;
  }

  save(out: Float64Array): void {
    out.set([this.angle, this.speed]);
  }

  restore(state: Float64Array): void {
    this.angle = state[0]!;
    this.speed = state[1]!;
  }

  dispose(): void {}
}
