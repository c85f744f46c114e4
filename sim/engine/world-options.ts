import * as v from 'valibot';
import { badInput } from '../../src/core/index.js';
import type { RobotModel } from '../../src/robot/model.js';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

const schema = v.strictObject({
  /** downward acceleration [m/s^2]; default {@link defaultGravity} */
  gravity: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  /** longest physics step [s]; the step is the longest that is no longer and divides the control period */
  maxPhysicsStep: v.optional(v.pipe(positive, v.maxValue(0.05)), 0.002),
  /** simulate contacts between collision shapes */
  collisions: v.optional(v.boolean(), true),
  /** how fast a velocity drive closes its error [s]; 1 ms is a stiff industrial or stepper drive */
  velocityTimeConstant: v.optional(positive, 0.001),
  /**
   * natural frequency w of critically damped position drives [rad/s]; default 16 Hz, a stiff industrial drive. There is no gravity
   * feed-forward: a lift sags by g / w^2, 1 mm
   */
  positionBandwidth: v.optional(positive, 100),
});

export type WorldOptions = Readonly<v.InferOutput<typeof schema>>;
export type WorldOptionsInput = Readonly<v.InferInput<typeof schema>>;

/** Checks and completes what is around the robot and how finely it is simulated. */
export function parseWorldOptions(input: WorldOptionsInput = {}): WorldOptions {
  const result = v.safeParse(schema, input);
  if (!result.success) {
    const issue = result.issues[0];
    throw badInput(
      `world option '${v.getDotPath(issue) ?? ''}' is ${issue.received}, expected ${issue.expected ?? issue.message}; see sim/engine/world-options.ts`,
      { input },
    );
  }
  return Object.freeze(result.output);
}

/**
 * 9.81 m/s^2, but 10 for the robot named 'pendulum', because Gymnasium's Pendulum-v1, which it reproduces, uses 10.
 */
export function defaultGravity(model: RobotModel): number {
  return model.name === 'pendulum' ? 10 : 9.81;
}
