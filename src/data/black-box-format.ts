import { asciiText, toRosTime, type RosTime } from './channel-codec.js';
import {
  BLACK_BOX_VERSION,
  type BlackBox,
  type BlackBoxEvent,
  type BlackBoxProposal,
  type BlackBoxQuantity,
  type BlackBoxTick,
} from './black-box-records.js';
import { TIME, type Channel } from './message-definitions.js';

const TRIP = `# Why this file was written, and what is needed to read the vectors of the other channels.
uint32 format_version
string cause
string message
string cleared_by
int64 time_ns            # monotonic, as in the other channels
builtin_interfaces/Time wall_time
string robot
string task
string contract_sha256
string command_interface
float64 control_rate_hz
string[] measured        # order of position and velocity
string[] position_units
float64[] min_position   # -inf and inf: no limit
float64[] max_position
string[] commanded       # order of asked and sent
string[] command_units
float64[] min_command
float64[] max_command
${TIME}`;

const TICK = `# One control tick: what was measured, who had authority, what was asked and sent, and why.
# Times are nanoseconds of the machine's monotonic clock.
uint32 seq
uint32 policy_step
int64 time_ns
int64 measured_ns   # when the newest joint state was received
int64 sent_ns       # 0: nothing was sent
string mode         # of the gate
string authority    # hold (nobody), agent or teleop
string verdict      # pass, limited, blocked or cannot-evaluate
string[] reasons    # checks of the gate that had something to say
float64[] position  # by joint, measured order
float64[] velocity
float64[] asked     # by joint, commanded order; empty: nothing was proposed
float64[] sent      # by joint, commanded order; empty: nothing was sent
`;

const PROPOSAL = `# What the agent answered to one policy step.
uint32 policy_step
int64 time_ns       # when the recorder heard of it
int64 expires_ns
float64[] action    # in [-1, 1], commanded order
float64[] command   # in the unit of the command interface
`;

/** rcl_interfaces/msg/Log, as on /rosout; the kind of the event stands in `function` */
const LOG = `builtin_interfaces/Time stamp
uint8 level         # 20 info, 40 error: a cause of a trip
string name
string msg
string file
string function
uint32 line
${TIME}`;

export const LOG_LEVEL = { info: 20, error: 40 } as const;

/** The channels of a black box in the order of their ids. */
export const BLACK_BOX_CHANNELS = [
  { topic: '/dynabridge/trip', type: 'dynabridge_msgs/msg/Trip', definition: TRIP },
  { topic: '/dynabridge/tick', type: 'dynabridge_msgs/msg/BlackBoxTick', definition: TICK },
  { topic: '/dynabridge/proposal', type: 'dynabridge_msgs/msg/Proposal', definition: PROPOSAL },
  { topic: '/rosout', type: 'rcl_interfaces/msg/Log', definition: LOG },
] as const satisfies readonly Channel[];

/** The messages as they are on disk. */
export interface BlackBoxMessages {
  '/dynabridge/trip': {
    format_version: number;
    cause: string;
    message: string;
    cleared_by: string;
    time_ns: bigint;
    wall_time: RosTime;
    robot: string;
    task: string;
    contract_sha256: string;
    command_interface: string;
    control_rate_hz: number;
    measured: readonly string[];
    position_units: readonly string[];
    min_position: ArrayLike<number>;
    max_position: ArrayLike<number>;
    commanded: readonly string[];
    command_units: readonly string[];
    min_command: ArrayLike<number>;
    max_command: ArrayLike<number>;
  };
  '/dynabridge/tick': {
    seq: number;
    policy_step: number;
    time_ns: bigint;
    measured_ns: bigint;
    sent_ns: bigint;
    mode: string;
    authority: string;
    verdict: string;
    reasons: readonly string[];
    position: Float64Array;
    velocity: Float64Array;
    asked: Float64Array;
    sent: Float64Array;
  };
  '/dynabridge/proposal': {
    policy_step: number;
    time_ns: bigint;
    expires_ns: bigint;
    action: Float64Array;
    command: Float64Array;
  };
  '/rosout': {
    stamp: RosTime;
    level: number;
    name: string;
    msg: string;
    file: string;
    function: string;
    line: number;
  };
}

export function tripToMessage({ trip, robot }: BlackBox): BlackBoxMessages['/dynabridge/trip'] {
  const column = <K extends keyof BlackBoxQuantity>(rows: readonly BlackBoxQuantity[], key: K) =>
    rows.map((row) => row[key]);
  return {
    format_version: BLACK_BOX_VERSION,
    cause: asciiText(trip.cause),
    message: asciiText(trip.message),
    cleared_by: asciiText(trip.clearedBy),
    time_ns: trip.timeNs,
    wall_time: toRosTime(trip.wallNs),
    robot: robot.robot,
    task: robot.task,
    contract_sha256: robot.contractSha256,
    command_interface: robot.commandInterface,
    control_rate_hz: robot.controlRateHz,
    measured: column(robot.positions, 'joint'),
    position_units: column(robot.positions, 'unit'),
    min_position: column(robot.positions, 'min'),
    max_position: column(robot.positions, 'max'),
    commanded: column(robot.commands, 'joint'),
    command_units: column(robot.commands, 'unit'),
    min_command: column(robot.commands, 'min'),
    max_command: column(robot.commands, 'max'),
  };
}

export function tickToMessage(tick: BlackBoxTick): BlackBoxMessages['/dynabridge/tick'] {
  return {
    seq: tick.seq,
    policy_step: tick.policyStep,
    time_ns: tick.timeNs,
    measured_ns: tick.measuredNs,
    sent_ns: tick.sentNs,
    mode: tick.mode,
    authority: tick.authority,
    verdict: tick.verdict,
    reasons: tick.reasons,
    position: tick.positions,
    velocity: tick.velocities,
    asked: tick.asked,
    sent: tick.sent,
  };
}

export function proposalToMessage(proposal: BlackBoxProposal): BlackBoxMessages['/dynabridge/proposal'] {
  const { policyStep, timeNs, expiresNs, action, command } = proposal;
  return { policy_step: policyStep, time_ns: timeNs, expires_ns: expiresNs, action, command };
}

/** @param wallNs when it happened, since the Unix epoch */
export function eventToMessage(event: BlackBoxEvent, wallNs: bigint): BlackBoxMessages['/rosout'] {
  return {
    stamp: toRosTime(wallNs),
    level: event.trip ? LOG_LEVEL.error : LOG_LEVEL.info,
    name: 'dynabridge',
    msg: asciiText(event.text),
    file: '',
    function: asciiText(event.kind),
    line: 0,
  };
}
