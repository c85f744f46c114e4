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
  type TwinOptions,
} from '../../../../sim/twin/index.js';
import { compileRobot, nominalImperfections } from '../../../../sim/index.js';
import { ManualClock, NS_PER_S, Rng } from '../../../../src/core/index.js';
import type {
  ClockMessage,
  JointState,
  MessageInfo,
  Middleware,
  RosTime,
  TriggerResponse,
} from '../../../../src/io/ros/index.js';
import { cartpole, engine } from '../robots.js';

const seconds = ({ sec, nanosec }: RosTime): number => sec + nanosec / 1e9;
const maxAcceleration = cartpole.model.joints.find(({ name }) => name === 'slider')!.limits!.maxAcceleration!;

/** A wire without anybody else on it; keeps what the twin published and offers. */
class DeadWire {
  readonly published = new Map<string, (JointState & ClockMessage)[]>();
  readonly services = new Map<string, (request?: object) => TriggerResponse>();
  /** sends a command */
  command: (data: number, receivedNs: bigint) => void = () => {};
  readonly middleware = {
    createPublisher: (topic: string) => {
      const messages: (JointState & ClockMessage)[] = [];
      this.published.set(topic, messages);
      return {
        topic,
        matched: 0,
        publish: (message: JointState & ClockMessage) => messages.push(message),
        close: () => {},
      };
    },
    createSubscription: (
      _topic: string,
      _type: string,
      _qos: unknown,
      take: (message: object, info: MessageInfo) => void,
    ) => {
      this.command = (data, receivedNs) => take({ data: [data] }, { receivedNs });
      return { topic: '', matched: 0, close: () => {} };
    },
    createService: (service: string, _type: string, handle: (request?: object) => TriggerResponse) => {
      this.services.set(service, handle);
      return { service, close: () => {} };
    },
  } as unknown as Middleware;
}

/** Runs a twin for some seconds of a clock that moves by the millisecond. */
function runTwin(
  stateRateHz: number,
  seconds: number,
  during = (_wire: DeadWire, _clock: ManualClock): void => {},
  options: Partial<TwinOptions> = {},
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
    ...options,
  });
  try {
    for (let ms = 0; ms < seconds * 1e3; ms++) {
      if (ms === 500) during(wire, clock);
      clock.advanceMs(1);
      vi.advanceTimersByTime(1);
    }
    const states = wire.published.get('/joint_states')!;
    return { ...twin.summary, published: states.length, states, clocks: wire.published.get('/clock') };
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
      expect([...services.keys()]).toEqual([
        '~/push',
        '~/reset',
        '~/pause_states',
        '~/resume_states',
        '~/set_pause',
        '~/step_simulation',
      ]);
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

  it('stands still while paused, and goes on to the next state with each step', () => {
    const paused = runTwin(100, 1, ({ services }) => {
      expect(services.get('~/step_simulation')!()).toMatchObject({ success: false });
      expect(services.get('~/set_pause')!({ data: true }).success).toBe(true);
    });
    expect(paused.simulatedSeconds).toBeCloseTo(0.5, 1);
    const { simulatedSeconds, published, states } = runTwin(
      100,
      1,
      ({ services }) => {
        services.get('~/set_pause')!({ data: true });
        for (let i = 0; i < 1000; i++) expect(services.get('~/step_simulation')!().success).toBe(true);
      },
      { simulatedClock: true },
    );
    expect(simulatedSeconds - paused.simulatedSeconds).toBeCloseTo(10, 9); // 10 s in no time
    expect(published - paused.published).toBe(1000);
    expect(seconds(states.at(-1)!.header.stamp)).toBeCloseTo(simulatedSeconds, 9);
  });

  it('goes on from where it stood when it is resumed', () => {
    const { simulatedSeconds, states } = runTwin(
      100,
      1,
      ({ services }, clock) => {
        services.get('~/set_pause')!({ data: true });
        clock.advanceMs(3_000);
        services.get('~/set_pause')!({ data: false });
      },
      { simulatedClock: true },
    );
    expect(simulatedSeconds).toBeCloseTo(1, 1);
    const stamps = states.map(({ header }) => seconds(header.stamp));
    stamps.slice(1).forEach((stamp, i) => expect(stamp - stamps[i]!).toBeCloseTo(0.01, 9));
  });

  it('obeys while paused with the next step', () => {
    const { commands } = runTwin(100, 1, ({ services, command }, clock) => {
      services.get('~/set_pause')!({ data: true });
      command(0.1, clock.nowNs());
      services.get('~/step_simulation')!();
    });
    expect(commands).toBe(1);
  });

  it('publishes /clock if asked, also while paused, and never backwards', () => {
    expect(runTwin(100, 1).clocks).toBeUndefined();
    const { clocks, published } = runTwin(
      100,
      1,
      ({ services }) => void services.get('~/set_pause')!({ data: true }),
      { simulatedClock: true },
    );
    expect(clocks!.length).toBe(published + 5); // ten times a second for the half second that it stood
    const times = clocks!.map(({ clock }) => seconds(clock));
    expect(times[0]).toBeCloseTo(0.01, 9);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it.each([0.5, 2, 10])('runs at %s times real time', (speed) => {
    const { simulatedSeconds, published } = runTwin(100, 1, undefined, { speed });
    expect(Math.abs(simulatedSeconds - speed)).toBeLessThanOrEqual(0.011);
    expect(Math.abs(published - 100 * speed)).toBeLessThanOrEqual(1);
  });

  it.each([
    [2, 0],
    [1, 1],
  ])('judges commands by the time of the robot, at %s times real time', (speed, violations) => {
    // 1.5 times what max_acceleration allows in our time, and 0.75 times in the robot's at twice the speed
    const twin = runTwin(
      100,
      1,
      ({ command }, clock) => {
        command(0, clock.nowNs());
        command(1.5 * 0.1 * maxAcceleration, clock.nowNs() + NS_PER_S / 10n);
      },
      { speed },
    );
    expect(twin.commands).toBe(2);
    const kinds = twin.violationList.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'command-acceleration')).toHaveLength(violations);
  });

  it('refuses a speed at which states could not be published in time', () => {
    expect(() => runTwin(100, 1, undefined, { speed: 20 })).toThrow(
      /2000 states per second, expected at most 1000/,
    );
  });

  it('traces what it received and what it published, with the time of each', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-trace-'));
    const file = path.join(folder, 'trace.jsonl');
    const trace = new TwinTrace(file);
    const { published } = runTwin(100, 0.2, undefined, { trace });
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
