import { setImmediate as later } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WireRecording, type RecordedTick } from '../../../src/guard/wire-recording.js';
import { GATE_TOPICS, type GateTickMessage } from '../../../src/io/gate-record/index.js';
import type { TrafficMessage } from '../../../src/io/ipc/index.js';
import { CodecCache, type Traffic } from '../../../src/io/ros/index.js';
import { createShaperState, shapeTick } from '../../../src/safety/index.js';
import { START_NS, config, measured } from '../../safety/fixtures.js';

const GATE = config();
const JOINTS = GATE.joints.map(({ name }) => name);
const STATE = createShaperState(GATE, 1);

const traffic = (payload: Uint8Array = Uint8Array.of(1)): Traffic => ({
  received: true,
  topic: '/joint_states',
  type: 'sensor_msgs/msg/JointState',
  offers: [],
  payload,
  atNs: 7n,
});

/** A recording, and what its receiver has taken while it was open. */
function recording() {
  const taken: TrafficMessage[] = [];
  const receiver = { open: true };
  const wire = new WireRecording();
  wire.begin(JOINTS, STATE, START_NS, (message) => receiver.open && taken.push(message) > 0);
  return { wire, taken, receiver, numbers: () => taken.map(({ number }) => number) };
}

describe('what the guard records', () => {
  it('goes out in its order, numbered, after the present work, beginning with the state of the gate', async () => {
    const { wire, taken, numbers } = recording();
    wire.traffic(traffic());
    wire.event({
      atNs: START_NS,
      event: 'estop',
      measured: null,
      outcome: { accepted: true },
      mode: 'estop',
    });
    expect(taken).toEqual([]);
    await later();
    expect(numbers()).toEqual([1, 2, 3]);
    expect(taken.map(({ topic }) => topic)).toEqual([
      GATE_TOPICS.state.topic,
      '/joint_states',
      GATE_TOPICS.event.topic,
    ]);
  });

  it('waits for a receiver that is not there or does not keep up, and loses nothing of it', async () => {
    const { wire, receiver, numbers } = recording();
    receiver.open = false;
    wire.traffic(traffic());
    await later();
    expect(numbers()).toEqual([]);
    receiver.open = true;
    wire.traffic(traffic());
    await later();
    expect(numbers()).toEqual([1, 2, 3]);
  });

  it('is bounded: what does not fit is lost, and its number with it', async () => {
    const { wire, receiver, numbers } = recording();
    receiver.open = false;
    for (let i = 0; i < 25_000; i++) wire.traffic(traffic());
    for (let i = 0; i < 100; i++) wire.traffic(traffic(new Uint8Array(500_000)));
    receiver.open = true;
    await later();
    expect(numbers()).toHaveLength(20_000);
    wire.traffic(traffic(new Uint8Array(1_000_000)));
    wire.traffic(traffic());
    await later();
    expect(numbers().at(-1)).toBe(25_103);
    expect(numbers()).toHaveLength(20_001);
  });

  it('is bounded in bytes', async () => {
    const { wire, receiver, numbers } = recording();
    receiver.open = false;
    for (let i = 0; i < 100; i++) wire.traffic(traffic(new Uint8Array(500_000)));
    receiver.open = true;
    await later();
    expect(numbers().length).toBeLessThan(40);
    expect(numbers().length).toBeGreaterThan(20);
  });

  it('holds the values of its tick, whatever becomes of the vectors, and the state once a second', async () => {
    const { wire, taken } = recording();
    const state = measured(START_NS, [0.25], [-0]);
    const command = Float64Array.of(0.5);
    const target = { source: 'agent', joints: JOINTS, command, seq: 4, expiresNs: START_NS } as const;
    const shaped = shapeTick(GATE, 1, STATE, target, state, null, START_NS);
    const tick: RecordedTick = {
      ...{ target, measured: state, evidence: null, owner: 'agent', veto: null },
      ...{ madeNs: START_NS, sentNs: START_NS + 5n, velocityScale: 1 },
    };
    for (let ms = 0; ms < 3_000; ms += 100)
      wire.tick({ ...tick, madeNs: START_NS + BigInt(ms) * 1_000_000n }, shaped, shaped.state);
    state.positions[0] = 9;
    command[0] = 9;
    await later();
    const ticks = taken.filter(({ topic }) => topic === GATE_TOPICS.tick.topic);
    expect(ticks).toHaveLength(30);
    const first = new CodecCache().get<GateTickMessage>(GATE_TOPICS.tick.type).decode(ticks[0]!.payload);
    expect(first).toMatchObject({
      source: 'agent',
      proposal: 4n,
      proposal_joints: [],
      predicted: false,
      veto: '',
    });
    expect([...first.position, ...first.velocity, ...first.target]).toEqual([0.25, -0, 0.5]);
    expect(first.sent_ns).toBe(START_NS + 5n);
    expect(taken.filter(({ topic }) => topic === GATE_TOPICS.state.topic)).toHaveLength(3);
  });
});
