import * as v from 'valibot';

/** Who may move the robot, and for how long without a word: the keys teleop, agent and locks of robot.yaml. */

const NEVER_OFF = '; zero does not switch it off';
const milliseconds = (least: number, most: number, what: string) =>
  v.pipe(
    v.number(),
    v.finite(),
    v.minValue(least),
    v.maxValue(most),
    v.description(`milliseconds from ${least} to ${most} ${what}${NEVER_OFF}`),
  );
const priority = (what: string) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(255),
    v.description(`a whole number from 1 to 255, ${what}`),
  );

/**
 * Names and defaults: MoveIt Servo (incoming_command_timeout 0.1 s), twist_mux (timeout, priority 0 to 255: 100 for a joystick, 10 for a
 * navigation stack, in its example configuration). A command of the operator is never acted on for longer than 100 ms (S-26), so that is
 * the most here. A link timeout has to span two heartbeats of 100 ms.
 */
export const teleopSchema = v.optional(
  v.pipe(
    v.strictObject({
      command_timeout_ms: v.optional(
        milliseconds(10, 100, 'that a command of the operator is acted on'),
        100,
      ),
      link_timeout_ms: v.optional(milliseconds(200, 1000, 'without a frame that end the link'), 300),
      max_velocity_scale: v.optional(
        v.pipe(
          v.number(),
          v.gtValue(0),
          v.maxValue(1),
          v.description('share of max_velocity (of max_effort, for efforts) at full deflection, > 0 to 1'),
        ),
        0.3,
      ),
      dead_band: v.optional(
        v.pipe(
          v.number(),
          v.minValue(0),
          v.maxValue(0.5),
          v.description('share of the way of a stick that counts as its middle, 0 to 0.5'),
        ),
        0.05,
      ),
      state_rate_hz: v.optional(
        v.pipe(
          v.number(),
          v.minValue(1),
          v.maxValue(20),
          v.description('how often the device is told where the robot is, 1 to 20 Hz'),
        ),
        10,
      ),
      may_engage: v.optional(
        v.pipe(
          v.boolean(),
          v.description('true where the device may ask for the agent to be engaged, or false'),
        ),
        false,
      ),
      priority: v.optional(priority('more than agent.priority'), 100),
      required: v.optional(
        v.pipe(v.boolean(), v.description('true | false: the agent drives only while the device is linked')),
        false,
      ),
      joint_jog: v.optional(
        v.pipe(
          v.boolean(),
          v.description(
            'true where an operator may drive by control_msgs/msg/JointJog on ~/joint_jog, or false',
          ),
        ),
        false,
      ),
    }),
    v.description('{command_timeout_ms: 100, link_timeout_ms: 300, max_velocity_scale: 0.3, ...}'),
  ),
  {},
);

/** timeout_ms: as ArduPilot's main loop watchdog, see the supervisor's. */
export const agentSchema = v.optional(
  v.pipe(
    v.strictObject({
      timeout_ms: v.optional(
        milliseconds(20, 2000, 'without an answer, and three policy steps, that end its authority'),
        200,
      ),
      priority: v.optional(priority('less than teleop.priority'), 10),
    }),
    v.description('{timeout_ms: 200, priority: 10}'),
  ),
  {},
);

/** As twist_mux has them, but that a timeout of zero is refused. */
export const locksSchema = v.optional(
  v.pipe(
    v.array(
      v.pipe(
        v.strictObject({
          topic: v.pipe(
            v.string(),
            v.regex(/^\/?[A-Za-z_]\w*(\/[A-Za-z_]\w*)*$/),
            v.description('a topic of std_msgs/msg/Bool such as /pause'),
          ),
          timeout_ms: milliseconds(10, 10_000, 'of silence that count as true'),
          priority: priority('every source of less is locked'),
        }),
        v.description('{topic: /pause, timeout_ms: 500, priority: 50}'),
      ),
    ),
    v.description('a list of {topic: ..., timeout_ms: ..., priority: ...}'),
  ),
  [],
);
