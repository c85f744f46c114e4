import {
  COMMAND_SOURCES,
  type ControlTickRecord,
  type EpisodeEnd,
  type EpisodeFooter,
  type EpisodeHeader,
  type EpisodeSource,
  type PolicyStepRecord,
} from './episode-records.js';
import { ChannelCodec, fromRosTime, toRosTime, type RosTime } from './channel-codec.js';
import { CHANNELS } from './message-definitions.js';

/** The messages as they are on disk, field by field as in message-definitions.ts. */
export interface Messages {
  '/joint_states': {
    header: { stamp: RosTime; frame_id: string };
    name: readonly string[];
    position: Float64Array;
    velocity: Float64Array;
    effort: readonly number[] | Float64Array;
  };
  '/dynabridge/control_tick': {
    episode: number;
    seq: number;
    reasons: number;
    source: number;
    time_ns: bigint;
    measured_ns: bigint;
    sent_ns: bigint;
    requested: Float64Array;
    executed: Float64Array;
  };
  '/dynabridge/policy_step': {
    episode: number;
    step: number;
    policy_version: number;
    time_ns: bigint;
    frame: Float32Array;
    action: Float32Array;
  };
  '/dynabridge/episode/start': {
    format_version: number;
    episode: number;
    id: string;
    source: string;
    robot: string;
    task: string;
    contract_sha256: string;
    seed: bigint;
    wall_time: RosTime;
    control_rate_hz: number;
    policy_rate_hz: number;
    measured: readonly string[];
    commanded: readonly string[];
    reason_names: readonly string[];
  };
  '/dynabridge/episode/end': {
    episode: number;
    ticks: number;
    steps: number;
    discarded: boolean;
    terminated: boolean;
    truncated: boolean;
    success: number;
    episode_return: number;
    reason: string;
    final_frame: Float32Array | readonly number[];
  };
  '/dynabridge/sensor_readings': {
    episode: number;
    fields: readonly string[];
    values: Float64Array;
  };
}

/** CDR of all channels of an episode file; one per reader or writer. */
export class EpisodeCodec extends ChannelCodec<Messages> {
  constructor() {
    super(CHANNELS);
  }
}

export function headerToMessage(header: EpisodeHeader): Messages['/dynabridge/episode/start'] {
  return {
    format_version: header.formatVersion,
    episode: header.number,
    id: header.id,
    source: header.source,
    robot: header.robot,
    task: header.task,
    contract_sha256: header.contractSha256,
    seed: BigInt(header.seed),
    wall_time: toRosTime(header.wallNs),
    control_rate_hz: header.controlRateHz,
    policy_rate_hz: header.policyRateHz,
    measured: header.measured,
    commanded: header.commanded,
    reason_names: header.reasonNames,
  };
}

export function headerFromMessage(message: Messages['/dynabridge/episode/start']): EpisodeHeader {
  return {
    formatVersion: message.format_version,
    number: message.episode,
    id: message.id,
    source: message.source as EpisodeSource,
    robot: message.robot,
    task: message.task,
    contractSha256: message.contract_sha256,
    seed: Number(message.seed),
    wallNs: fromRosTime(message.wall_time),
    controlRateHz: message.control_rate_hz,
    policyRateHz: message.policy_rate_hz,
    measured: message.measured,
    commanded: message.commanded,
    reasonNames: message.reason_names,
  };
}

export function tickFromMessages(
  state: Messages['/joint_states'],
  tick: Messages['/dynabridge/control_tick'],
  readings?: Messages['/dynabridge/sensor_readings'],
): ControlTickRecord {
  return {
    timeNs: tick.time_ns,
    measuredNs: tick.measured_ns,
    sentNs: tick.sent_ns,
    seq: tick.seq,
    source: COMMAND_SOURCES[tick.source] ?? 'hold',
    reasons: tick.reasons,
    positions: state.position,
    velocities: state.velocity,
    requested: tick.requested,
    executed: tick.executed,
    ...(readings && { sensors: readings.values }),
  };
}

export function stepFromMessage(message: Messages['/dynabridge/policy_step']): PolicyStepRecord {
  return {
    step: message.step,
    timeNs: message.time_ns,
    frame: message.frame,
    action: message.action,
    policyVersion: message.policy_version,
  };
}

/** The end record; `end` is absent when the episode is discarded. */
export function endToMessage(
  episode: number,
  ticks: number,
  steps: number,
  end?: EpisodeEnd,
): Messages['/dynabridge/episode/end'] {
  return {
    episode,
    ticks,
    steps,
    discarded: end === undefined,
    terminated: end?.terminated ?? false,
    truncated: end?.truncated ?? false,
    success: end?.success === undefined ? -1 : Number(end.success),
    episode_return: end?.return ?? NaN,
    reason: end?.reason ?? '',
    final_frame: end?.finalFrame ?? [],
  };
}

export function footerFromMessage(message: Messages['/dynabridge/episode/end']): EpisodeFooter {
  const finalFrame = Float32Array.from(message.final_frame);
  return {
    ticks: message.ticks,
    steps: message.steps,
    terminated: message.terminated,
    truncated: message.truncated,
    ...(message.success === -1 ? {} : { success: message.success === 1 }),
    ...(Number.isNaN(message.episode_return) ? {} : { return: message.episode_return }),
    ...(message.reason === '' ? {} : { reason: message.reason }),
    ...(finalFrame.length === 0 ? {} : { finalFrame }),
  };
}
