import * as v from 'valibot';
import { badInput } from '../src/core/index.js';
import type { Robot } from '../src/robot/model.js';

const factor = v.pipe(v.number(), v.finite(), v.gtValue(0));
const magnitude = v.pipe(v.number(), v.finite(), v.minValue(0));

/** In what the simulated robot differs from its URDF and from an ideal drive. Lengths in [m] for prismatic joints, else [rad]. */
const schema = v.strictObject({
  /** factor on every mass and inertia */
  massScale: v.optional(factor, 1),
  /** factor on the URDF's dry friction */
  frictionScale: v.optional(magnitude, 1),
  /** joint name -> dry friction on top of the URDF's [N m] or [N] */
  addedFriction: v.optional(v.record(v.string(), magnitude), {}),
  /** static over kinetic dry friction, >= 1 */
  stictionRatio: v.optional(v.pipe(v.number(), v.finite(), v.minValue(1)), 1),
  /** speed at which friction has fallen from static to kinetic (Stribeck) [rad/s] or [m/s] */
  stribeckVelocity: v.optional(factor, 0.05),
  /** factor on the URDF's viscous damping */
  dampingScale: v.optional(magnitude, 1),
  /** effort and velocity: factor from command to what is produced; position: factor on the servo's gains */
  actuatorGain: v.optional(factor, 1),
  /** first-order time constant from command to actuator [s] */
  actuatorLag: v.optional(magnitude, 0),
  /** from applyCommand to the actuator [s]; rounded to physics steps */
  commandDelay: v.optional(magnitude, 0),
  /** standard deviation of position readings [rad] or [m] */
  positionNoise: v.optional(magnitude, 0),
  /** standard deviation of velocity readings [rad/s] or [m/s]; not used when velocity is differentiated */
  velocityNoise: v.optional(magnitude, 0),
  /** one encoder count of a hinge [rad]; 0: exact */
  angularResolution: v.optional(magnitude, 0),
  /** one encoder count of a slider [m]; 0: exact */
  linearResolution: v.optional(magnitude, 0),
  /** direct: the true velocity (plus noise); differentiated: difference of position readings, low-passed */
  velocitySource: v.optional(v.picklist(['direct', 'differentiated']), 'direct'),
  /** first-order low-pass of the differentiated velocity [Hz]; 0: none */
  velocityCutoffHz: v.optional(magnitude, 0),
});

export type Imperfections = Readonly<v.InferOutput<typeof schema>>;
export type ImperfectionsInput = Readonly<v.InferInput<typeof schema>>;

/** Checks and completes a set of imperfections; what is not named is ideal. */
export function parseImperfections(input: ImperfectionsInput = {}): Imperfections {
  const result = v.safeParse(schema, input);
  if (!result.success) {
    const issue = result.issues[0];
    throw badInput(
      `imperfection '${v.getDotPath(issue) ?? ''}' is ${issue.received}, expected ${issue.expected ?? issue.message}; see sim/imperfections.ts for units and ranges`,
      { input },
    );
  }
  return Object.freeze({ ...result.output, addedFriction: Object.freeze(result.output.addedFriction) });
}

/** For training: the ideal robot with the delay and lag that robot.yaml declares, so that the policy learns with them. */
export function nominalImperfections(robot: Robot): Imperfections {
  return parseImperfections({
    actuatorLag: robot.config.actuatorLag,
    commandDelay: robot.config.commandLatency,
  });
}

/**
 * For the twin: a plausible real robot that the model has not seen. Delay and lag stay as declared, since the gate's bound rests
 * on them. The sizes are our assumption of an ordinary geared drive: 8 % heavier, half as much damping again, dry friction of 2 %
 * of the joint's effort with 1.5 times that at rest, 5 % weak, a 14-bit encoder (0.1 mm on rails),
 * velocity by differences at 30 Hz.
 */
export function realLikeImperfections(robot: Robot): Imperfections {
  const addedFriction: Record<string, number> = {};
  for (const name of robot.model.commanded) {
    const joint = robot.model.joints.find((candidate) => candidate.name === name);
    addedFriction[name] = 0.02 * (joint?.limits?.maxEffort ?? 0);
  }
  return parseImperfections({
    ...nominalImperfections(robot),
    massScale: 1.08,
    dampingScale: 1.5,
    addedFriction,
    stictionRatio: 1.5,
    actuatorGain: 0.95,
    positionNoise: 1e-4,
    angularResolution: (2 * Math.PI) / 16384,
    linearResolution: 1e-4,
    velocitySource: 'differentiated',
    velocityCutoffHz: 30,
  });
}
