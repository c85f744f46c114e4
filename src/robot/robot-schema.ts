import * as v from 'valibot';
import { agentSchema, locksSchema, teleopSchema } from './authority-schema.js';
import { COMMAND_INTERFACES, LIMIT_SCALINGS, MESSAGE_TYPES, STOP_ACTIONS } from './model.js';
import { sensorsSchema } from './sensor-schema.js';

const oneOf = <const T extends readonly string[]>(values: T) =>
  v.pipe(v.picklist(values), v.description(values.join(' | ')));
const atLeastZero = (description: string) =>
  v.pipe(v.number(), v.finite(), v.minValue(0), v.description(description));
const aboveZero = (description: string) =>
  v.pipe(v.number(), v.finite(), v.gtValue(0), v.description(description));
const topic = (example: string) =>
  v.pipe(
    v.string(),
    v.regex(/^\/?[A-Za-z_]\w*(\/[A-Za-z_]\w*)*$/),
    v.description(`a ROS topic name such as ${example}`),
  );
const share = (description: string) =>
  v.pipe(v.number(), v.gtValue(0), v.maxValue(1), v.description(description));
const corner = v.pipe(
  v.tuple([v.number(), v.number(), v.number()]),
  v.description('[x, y, z] in metres, e.g. [-0.5, -0.5, 0.02]; .inf where there is no wall'),
);
const jointNames = (description: string) => v.pipe(v.array(v.string()), v.description(description));
const scale = aboveZero('a number > 0 in the unit of the command interface');

/** Further ahead, a model that is learned knows little, and each step costs the agent about half a millisecond. */
const MOST_PREDICTED_STEPS = 50;

/** Each point is a tick of the gate, in every control tick. */
const MOST_COMMAND_POINTS = 50;

/** robot.yaml as written: snake_case, SI units, unless the key says otherwise. Descriptions are what messages tell to write. */
export const robotSchema = v.pipe(
  v.strictObject({
    command_interface: oneOf(COMMAND_INTERFACES),
    command_topic: topic('/velocity_controller/commands'),
    command_message_type: v.optional(oneOf(MESSAGE_TYPES), 'std_msgs/msg/Float64MultiArray'),
    command_points: v.optional(
      v.pipe(
        v.number(),
        v.safeInteger(),
        v.minValue(1),
        v.maxValue(MOST_COMMAND_POINTS),
        v.description(
          `points of a trajectory, one control period apart, a whole number from 1 to ${MOST_COMMAND_POINTS}, e.g. 10`,
        ),
      ),
      1,
    ),
    state_topic: v.optional(topic('/joint_states'), '/joint_states'),
    control_rate_hz: v.optional(aboveZero('guard ticks per second, e.g. 100'), 100),
    policy_rate_hz: v.optional(
      aboveZero('policy steps per second, a divisor of control_rate_hz, e.g. 20'),
      20,
    ),
    command_latency: atLeastZero('seconds from sending a command to the actuator acting on it, e.g. 0.02'),
    actuator_lag: atLeastZero('first-order time constant of the actuator in seconds, e.g. 0.03'),
    position_margin: atLeastZero('distance kept clear of position limits [rad] or [m], e.g. 0.02'),
    state_timeout_ms: v.optional(aboveZero('milliseconds after which a state is stale, e.g. 100'), 100),
    state_frozen_ms: v.optional(
      aboveZero('milliseconds after which a repeating state is frozen, e.g. 500'),
      500,
    ),
    limit_scaling: v.optional(oneOf(LIMIT_SCALINGS), 'per_joint'),
    on_transition: v.optional(
      v.pipe(
        v.strictObject({
          velocity_scale: share('a share of max_velocity above 0, at most 1'),
          acceleration_scale: share('a share of max_acceleration above 0, at most 1'),
          duration: atLeastZero('seconds after somebody is given authority, e.g. 0.5'),
        }),
        v.description('{velocity_scale: 0.2, acceleration_scale: 0.5, duration: 0.5}'),
      ),
      { velocity_scale: 0.2, acceleration_scale: 0.5, duration: 0.5 },
    ),
    self_collision_proximity_threshold: v.optional(
      atLeastZero('metres kept between links that do not touch at home, e.g. 0.01; left out: not checked'),
    ),
    disabled_collisions: v.optional(
      v.pipe(
        v.array(v.tuple([v.string(), v.string()])),
        v.description('pairs of links that may come closer, e.g. [[upper_arm, wrist_1_link]]'),
      ),
      [],
    ),
    workspace: v.optional(
      v.pipe(
        v.strictObject({ min: corner, max: corner }),
        v.description('{min: [x, y, z], max: [x, y, z]} in the root link [m]'),
      ),
    ),
    stop_action: v.optional(oneOf(STOP_ACTIONS)),
    black_box: v.optional(
      v.pipe(
        v.strictObject({
          seconds: v.optional(
            v.pipe(
              v.number(),
              v.minValue(1),
              v.maxValue(120),
              v.description('seconds kept before a trip, 1 to 120, e.g. 30'),
            ),
            30,
          ),
        }),
        v.description('{seconds: 30}'),
      ),
      {},
    ),
    joints: v.pipe(
      v.strictObject({
        commanded: v.pipe(
          v.array(v.string()),
          v.minLength(1),
          v.description('a list of at least one joint, in command order, e.g. [slider]'),
        ),
        observed: v.optional(jointNames('a list of joints that other controllers move'), []),
        passive: v.optional(jointNames('a list of joints without an actuator'), []),
      }),
      v.description('{commanded: [...], observed: [...], passive: [...]}'),
    ),
    home_pose: v.optional(
      v.pipe(
        v.record(v.string(), v.pipe(v.number(), v.finite(), v.description('a position [rad] or [m]'))),
        v.description('a map of joint to position [rad] or [m]'),
      ),
      {},
    ),
    action: v.pipe(
      v.strictObject({
        mode: oneOf(['absolute', 'increment']),
        scale: v.pipe(
          v.union([scale, v.record(v.string(), scale)]),
          v.description('a number > 0 for all commanded joints, or a map of joint to number'),
        ),
      }),
      v.description('{mode: absolute | increment, scale: ...}'),
    ),
    prediction: v.optional(
      v.pipe(
        v.strictObject({
          enabled: v.optional(v.pipe(v.boolean(), v.description('true | false')), true),
          horizon: v.optional(
            v.pipe(
              v.number(),
              v.safeInteger(),
              v.minValue(1),
              v.maxValue(MOST_PREDICTED_STEPS),
              v.description(
                `policy steps to look ahead, a whole number from 1 to ${MOST_PREDICTED_STEPS}, e.g. 4`,
              ),
            ),
            4,
          ),
        }),
        v.description('{enabled: true | false, horizon: 4}'),
      ),
      {},
    ),
    downstream: v.optional(
      v.pipe(
        v.strictObject({
          accept_no_timeout: v.optional(
            v.pipe(
              v.boolean(),
              v.description(
                'true where a controller that keeps the last command for ever may be driven, or false',
              ),
            ),
            false,
          ),
        }),
        v.description('{accept_no_timeout: true | false}'),
      ),
      {},
    ),
    teleop: teleopSchema,
    agent: agentSchema,
    locks: locksSchema,
    sensors: sensorsSchema,
  }),
  v.description('a map of the keys of robot.yaml'),
);

export type RobotYaml = v.InferOutput<typeof robotSchema>;
