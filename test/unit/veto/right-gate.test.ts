import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { codecFor } from '../../../src/io/ros/codec.js';
import { definitionsOf } from '../../../src/io/ros/definitions.js';
import type { Float64MultiArray } from '../../../src/io/ros/index.js';
import {
  createShaperState,
  gateEvent,
  shapeTick,
  validateGateConfig,
  type GateConfig,
  type GateEvent,
  type GateJoint,
  type Measured,
  type Proposal,
} from '../../../src/safety/index.js';
import { Veto, type VetoInterface, type VetoJoint, type VetoLimits } from '../../../src/veto/index.js';
import { Twin } from '../../safety/twin.js';

const codec = codecFor<Float64MultiArray>(definitionsOf('std_msgs/msg/Float64MultiArray'));
const encode = (data: Float64Array): Uint8Array =>
  codec.encode({ layout: { dim: [], data_offset: 0 }, data });

/** Time after a year of uptime, where a clock in seconds is at its coarsest. */
const LATE_START_NS = 31_536_000_000_000_000n;
const POISON = [NaN, Infinity, -Infinity, 1e9, -1e9, 1e308, -1e308, 5e-324, -0];

function randomJoint(rng: Rng, index: number): GateJoint {
  return {
    name: `joint${index}`,
    unit: rng.uniform() < 0.5 ? 'rad' : 'm',
    minPosition: rng.uniform() < 0.1 ? -Infinity : rng.uniform(-3, -0.2),
    maxPosition: rng.uniform(0.2, 3),
    maxVelocity: rng.uniform(0.1, 4),
    maxAcceleration: rng.uniform(0.5, 30),
    maxDeceleration: rng.uniform(0.5, 60),
    maxJerk: rng.uniform() < 0.3 ? rng.uniform(10, 1000) : Infinity,
    maxEffort: rng.uniform(1, 50),
    maxEffortRate: rng.uniform() < 0.5 ? Infinity : rng.uniform(1, 500),
    kPosition: rng.uniform() < 0.5 ? Infinity : rng.uniform(0.5, 50),
    kVelocity: rng.uniform(0.1, 50),
  };
}

function randomConfig(rng: Rng, commandInterface: VetoInterface): GateConfig {
  const controlPeriod = 1 / [20, 30, 50, 100, 250, 333, 1000][rng.integer(7)]!;
  return validateGateConfig({
    interface: commandInterface,
    joints: Array.from({ length: 1 + rng.integer(4) }, (_, i) => randomJoint(rng, i)),
    controlPeriod,
    commandLatency: rng.uniform(0, 4) * controlPeriod,
    actuatorLag: rng.uniform() < 0.5 ? 0 : rng.uniform(0.001, 0.1),
    positionMargin: rng.uniform() < 0.5 ? 0 : rng.uniform(0, 0.05),
    stateTimeoutMs: Math.max(100, 2e3 * controlPeriod),
    stateFrozenMs: 1000,
    limitScaling: rng.uniform() < 0.5 ? 'uniform' : 'per_joint',
    onTransition: {
      velocityScale: rng.uniform(0.1, 1),
      accelerationScale: rng.uniform(0.1, 1),
      duration: rng.uniform(0, 2),
    },
    ...(commandInterface === 'effort' && { stopAction: 'damping' as const }),
  });
}

/** Without what keeps a gate away from its limits. */
function unhurried(config: GateConfig): GateConfig {
  const joints = config.joints.map((joint) => ({ ...joint, kPosition: Infinity, maxEffortRate: Infinity }));
  const onTransition = { velocityScale: 1, accelerationScale: 1, duration: 0 };
  return { ...config, joints, limitScaling: 'per_joint', onTransition, positionMargin: 0 };
}

/** The veto's limits, here without a file to read; `tighter` is what it knows better than the gate. */
function limitsOf(config: GateConfig, tighter: (joint: VetoJoint) => VetoJoint): VetoLimits {
  return {
    commandInterface: config.interface,
    messageType: 'std_msgs/msg/Float64MultiArray',
    controlPeriod: config.controlPeriod,
    points: 1,
    joints: config.joints.map(tighter),
  };
}

/** Time to the next tick [ns]: mostly about a period, at times a burst or a pause. */
function interval(rng: Rng, periodNs: number): bigint {
  const dice = rng.uniform();
  if (dice < 0.1) return BigInt(Math.round(periodNs * rng.uniform(0, 0.6)));
  if (dice < 0.12) return BigInt(Math.round(periodNs / 2));
  if (dice < 0.17) return BigInt(Math.round(periodNs * rng.uniform(1, 8)));
  if (dice < 0.5) return BigInt(Math.round(periodNs));
  return BigInt(Math.round(periodNs * rng.uniform(0.6, 1.4)));
}

/** What an adversary asks for: far beyond the limits, to and fro or all to one side, with poison, or nothing at all. */
function propose(rng: Rng, config: GateConfig, side: number, seq: number, nowNs: bigint): Proposal | null {
  const dice = rng.uniform();
  if (dice < 0.05) return null;
  const command = Float64Array.from(config.joints, ({ maxVelocity, maxEffort }) => {
    const size = { position: 6, velocity: 3 * maxVelocity, effort: 3 * maxEffort };
    if (dice < 0.1) return POISON[rng.integer(POISON.length)]!;
    return (side === 0 ? rng.uniform(-1, 1) : side) * size[config.interface];
  });
  const expiresNs = dice < 0.15 ? nowNs : nowNs + 10n ** 12n;
  return { source: 'agent', joints: config.joints.map(({ name }) => name), command, seq, expiresNs };
}

interface Account {
  ticks: number;
  commands: number;
  repeats: number;
  vetoes: string[];
}

/** Now and then somebody intervenes, and then somebody else tries to go on. */
function requestAt(rng: Rng, tick: number): GateEvent | undefined {
  if (rng.uniform() < 0.005) return (['release', 'stop', 'estop'] as const)[rng.integer(3)]!;
  if (tick % 20 === 10) return 'reset';
  return tick % 20 === 1 ? 'engage' : undefined;
}

/** Drives the real gate on simulated joints from a moving start, through requests, stale states, bursts and pauses. */
function drive(
  rng: Rng,
  config: GateConfig,
  ticks: number,
  account: Account,
  tighter = (joint: VetoJoint): VetoJoint => joint,
): void {
  const veto = new Veto(limitsOf(config, tighter));
  const kind = config.interface === 'position' ? 'position' : 'velocity';
  let nowNs = rng.uniform() < 0.5 ? LATE_START_NS : 5_000_000_000n;
  const twins = config.joints.map(({ minPosition, maxPosition, maxVelocity }) => {
    const position =
      rng.uniform() < 0.1 ? maxPosition + 0.1 : rng.uniform(Math.max(minPosition, -1), maxPosition);
    const velocity = position > maxPosition ? 0 : rng.uniform(-1.2, 1.2) * maxVelocity;
    const { commandLatency: latency, actuatorLag: lag } = config;
    return new Twin({ kind, latency, lag, position, velocity, startsAt: Number(nowNs) * 1e-9 });
  });
  const decimation = 1 + rng.integer(5);
  const side = rng.integer(3) - 1;
  let state = createShaperState(config, decimation);
  let target: Proposal | null = null;
  let measured: Measured | null = null;
  let staleUntil = 0;
  for (let tick = 0; tick < ticks; tick++) {
    const elapsedNs = interval(rng, config.controlPeriod * 1e9);
    const askedNs = nowNs + (elapsedNs * BigInt(rng.integer(11))) / 10n;
    nowNs += elapsedNs;
    const event = requestAt(rng, tick);
    if (event) state = { ...state, gate: gateEvent(config, state.gate, event, measured, askedNs).state };
    const seconds = Number(nowNs) * 1e-9;
    for (const twin of twins) twin.advanceTo(seconds);
    if (rng.uniform() < 0.003) staleUntil = tick + 30;
    if (tick >= staleUntil) {
      measured = {
        positions: Float64Array.from(twins, (twin) => twin.position),
        velocities: Float64Array.from(twins, (twin) => twin.velocity),
        receivedNs: nowNs,
      };
    }
    if (tick % decimation === 0) target = propose(rng, config, side, tick, nowNs);
    const shaped = shapeTick(config, decimation, state, target, measured, null, nowNs);
    state = shaped.state;
    account.ticks++;
    const { command, reasons } = shaped.verdict;
    if (command === null) continue;
    account.commands++;
    account.repeats += Number(reasons.some(({ check }) => check === 'tick-early'));
    const values = command.copyValues();
    const why = veto.check(encode(values), nowNs);
    if (why !== null) {
      account.vetoes.push(why);
      return;
    }
    values.forEach((value, i) => {
      if (config.interface !== 'effort') twins[i]!.send(seconds, value);
    });
  }
}

describe.each(['position', 'velocity', 'effort'] as const)(
  'the real gate, %s interface',
  (commandInterface) => {
    it('is never vetoed, over 50000 ticks of adversaries, requests, bursts, pauses and stale states', () => {
      const rng = new Rng(20, commandInterface);
      const account: Account = { ticks: 0, commands: 0, repeats: 0, vetoes: [] };
      while (account.ticks < 50_000 && account.vetoes.length === 0) {
        drive(rng, randomConfig(rng, commandInterface), 500, account);
      }
      expect(account.vetoes).toEqual([]);
      expect(account.commands).toBeGreaterThan(25_000);
      if (commandInterface !== 'effort') expect(account.repeats).toBeGreaterThan(1000);
    });
  },
);

describe('a gate whose limits are 0.1 % too wide', () => {
  it.each<[VetoInterface, string, (joint: VetoJoint) => VetoJoint]>([
    ['position', 'min_position', (joint) => ({ ...joint, minPosition: joint.minPosition * 0.999 })],
    ['position', 'max_position', (joint) => ({ ...joint, maxPosition: joint.maxPosition * 0.999 })],
    ['position', 'max_velocity', (joint) => ({ ...joint, maxVelocity: joint.maxVelocity * 0.999 })],
    ['velocity', 'max_velocity', (joint) => ({ ...joint, maxVelocity: joint.maxVelocity * 0.999 })],
    [
      'velocity',
      'max_acceleration',
      (joint) => ({ ...joint, maxAcceleration: joint.maxAcceleration * 0.999 }),
    ],
    ['effort', 'max_effort', (joint) => ({ ...joint, maxEffort: joint.maxEffort * 0.999 })],
  ])('is found, %s interface: %s', (commandInterface, _limit, tighter) => {
    const rng = new Rng(21, commandInterface);
    const account: Account = { ticks: 0, commands: 0, repeats: 0, vetoes: [] };
    for (let run = 0; run < 60; run++) {
      drive(rng, unhurried(randomConfig(rng, commandInterface)), 500, account, tighter);
    }
    expect(account.vetoes.length).toBeGreaterThan(10);
  });
});

/** Two joints at speed behind the real gate, and the command that it makes next. */
function atSpeed(commandInterface: VetoInterface): { veto: Veto; next: Float64Array; nowNs: bigint } {
  const joint = {
    ...randomJoint(new Rng(1), 0),
    minPosition: -3,
    maxPosition: 3,
    maxAcceleration: 4,
    maxJerk: Infinity,
    kPosition: Infinity,
    maxEffortRate: Infinity,
  };
  const config = validateGateConfig({
    ...unhurried(randomConfig(new Rng(1), commandInterface)),
    controlPeriod: 0.01,
    joints: [
      { ...joint, name: 'fast', maxVelocity: 2, maxEffort: 30 },
      { ...joint, name: 'slow', maxVelocity: 0.5, maxEffort: 5 },
    ],
  });
  const veto = new Veto(limitsOf(config, (same) => same));
  let state = createShaperState(config, 1);
  for (let tick = 0; ; tick++) {
    const nowNs = 10n ** 9n + BigInt(tick) * 10_000_000n;
    const measured = {
      positions: Float64Array.of(-1, -1 + tick * 1e-6),
      velocities: new Float64Array(2),
      receivedNs: nowNs,
    };
    if (tick === 0)
      state = { ...state, gate: gateEvent(config, state.gate, 'engage', measured, nowNs).state };
    const command = new Float64Array(2).fill({ position: 3, velocity: 9, effort: 99 }[commandInterface]);
    const target: Proposal = {
      source: 'agent',
      joints: ['fast', 'slow'],
      command,
      seq: tick,
      expiresNs: nowNs + 10n ** 9n,
    };
    const shaped = shapeTick(config, 1, state, target, measured, null, nowNs);
    state = shaped.state;
    const next = shaped.verdict.command!.copyValues();
    if (tick === 40) return { veto, next, nowNs };
    expect(veto.check(encode(next), nowNs)).toBeNull();
  }
}

describe('a command that is corrupted between gate and wire', () => {
  const flipped = (values: Float64Array): Uint8Array => encode(values.map((value) => -value));
  const swapped = (values: Float64Array): Uint8Array => encode(values.slice().reverse());
  const larger = (values: Float64Array): Uint8Array => encode(values.map((value) => value * 1.5));
  const beyond = (size: number) => (): Uint8Array => encode(Float64Array.of(0, size * 1.5));
  const cases: [VetoInterface, string, (values: Float64Array) => Uint8Array][] = [
    ['position', 'another sign', flipped],
    ['position', 'joints swapped', swapped],
    ['position', 'half as large again', larger],
    ['position', 'beyond the limit', beyond(3)],
    ['velocity', 'another sign', flipped],
    ['velocity', 'joints swapped', swapped],
    ['velocity', 'half as large again', larger],
    ['velocity', 'beyond the limit', beyond(0.5)],
    ['effort', 'joints swapped', swapped],
    ['effort', 'half as large again', larger],
    ['effort', 'beyond the limit', beyond(5)],
  ];
  for (const commandInterface of ['position', 'velocity', 'effort'] as const) {
    cases.push(
      [commandInterface, 'not a number', (values) => encode(Float64Array.of(values[0]!, NaN))],
      [commandInterface, 'one joint more', (values) => encode(Float64Array.of(...values, 0))],
      [commandInterface, 'one joint less', (values) => encode(values.subarray(0, 1))],
      [commandInterface, 'a byte less', (values) => encode(values).subarray(0, -1)],
      [commandInterface, 'a byte more', (values) => Buffer.concat([encode(values), Buffer.of(0)])],
    );
  }

  it.each(cases)('is vetoed, and would have passed as it was: %s, %s', (commandInterface, _name, corrupt) => {
    const whole = atSpeed(commandInterface);
    expect(whole.veto.check(encode(whole.next), whole.nowNs)).toBeNull();
    const { veto, next, nowNs } = atSpeed(commandInterface);
    expect(veto.check(corrupt(next), nowNs)).not.toBeNull();
  });
});
