import * as v from 'valibot';

const flag = v.optional(v.pipe(v.boolean(), v.description('true or false')));
const number = v.optional(v.pipe(v.number(), v.finite(), v.description('a finite number')));
const magnitude = v.optional(v.pipe(v.number(), v.finite(), v.minValue(0), v.description('a number >= 0')));

/** joint_limits.yaml with the keys of ros2_control (joint_limits/joint_limits_rosparam.hpp). */
export const jointLimitsSchema = v.pipe(
  v.strictObject({
    joint_limits: v.pipe(
      v.record(
        v.string(),
        v.pipe(
          v.strictObject({
            has_position_limits: flag,
            min_position: number,
            max_position: number,
            has_velocity_limits: flag,
            max_velocity: magnitude,
            has_acceleration_limits: flag,
            max_acceleration: magnitude,
            has_deceleration_limits: flag,
            max_deceleration: magnitude,
            has_jerk_limits: flag,
            max_jerk: magnitude,
            has_effort_limits: flag,
            max_effort: magnitude,
            angle_wraparound: flag,
            has_soft_limits: flag,
            k_position: magnitude,
            k_velocity: magnitude,
            soft_lower_limit: number,
            soft_upper_limit: number,
          }),
          v.description('a map of limits, e.g. {has_velocity_limits: true, max_velocity: 2.0}'),
        ),
      ),
      v.description('a map of joint to limits'),
    ),
  }),
  v.description('joint_limits: {<joint>: {...}}'),
);

export type JointLimitsYaml = v.InferOutput<typeof jointLimitsSchema>['joint_limits'][string];
