import { afterEach, describe, expect, it } from 'vitest';
import { Rng, systemClock } from '../../../src/core/index.js';
import { Locks } from '../../../src/guard/locks.js';
import { StateMapper } from '../../../src/guard/state-mapper.js';
import {
  SENSOR_QOS,
  createRtpsMiddleware,
  type BoolMessage,
  type JointState,
  type RtpsMiddleware,
  type RtpsMiddlewareOptions,
} from '../../../src/io/ros/index.js';
import { MessageBuilder } from '../../../src/io/rtps/message-builder.js';
import { openUdpTransport } from '../../../src/io/rtps/udp-transport.js';
import { AMOUNT, SEED, report } from '../../amount.js';
import { heapBytes } from '../io/fuzz/heap.js';
import { until } from '../io/rtps/participants.js';
import {
  encodeJointState,
  isRequest,
  parseBool,
  parseJointState,
  type ParsedState,
} from './joint-state-cdr.js';

/** `npm run fuzz:wire -- <messages> [seed]` */
const MESSAGES = AMOUNT ?? 3000;
const GROWTH_LIMIT = 4 << 20;
const BATCH = 500;
const ROUND = 1000;
const MEASURED = ['slider', 'pole'] as const;
const OTHERS = ['pole', 'slider', 'arm', 'ünïcode', '', 'a_name_that_is_rather_long_for_a_joint'];
const ABSURD = [0, 1, 2, 0xff, 0xffff, 1_000_000, 33_554_431, 0x1000_0000, 0x7fff_ffff, 0xffff_ffff];
const NUMBERS = [NaN, Infinity, -Infinity, 1e308, -0, 5e-324];

const open: RtpsMiddleware[] = [];
async function node(nodeName: string, options: Partial<RtpsMiddlewareOptions> = {}): Promise<RtpsMiddleware> {
  const opened = await createRtpsMiddleware({ nodeName, env: { ROS_DOMAIN_ID: '78' }, ...options });
  open.push(opened);
  return opened;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((opened) => opened.close()));
});

function goodState(rng: Rng): Buffer {
  const names: string[] = [...MEASURED, ...OTHERS.slice(2, 2 + rng.integer(5))];
  rng.shuffle(names);
  const values = (): number[] => names.map(() => rng.normal());
  const kind = [0x0001, 0x0001, 0x0000, 0x0007, 0x0006][rng.integer(5)]!;
  const velocity = rng.integer(3) === 0 ? [] : values();
  const effort = rng.integer(2) === 0 ? [] : values();
  return encodeJointState({ name: names, position: values(), velocity, effort }, kind);
}

/** Of a payload that is valid; sometimes it still is. */
function mutate(payload: Buffer, rng: Rng): Buffer {
  const bytes = Buffer.from(payload);
  const word = 4 * rng.integer(Math.floor(bytes.length / 4));
  switch (rng.integer(9)) {
    case 0:
      for (let bits = 1 + rng.integer(8); bits > 0; bits--)
        bytes[rng.integer(bytes.length)]! ^= 1 << rng.integer(8);
      return bytes;
    case 1:
      return bytes.subarray(0, 1 + rng.integer(bytes.length));
    case 2:
      return Buffer.concat([
        bytes,
        Buffer.alloc(1 + rng.integer(rng.integer(50) === 0 ? 60_000 : 200), rng.integer(256)),
      ]);
    case 3:
      bytes.writeUInt32LE(ABSURD[rng.integer(ABSURD.length)]!, word);
      return bytes;
    case 4:
      bytes.writeUInt32BE(ABSURD[rng.integer(ABSURD.length)]!, word);
      return bytes;
    case 5: {
      const cut = rng.integer(bytes.length);
      return Buffer.concat([bytes.subarray(0, cut), bytes.subarray(cut + 1 + rng.integer(12))]);
    }
    case 6:
      if (word + 8 <= bytes.length) bytes.writeDoubleLE(NUMBERS[rng.integer(NUMBERS.length)]!, word);
      return bytes;
    case 7:
      return Buffer.from(Array.from({ length: 1 + rng.integer(300) }, () => rng.integer(256)));
    default:
      return bytes;
  }
}

/** What the mapper has to make of it: nothing, or these positions of the measured joints. */
function expectedOf(state: ParsedState | null): number[] | null {
  if (state === null) return null;
  const { name, position, velocity } = state;
  if (position.length !== name.length) return null;
  if (velocity.length !== 0 && velocity.length !== name.length) return null;
  if (new Set(name).size !== name.length) return null;
  const positions = MEASURED.map((joint) => position[name.indexOf(joint)] ?? NaN);
  return positions.every(Number.isFinite) ? positions : null;
}

describe('what the guard subscribes to', () => {
  it(
    `takes of ${MESSAGES} malformed joint states, locks and requests the valid ones and no other`,
    async () => {
      let inject: (packet: Buffer) => void = () => undefined;
      const errors: unknown[] = [];
      const target = await node('guard', {
        onError: (error) => errors.push(error),
        openTransport: (options) => {
          inject = options.onDatagram;
          return openUdpTransport(options);
        },
      });
      const mapper = new StateMapper({ measured: MEASURED });
      let mapped: number[] | null;
      target.createSubscription<JointState>(
        '/joint_states',
        'sensor_msgs/msg/JointState',
        SENSOR_QOS,
        (message, info) => {
          if (mapper.map(message, info.receivedNs)) mapped = [...mapper.positions];
        },
      );
      const lock = new Locks(target, [{ topic: '/pause', priority: 50, timeoutMs: 60_000 }]);
      let calls = 0;
      target.createService(
        '/guard/estop',
        'std_srvs/srv/Trigger',
        () => (calls++, { success: true, message: '' }),
      );

      const peer = await node('peer');
      const states = peer.createPublisher<JointState>(
        '/joint_states',
        'sensor_msgs/msg/JointState',
        SENSOR_QOS,
      );
      const locks = peer.createPublisher<BoolMessage>('/pause', 'std_msgs/msg/Bool', SENSOR_QOS);
      const client = peer.createClient('/guard/estop', 'std_srvs/srv/Trigger');
      await until(() => states.matched === 1 && locks.matched === 1, 'the matches');
      await client.call({}, 5000);
      const remote = target.participant.remoteParticipants.find(({ writers }) => writers.size > 3)!;
      const writerOf = (topic: string): number => {
        const found = [...remote.writers.values()].find((writer) => writer.topic === topic);
        if (!found) throw new Error(`no writer of ${topic}`);
        return found.entityId;
      };
      const [state, pause, estop] = ['rt/joint_states', 'rt/pause', 'rq/guard/estopRequest'].map(writerOf);
      const sequence = new Map([[estop!, 1]]); // one request was called

      /** As the peer's writer would send it, padded as RTPS asks. */
      const send = (writer: number, payload: Buffer): Buffer => {
        const padded = Buffer.concat([payload, Buffer.alloc(-payload.length & 3)]);
        const sequenceNumber = (sequence.get(writer) ?? 0) + 1;
        sequence.set(writer, sequenceNumber);
        const change = { sequenceNumber, payload: padded, inlineQos: undefined, isKey: false, sourceNs: 0n };
        inject(
          new MessageBuilder(peer.participant.prefix, padded.length + 200).data(0, writer, change).finish(),
        );
        return padded;
      };

      const rng = new Rng(SEED ?? 1, 'wire fuzz');
      const took = { states: 0, locks: 0, requests: 0 };
      let [warmBytes, pausedBefore] = [0, false];
      calls = 0;
      for (let i = 0; i < MESSAGES; i++) {
        mapped = null;
        const expected = expectedOf(parseJointState(send(state!, mutate(goodState(rng), rng))));
        expect(mapped).toEqual(expected);
        took.states += Number(expected !== null);

        const pauses = parseBool(send(pause!, mutate(Buffer.of(0, 1, 0, 0, rng.integer(2)), rng)));
        pausedBefore = pauses ?? pausedBefore;
        expect(lock.strongest(systemClock.nowNs())?.why === 'true').toBe(pausedBefore);
        took.locks += Number(pauses !== null);

        const before = calls;
        const requested = isRequest(send(estop!, mutate(Buffer.of(0, 1, 0, 0, 0), rng)));
        expect(calls).toBe(before + Number(requested));
        took.requests += Number(requested);
        if (i % ROUND === 0) {
          mapped = null;
          const good = goodState(rng);
          send(state!, good);
          expect(mapped).toEqual(expectedOf(parseJointState(good)));
          expect(mapped).not.toBeNull();
        }
        if (i % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
        if (i === ROUND) warmBytes = heapBytes();
      }
      const fresh = await node('fresh');
      const late = fresh.createPublisher<JointState>(
        '/joint_states',
        'sensor_msgs/msg/JointState',
        SENSOR_QOS,
      );
      await until(() => late.matched === 1, 'a new match');
      mapped = null;
      late.publishBytes(goodState(rng));
      await until(() => mapped !== null, 'a real message');
      expect(errors).toEqual([]);
      expect(Math.min(took.states, took.locks, took.requests)).toBeGreaterThan(MESSAGES / 50);
      expect(Math.max(took.states, took.locks, took.requests)).toBeLessThan(MESSAGES);
      const grownBytes = heapBytes() - warmBytes;
      expect(grownBytes).toBeLessThan(GROWTH_LIMIT);
      report(`ROS, ${MESSAGES} messages`, { ...took, grownBytes });
    },
    AMOUNT === undefined ? 60_000 : 0,
  );
});
