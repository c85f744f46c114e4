import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createShaperState,
  shapeTick,
  type ShapedTick,
  type ShaperState,
} from '../../src/safety/command-shaper.js';
import { lastSent } from '../../src/safety/gate-state.js';
import { followPoints, lookAhead, pointDue, type PointsInFlight } from '../../src/safety/lookahead.js';
import type { GateConfig, Proposal } from '../../src/safety/types.js';
import { START_NS, TICK_NS, config, engaged, joint, measured, proposal } from './fixtures.js';

const DECIMATION = 5;
const gate = config({
  interface: 'position',
  joints: [joint(), joint({ name: 'joint1', maxVelocity: 2, maxAcceleration: 20, maxDeceleration: 20 })],
});
const PERIOD = gate.controlPeriod;

function begin(of: GateConfig = gate): ShaperState {
  return { ...createShaperState(of, DECIMATION), gate: engaged(of, [0, 0]) };
}

/** What one tick of acceleration adds to a step [rad]. */
const quantum = (i: number): number => gate.joints[i]!.maxAcceleration * PERIOD ** 2;

const sentBy = (state: ShaperState): Float64Array => lastSent(state.gate, new Float64Array(2));

/** Ticks of joints that are where they are commanded to be, a tick later. */
class Run {
  state = begin();
  nowNs = START_NS;
  private before: Float64Array = new Float64Array(2);

  tick(target: Proposal | null): { before: ShaperState; tick: ShapedTick; at: ReturnType<typeof measured> } {
    this.nowNs += TICK_NS;
    const { state: before } = this;
    const positions = sentBy(before);
    const velocities = positions.map((value, i) => (value - this.before[i]!) / PERIOD);
    this.before = positions;
    const at = { positions, velocities, receivedNs: this.nowNs };
    const tick = shapeTick(gate, DECIMATION, before, target, at, null, this.nowNs);
    this.state = tick.state;
    return { before, tick, at };
  }
}

/** The commands of joints under way to a target, and the points after the tenth. */
function underWay(target: Proposal, points: number) {
  const run = new Run();
  for (let k = 0; k < 9; k++) run.tick(target);
  const { before, tick, at } = run.tick(target);
  const ahead = lookAhead(gate, DECIMATION, before, tick, target, at, null, run.nowNs, points);
  return { run, tick, ahead };
}

const far = (expiresNs: bigint): Proposal => proposal([0.8, -0.9], { expiresNs });

describe('lookAhead', () => {
  it('foretells what the gate does at the next ticks while it hears nothing', () => {
    const positions = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(positions, positions, fc.integer({ min: 1, max: 60 }), (a, b, lifeTicks) => {
        const target = proposal([a, b], { expiresNs: START_NS + BigInt(10 + lifeTicks) * TICK_NS });
        const { run, ahead } = underWay(target, 49);
        expect(ahead).toHaveLength(49);
        for (const { command, gate: foretold } of ahead) {
          const { tick } = run.tick(target);
          command
            .copyValues()
            .forEach((value, i) => expect(value).toBeCloseTo(tick.verdict.command!.value(i), 9));
          expect(foretold.mode).toBe(tick.state.gate.mode);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('ends at rest once what was asked for has expired', () => {
    const { ahead, tick } = underWay(far(START_NS + 20n * TICK_NS), 49);
    const [previous, last] = ahead.slice(-2).map(({ command }) => command.copyValues());
    expect(last).toEqual(previous);
    expect(Math.abs(last![0]! - tick.verdict.command!.value(0))).toBeGreaterThan(0.01);
  });

  it('keeps every point within position, velocity and acceleration limits', () => {
    const { ahead, tick, run } = underWay(proposal([5, -5]), 49);
    let before = tick.verdict.command!.copyValues();
    let rates = before.map((_, i) => run.state.gate.numbers[6 + 2 + i]!);
    for (const { command } of ahead) {
      const values = command.copyValues();
      const now = values.map((value, i) => (value - before[i]!) / PERIOD);
      gate.joints.forEach(({ minPosition, maxPosition, maxVelocity, maxAcceleration }, i) => {
        expect(values[i]).toBeGreaterThanOrEqual(minPosition);
        expect(values[i]).toBeLessThanOrEqual(maxPosition);
        expect(Math.abs(now[i]!)).toBeLessThanOrEqual(maxVelocity * (1 + 1e-9));
        if (Math.abs(now[i]!) > Math.abs(rates[i]!))
          expect(Math.abs(now[i]! - rates[i]!)).toBeLessThanOrEqual(maxAcceleration * PERIOD * (1 + 1e-6));
      });
      before = values;
      rates = now;
    }
  });

  it('takes the joints to move as they are commanded, with the lag that they have', () => {
    const run = new Run();
    const target = far(START_NS * 2n);
    for (let k = 0; k < 9; k++) run.tick(target);
    const { before, tick, at } = run.tick(target);
    const lagging = { ...at, positions: at.positions.map((position) => position - 0.004) };
    const ahead = lookAhead(gate, DECIMATION, before, tick, target, lagging, null, run.nowNs, 3);
    const commands = [sentBy(before), tick.verdict.command!, ...ahead.map(({ command }) => command)].map(
      (command) => ('copyValues' in command ? command.copyValues() : command),
    );
    ahead.forEach(({ gate: { numbers } }, k) => {
      for (const i of [0, 1]) {
        const [first, previous, last] = [commands[0]!, commands[k]!, commands[k + 1]!].map(
          (values) => values[i]!,
        );
        expect(numbers[6 + 4 * 2 + i]).toBeCloseTo(lagging.positions[i]! + last! - first!, 12);
        expect(numbers[6 + 5 * 2 + i]).toBeCloseTo((last! - previous!) / PERIOD, 9);
      }
    });
  });

  it('has no points where nothing is sent, nothing is measured, or none are asked for', () => {
    const target = far(START_NS * 2n);
    const mute = createShaperState(gate, DECIMATION);
    const at = measured(START_NS, [0, 0]);
    const silent = shapeTick(gate, DECIMATION, mute, target, at, null, START_NS);
    expect(lookAhead(gate, DECIMATION, mute, silent, target, at, null, START_NS, 5)).toEqual([]);
    const { before, tick } = new Run().tick(target);
    expect(lookAhead(gate, DECIMATION, before, tick, target, null, null, START_NS, 5)).toEqual([]);
    expect(underWay(target, 0).ahead).toEqual([]);
  });
});

describe('followPoints', () => {
  const { run, tick, ahead } = underWay(far(START_NS * 2n), 4);
  const command = tick.verdict.command!.copyValues();
  const points: PointsInFlight = { sentNs: run.nowNs, command, ahead };
  const after = (periods: number) => run.nowNs + BigInt(Math.round(periods * 1e7));
  const row = (k: number) => ahead[k]!.command.copyValues();

  it('leaves a tick that is early or on time as it is', () => {
    for (const periods of [0, 0.5, 1])
      expect(followPoints(gate, run.state, points, after(periods))).toBe(run.state);
  });

  it('goes on from where the controller is, on a point or between two', () => {
    expect(sentBy(followPoints(gate, run.state, points, after(3)))).toEqual(row(1));
    const between = sentBy(followPoints(gate, run.state, points, after(1.25)));
    between.forEach((value, i) =>
      expect(value).toBeCloseTo(command[i]! + 0.25 * (row(0)[i]! - command[i]!), 12),
    );
    const later = sentBy(followPoints(gate, run.state, points, after(3.5)));
    later.forEach((value, i) => expect(value).toBeCloseTo((row(1)[i]! + row(2)[i]!) / 2, 12));
  });

  it('stands at the last point once the points have ended', () => {
    expect(sentBy(followPoints(gate, run.state, points, after(1000)))).toEqual(row(3));
  });

  it('changes neither mode, nor measurements, nor times', () => {
    const followed = followPoints(gate, run.state, points, after(4));
    expect({ ...followed.gate, numbers: 0 }).toEqual({ ...run.state.gate, numbers: 0 });
    const m = 2;
    const kept = [...Array(6).keys(), ...Array.from({ length: 5 * m }, (_, i) => 6 + 4 * m + i)];
    for (const i of kept) expect(followed.gate.numbers[i]).toBe(run.state.gate.numbers[i]);
    expect(followed).toMatchObject({ origin: run.state.origin, seq: run.state.seq });
  });

  it.each([1, 2, 3.5, 5])('asks for what it would have asked for by then: a tick %d periods late', (late) => {
    const decimation = 40; // slower than the joints may be
    const target = proposal([0.2, -0.3]);
    let state = begin();
    let before = state;
    let nowNs = START_NS;
    let ticked!: ShapedTick;
    let at!: ReturnType<typeof measured>;
    for (let k = 0; k < 10; k++) {
      nowNs += TICK_NS;
      before = state;
      at = measured(nowNs, [...sentBy(state)]);
      ticked = shapeTick(gate, decimation, state, target, at, null, nowNs);
      ({ state } = ticked);
    }
    const future = lookAhead(gate, decimation, before, ticked, target, at, null, nowNs, 6);
    const inFlight = { sentNs: nowNs, command: ticked.verdict.command!.copyValues(), ahead: future };
    const lateNs = nowNs + BigInt(Math.round((1 + late) * 1e7));
    const followed = followPoints(gate, state, inFlight, lateNs);
    const there = measured(lateNs, [...sentBy(followed)]);
    const next = shapeTick(gate, decimation, followed, target, there, null, lateNs);
    const whole = Math.floor(late);
    const [low, high] = [whole, Math.ceil(late)].map((k) => future[k]!.command);
    for (const i of [0, 1]) {
      expect(next.requested![i]).toBeCloseTo(((11 + late) / decimation) * target.command[i]!, 12);
      const foreseen = low!.value(i) + (late - whole) * (high!.value(i) - low!.value(i));
      expect(Math.abs(next.verdict.command!.value(i) - foreseen)).toBeLessThan(
        late === whole ? 1e-9 : quantum(i),
      );
    }
  });

  it('does not follow points of another command, nor none', () => {
    const elsewhere = { ...run.state, gate: engaged(gate, [0.5, 0.5]) };
    expect(followPoints(gate, elsewhere, points, after(3))).toBe(elsewhere);
    const partly = { ...run.state, gate: engaged(gate, [command[0]!, 0.5]) };
    expect(followPoints(gate, partly, points, after(3))).toBe(partly);
    expect(followPoints(gate, run.state, null, after(3))).toBe(run.state);
    expect(followPoints(gate, run.state, { ...points, ahead: [] }, after(3))).toBe(run.state);
  });

  it('never lets the set-point of the controller step back or jump, however late the ticks come', () => {
    const lateness = fc.array(fc.double({ min: 0.6, max: 12, noNaN: true }), { minLength: 5, maxLength: 40 });
    fc.assert(
      fc.property(lateness, (periods) => {
        const target = far(START_NS * 2n);
        let state = begin();
        let nowNs = START_NS;
        let inFlight: PointsInFlight | null = null;
        let positions: Float64Array = new Float64Array(2);
        let setPoint = positions;
        for (const wait of periods) {
          nowNs += BigInt(Math.round(wait * 1e7));
          const before = followPoints(gate, state, inFlight, nowNs);
          const at = { positions, velocities: new Float64Array(2), receivedNs: nowNs };
          const shaped = shapeTick(gate, DECIMATION, before, target, at, null, nowNs);
          const next = lookAhead(gate, DECIMATION, before, shaped, target, at, null, nowNs, 6);
          const first = shaped.verdict.command!.copyValues();
          if (inFlight !== null) {
            const rows = [inFlight.command, ...inFlight.ahead.map((point) => point.command.copyValues())];
            setPoint = pointDue(rows, PERIOD, inFlight.sentNs, nowNs);
          }
          [1, -1].forEach((direction, i) => {
            const step = direction * (first[i]! - setPoint[i]!);
            expect(step).toBeGreaterThanOrEqual(-quantum(i) * (1 + 1e-9)); // at rest at the target, after ticks that were early
            expect(step).toBeLessThanOrEqual(gate.joints[i]!.maxVelocity * PERIOD * (1 + 1e-9));
          });
          ({ state } = shaped);
          inFlight = { sentNs: nowNs, command: first, ahead: next };
          positions = first;
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('pointDue', () => {
  const rows = [Float64Array.of(1, 10), Float64Array.of(2, 20), Float64Array.of(4, 0)];
  it.each([
    [0, [1, 10]],
    [1, [1, 10]],
    [1.5, [1.5, 15]],
    [2, [2, 20]],
    [2.75, [3.5, 5]],
    [3, [4, 0]],
    [100, [4, 0]],
  ])('%d periods after sending', (periods, expected) => {
    const due = pointDue(rows, PERIOD, START_NS, START_NS + BigInt(periods * 1e7));
    expected.forEach((value, i) => expect(due[i]).toBeCloseTo(value, 9));
    expect(due).toHaveLength(2);
  });

  it('of a single point is that point', () => {
    expect(pointDue([Float64Array.of(3)], PERIOD, START_NS, START_NS)).toEqual(Float64Array.of(3));
    expect(pointDue([Float64Array.of(3)], PERIOD, START_NS, START_NS * 2n)).toEqual(Float64Array.of(3));
  });
});
