import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  maxPhysicsStep,
  stepsPerState,
  Twin,
  TwinTrace,
  type TraceLine,
} from '../../../../sim/twin/index.js';
import { compileRobot, nominalImperfections } from '../../../../sim/index.js';
import { ManualClock, Rng } from '../../../../src/core/index.js';
import type { Middleware, TriggerResponse } from '../../../../src/io/ros/index.js';
import { cartpole, engine } from '../robots.js';

/** A wire without anybody else on it; keeps what the twin published and offers. */
class DeadWire {
  states = 0;
  readonly services = new Map<string, () => TriggerResponse>();
  readonly middleware = {
    createPublisher: () => ({ topic: '', matched: 0, publish: () => this.states++, close: () => {} }),
    createSubscription: () => ({ topic: '', matched: 0, close: () => {} }),
    createService: (service: string, _type: string, handle: () => TriggerResponse) => {
      this.services.set(service, handle);
      return { service, close: () => {} };
    },
  } as unknown as Middleware;
}

/** Runs a twin for some seconds of a clock that moves by the millisecond. */
function runTwin(
  stateRateHz: number,
  seconds: number,
  during = (_wire: DeadWire): void => {},
  trace?: TwinTrace,
) {
  const clock = new ManualClock();
  const wire = new DeadWire();
  const world = { maxPhysicsStep: maxPhysicsStep(stateRateHz) };
  const compiled = compileRobot(engine, cartpole, nominalImperfections(cartpole), world);
  const twin = new Twin({
    robot: cartpole,
    compiled,
    middleware: wire.middleware,
    clock,
    rng: new Rng(1),
    stateRateHz,
    jitterMs: 0,
    push: { joint: 'slider', force: 1, duration: 0.1 },
    brakeUntilFirstCommand: true,
    trace,
  });
  try {
    for (let ms = 0; ms < seconds * 1e3; ms++) {
      if (ms === 500) during(wire);
      clock.advanceMs(1);
      vi.advanceTimersByTime(1);
    }
    return { ...twin.summary, published: wire.states };
  } finally {
    twin.close();
    compiled.dispose();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Twin', () => {
  it.each([1000, 500, 250, 100, 50])('simulates one second in a second at %d Hz', (rate) => {
    const { seconds, simulatedSeconds, published } = runTwin(rate, 1);
    expect(seconds).toBe(1);
    expect(simulatedSeconds).toBeCloseTo(1, 1);
    expect(Math.abs(published - rate)).toBeLessThanOrEqual(1);
  });

  it('offers its services under its own name, and a reset does not set time back', () => {
    const { pushes, simulatedSeconds } = runTwin(100, 1, ({ services }) => {
      expect([...services.keys()]).toEqual(['~/push', '~/reset', '~/pause_states', '~/resume_states']);
      expect(services.get('~/push')!().success).toBe(true);
      expect(services.get('~/reset')!().success).toBe(true);
    });
    expect(pushes).toBe(1);
    expect(simulatedSeconds).toBeCloseTo(1, 1);
  });

  it('moves on in silence between pausing and resuming its states', () => {
    const { published, simulatedSeconds } = runTwin(100, 1, ({ services }) => {
      services.get('~/pause_states')!();
    });
    expect(Math.abs(published - 50)).toBeLessThanOrEqual(1);
    expect(simulatedSeconds).toBeCloseTo(1, 1);
    const whole = runTwin(100, 1, ({ services }) => {
      services.get('~/pause_states')!();
      services.get('~/resume_states')!();
    });
    expect(Math.abs(whole.published - 100)).toBeLessThanOrEqual(1);
  });

  it('traces what it received and what it published, with the time of each', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-trace-'));
    const file = path.join(folder, 'trace.jsonl');
    const trace = new TwinTrace(file);
    const { published } = runTwin(100, 0.2, undefined, trace);
    trace.received({ layout: { dim: [], data_offset: 0 }, data: Float64Array.of(0.25) }, 7n);
    trace.close();
    const lines = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TraceLine);
    rmSync(folder, { recursive: true });
    expect(lines.filter(({ kind }) => kind === 'state')).toHaveLength(published);
    expect(lines[1]!.atNs - lines[0]!.atNs).toBe(10_000_000);
    expect(lines.at(-1)).toEqual({ kind: 'command', atNs: 7, values: [0.25] });
  });

  it.each([300, 150])('refuses %d Hz, at which it would run at another speed', (rate) => {
    expect(() => runTwin(rate, 1)).toThrow(
      /states at (300|150) Hz .* rates that work are (250|125) and (500|250) Hz/,
    );
  });
});

describe('stepsPerState', () => {
  it('counts physics steps between states', () => {
    expect(stepsPerState(100, 0.002)).toBe(5);
    expect(stepsPerState(1000, 0.001)).toBe(1);
    expect(stepsPerState(600, 0.01 / 6)).toBe(1);
  });

  it('refuses states faster than physics', () => {
    expect(() => stepsPerState(1000, 0.002)).toThrow(
      '0.50 physics steps of 2.00 ms apart, expected a whole number; rates that work are 500 Hz',
    );
  });
});
