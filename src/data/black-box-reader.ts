import { statSync } from 'node:fs';

import { badInput } from '../core/index.js';
import { BLACK_BOX_CHANNELS, LOG_LEVEL, type BlackBoxMessages } from './black-box-format.js';
import {
  BLACK_BOX_VERSION,
  type BlackBox,
  type BlackBoxEvent,
  type BlackBoxProposal,
  type BlackBoxQuantity,
  type BlackBoxRobot,
  type BlackBoxTick,
  type BlackBoxTrip,
} from './black-box-records.js';
import { ChannelCodec, fromRosTime } from './channel-codec.js';
import { mcapRecords } from './mcap-records.js';

type Messages = BlackBoxMessages;

/**
 * A black box as read from disk.
 * @throws DynabridgeError BAD_INPUT when there is no such file, when it is none of ours, damaged, or newer than this program
 */
export async function readBlackBox(path: string): Promise<BlackBox> {
  const next = 'give a file of a run’s blackbox folder';
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw badInput(`there is no file ${path}; ${next}`, { path });
  const codec = new ChannelCodec<Messages>(BLACK_BOX_CHANNELS);
  const topics = new Map<number, string>();
  let head: { trip: BlackBoxTrip; robot: BlackBoxRobot } | null = null;
  let wallOffsetNs = 0n;
  const ticks: BlackBoxTick[] = [];
  const proposals: BlackBoxProposal[] = [];
  const events: BlackBoxEvent[] = [];
  for await (const { record, tear } of mcapRecords(path)) {
    if (tear) throw badInput(`${path} is damaged at byte ${tear.offset}: ${tear.why}; ${next}`, { path });
    if (record.type === 'Channel') topics.set(record.id, record.topic);
    if (record.type !== 'Message') continue;
    switch (topics.get(record.channelId) as keyof Messages | undefined) {
      case '/dynabridge/trip':
        head = headOf(codec.decode('/dynabridge/trip', record.data), path);
        wallOffsetNs = head.trip.wallNs - head.trip.timeNs;
        break;
      case '/dynabridge/tick':
        ticks.push(tickOf(codec.decode('/dynabridge/tick', record.data)));
        break;
      case '/dynabridge/proposal':
        proposals.push(proposalOf(codec.decode('/dynabridge/proposal', record.data)));
        break;
      case '/rosout':
        events.push(eventOf(codec.decode('/rosout', record.data), wallOffsetNs));
        break;
      case undefined:
        break;
    }
  }
  if (head === null) throw badInput(`${path} is no black box: it has no /dynabridge/trip; ${next}`, { path });
  return { ...head, ticks, proposals, events };
}

function headOf(message: Messages['/dynabridge/trip'], path: string) {
  if (message.format_version > BLACK_BOX_VERSION) {
    throw badInput(
      `${path} has format version ${message.format_version}, this dynabridge reads up to ${BLACK_BOX_VERSION}; update dynabridge`,
      { path },
    );
  }
  const trip: BlackBoxTrip = {
    cause: message.cause,
    message: message.message,
    clearedBy: message.cleared_by,
    timeNs: message.time_ns,
    wallNs: fromRosTime(message.wall_time),
  };
  const robot: BlackBoxRobot = {
    robot: message.robot,
    task: message.task,
    contractSha256: message.contract_sha256,
    commandInterface: message.command_interface,
    controlRateHz: message.control_rate_hz,
    positions: quantities(
      message.measured,
      message.position_units,
      message.min_position,
      message.max_position,
    ),
    commands: quantities(message.commanded, message.command_units, message.min_command, message.max_command),
  };
  return { trip, robot };
}

function quantities(
  joints: readonly string[],
  units: readonly string[],
  min: ArrayLike<number>,
  max: ArrayLike<number>,
): BlackBoxQuantity[] {
  return joints.map((joint, i) => ({ joint, unit: units[i]!, min: min[i]!, max: max[i]! }));
}

function tickOf(message: Messages['/dynabridge/tick']): BlackBoxTick {
  return {
    seq: message.seq,
    policyStep: message.policy_step,
    timeNs: message.time_ns,
    measuredNs: message.measured_ns,
    sentNs: message.sent_ns,
    mode: message.mode,
    authority: message.authority,
    verdict: message.verdict,
    reasons: message.reasons,
    positions: message.position,
    velocities: message.velocity,
    asked: message.asked,
    sent: message.sent,
  };
}

function proposalOf(message: Messages['/dynabridge/proposal']): BlackBoxProposal {
  const { policy_step, time_ns, expires_ns, action, command } = message;
  return { policyStep: policy_step, timeNs: time_ns, expiresNs: expires_ns, action, command };
}

function eventOf(message: Messages['/rosout'], wallOffsetNs: bigint): BlackBoxEvent {
  return {
    timeNs: fromRosTime(message.stamp) - wallOffsetNs,
    kind: message.function,
    text: message.msg,
    trip: message.level >= LOG_LEVEL.error,
  };
}
