/** The joint is the safety tests' own: written from the equations, and solved exactly. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { excitation, EXCITATION_S, pulseSpeed } from '../../../src/identify/excitation.js';
import { fitResponse, type Sample } from '../../../src/identify/fit-response.js';
import { config, joint } from '../../safety/fixtures.js';
import { Twin } from '../../safety/twin.js';

interface Joint {
  readonly latency: number;
  readonly lag: number;
  readonly gain?: number;
  readonly noise?: number;
  /** of the commands' ramps, where the drive cannot keep up [rad/s^2] */
  readonly slew?: number;
}

function record(
  kind: 'position' | 'velocity',
  { latency, lag, gain = 1, noise = 0, slew = Infinity }: Joint,
) {
  const rng = new Rng(3);
  const twin = new Twin({ kind, latency, lag, position: 0.2, startsAt: 10 });
  const origin = Float64Array.of(0.2);
  const out = new Float64Array(1);
  const sent: Sample[] = [{ at: -Infinity, value: kind === 'position' ? 0.2 : 0 }];
  const measured: Sample[] = [];
  let [ramped, driven] = [0, 0];
  for (let tick = 0; tick * 0.01 < EXCITATION_S; tick++) {
    const at = 10 + tick * 0.01;
    twin.advanceTo(at);
    measured.push({ at, value: 0.2 + gain * (twin.position - 0.2) + noise * rng.normal() });
    const wanted = excitation(kind, 0, 0.5, origin, tick * 0.01, out)[0]!;
    // as the gate does, velocities change by 4 rad/s^2 at most; the drive may not keep up with it
    if (kind === 'velocity') {
      ramped += Math.min(Math.max(wanted - ramped, -0.04), 0.04);
      driven += Math.min(Math.max(ramped - driven, -slew * 0.01), slew * 0.01);
    }
    const value = kind === 'velocity' ? ramped : wanted;
    sent.push({ at: at + 0.001, value });
    twin.send(at + 0.001, kind === 'velocity' ? driven : wanted);
  }
  return { sent, measured };
}

describe.each(['velocity', 'position'] as const)('the response of a joint, %s interface', (kind) => {
  it.each<[string, Joint]>([
    ['late and lagging', { latency: 0.02, lag: 0.03 }],
    ['ideal', { latency: 0, lag: 0 }],
    ['slow', { latency: 0.12, lag: 0.2 }],
    ['weak', { latency: 0.02, lag: 0.03, gain: 0.9 }],
  ])('is found exactly: %s', (_name, given) => {
    const { sent, measured } = record(kind, given);
    const found = fitResponse(kind, sent, measured);
    expect(found.latency).toBeCloseTo(given.latency, 3);
    expect(found.lag).toBeCloseTo(given.lag, 3);
    expect(found.gain).toBeCloseTo(given.gain ?? 1, 3);
    expect(found.residual).toBeLessThan(0.005);
    expect(found.braking).toBeCloseTo(1, 2);
  });

  it('is found to 2 ms in noise of a thousandth', () => {
    const { sent, measured } = record(kind, { latency: 0.02, lag: 0.03, noise: 1e-3 });
    const found = fitResponse(kind, sent, measured);
    expect(found.latency + found.lag).toBeCloseTo(0.05, 2.7);
    expect(found.residual).toBeGreaterThan(0.005);
  });
});

it('a drive that brakes at half of what it is told is told apart from one that lags', () => {
  const { sent, measured } = record('velocity', { latency: 0.02, lag: 0.01, slew: 2 });
  expect(fitResponse('velocity', sent, measured).braking).toBeLessThan(0.85);
});

it.each<[string, number, number]>([
  ['too few samples', 10, 0.1],
  ['a joint that did not move', 1000, 0],
])('refuses %s', (_name, count, speed) => {
  const measured = Array.from({ length: count }, (_, i) => ({ at: i / 100, value: 0.3 }));
  const sent = measured.map(({ at }) => ({ at, value: speed }));
  expect(() => fitResponse('velocity', sent, measured)).toThrow(/recorded|did not move/);
});

describe('the excitation', () => {
  it('is 30 % of the speed, or 20 % of the room to the nearer limit in a pulse', () => {
    const wide = config({ joints: [joint({ minPosition: -9, maxPosition: 9 })], positionMargin: 0.1 });
    expect(pulseSpeed(wide, 0, 0)).toBeCloseTo(0.3, 12);
    expect(pulseSpeed(wide, 0, 8.5)).toBeCloseTo((0.2 * 0.4) / 0.5, 12);
    expect(pulseSpeed(wide, 0, 9.5)).toBe(0);
  });

  it('moves one joint up and down and brings it back, and leaves the others', () => {
    const origin = Float64Array.of(1, 2);
    const out = new Float64Array(2);
    let travelled = 0;
    for (let tick = 0; tick < EXCITATION_S * 100; tick++) {
      const [other, velocity] = excitation('velocity', 1, 0.5, origin, tick / 100, out);
      expect(other).toBe(0);
      travelled += velocity! / 100;
      const [still, position] = excitation('position', 1, 0.5, origin, (tick + 1) / 100, out);
      expect(still).toBe(1);
      expect(position).toBeCloseTo(2 + travelled, 9);
    }
    expect(travelled).toBeCloseTo(0, 9);
    expect(excitation('velocity', 1, 0.5, origin, EXCITATION_S + 1, out)).toEqual(Float64Array.of(0, 0));
  });
});
