/**
 * What the processes say to each other. Hot messages have a fixed binary layout (little endian, float64), the rest is JSON.
 * Times are monotonic [ns] (CLOCK_MONOTONIC is one for all processes of a machine).
 */
import { GATE_MODES, type GateMode, type Owner, type VerdictKind } from '../../safety/index.js';
import type { DeployMessage, EpisodeEndMessage } from './deploy-message.js';
import { decodeTraffic, encodeTraffic, type TrafficMessage } from './traffic-message.js';

/** guard -> agent and recorder, once per policy step */
export interface ObservationMessage {
  readonly type: 'observation';
  readonly policyStep: number;
  readonly receivedNs: bigint;
  /** raw frame, src/env/frame.ts */
  readonly frame: Float64Array;
}

/** agent -> guard, the answer to one observation */
export interface ProposalMessage {
  readonly type: 'proposal';
  readonly policyStep: number;
  readonly expiresNs: bigint;
  /** step of the checkpoint that the policy is of, for the record */
  readonly policyVersion: number;
  /** in [-1, 1], for the record */
  readonly action: Float64Array;
  /** in the unit of the command interface */
  readonly command: Float64Array;
}

/** What a prediction found first; `recovering`: nothing, but not for long enough yet. */
export const EVIDENCE_REASONS = [
  'clean',
  'recovering',
  'position',
  'velocity',
  'disagreement',
  'non-finite',
] as const;
export type EvidenceReason = (typeof EVIDENCE_REASONS)[number];

/** agent -> guard, once per policy step, after the proposal: what the world model predicts of it */
export interface EvidenceMessage {
  readonly type: 'evidence';
  readonly policyStep: number;
  readonly expiresNs: bigint;
  /** 0 (none) to 1 (full): what the prediction leaves the agent */
  readonly authority: number;
  readonly reason: EvidenceReason;
  /** of the ensemble; -1 where it is not one member's */
  readonly member: number;
  /** in measured order; -1 where it is not one joint's */
  readonly joint: number;
  /** what was predicted, and the bound that it crosses */
  readonly value: number;
  readonly limit: number;
}

/** guard -> recorder, once per control tick */
export interface TickMessage {
  readonly type: 'tick';
  readonly seq: number;
  readonly policyStep: number;
  /** when the tick began */
  readonly atNs: bigint;
  readonly mode: GateMode;
  /** who had authority in this tick */
  readonly owner: Owner;
  readonly verdict: VerdictKind;
  /** bit i: CHECKS[i] */
  readonly reasons: number;
  readonly stateReceivedNs: bigint;
  /** when the command was handed to the wire; 0n when none was sent */
  readonly sentNs: bigint;
  /** measured order (n) */
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  /** commanded order (m); empty when nothing was proposed */
  readonly requested: Float64Array;
  /** commanded order (m); empty when nothing was sent */
  readonly executed: Float64Array;
  /** readings of the sensors besides the joint states (s), NaN for one that is silent; absent for robots without */
  readonly sensors?: Float64Array;
}

/** guard -> supervisor, on the guard's own event loop, so that a hung loop is silent */
export interface HeartbeatMessage {
  readonly type: 'heartbeat';
  readonly seq: number;
  readonly mode: GateMode;
  /** when the newest command left, monotonic; 0n before the first */
  readonly sentNs: bigint;
  /** its points (m each), one control period apart: just one but for trajectories; empty before the first */
  readonly lastCommand: readonly Float64Array[];
  /** newest state of the commanded joints (m); empty before the first */
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
}

/** who connects; the guard's first message from every client */
export interface HelloMessage {
  readonly type: 'hello';
  readonly role: 'agent' | 'recorder' | 'supervisor';
}

/** supervisor -> guard: ramp the robot to rest, then end */
export interface ExitMessage {
  readonly type: 'exit';
}

/** supervisor -> guard: give the agent authority, as ~/engage does; or send nothing any more, once the robot holds at rest */
export interface RequestMessage {
  readonly type: 'request';
  readonly event: 'engage' | 'mute';
}

/**
 * guard -> supervisor and recorder: anything worth a line in events.jsonl; recorder -> guard: what became of the record; agent -> guard:
 * what became of a deployment
 */
export interface EventMessage {
  readonly type: 'event';
  readonly kind: string;
  /** when it happened, at the sender */
  readonly atNs: bigint;
  readonly detail: Readonly<Record<string, unknown>>;
}

export type IpcMessage =
  | ObservationMessage
  | ProposalMessage
  | EvidenceMessage
  | TickMessage
  | HeartbeatMessage
  | HelloMessage
  | ExitMessage
  | RequestMessage
  | DeployMessage
  | EpisodeEndMessage
  | EventMessage
  | TrafficMessage;

const TYPE = {
  json: 0,
  observation: 1,
  proposal: 2,
  tick: 3,
  heartbeat: 4,
  evidence: 5,
  traffic: 6,
} as const;
const VERDICTS = ['pass', 'limited', 'blocked', 'cannot-evaluate'] as const satisfies readonly VerdictKind[];
const OWNERS = ['hold', 'teleop', 'agent'] as const satisfies readonly Owner[];

function writeDoubles(payload: Buffer, offset: number, values: Float64Array): number {
  for (let i = 0; i < values.length; i++) payload.writeDoubleLE(values[i]!, offset + 8 * i);
  return offset + 8 * values.length;
}

function readDoubles(payload: Buffer, offset: number, count: number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = payload.readDoubleLE(offset + 8 * i);
  return values;
}

const NONE = new Float64Array(0);
/** Bytes before the vectors of a proposal, of a tick and of a heartbeat. */
const PROPOSAL_HEADER_BYTES = 16;
const TICK_HEADER_BYTES = 44;
const HEARTBEAT_HEADER_BYTES = 16;

function encodeTick(message: TickMessage): Buffer {
  const { positions, velocities, requested, executed, sensors = NONE } = message;
  const doubles = 2 * positions.length + requested.length + executed.length + sensors.length;
  const payload = Buffer.allocUnsafe(TICK_HEADER_BYTES + 8 * doubles);
  payload.writeUInt32LE(message.seq, 0);
  payload.writeUInt32LE(message.policyStep, 4);
  payload[8] = GATE_MODES.indexOf(message.mode);
  payload[9] = VERDICTS.indexOf(message.verdict);
  payload.writeUInt32LE(message.reasons, 10);
  payload.writeBigUInt64LE(message.stateReceivedNs, 14);
  payload.writeBigUInt64LE(message.sentNs, 22);
  payload[30] = positions.length;
  payload[31] = requested.length;
  payload[32] = executed.length;
  payload[33] = OWNERS.indexOf(message.owner);
  payload.writeBigUInt64LE(message.atNs, 34);
  payload.writeUInt16LE(sensors.length, 42);
  let offset = TICK_HEADER_BYTES;
  for (const vector of [positions, velocities, requested, executed, sensors])
    offset = writeDoubles(payload, offset, vector);
  return payload;
}

function decodeTick(payload: Buffer): TickMessage {
  const n = payload[30]!;
  const requested = payload[31]!;
  const executed = payload[32]!;
  const sensors = payload.readUInt16LE(42);
  const sensorsFrom = TICK_HEADER_BYTES + 8 * (2 * n + requested + executed);
  return {
    type: 'tick',
    seq: payload.readUInt32LE(0),
    policyStep: payload.readUInt32LE(4),
    atNs: payload.readBigUInt64LE(34),
    mode: GATE_MODES[payload[8]!]!,
    owner: OWNERS[payload[33]!]!,
    verdict: VERDICTS[payload[9]!]!,
    reasons: payload.readUInt32LE(10),
    stateReceivedNs: payload.readBigUInt64LE(14),
    sentNs: payload.readBigUInt64LE(22),
    positions: readDoubles(payload, TICK_HEADER_BYTES, n),
    velocities: readDoubles(payload, TICK_HEADER_BYTES + 8 * n, n),
    requested: readDoubles(payload, TICK_HEADER_BYTES + 16 * n, requested),
    executed: readDoubles(payload, TICK_HEADER_BYTES + 16 * n + 8 * requested, executed),
    ...(sensors > 0 && { sensors: readDoubles(payload, sensorsFrom, sensors) }),
  };
}

const EVIDENCE_BYTES = 41;

function encodeEvidence(message: EvidenceMessage): Buffer {
  const payload = Buffer.allocUnsafe(EVIDENCE_BYTES);
  payload.writeUInt32LE(message.policyStep, 0);
  payload.writeBigUInt64LE(message.expiresNs, 4);
  payload.writeDoubleLE(message.authority, 12);
  payload[20] = EVIDENCE_REASONS.indexOf(message.reason);
  payload.writeInt16LE(message.member, 21);
  payload.writeInt16LE(message.joint, 23);
  payload.writeDoubleLE(message.value, 25);
  payload.writeDoubleLE(message.limit, 33);
  return payload;
}

function decodeEvidence(payload: Buffer): EvidenceMessage {
  const reason = EVIDENCE_REASONS[payload[20]!];
  if (reason === undefined) throw new RangeError(`reason ${payload[20]} of an evidence is unknown`);
  return {
    type: 'evidence',
    policyStep: payload.readUInt32LE(0),
    expiresNs: payload.readBigUInt64LE(4),
    authority: payload.readDoubleLE(12),
    reason,
    member: payload.readInt16LE(21),
    joint: payload.readInt16LE(23),
    value: payload.readDoubleLE(25),
    limit: payload.readDoubleLE(33),
  };
}

/** @returns frame type and payload for {@link encodeFrame} */
export function encodeMessage(message: IpcMessage): { type: number; payload: Buffer } {
  switch (message.type) {
    case 'observation': {
      const payload = Buffer.allocUnsafe(12 + 8 * message.frame.length);
      payload.writeUInt32LE(message.policyStep, 0);
      payload.writeBigUInt64LE(message.receivedNs, 4);
      writeDoubles(payload, 12, message.frame);
      return { type: TYPE.observation, payload };
    }
    case 'proposal': {
      const { action, command } = message;
      const payload = Buffer.allocUnsafe(PROPOSAL_HEADER_BYTES + 8 * (action.length + command.length));
      payload.writeUInt32LE(message.policyStep, 0);
      payload.writeBigUInt64LE(message.expiresNs, 4);
      payload.writeUInt32LE(message.policyVersion, 12);
      writeDoubles(payload, writeDoubles(payload, PROPOSAL_HEADER_BYTES, action), command);
      return { type: TYPE.proposal, payload };
    }
    case 'evidence':
      return { type: TYPE.evidence, payload: encodeEvidence(message) };
    case 'tick':
      return { type: TYPE.tick, payload: encodeTick(message) };
    case 'traffic':
      return { type: TYPE.traffic, payload: encodeTraffic(message) };
    case 'heartbeat': {
      const { lastCommand, positions, velocities } = message;
      const m = lastCommand[0]?.length ?? 0;
      const doubles = m * lastCommand.length + positions.length + velocities.length;
      const payload = Buffer.allocUnsafe(HEARTBEAT_HEADER_BYTES + 8 * doubles);
      payload.writeUInt32LE(message.seq, 0);
      payload[4] = GATE_MODES.indexOf(message.mode);
      payload.writeBigUInt64LE(message.sentNs, 5);
      payload[13] = m;
      payload[14] = positions.length;
      payload[15] = lastCommand.length;
      let offset = HEARTBEAT_HEADER_BYTES;
      for (const vector of [...lastCommand, positions, velocities])
        offset = writeDoubles(payload, offset, vector);
      return { type: TYPE.heartbeat, payload };
    }
    case 'event':
      return {
        type: TYPE.json,
        payload: Buffer.from(JSON.stringify({ ...message, atNs: String(message.atNs) })),
      };
    case 'hello':
    case 'exit':
    case 'request':
    case 'deploy':
    case 'episode-end':
      return { type: TYPE.json, payload: Buffer.from(JSON.stringify(message)) };
  }
}

/** @throws RangeError or SyntaxError on a frame that no process of ours sends */
export function decodeMessage(type: number, payload: Buffer): IpcMessage {
  switch (type) {
    case TYPE.observation:
      return {
        type: 'observation',
        policyStep: payload.readUInt32LE(0),
        receivedNs: payload.readBigUInt64LE(4),
        frame: readDoubles(payload, 12, (payload.length - 12) / 8),
      };
    case TYPE.proposal: {
      const m = (payload.length - PROPOSAL_HEADER_BYTES) / 16;
      return {
        type: 'proposal',
        policyStep: payload.readUInt32LE(0),
        expiresNs: payload.readBigUInt64LE(4),
        policyVersion: payload.readUInt32LE(12),
        action: readDoubles(payload, PROPOSAL_HEADER_BYTES, m),
        command: readDoubles(payload, PROPOSAL_HEADER_BYTES + 8 * m, m),
      };
    }
    case TYPE.evidence:
      return decodeEvidence(payload);
    case TYPE.tick:
      return decodeTick(payload);
    case TYPE.traffic:
      return decodeTraffic(payload);
    case TYPE.heartbeat: {
      const m = payload[13]!;
      const measured = payload[14]!;
      const points = payload[15]!;
      const behind = HEARTBEAT_HEADER_BYTES + 8 * m * points;
      return {
        type: 'heartbeat',
        seq: payload.readUInt32LE(0),
        mode: GATE_MODES[payload[4]!]!,
        sentNs: payload.readBigUInt64LE(5),
        lastCommand: Array.from({ length: points }, (_, k) =>
          readDoubles(payload, HEARTBEAT_HEADER_BYTES + 8 * m * k, m),
        ),
        positions: readDoubles(payload, behind, measured),
        velocities: readDoubles(payload, behind + 8 * measured, measured),
      };
    }
    case TYPE.json:
      return decodeJson(payload);
    default:
      throw new RangeError(`frame type ${type} is unknown`);
  }
}

type JsonMessage =
  HelloMessage | ExitMessage | RequestMessage | DeployMessage | EpisodeEndMessage | EventMessage;

function decodeJson(payload: Buffer): JsonMessage {
  const message = JSON.parse(payload.toString()) as JsonMessage;
  return message.type === 'event' ? { ...message, atNs: BigInt(message.atNs) } : message;
}
