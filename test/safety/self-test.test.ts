import { describe, expect, it } from 'vitest';
import { listRobots, loadRobot } from '../../src/robot/index.js';
import { gate } from '../../src/safety/gate.js';
import { createGatedCommand } from '../../src/safety/gated-command.js';
import { gateConfigFromRobot } from '../../src/safety/index.js';
import { requireSelfTest } from '../../src/safety/self-test.js';
import type { GateConfig, GateMode, Measured, Proposal } from '../../src/safety/types.js';
import { contextOf } from '../unit/robot/scratch-robot.js';
import { config, joint } from './fixtures.js';

const TWO = [joint(), joint({ name: 'joint1', minPosition: -0.2, maxPosition: 3 })];
const INTERFACES = ['position', 'velocity', 'effort'] as const;

/** The gate with one defect: what it would send is replaced. */
function broken(change: (values: Float64Array, asked: Float64Array) => Float64Array): typeof gate {
  return (gateConfig, state, proposal, ...rest) => {
    const result = gate(gateConfig, state, proposal, ...rest);
    const { command } = result.verdict;
    if (command === null || proposal === null) return result;
    const values = change(command.copyValues(), proposal.command);
    const { joints, interface: kind } = gateConfig;
    const changed = createGatedCommand(joints, kind, values, command.seq, command.expiresNs);
    return { ...result, verdict: { ...result.verdict, command: changed } };
  };
}

describe('requireSelfTest', () => {
  it.each(listRobots())('passes for %s', (robot) => {
    expect(requireSelfTest(gateConfigFromRobot(loadRobot(robot)))).toBe(25);
  });

  it.each(INTERFACES)(
    'passes for a %s interface, with one joint, two, and one without position limits',
    (kind) => {
      for (const joints of [
        [joint()],
        TWO,
        [joint({ minPosition: -Infinity, maxPosition: Infinity })],
      ] satisfies GateConfig['joints'][]) {
        expect(requireSelfTest(config({ interface: kind, joints }))).toBe(25);
      }
    },
  );

  it.each(INTERFACES)('finds a gate that lets commands through as they are (%s)', (kind) => {
    const run = () =>
      requireSelfTest(
        config({ interface: kind, joints: TWO }),
        broken((_, asked) => asked),
      );
    expect(run).toThrow(/nothing is started/);
    expect(run).toThrow(/a command that is not a number, tick 1: joint 'elbow' was sent NaN/);
    expect(run).toThrow(/a command that lacks a joint, tick 1: 1 values were sent for 2 joints/);
    expect(run).toThrow(/the largest number, tick 1: joint 'elbow' was sent 1.797/);
    expect(run).toThrow(/the largest number, downwards, tick 1: joint 'elbow' was sent -1.797/);
    expect(run).toThrow(/a state that is too old, tick 1/);
    expect(run).toThrow(/a command during an e-stop, tick 1/);
  });

  it.each([
    ['velocity', 0.5, /full reversal at every tick, tick 2: .* at most 0\.05 apart/],
    ['position', 0.9, /full reversal at every tick, tick 2: .* at most 0\.01 apart/],
  ] as const)('finds a gate that keeps limits but jumps (%s)', (kind, size, message) => {
    const jump = broken((_, asked) => Float64Array.from(asked, (x) => Math.sign(x) * size));
    expect(() => requireSelfTest(config({ interface: kind }), jump)).toThrow(message);
  });

  it('finds a gate that keeps what it was sent before, after a command that is not a number', () => {
    let bad = false;
    const stuck = broken((values, asked) => {
      bad ||= asked.some(Number.isNaN);
      return bad ? values.fill(NaN) : values;
    });
    expect(() => requireSelfTest(config(), stuck)).toThrow(/the smallest number, tick 1: .* was sent NaN/);
  });

  it('takes a billionth of a limit beyond it for rounding, and no more', () => {
    const beyond = (excess: number) => () =>
      requireSelfTest(
        config({ interface: 'effort' }), // 10 N m at most
        broken((values) => values.map((value) => (value === 0 ? 0 : Math.sign(value) * (10 + excess)))),
      );
    expect(beyond(0.9e-8)()).toBe(25);
    expect(beyond(1.1e-8)).toThrow(/a slip of units, tick 1: .* limits -10 and 10/);
  });

  it('finds a gate that sends while it is mute', () => {
    const eager: typeof gate = (gateConfig, state, ...rest) => {
      const result = gate(gateConfig, state, ...rest);
      if (!state.silent) return result;
      const command = createGatedCommand(gateConfig.joints, 'velocity', Float64Array.of(0.1), 1, 1n << 62n);
      return { ...result, verdict: { ...result.verdict, command } };
    };
    expect(() => requireSelfTest(config(), eager)).toThrow(/a command before it was engaged, tick 1/);
  });
});

interface Fed {
  readonly mode: GateMode;
  readonly proposal: Proposal;
  readonly measured: Measured | null;
  readonly nowNs: bigint;
}

/** What is fed to a gate that lets everything through, by what the test calls it; tick by tick. */
function allFed(gateConfig: GateConfig): Map<string, Fed[]> {
  const fed: Fed[] = [];
  const open: typeof gate = (given, state, proposal, measured, evidence, nowNs) => {
    fed.push({ mode: state.mode, proposal: proposal!, measured, nowNs });
    const result = gate(given, state, proposal, measured, evidence, nowNs);
    const values = new Float64Array(given.joints.length).fill(NaN);
    const command = createGatedCommand(given.joints, given.interface, values, 1, 1n);
    return { ...result, verdict: { ...result.verdict, command } };
  };
  const { failures } = contextOf(() => requireSelfTest(gateConfig, open)) as { failures: string[] };
  expect(failures.length).toBe(fed.length);
  const byName = new Map<string, Fed[]>();
  failures.forEach((text, i) => {
    const name = text.slice(0, text.lastIndexOf(', tick '));
    byName.set(name, [...(byName.get(name) ?? []), fed[i]!]);
  });
  return byName;
}

describe('what the self-test feeds', () => {
  const START_NS = 1_000_000_000_000n;
  const TICK_NS = 10_000_000n;
  const BOTH = ['elbow', 'joint1'];
  const MOST = Number.MAX_VALUE;
  const fed = () => allFed(config({ joints: TWO, interface: 'position' }));

  it.each<[string, readonly string[], readonly number[]]>([
    ['a command that is not a number', BOTH, [NaN, NaN]],
    ['one joint that is not a number', BOTH, [0, NaN]],
    ['an infinite command', BOTH, [Infinity, Infinity]],
    ['one joint that is minus infinity', BOTH, [0, -Infinity]],
    ['a command of no joints', [], []],
    ['a command that lacks a joint', ['joint1'], [0]],
    ['a command of one joint too many', [...BOTH, 'another'], [0, 0, 0]],
    ['a command of another joint', ['joint1', 'another'], [1e-3, 1e-3]],
    ['names without values', BOTH, []],
    ['the largest number', BOTH, [MOST, MOST]],
    ['the largest number, downwards', BOTH, [-MOST, -MOST]],
    ['a slip of units', BOTH, [1e4, 1e4]],
    ['one joint beyond all limits', BOTH, [0, -1e6]],
    ['the smallest number', BOTH, [5e-324, 5e-324]],
    ['full reversal at every tick', BOTH, [1e3, 1e3]],
    ['a command without a state', BOTH, [1e-3, 1e-3]],
  ])('is %s', (name, joints, command) => {
    const ticks = fed().get(name)!;
    expect(ticks.length).toBe(5);
    ticks.forEach(({ proposal }, tick) => {
      const sign = name === 'full reversal at every tick' && tick % 2 === 1 ? -1 : 1;
      expect(proposal.joints).toEqual(joints);
      expect([...proposal.command]).toEqual(command.map((value) => sign * value));
      expect(proposal.expiresNs).toBeGreaterThan(START_NS + 1000n * TICK_NS);
    });
  });

  it.each([
    ['a command that has just expired', START_NS],
    ['a command from long ago', 0n],
  ])('is %s', (name, expiresNs) => {
    for (const { proposal } of fed().get(name)!)
      expect(proposal).toMatchObject({ joints: BOTH, command: Float64Array.of(1e-3, 1e-3), expiresNs });
  });

  it('comes tick by tick, to a robot at rest in the middle of its range', () => {
    fed()
      .get('a slip of units')!
      .forEach(({ nowNs, measured, mode }, tick) => {
        expect(mode).toBe('active');
        expect(nowNs).toBe(START_NS + BigInt(tick + 1) * TICK_NS);
        expect([...measured!.positions]).toEqual([0, expect.closeTo(1.4, 12)]);
        expect([...measured!.velocities]).toEqual([0, 0]);
        expect(measured!.receivedNs).toBe(nowNs);
      });
    const endless = config({ joints: [joint({ minPosition: -Infinity, maxPosition: Infinity })] });
    expect([...allFed(endless).get('a slip of units')![0]!.measured!.positions]).toEqual([0]);
  });

  it('is a state that cannot be judged by', () => {
    const byName = fed();
    const states = (name: string) => byName.get(name)!.map(({ measured }) => measured);
    expect(states('a command without a state')).toEqual([null, null, null, null, null]);
    for (const state of states('a state that is not a number'))
      expect([...state!.positions]).toEqual([NaN, NaN]);
    for (const state of states('a velocity that is infinite'))
      expect([...state!.velocities]).toEqual([Infinity, Infinity]);
    byName.get('a state that is too old')!.forEach(({ measured, nowNs }, tick) => {
      expect(measured!.receivedNs).toBe(START_NS);
      expect(nowNs).toBe(START_NS + 101_000_000n + BigInt(tick + 1) * TICK_NS); // the timeout is 100 ms
    });
    for (const { measured, nowNs } of byName.get('a state from the future')!)
      expect(measured!.receivedNs).toBe(nowNs + 10_000_000_000n);
  });

  it.each([
    ['a command before it was engaged', 'mute'],
    ['a command during an e-stop', 'estop'],
    ['a command while released', 'holding'],
  ])('is %s', (name, mode) => {
    for (const tick of fed().get(name)!) expect(tick.mode).toBe(mode);
  });
});
