import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShaperState, shapeTick } from '../../src/safety/command-shaper.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import { validateGateConfig } from '../../src/safety/gate-config.js';
import type { GateConfig, GateJoint, Measured, Proposal, Verdict } from '../../src/safety/types.js';
import { LIMIT_SCALINGS } from '../../src/robot/model.js';
import { NO_TRANSITION, START_NS, checksOf, joint } from './fixtures.js';
import { Twin } from './twin.js';

/** Rounding of some hundred additions; far below any encoder. */
const ROUNDING = 1e-9;
const TICKS = 400;

const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

function gateJointArbitrary(index: number): fc.Arbitrary<GateJoint> {
  return fc.record({
    name: fc.constant(`joint${index}`),
    unit: fc.constantFrom('rad' as const, 'm' as const),
    minPosition: number(-3, -0.2),
    maxPosition: number(0.2, 3),
    maxVelocity: number(0.1, 4),
    maxAcceleration: number(0.5, 30),
    maxDeceleration: number(0.5, 30),
    maxJerk: fc.constant(Infinity),
    maxEffort: number(1, 50),
    maxEffortRate: fc.oneof(fc.constant(Infinity), number(1, 500)),
    kPosition: fc.oneof(fc.constant(Infinity), number(0.5, 50)),
    kVelocity: number(0.1, 50),
  });
}

function configArbitrary(commandInterface: GateConfig['interface']): fc.Arbitrary<GateConfig> {
  return fc
    .record({
      count: fc.integer({ min: 1, max: 7 }),
      controlPeriod: number(0.001, 0.05),
      latencyTicks: fc.oneof(fc.integer({ min: 0, max: 5 }), number(0, 5)),
      actuatorLag: fc.oneof(fc.constant(0), number(0.001, 0.1)),
      positionMargin: fc.oneof(fc.constant(0), number(0, 0.05)),
      limitScaling: fc.constantFrom(...LIMIT_SCALINGS),
      onTransition: fc.record({
        velocityScale: number(0.1, 1),
        accelerationScale: number(0.1, 1),
        duration: fc.oneof(fc.constant(0), number(0, 2)),
      }),
    })
    .chain(({ count, latencyTicks, ...config }) =>
      fc.tuple(...Array.from({ length: count }, (_, i) => gateJointArbitrary(i))).map((joints) =>
        validateGateConfig({
          ...config,
          interface: commandInterface,
          joints,
          commandLatency: latencyTicks * config.controlPeriod,
          stateTimeoutMs: 500,
          stateFrozenMs: 2000,
          ...(commandInterface === 'effort' ? { stopAction: 'damping' as const } : {}),
        }),
      ),
    );
}

/** Without what slows joints down besides their limits. */
function unhurried(config: GateConfig): GateConfig {
  const joints = config.joints.map((each) => ({ ...each, kPosition: Infinity }));
  return { ...config, joints, limitScaling: 'per_joint', onTransition: NO_TRANSITION };
}

/** A small stream of its own, so that the adversary is repeatable and shares nothing with the product. */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x100000000;
  };
}

const ADVERSARIES = ['random', 'up', 'down', 'bang-bang', 'slow waves', 'poison', 'late bursts'] as const;
type Adversary = (typeof ADVERSARIES)[number];
const POISON = [NaN, Infinity, -Infinity, 1e9, -1e9, 1e308, -1e308, 5e-324, -0];

/** What an adversary asks of one joint, in the unit of the interface. */
function ask(
  adversary: Adversary,
  config: GateConfig,
  i: number,
  tick: number,
  random: () => number,
): number {
  const joint = config.joints[i]!;
  const span = {
    position: joint.maxPosition * 2,
    velocity: joint.maxVelocity * 3,
    effort: joint.maxEffort * 3,
  };
  const size = span[config.interface];
  switch (adversary) {
    case 'random':
      return (2 * random() - 1) * size;
    case 'up':
      return size;
    case 'down':
      return -size;
    case 'bang-bang':
      return (tick + i) % 2 === 0 ? size : -size;
    case 'slow waves':
      return Math.floor(tick / (20 + 17 * i)) % 2 === 0 ? size : -size;
    case 'poison':
      return random() < 0.2 ? POISON[Math.floor(random() * POISON.length)]! : size;
    case 'late bursts':
      return tick % 40 < 20 ? size : (2 * random() - 1) * size;
  }
}

/** The tick's proposal, sometimes malformed, expired, or not there at all. */
function propose(
  adversary: Adversary,
  config: GateConfig,
  tick: number,
  nowNs: bigint,
  random: () => number,
): Proposal | null {
  const joints = config.joints.map((joint) => joint.name);
  const command = Float64Array.from(joints, (_, i) => ask(adversary, config, i, tick, random));
  const base: Proposal = { source: 'agent', joints, command, seq: tick, expiresNs: nowNs + 100_000_000n };
  if (adversary === 'late bursts' && tick % 40 >= 30) return { ...base, expiresNs: nowNs - BigInt(tick) };
  if (adversary !== 'poison') return base;
  const dice = random();
  if (dice < 0.05) return null;
  if (dice < 0.1) return { ...base, command: command.slice(1) };
  if (dice < 0.15) return { ...base, joints: joints.map((name) => `${name}?`) };
  return base;
}

interface Run {
  /** beyond a position limit [rad or m]; negative: inside */
  readonly excess: number;
  readonly verdicts: readonly Verdict[];
  readonly sent: readonly Float64Array[];
  readonly mode: string;
}

interface RunOptions {
  readonly gated: boolean;
  readonly decimation: number;
  /** of a control period: age of the state at the tick, 0 to 1 */
  readonly age: number;
  /** of a control period: how early or late a tick may come */
  readonly jitter?: number;
  /** half width of the position noise; velocity noise is ten times that per second */
  readonly noise?: number;
  /** size of the velocity at which the joints are taken over, alternating in sign */
  readonly speed?: number;
  /** the joint as it is, where it is not as declared */
  readonly actual?: GateConfig;
}

function drive(config: GateConfig, adversary: Adversary, seed: number, options: RunOptions): Run {
  const random = lcg(seed);
  const dtNs = BigInt(Math.round(config.controlPeriod * 1e9));
  const ageNs = BigInt(Math.round(Number(dtNs) * options.age));
  const kind = config.interface === 'position' ? 'position' : 'velocity';
  const { commandLatency: latency, actuatorLag: lag } = options.actual ?? config;
  const jitter = options.jitter ?? 0;
  const noise = options.noise ?? 0;
  const noisy = (value: number, size: number): number => value + (2 * random() - 1) * size;
  const twins = config.joints.map((_, i) => {
    const velocity = (i % 2 === 0 ? 1 : -1) * (options.speed ?? 0);
    return new Twin({ kind, latency, lag, position: 0, velocity, startsAt: Number(START_NS) * 1e-9 });
  });
  let state = createShaperState(config, options.decimation);
  const verdicts: Verdict[] = [];
  const sent: Float64Array[] = [];
  let target: Proposal | null = null;
  for (let tick = 0; tick < TICKS; tick++) {
    const offset = jitter === 0 ? 0 : Math.round(noisy(0, jitter / 2) * Number(dtNs));
    const nowNs = START_NS + BigInt(tick + 1) * dtNs + BigInt(offset);
    const seconds = Number(nowNs) * 1e-9;
    for (const twin of twins) twin.advanceTo(seconds - Number(ageNs) * 1e-9);
    const measured: Measured = {
      positions: Float64Array.from(twins, (twin) => noisy(twin.position, noise)),
      velocities: Float64Array.from(twins, (twin) => noisy(twin.velocity, noise * 10)),
      receivedNs: nowNs - ageNs,
    };
    for (const twin of twins) twin.advanceTo(seconds);
    if (tick === 0) {
      const engage = gateEvent(config, state.gate, 'engage', measured, nowNs);
      expect(engage.outcome.accepted).toBe(true);
      state = { ...state, gate: engage.state };
    }
    if (tick % options.decimation === 0) target = propose(adversary, config, tick, nowNs, random);
    if (!options.gated) {
      twins.forEach((twin, i) => {
        const raw = target?.command[i];
        if (raw !== undefined && Number.isFinite(raw)) twin.send(seconds, Math.min(Math.max(raw, -1e6), 1e6));
      });
      continue;
    }
    const shaped = shapeTick(config, options.decimation, state, target, measured, null, nowNs);
    state = shaped.state;
    verdicts.push(shaped.verdict);
    const values = shaped.verdict.command!.copyValues();
    sent.push(values);
    values.forEach((value, i) => {
      twins[i]!.send(seconds, value);
    });
  }
  const excess = Math.max(
    ...twins.map((twin, i) =>
      Math.max(twin.highest - config.joints[i]!.maxPosition, config.joints[i]!.minPosition - twin.lowest),
    ),
  );
  return { excess, verdicts, sent, mode: state.gate.mode };
}

/** The largest parts of their limits that the sent commands use, judged from the numbers alone; 1 is the limit. */
function usedLimits(
  config: GateConfig,
  sent: readonly Float64Array[],
): { size: number; change: number; beyond: number } {
  const dt = config.controlPeriod;
  const used = { size: 0, change: 0, beyond: -Infinity };
  config.joints.forEach((joint, i) => {
    let rate = 0;
    let last = 0;
    for (const values of sent) {
      const value = values[i]!;
      const now = config.interface === 'position' ? (value - last) / dt : value;
      const limit = config.interface === 'effort' ? joint.maxEffort : joint.maxVelocity;
      used.size = Math.max(used.size, Math.abs(now) / limit);
      const change = Math.max(joint.maxAcceleration, joint.maxDeceleration) * dt;
      used.change = Math.max(used.change, Math.abs(now - rate) / change);
      if (config.interface === 'position') {
        used.beyond = Math.max(used.beyond, value - joint.maxPosition, joint.minPosition - value);
      }
      rate = now;
      last = value;
    }
  });
  return used;
}

describe.each(['velocity', 'position'] as const)(
  '%s interface, on delayed and lagging joints',
  (commandInterface) => {
    it.each(ADVERSARIES)('keeps position, velocity and acceleration within limits: %s', (adversary) => {
      fc.assert(
        fc.property(
          configArbitrary(commandInterface),
          fc.integer(),
          fc.integer({ min: 1, max: 5 }),
          number(0, 1),
          (config, seed, decimation, age) => {
            const run = drive(config, adversary, seed, { gated: true, decimation, age });
            expect(run.excess).toBeLessThanOrEqual(ROUNDING);
            const used = usedLimits(config, run.sent);
            expect(used.size).toBeLessThanOrEqual(1 + 1e-6);
            expect(used.change).toBeLessThanOrEqual(1 + 1e-6);
            expect(used.beyond).toBeLessThanOrEqual(ROUNDING);
            expect(run.sent.every((values) => values.every(Number.isFinite))).toBe(true);
            expect(run.mode).toBe('active');
            expect(run.verdicts.flatMap((verdict) => checksOf(verdict.reasons))).not.toContain('infeasible');
          },
        ),
        { numRuns: 25 },
      );
    });

    it('reaches the margin and stops there, rather than staying far away', () => {
      let reached = 0;
      fc.assert(
        fc.property(configArbitrary(commandInterface), fc.integer(), (given, seed) => {
          const config = unhurried(given);
          const run = drive(config, 'up', seed, { gated: true, decimation: 1, age: 0 });
          reached += Number(run.excess > -config.positionMargin - 1e-3);
        }),
        { numRuns: 50 },
      );
      expect(reached).toBeGreaterThan(20);
    });

    it('the same proposals, ungated, do cross the limits', () => {
      let crossed = 0;
      fc.assert(
        fc.property(configArbitrary(commandInterface), fc.constantFrom('up', 'down'), (config, adversary) => {
          crossed += Number(drive(config, adversary, 1, { gated: false, decimation: 1, age: 0 }).excess > 0);
        }),
        { numRuns: 50 },
      );
      expect(crossed).toBeGreaterThan(25);
    });
  },
);

describe('taking over a robot that moves', () => {
  it('keeps the limits, also while what was sent before by others still acts', () => {
    fc.assert(
      fc.property(
        configArbitrary('velocity'),
        fc.constantFrom(...ADVERSARIES),
        fc.integer(),
        (config, adversary, seed) => {
          const run = drive(config, adversary, seed, { gated: true, decimation: 1, age: 0, speed: 0.1 });
          expect(run.excess).toBeLessThanOrEqual(ROUNDING);
          expect(run.mode).toBe('active');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('effort interface', () => {
  it.each(ADVERSARIES)('never exceeds maxEffort: %s', (adversary) => {
    fc.assert(
      fc.property(configArbitrary('effort'), fc.integer(), (config, seed) => {
        const run = drive(config, adversary, seed, { gated: true, decimation: 1, age: 0 });
        expect(usedLimits(config, run.sent).size).toBeLessThanOrEqual(1);
        expect(run.sent.every((values) => values.every(Number.isFinite))).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

describe('declarations that are not exact, with a margin', () => {
  const base: GateConfig = {
    interface: 'velocity',
    joints: [
      joint({ name: 'joint0', minPosition: -0.5, maxPosition: 0.5, maxAcceleration: 5, maxDeceleration: 5 }),
    ],
    controlPeriod: 0.01,
    commandLatency: 0.02,
    actuatorLag: 0.03,
    positionMargin: 0.02,
    stateTimeoutMs: 200,
    stateFrozenMs: 3000,
    limitScaling: 'per_joint',
    onTransition: NO_TRANSITION,
  };

  it.each([
    ['a joint that is faster than declared', { commandLatency: 0, actuatorLag: 0.01 }, 0, 0],
    ['a joint that is slower by one tick', { commandLatency: 0.03 }, 0, 0],
    ['a joint that lags 10 ms more', { actuatorLag: 0.04 }, 0, 0],
    ['ticks that come up to 40 % early or late', {}, 0.4, 0],
    ['2 mm of position noise and 20 mm/s of velocity noise', {}, 0, 0.002],
  ])('%s stays inside, without a fault', (_name, actual, jitter, noise) => {
    fc.assert(
      fc.property(fc.constantFrom('up', 'random', 'slow waves'), fc.integer(), (adversary, seed) => {
        const run = drive(base, adversary, seed, {
          gated: true,
          decimation: 1,
          age: 0,
          jitter,
          noise,
          actual: { ...base, ...actual },
        });
        expect(run.excess).toBeLessThanOrEqual(0);
        expect(run.mode).toBe('active');
      }),
      { numRuns: 60 },
    );
  });

  it('a bound that does not know of the delay and the lag does overrun, by about 0.02', () => {
    const blind = { ...base, commandLatency: 0, actuatorLag: 0, positionMargin: 0 };
    const run = drive(blind, 'up', 1, { gated: true, decimation: 1, age: 0, actual: base });
    expect(run.excess).toBeGreaterThan(0.005);
  });
});

describe('evidence only tightens', () => {
  const KINDS = ['pass', 'limited', 'blocked', 'cannot-evaluate'] as const;
  const evidence = fc.record({
    authority: fc.oneof(number(-1, 3), fc.constantFrom(0, 0.5, 1, NaN, Infinity, -Infinity)),
    expiresInNs: fc.integer({ min: -50_000_000, max: 50_000_000 }),
    goneAfterNs: fc.integer({ min: -50_000_000, max: 50_000_000 }),
  });

  it('no velocity command is larger, or on the other side, and no verdict milder, than without it', () => {
    let lowered = 0;
    fc.assert(
      fc.property(
        configArbitrary('velocity'),
        fc.array(evidence, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...ADVERSARIES),
        fc.integer(),
        (config, shown, adversary, seed) => {
          const periodNs = BigInt(Math.round(config.controlPeriod * 1e9));
          const random = lcg(seed);
          const zeros = new Float64Array(config.joints.length);
          let nowNs = START_NS;
          const measured = (): Measured => ({ positions: zeros, velocities: zeros, receivedNs: nowNs });
          let state = createShaperState(config, 1);
          state = { ...state, gate: gateEvent(config, state.gate, 'engage', measured(), nowNs).state };
          for (let tick = 1; tick <= 30; tick++) {
            nowNs += periodNs;
            const target = propose(adversary, config, tick, nowNs, random);
            const { authority, expiresInNs, goneAfterNs } = shown[tick % shown.length]!;
            const expiresNs = nowNs + BigInt(expiresInNs);
            const given = { authority, expiresNs, goneNs: expiresNs + BigInt(goneAfterNs) };
            const free = shapeTick(config, 1, state, target, measured(), null, nowNs);
            const kept = shapeTick(config, 1, state, target, measured(), given, nowNs);
            expect(KINDS.indexOf(kept.verdict.kind)).toBeGreaterThanOrEqual(KINDS.indexOf(free.verdict.kind));
            config.joints.forEach((_, i) => {
              const [a, b] = [kept.verdict.command!.value(i), free.verdict.command!.value(i)];
              expect(Math.abs(a)).toBeLessThanOrEqual(Math.abs(b) + ROUNDING);
              expect(a * b).toBeGreaterThanOrEqual(0);
              if (Math.abs(a) < Math.abs(b)) lowered++;
            });
            state = kept.state;
          }
        },
      ),
    );
    expect(lowered).toBeGreaterThan(100); // it had something to lower
  });
});
