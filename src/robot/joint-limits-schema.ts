import * as v from 'valibot';

const flag = v.optional(v.pipe(v.boolean(), v.description('true or false')));
const number = v.optional(v.pipe(v.number(), v.finite(), v.description('a finite number')));
const magnitude = (unit: string) =>
  v.optional(v.pipe(v.number(), v.finite(), v.minValue(0), v.description(`a number >= 0 ${unit}`)));

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
            max_velocity: magnitude('[rad/s] or [m/s]'),
            has_acceleration_limits: flag,
            max_acceleration: magnitude('[rad/s^2] or [m/s^2]'),
            has_deceleration_limits: flag,
            max_deceleration: magnitude('[rad/s^2] or [m/s^2]'),
            has_jerk_limits: flag,
            max_jerk: magnitude('[rad/s^3] or [m/s^3]'),
            has_effort_limits: flag,
            max_effort: magnitude('[N m] or [N]'),
            has_effort_rate_limits: flag, // this and the next are ours; ros2_control limits no rate of effort
            max_effort_rate: magnitude('[N m/s] or [N/s]'),
            angle_wraparound: flag,
            has_soft_limits: flag,
            k_position: magnitude('[1/s]'),
            k_velocity: magnitude('[N m s/rad] or [N s/m]'),
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
