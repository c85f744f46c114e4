import { parse } from '@foxglove/rosmsg';
import { MessageReader, MessageWriter } from '@foxglove/rosmsg2-serialization';

import { NS_PER_S } from '../core/index.js';
import type { Channel } from './message-definitions.js';

/** builtin_interfaces/Time */
export interface RosTime {
  readonly sec: number;
  readonly nanosec: number;
}

/** Serialises and parses the CDR of some channels; `Messages` maps their topics to what is written under them. */
export class ChannelCodec<Messages> {
  private readonly writers = new Map<string, MessageWriter>();
  private readonly readers = new Map<string, MessageReader>();

  constructor(channels: readonly Channel[]) {
    for (const { topic, definition } of channels) {
      const parsed = parse(definition, { ros2: true });
      this.writers.set(topic, new MessageWriter(parsed));
      this.readers.set(topic, new MessageReader(parsed));
    }
  }

  encode<T extends keyof Messages & string>(topic: T, message: Messages[T]): Uint8Array {
    return this.writers.get(topic)!.writeMessage(message);
  }

  decode<T extends keyof Messages & string>(topic: T, data: Uint8Array): Messages[T] {
    return this.readers.get(topic)!.readMessage<Messages[T]>(data);
  }
}

/** Nanoseconds since the Unix epoch as a ROS time. */
export function toRosTime(ns: bigint): RosTime {
  return { sec: Number(ns / NS_PER_S), nanosec: Number(ns % NS_PER_S) };
}

export function fromRosTime(time: RosTime): bigint {
  return BigInt(time.sec) * NS_PER_S + BigInt(time.nanosec);
}

/** The CDR writer handles ASCII only; text for people loses an accent rather than the record. */
export function asciiText(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}
