/**
 * ROS 2 message definitions of the recorded channels, as text that is stored in every file: a reader needs nothing but the
 * file. `FORMAT_VERSION` grows when a definition changes; readers refuse what is newer than they are, and pass over channels that they
 * do not know.
 */
export const FORMAT_VERSION = 1;

const separator = '='.repeat(80);

export const TIME = `${separator}
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
`;

const JOINT_STATE = `std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort
${separator}
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
${TIME}`;

const CONTROL_TICK = `# One control tick: what was asked for, what the gate let through, and why.
# The measurement is the message with the same sequence number on /joint_states.
# Times are nanoseconds since the episode began.
uint8 HOLD=0
uint8 AGENT=1
uint8 TELEOP=2
uint8 SCRIPT=3
uint32 episode
uint32 seq          # of the proposal
uint32 reasons      # bit i set: reason_names[i] of the episode's start was among the gate's reasons
uint8 source        # whose proposal it was
int64 time_ns
int64 measured_ns   # when the measurement was received
int64 sent_ns       # when the executed command was sent
float64[] requested # by joint, commanded order; empty: nothing was proposed
float64[] executed  # by joint, commanded order; empty: nothing was sent
`;

const POLICY_STEP = `# One policy step: the frame that the policy saw and the action that it chose on it.
uint32 episode
uint32 step
uint32 policy_version
int64 time_ns       # since the episode began
float32[] frame     # measured positions, measured velocities, last executed commands, what further sensors read
float32[] action    # in [-1, 1], commanded order
`;

const EPISODE_START = `uint32 format_version
uint32 episode      # number within this file
string id           # unique within the run
string source       # sim, real or teleop
string robot
string task
string contract_sha256
int64 seed
builtin_interfaces/Time wall_time
float64 control_rate_hz
float64 policy_rate_hz
string[] measured
string[] commanded
string[] reason_names
${TIME}`;

const EPISODE_END = `uint32 episode
uint32 ticks
uint32 steps
bool discarded      # the writer withdrew this episode; readers skip it
bool terminated
bool truncated
int8 success        # 1 yes, 0 no, -1 not judged
float64 episode_return  # NaN when not known
string reason
float32[] final_frame   # after the last step; empty when not known
`;

const SENSOR_READINGS = `# What the sensors besides the joint states read at a control tick; robots without any have none of these.
# It belongs to the message with the same sequence number on /dynabridge/control_tick.
uint32 episode
string[] fields     # in the order in which they end a frame, SI units
float64[] values    # NaN: the sensor was silent
`;

/** What is written under one topic of an MCAP file: CDR of a ROS 2 message. */
export interface Channel {
  readonly topic: string;
  readonly type: string;
  /** of the type and all that it uses */
  readonly definition: string;
  /** of the channel; default: none */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The channels of an episode file in the order of their ids; schema `i + 1` belongs to channel `i`. */
export const CHANNELS = [
  { topic: '/joint_states', type: 'sensor_msgs/msg/JointState', definition: JOINT_STATE },
  { topic: '/dynabridge/control_tick', type: 'dynabridge_msgs/msg/ControlTick', definition: CONTROL_TICK },
  { topic: '/dynabridge/policy_step', type: 'dynabridge_msgs/msg/PolicyStep', definition: POLICY_STEP },
  { topic: '/dynabridge/episode/start', type: 'dynabridge_msgs/msg/EpisodeStart', definition: EPISODE_START },
  { topic: '/dynabridge/episode/end', type: 'dynabridge_msgs/msg/EpisodeEnd', definition: EPISODE_END },
  {
    topic: '/dynabridge/sensor_readings',
    type: 'dynabridge_msgs/msg/SensorReadings',
    definition: SENSOR_READINGS,
  },
] as const satisfies readonly Channel[];

export type Topic = (typeof CHANNELS)[number]['topic'];
