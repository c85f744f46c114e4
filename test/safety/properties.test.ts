import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShaperState, shapeTick } from '../../src/safety/command-shaper.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import type { GateConfig, Measured } from '../../src/safety/types.js';
import { AMOUNT, SEED, report } from '../amount.js';
import { ADVERSARIES, lcg, propose } from './adversary.js';
import { drive } from './drive.js';
import { NO_TRANSITION, START_NS, checksOf, joint } from './fixtures.js';
import { TWIN_KINDS, configArbitrary, number, robotArbitrary } from './random-robots.js';
import { excessOf, type Excess } from './sent-limits.js';

/** Rounding of some hundred additions; far below any encoder. */
const ROUNDING = 1e-9;
/** Relative, of differences of set-points over a short period. */
const RELATIVE = 1e-6;
const TICKS = 400;
/** Ticks of each interface and twin; `npm run properties -- <ticks> [seed]` takes more. */
const TOTAL_TICKS = AMOUNT ?? 28 * TICKS;
const ROBOTS = Math.ceil(TOTAL_TICKS / Math.max(TICKS, Math.sqrt(TOTAL_TICKS)));
const TICKS_PER_ROBOT = Math.ceil(TOTAL_TICKS / ROBOTS);

/** Without what slows joints down besides their limits. */
function unhurried(config: GateConfig): GateConfig {
  const joints = config.joints.map((each) => ({ ...each, kPosition: Infinity, maxJerk: Infinity }));
  return { ...config, joints, limitScaling: 'per_joint', onTransition: NO_TRANSITION };
}

describe.each(['position', 'velocity', 'effort'] as const)('%s interface', (commandInterface) => {
  it.each(TWIN_KINDS)(
    'nothing beyond a limit is sent to %s joints, and none of them gets beyond one',
    (twin) => {
      let worst: Excess | undefined;
      let [farthest, ungatedCrossings, robots] = [-Infinity, 0, 0];
      const [ungatedSent, ungatedFarthest]: [number[], number[]] = [[], []];
      const age = fc.oneof(fc.constant(0), number(0, 1));
      const adversaries = fc.constantFrom(...ADVERSARIES);
      const property = fc.property(
        robotArbitrary(commandInterface, twin),
        adversaries,
        fc.integer(),
        fc.integer({ min: 1, max: 5 }),
        age,
        ({ config, encoders }, adversary, seed, decimation, age) => {
          const options = { ticks: TICKS_PER_ROBOT, decimation, age, encoders };
          const run = drive(config, adversary, seed, { ...options, gated: true });
          const excess = excessOf(config, run);
          expect(excess.velocity).toBeLessThanOrEqual(RELATIVE);
          expect(excess.acceleration).toBeLessThanOrEqual(RELATIVE);
          expect(excess.jerk).toBeLessThanOrEqual(RELATIVE);
          expect(excess.effort).toBeLessThanOrEqual(0);
          expect(excess.setPoint).toBeLessThanOrEqual(ROUNDING);
          expect(run.sent.every((values) => values.every(Number.isFinite))).toBe(true);
          if (commandInterface !== 'effort') {
            expect(run.excess).toBeLessThanOrEqual(ROUNDING);
            expect(run.mode).toBe('active');
            expect(run.verdicts.flatMap(({ reasons }) => checksOf(reasons))).not.toContain('infeasible');
          }
          const free = drive(config, adversary, seed, { ...options, gated: false });
          const sent = Math.max(...Object.values<number>({ ...excessOf(config, free) }));
          robots++;
          ungatedCrossings += Number(Math.max(sent, free.excess) > 0);
          ungatedSent.push(sent);
          ungatedFarthest.push(free.excess);
          farthest = Math.max(farthest, run.excess);
          worst = worst ? larger(worst, excess) : excess;
        },
      );
      fc.assert(property, { numRuns: ROBOTS, ...(SEED !== undefined && { seed: SEED }) });
      expect(ungatedCrossings).toBeGreaterThan(0.7 * robots);
      const ticks = robots * TICKS_PER_ROBOT;
      const without = { ungatedSent: median(ungatedSent), ungatedFarthest: median(ungatedFarthest) };
      const crossed = ungatedCrossings / robots;
      report(`${commandInterface}, ${twin}, ${ticks} ticks`, { ...worst, farthest, ...without, crossed });
    },
    AMOUNT === undefined ? 60_000 : 0,
  );
});

function larger(a: Excess, b: Excess): Excess {
  const most = { ...a };
  for (const key of Object.keys(a) as (keyof Excess)[]) most[key] = Math.max(a[key], b[key]);
  return most;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

describe.each(['velocity', 'position'] as const)('%s interface, pushed to its limits', (commandInterface) => {
  it('reaches the margin and stops there, rather than staying far away', () => {
    let reached = 0;
    fc.assert(
      fc.property(configArbitrary(commandInterface), fc.integer(), (given, seed) => {
        const config = unhurried(given);
        const run = drive(config, 'up', seed, { gated: true, ticks: TICKS });
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
        crossed += Number(drive(config, adversary, 1, { gated: false, ticks: TICKS }).excess > 0);
      }),
      { numRuns: 50 },
    );
    expect(crossed).toBeGreaterThan(25);
  });
});

describe('taking over a robot that moves', () => {
  it('keeps the limits, also while what was sent before by others still acts', () => {
    fc.assert(
      fc.property(
        configArbitrary('velocity'),
        fc.constantFrom(...ADVERSARIES),
        fc.integer(),
        (config, adversary, seed) => {
          const run = drive(config, adversary, seed, { gated: true, ticks: TICKS, speed: 0.1 });
          expect(run.excess).toBeLessThanOrEqual(ROUNDING);
          expect(run.mode).toBe('active');
        },
      ),
      { numRuns: 60 },
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
          ticks: TICKS,
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

  it('an encoder that the margin does not cover does break the bound, or is found out', () => {
    const coarse: GateConfig = { ...base, positionMargin: 0 };
    const encoders = [{ resolution: 0.05, velocityResolution: 0.5 }];
    const run = drive(coarse, 'up', 1, { gated: true, ticks: TICKS, encoders });
    expect(run.excess > ROUNDING || run.mode === 'fault').toBe(true);
    const covered = { ...coarse, positionMargin: 0.05 + (base.actuatorLag * 0.5) / 2 };
    const fine = drive(covered, 'up', 1, { gated: true, ticks: TICKS, encoders });
    expect(fine.excess).toBeLessThanOrEqual(0);
    expect(fine.mode).toBe('active');
  });

  it('a bound that does not know of the delay and the lag does overrun, by about 0.02', () => {
    const blind = { ...base, commandLatency: 0, actuatorLag: 0, positionMargin: 0 };
    const run = drive(blind, 'up', 1, { gated: true, ticks: TICKS, actual: base });
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
        (given, shown, adversary, seed) => {
          // a limit of jerk may take a rate across zero on its way to rest, whoever asks for it
          const joints = given.joints.map((each) => ({ ...each, maxJerk: Infinity }));
          const config = { ...given, joints };
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
