import { describe, expect, it } from 'vitest';
import { listRobots, loadRobot } from '../../src/robot/index.js';
import { gate } from '../../src/safety/gate.js';
import { createGatedCommand } from '../../src/safety/gated-command.js';
import { gateConfigFromRobot } from '../../src/safety/index.js';
import { requireSelfTest } from '../../src/safety/self-test.js';
import type { GateConfig } from '../../src/safety/types.js';
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
