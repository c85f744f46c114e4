/** Drives twins of a robot with an adversary's proposals, through the gate or without it. */
import { expect } from 'vitest';
import { createShaperState, shapeTick } from '../../src/safety/command-shaper.js';
import { gateEvent } from '../../src/safety/gate-events.js';
import type { GateConfig, Measured, Proposal, Verdict } from '../../src/safety/types.js';
import { lcg, propose, type Adversary } from './adversary.js';
import { START_NS } from './fixtures.js';
import type { Encoder } from './random-robots.js';
import { Twin } from './twin.js';

export interface Run {
  /** beyond a position limit [rad or m]; negative: inside */
  readonly excess: number;
  readonly verdicts: readonly Verdict[];
  /** what the joints were sent, gated or not */
  readonly sent: readonly Float64Array[];
  /** velocities of the joints when they were taken over */
  readonly start: readonly number[];
  readonly mode: string;
}

export interface RunOptions {
  readonly gated: boolean;
  readonly ticks: number;
  /** default 1 */
  readonly decimation?: number;
  /** of a control period: age of the state at the tick, 0 to 1; default 0 */
  readonly age?: number;
  /** of a control period: how early or late a tick may come */
  readonly jitter?: number;
  /** half width of the position noise; velocity noise is ten times that per second */
  readonly noise?: number;
  /** size of the velocity at which the joints are taken over, alternating in sign */
  readonly speed?: number;
  /** of each joint; default: exact */
  readonly encoders?: readonly Encoder[] | undefined;
  /** the joint as it is, where it is not as declared */
  readonly actual?: GateConfig;
}

export function drive(config: GateConfig, adversary: Adversary, seed: number, options: RunOptions): Run {
  const { decimation = 1, age = 0, jitter = 0, noise = 0, speed = 0, encoders } = options;
  const random = lcg(seed);
  const dtNs = BigInt(Math.round(config.controlPeriod * 1e9));
  const ageNs = BigInt(Math.round(Number(dtNs) * age));
  const kind = config.interface;
  const { commandLatency: latency, actuatorLag: lag } = options.actual ?? config;
  const noisy = (value: number, size: number): number => value + (2 * random() - 1) * size;
  const start = config.joints.map((_, i) => (i % 2 === 0 ? 1 : -1) * speed);
  const twins = config.joints.map(({ maxEffort, maxAcceleration }, i) => {
    const joint = {
      kind,
      latency,
      lag,
      position: 0,
      velocity: start[i]!,
      startsAt: Number(START_NS) * 1e-9,
    };
    return new Twin({ ...joint, inertia: maxEffort / maxAcceleration });
  });
  const shown = new Float64Array(twins.length);
  const observe = (receivedNs: bigint): Measured => {
    if (!encoders) {
      const positions = Float64Array.from(twins, (twin) => noisy(twin.position, noise));
      return {
        positions,
        velocities: Float64Array.from(twins, (twin) => noisy(twin.velocity, noise * 10)),
        receivedNs,
      };
    }
    const before = shown.slice();
    twins.forEach((twin, i) => (shown[i] = onGrid(twin.position, encoders[i]!.resolution)));
    const velocities = Float64Array.from(twins, (twin, i) => {
      const { velocityResolution } = encoders[i]!;
      if (velocityResolution === 'derived') return (shown[i]! - before[i]!) / config.controlPeriod;
      return onGrid(twin.velocity, velocityResolution);
    });
    return { positions: shown.slice(), velocities, receivedNs };
  };
  let state = createShaperState(config, decimation);
  const verdicts: Verdict[] = [];
  const sent: Float64Array[] = [];
  let target: Proposal | null = null;
  for (let tick = 0; tick < options.ticks; tick++) {
    const offset = jitter === 0 ? 0 : Math.round(noisy(0, jitter / 2) * Number(dtNs));
    const nowNs = START_NS + BigInt(tick + 1) * dtNs + BigInt(offset);
    const seconds = Number(nowNs) * 1e-9;
    for (const twin of twins) twin.advanceTo(seconds - Number(ageNs) * 1e-9);
    const measured = observe(nowNs - ageNs);
    for (const twin of twins) twin.advanceTo(seconds);
    if (tick === 0) {
      const engage = gateEvent(config, state.gate, 'engage', measured, nowNs);
      expect(engage.outcome.accepted).toBe(true);
      state = { ...state, gate: engage.state };
    }
    if (tick % decimation === 0) target = propose(adversary, config, tick, nowNs, random);
    let values: Float64Array;
    if (options.gated) {
      const shaped = shapeTick(config, decimation, state, target, measured, null, nowNs);
      state = shaped.state;
      verdicts.push(shaped.verdict);
      values = shaped.verdict.command!.copyValues();
    } else {
      const before = sent.at(-1) ?? new Float64Array(twins.length);
      values = before.map((last, i) => {
        const raw = target?.command[i];
        return raw !== undefined && Number.isFinite(raw) ? Math.min(Math.max(raw, -1e6), 1e6) : last;
      });
    }
    sent.push(values);
    twins.forEach((twin, i) => twin.send(seconds, values[i]!));
  }
  const excess = Math.max(
    ...twins.map((twin, i) =>
      Math.max(twin.highest - config.joints[i]!.maxPosition, config.joints[i]!.minPosition - twin.lowest),
    ),
  );
  return { excess, verdicts, sent, start, mode: state.gate.mode };
}

function onGrid(value: number, resolution: number): number {
  return Math.round(value / resolution) * resolution;
}
