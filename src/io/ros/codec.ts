import { CdrDecoder } from './cdr-decoder.js';
import { CdrEncoder } from './cdr-encoder.js';
import { definitionsOf, type MessageDefinition } from './definitions.js';
import { interfaceTexts } from './interface-texts.js';

/** Between values and CDR payloads (encapsulation header and body). */
export interface Codec<T> {
  encode(value: T): Buffer;
  /** Throws BAD_INPUT when the payload does not fit the type. */
  decode(payload: Uint8Array): T;
}

export function codecFor<T>(definitions: MessageDefinition[]): Codec<T> {
  const encoder = new CdrEncoder(definitions);
  const decoder = new CdrDecoder(definitions);
  return {
    encode: (value) => encoder.encode(value),
    decode: (payload) => decoder.decode(payload) as T,
  };
}

/** Codecs by type name, made once. */
export class CodecCache {
  private readonly codecs = new Map<string, Codec<unknown>>();
  private readonly texts: ReturnType<typeof interfaceTexts>;

  /** @param distro of those at the other end, as in ROS_DISTRO */
  constructor(distro?: string) {
    this.texts = interfaceTexts(distro);
  }

  /** @param type e.g. 'sensor_msgs/msg/JointState' or 'std_srvs/srv/Trigger_Request' */
  get<T>(type: string): Codec<T> {
    let codec = this.codecs.get(type);
    if (!codec) {
      codec = codecFor(definitionsOf(type, this.texts));
      this.codecs.set(type, codec);
    }
    return codec as Codec<T>;
  }
}
