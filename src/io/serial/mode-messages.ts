/** MODE_REQ and its reply: the operator asks once for a mode, and is told once what became of it. Byte tables: docs/serial-protocol.md. */
import { clip, type Codec } from './codec.js';

/**
 * hold: whoever drives gives up authority. teleop: the agent does, and the enable button may be pressed. agent: the agent is engaged, under
 * the conditions of the service ~/engage.
 */
export const WANTED_MODES = ['hold', 'teleop', 'agent'] as const;
export type WantedMode = (typeof WANTED_MODES)[number];

/**
 * not-allowed: robot.yaml does not let the device engage the agent. stopped: a stop is latched. locked: by a topic. operator: the enable
 * button is pressed. not-ready: another condition does not hold, see the text.
 */
export const MODE_RESULTS = [
  'accepted',
  'not-allowed',
  'stopped',
  'locked',
  'operator',
  'not-ready',
] as const;
export type ModeResult = (typeof MODE_RESULTS)[number];

export interface ModeRequest {
  readonly type: 'mode-request';
  readonly wanted: WantedMode;
}

export interface ModeReply {
  readonly type: 'mode-reply';
  /** sequence number of the request */
  readonly sequence: number;
  readonly wanted: WantedMode;
  readonly result: ModeResult;
  /** for people, at most 96 bytes; empty where it was accepted */
  readonly why: string;
}

const MAX_WHY_BYTES = 96;

export const modeRequest: Codec<ModeRequest> = {
  id: 7,
  schema: 0x57,
  encode: ({ wanted }) => Buffer.of(WANTED_MODES.indexOf(wanted)),
  decode: (bytes) => {
    const wanted = WANTED_MODES[bytes[0] ?? NaN];
    return bytes.length === 1 && wanted !== undefined ? { type: 'mode-request', wanted } : undefined;
  },
};

export const modeReply: Codec<ModeReply> = {
  id: 12,
  schema: 0x5c,
  encode: ({ sequence, wanted, result, why }) => {
    const out = Buffer.alloc(4);
    out.writeUInt16LE(sequence, 0);
    out.writeUInt8(WANTED_MODES.indexOf(wanted), 2);
    out.writeUInt8(MODE_RESULTS.indexOf(result), 3);
    return Buffer.concat([out, clip(why, MAX_WHY_BYTES)]);
  },
  decode: (bytes) => {
    const wanted = WANTED_MODES[bytes[2] ?? NaN];
    const result = MODE_RESULTS[bytes[3] ?? NaN];
    if (wanted === undefined || result === undefined || bytes.length > 4 + MAX_WHY_BYTES) return undefined;
    return {
      type: 'mode-reply',
      sequence: bytes.readUInt16LE(0),
      wanted,
      result,
      why: bytes.toString('utf8', 4),
    };
  },
};
