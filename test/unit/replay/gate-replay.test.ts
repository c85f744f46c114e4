import { setImmediate as later } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ReadMessage } from '../../../src/data/index.js';
import { WireRecording } from '../../../src/guard/wire-recording.js';
import { GATE_TOPICS, type GateTickMessage } from '../../../src/io/gate-record/index.js';
import type { TrafficMessage } from '../../../src/io/ipc/index.js';
import { CodecCache } from '../../../src/io/ros/index.js';
import { GateReplay } from '../../../src/replay/index.js';
import {
  createShaperState,
  followPoints,
  gateEvent,
  latchVeto,
  lookAhead,
  shapeTick,
  withSendTime,
  type GateConfig,
  type GateEvent,
  type PointsInFlight,
  type Proposal,
} from '../../../src/safety/index.js';
import { START_NS, config, joint } from '../../safety/fixtures.js';

const JOINTS = [joint(), joint({ name: 'wrist', maxVelocity: 2 })];
const TOPIC = '/velocity_controller/commands';
const TYPE = 'std_msgs/msg/Float64MultiArray';
const TRAJECTORY = 'trajectory_msgs/msg/JointTrajectory';
const DECIMATION = 5;
const codecs = new CodecCache();

/** Requests by the tick before which they are made. */
const REQUESTS: Readonly<Record<number, GateEvent>> = {
  10: 'engage',
  150: 'release',
  170: 'engage',
  260: 'estop',
  262: 'engage', // refused
  340: 'reset',
  345: 'engage',
};
const VETO_AT = 440;

/** A gate that drives joints for 450 ticks of 10 ms or so, recorded as the guard does it: holds, lateness, evidence and a veto in it. */
async function recorded(gate: GateConfig, points = 1): Promise<ReadMessage[]> {
  const taken: TrafficMessage[] = [];
  const recording = new WireRecording();
  let shaper = createShaperState(gate, DECIMATION);
  const names = gate.joints.map(({ name }) => name);
  recording.begin(names, shaper, START_NS, (message) => taken.push(message) > 0);
  const positions = new Float64Array(2);
  const velocities = new Float64Array(2);
  let now = START_NS;
  let target: Proposal | null = null;
  let veto: string | null = null;
  let inFlight: PointsInFlight | null = null;
  for (let i = 1; i <= 450; i++) {
    now += BigInt(10_000_000 + 1_000_000 * Math.round(3 * Math.sin(i)));
    const measured = { positions, velocities, receivedNs: now - 300_000n };
    const event = REQUESTS[i];
    if (event) {
      const { state, outcome } = gateEvent(gate, shaper.gate, event, measured, now);
      shaper = { ...shaper, gate: state };
      recording.event({ atNs: now, event, measured, outcome, mode: state.mode });
    }
    if (i % DECIMATION === 0) {
      const command = Float64Array.of(1.5 * Math.sin(i / 20), 2.5 * Math.cos(i / 30));
      target =
        i % 95 === 0
          ? null
          : { source: 'agent', joints: names, command, seq: i, expiresNs: now + 90_000_000n };
    }
    const evidence = { authority: i > 380 ? 0.6 : 1, expiresNs: now + 1n, goneNs: now + 2n };
    const before = followPoints(gate, shaper, inFlight, now);
    const shaped = shapeTick(gate, DECIMATION, before, target, measured, evidence, now);
    const ahead = lookAhead(gate, DECIMATION, before, shaped, target, measured, evidence, now, points - 1);
    shaper = shaped.state;
    const { command } = shaped.verdict;
    const sentNs = command ? now + BigInt(50_000 + (i % 40 === 0 ? 9_000_000 : 0)) : 0n;
    if (i === VETO_AT) veto = 'a bug';
    if (command) {
      const data = command.copyValues();
      if (veto !== null) data.fill(0);
      const rows = [data, ...ahead.map((point) => point.command.copyValues())];
      const [type, message] =
        points === 1
          ? [TYPE, { layout: { dim: [], data_offset: 0 }, data }]
          : [TRAJECTORY, { joint_names: names, points: rows.map((positions) => ({ positions })) }];
      const payload = codecs.get(type).encode(message);
      recording.traffic({ received: false, topic: TOPIC, type, offers: [], payload, atNs: sentNs });
      inFlight = veto === null ? { sentNs, command: command.copyValues(), ahead } : null;
      shaper = { ...shaper, gate: withSendTime(gate, shaper.gate, now, sentNs) };
    }
    if (veto !== null) shaper = { ...shaper, gate: latchVeto(shaper.gate, veto, now) };
    recording.tick(
      { target, measured, evidence, madeNs: now, sentNs, velocityScale: 1, owner: 'agent', veto },
      shaped,
      shaper,
    );
    if (command) move(gate, positions, velocities, command.copyValues()); // the newest state's vectors, in place, as the guard's are
  }
  await later();
  return taken.map(({ topic, messageType: type, number: sequence, atNs, payload: data }) => ({
    ...{ topic, type, sequence, data },
    ...{ logNs: atNs, publishNs: atNs, offset: 0 },
  }));
}

/** A joint that does at once what it is told. */
function move(gate: GateConfig, positions: Float64Array, velocities: Float64Array, sent: Float64Array): void {
  const period = gate.controlPeriod;
  sent.forEach((value, j) => {
    if (gate.interface === 'effort') velocities[j]! += 0.1 * period * value;
    else velocities[j] = gate.interface === 'velocity' ? value : (value - positions[j]!) / period;
    positions[j]! += period * velocities[j]!;
  });
}

function replayed(
  messages: readonly ReadMessage[],
  gate: GateConfig,
  otherGate = false,
  points = 1,
): GateReplay {
  const replay = new GateReplay({
    config: gate,
    decimation: DECIMATION,
    commandTopic: TOPIC,
    commandPoints: points,
    otherGate,
    keep: 5,
  });
  for (const message of messages) replay.take(message);
  return replay;
}

/** The same messages with one of them decoded, changed and encoded again. */
function changed<T>(messages: readonly ReadMessage[], index: number, change: (value: T) => T): ReadMessage[] {
  const codec = codecs.get<T>(messages[index]!.type);
  const data = codec.encode(change(codec.decode(messages[index]!.data)));
  return messages.map((message, i) => (i === index ? { ...message, data } : message));
}

const GATES: Readonly<Record<string, GateConfig>> = {
  velocity: config({ joints: JOINTS, commandLatency: 0.02, actuatorLag: 0.01 }),
  position: config({ joints: JOINTS, interface: 'position', limitScaling: 'uniform' }),
  effort: config({ joints: JOINTS, interface: 'effort' }),
};

describe('a gate run again on what was recorded of it', () => {
  it.each(Object.keys(GATES))('decides the same, bit by bit: %s', async (kind) => {
    const gate = GATES[kind]!;
    const messages = await recorded(gate);
    const { ticks, commands, events, skipped, lost, differences, traces } = replayed(messages, gate);
    expect(differences.first).toEqual([]);
    expect({ ticks, events, skipped, lost }).toEqual({ ticks: 450, events: 7, skipped: 0, lost: 0 });
    expect(commands).toBe(441);
    expect(traces.timeS).toHaveLength(441);
    expect(traces.computed).toEqual(traces.recorded);
    expect(Math.max(...traces.computed[0]!)).toBeGreaterThan(0.03);
  });

  it('decides the same where it goes on along points, and tells one that was altered, or is one too many', async () => {
    const gate = GATES['position']!;
    const messages = await recorded(gate, 6);
    const whole = replayed(messages, gate, false, 6);
    expect(whole.differences.first).toEqual([]);
    expect(whole).toMatchObject({ ticks: 450, commands: 441, skipped: 0 });
    expect(replayed(messages, gate, false, 1).differences.count).toBeGreaterThan(0); // the points matter
    const at = messages.flatMap((message, i) => (message.topic === TOPIC ? [i] : []))[80]!;
    const altered = (change: (points: { positions: Float64Array }[]) => object[]) =>
      replayed(
        changed<{ points: { positions: Float64Array }[] }>(messages, at, (m) => ({
          ...m,
          points: change(m.points) as never,
        })),
        gate,
        false,
        6,
      ).differences;
    const nudged = altered((points) =>
      points.map((point, k) =>
        k === 3 ? { positions: point.positions.map((value) => value + 1e-12) } : point,
      ),
    );
    expect(nudged.first.map(({ what, of }) => `${what} ${of}`)).toEqual([
      'wire elbow (point 4)',
      'wire wrist (point 4)',
    ]);
    const longer = altered((points) => [...points, points[5]!]);
    expect(longer.first).toMatchObject([{ what: 'wire', of: 'points', recorded: 14, computed: 12 }]);
  });

  it('goes on after a loss once it knows where the robot is on its points', async () => {
    const gate = GATES['position']!;
    const messages = await recorded(gate, 6);
    const lostAt = messages.findIndex(({ topic }) => topic === TOPIC) + 100;
    const left = messages.filter((_, i) => i !== lostAt);
    const replay = replayed(left, gate, false, 6);
    expect(replay).toMatchObject({ lost: 1 });
    expect(replay.skipped).toBeGreaterThan(0);
    expect(replay.skipped).toBeLessThan(440);
    expect(replay.differences.first).toEqual([]);
  });

  it('tells one altered command, in the bits of the record or on the wire', async () => {
    const gate = GATES['velocity']!;
    const messages = await recorded(gate);
    const places = (topic: string) => messages.flatMap((message, i) => (message.topic === topic ? [i] : []));
    const nudge = (values: Float64Array): Float64Array => {
      const bits = new BigInt64Array(values.slice().buffer);
      bits[1]! += 1n;
      return new Float64Array(bits.buffer);
    };
    const [wireAt, tickAt] = [places(TOPIC)[99]!, places(GATE_TOPICS.tick.topic)[60]!];
    const wire = replayed(
      changed<{ data: Float64Array }>(messages, wireAt, (m) => ({ ...m, data: nudge(m.data) })),
      gate,
    );
    expect(wire.differences).toMatchObject({ count: 1, ticks: 1 });
    expect(wire.differences.first[0]).toMatchObject({ what: 'wire', of: 'wrist', tick: 109 });
    const record = replayed(
      changed<GateTickMessage>(messages, tickAt, (m) => ({ ...m, command: nudge(m.command) })),
      gate,
    );
    expect(record.differences).toMatchObject({ count: 1, ticks: 1 });
    expect(record.differences.first[0]).toMatchObject({ what: 'command', of: 'wrist', tick: 61 });
  });

  it('tells an altered input by all that follows from it', async () => {
    const gate = GATES['velocity']!;
    const messages = await recorded(gate);
    const at = messages.findIndex(({ topic }) => topic === GATE_TOPICS.event.topic);
    const { differences } = replayed(
      messages.filter((_, i) => i !== at).map((message, i) => ({ ...message, sequence: i + 1 })),
      gate,
    );
    expect(differences.ticks).toBeGreaterThan(100);
    expect(differences.first[0]).toMatchObject({
      tick: 10,
      recorded: expect.any(Number) as number,
      computed: null,
    });
  });

  it('is not run where records were lost, until the next state of it', async () => {
    const gate = GATES['velocity']!;
    const messages = await recorded(gate);
    const from = messages.findIndex(({ topic }, i) => i > 300 && topic === GATE_TOPICS.tick.topic);
    const holey = messages.filter((_, i) => i < from || i >= from + 7);
    const { ticks, lost, skipped, differences } = replayed(holey, gate);
    expect(lost).toBe(7);
    expect(skipped).toBeGreaterThan(0);
    expect(skipped).toBeLessThan(110);
    expect(ticks).toBeGreaterThan(440);
    expect(differences.first).toEqual([]);
  });

  it('with other limits keeps to those', async () => {
    const messages = await recorded(GATES['velocity']!);
    const slow = { ...GATES['velocity']!, joints: JOINTS.map((own) => ({ ...own, maxVelocity: 0.2 })) };
    const { differences, traces } = replayed(messages, slow, true);
    expect(differences.ticks).toBeGreaterThan(100);
    expect(differences.first.every(({ what }) => what !== 'state')).toBe(true);
    const fast = (values: readonly number[]) => values.filter((value) => Math.abs(value) > 0.2 + 1e-9).length;
    expect(fast(traces.recorded[0]!)).toBeGreaterThan(50);
    expect(fast(traces.computed[0]!)).toBe(0);
  });
});
