import { beforeEach, describe, expect, it } from 'vitest';
import {
  contractDifferences,
  contractHash,
  loadRobot,
  makeContract,
  parseContract,
  type Contract,
} from '../../../src/robot/index.js';
import { ARM, contextOf, expectBadInput } from './scratch-robot.js';

type Json = string | number | boolean | null | undefined | Json[] | { [key: string]: Json };
type JsonContract = { [key: string]: Json };

let cartpole: Contract;
let arm: Contract;
let pendulum: Contract;

beforeEach(() => {
  cartpole = makeContract({
    robot: loadRobot('cartpole'),
    task: 'cartpole-balance',
    observation: { history: 1, previousActions: 2, encodings: { slider: 'linear', pole_hinge: 'sincos' } },
    gateConfigHash: 'a'.repeat(64),
    simulation: { timestep: 0.002, engine: 'mujoco' },
  });

  // has soft limits, jerk limits and two commanded joints
  arm = makeContract({
    robot: loadRobot(ARM),
    task: 'reach',
    observation: { history: 2, previousActions: 1, encodings: { elbow: 'linear' } },
    gateConfigHash: 'b'.repeat(64),
    simulation: { noise: true },
  });

  pendulum = makeContract({
    robot: loadRobot('pendulum'),
    task: 'pendulum-swingup',
    observation: { history: 1, previousActions: 0, encodings: { hinge: 'sincos' } },
    gateConfigHash: 'c'.repeat(64),
  });
});

function changed(contract: Contract, change: (copy: JsonContract) => void): Contract {
  const copy = structuredClone(contract) as unknown as JsonContract;
  change(copy);
  return copy as unknown as Contract;
}

/** Paths of all leaves of a JSON value. */
function leaves(value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(item, [...path, i]));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
  }
  return [path];
}

function other(value: Json): Json {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return typeof value === 'string' ? `${value}x` : 'x';
}

function replaceAt(contract: Contract, path: readonly (string | number)[]): Contract {
  return changed(contract, (copy) => {
    let node = copy as Record<string | number, Json>;
    for (const key of path.slice(0, -1)) node = node[key] as Record<string | number, Json>;
    const last = path.at(-1) ?? '';
    node[last] = other(node[last]);
  });
}

describe('makeContract', () => {
  it('holds what the policy depends on, by name and with units', () => {
    expect(cartpole).toMatchObject({
      version: 1,
      robot: 'cartpole',
      task: 'cartpole-balance',
      commanded: [{ name: 'slider', interface: 'velocity', unit: 'm/s' }],
      measured: ['slider', 'pole_hinge'],
      controlRateHz: 100,
      policyRateHz: 25,
      commandLatency: 0.02,
      actuatorLag: 0.03,
      positionMargin: 0.02,
      stopAction: null,
      action: { mode: 'increment', scale: [0.24] },
      observations: [
        { topic: '/joint_states', field: 'position[slider]', unit: 'm', timeoutMs: 100 },
        { topic: '/joint_states', field: 'velocity[slider]', unit: 'm/s', timeoutMs: 100 },
        { topic: '/joint_states', field: 'position[pole_hinge]', unit: 'rad', timeoutMs: 100 },
        { topic: '/joint_states', field: 'velocity[pole_hinge]', unit: 'rad/s', timeoutMs: 100 },
      ],
      simulation: { timestep: 0.002, engine: 'mujoco' },
    });
    expect(Object.keys(cartpole.limits)).toEqual(['slider']);
    expect(pendulum).toMatchObject({ stopAction: 'damping', simulation: null });
    expect(pendulum.commanded).toEqual([{ name: 'hinge', interface: 'effort', unit: 'N m' }]);
    expect(Object.isFrozen(cartpole.limits)).toBe(true);
  });

  it('survives a JSON round trip', () => {
    for (const contract of [cartpole, arm, pendulum]) {
      const read = parseContract(JSON.parse(JSON.stringify(contract)), 'contract.json');
      expect(read).toEqual(contract);
      expect(contractHash(read)).toBe(contractHash(contract));
      expect(contractDifferences(contract, read)).toEqual([]);
    }
  });
});

describe('contractHash', () => {
  it('does not depend on the order of keys', () => {
    const reversed = Object.fromEntries(Object.entries(cartpole).reverse()) as unknown as Contract;
    expect(Object.keys(reversed)).not.toEqual(Object.keys(cartpole));
    expect(contractHash(reversed)).toBe(contractHash(cartpole));
  });

  it('changes with every field', () => {
    const hashes = leaves(arm as unknown as Json).map((path) => contractHash(replaceAt(arm, path)));
    expect(new Set([...hashes, contractHash(arm)]).size).toBe(hashes.length + 1);
  });
});

describe('contractDifferences', () => {
  it('is empty for equal contracts', () => {
    expect(contractDifferences(cartpole, structuredClone(cartpole))).toEqual([]);
  });

  it.each(['cartpole', 'arm', 'pendulum'] as const)('names a change of every single field of %s', (name) => {
    const contract = { cartpole, arm, pendulum }[name];
    const paths = leaves(contract as unknown as Json).filter((path) => path.join() !== 'simulation');
    expect(paths.length).toBeGreaterThan(20);
    for (const path of paths) {
      const differences = contractDifferences(contract, replaceAt(contract, path));
      expect(differences.length, path.join('.')).toBeGreaterThan(0);
      for (const difference of differences)
        expect(difference).toMatch(/^.+: .*(policy was trained|robot has)/);
    }
  });

  const cases: readonly (readonly [
    title: string,
    change: (copy: JsonContract) => void,
    expected: readonly string[],
  ])[] = [
    [
      'rates',
      (copy) => (copy['controlRateHz'] = 50),
      ['control_rate_hz: policy was trained at 100 Hz, robot runs at 50 Hz'],
    ],
    [
      'latency',
      (copy) => (copy['commandLatency'] = 0.05),
      ['command_latency: policy was trained with 0.02 s, robot has 0.05 s'],
    ],
    [
      'a limit',
      (copy) => ((copy['limits'] as { slider: { maxVelocity: number } }).slider.maxVelocity = 1.5),
      ["joint 'slider' max_velocity: policy was trained with 2, robot has 1.5"],
    ],
    [
      'limits that are gone',
      (copy) => delete (copy['limits'] as { slider: { position?: Json } }).slider.position,
      [
        "joint 'slider' min_position: policy was trained with -1.2, robot has none",
        "joint 'slider' max_position: policy was trained with 1.2, robot has none",
      ],
    ],
    [
      'the interface',
      (copy) => ((copy['commanded'] as { interface: string }[])[0]!.interface = 'position'),
      ["joint 'slider' command_interface: policy was trained with velocity, robot has position"],
    ],
    [
      'the order of measurements',
      (copy) => (copy['measured'] as string[]).reverse(),
      ['measured joints: policy was trained in the order slider, pole_hinge, robot has pole_hinge, slider'],
    ],
    [
      'a missing and a new joint',
      (copy) => (copy['measured'] = ['slider', 'pole']),
      [
        "measured joints: policy was trained with 'pole_hinge', robot lacks it",
        "measured joints: robot has 'pole', policy was trained without it",
      ],
    ],
    [
      'the scale',
      (copy) => (copy['action'] = { mode: 'increment', scale: [0.3] }),
      ["joint 'slider' action.scale: policy was trained with 0.24, robot has 0.3"],
    ],
    [
      'an observation that is gone',
      (copy) => (copy['observations'] as Json[]).pop(),
      ["observations: policy was trained with '/joint_states velocity[pole_hinge]', robot lacks it"],
    ],
    [
      'a timeout',
      (copy) => ((copy['observations'] as { timeoutMs: number }[])[0]!.timeoutMs = 40),
      ['observation /joint_states position[slider] timeout: policy was trained with 100 ms, robot has 40 ms'],
    ],
    [
      'an encoding',
      (copy) => ((copy['observation'] as { encodings: Json }).encodings = { slider: 'linear' }),
      ["joint 'pole_hinge' encoding: policy was trained with sincos, robot has none"],
    ],
    [
      'a stop action where the policy had none',
      (copy) => (copy['stopAction'] = 'zero'),
      ['stop_action: policy was trained with none, robot has zero'],
    ],
    [
      'a joint whose name every object has',
      (copy) =>
        ((copy['observation'] as { encodings: Json }).encodings = {
          slider: 'linear',
          pole_hinge: 'sincos',
          constructor: 'linear',
        }),
      ["joint 'constructor' encoding: policy was trained with none, robot has linear"],
    ],
    [
      'the simulation',
      (copy) => (copy['simulation'] = { timestep: 0.001, engine: 'mujoco' }),
      ['simulation timestep: policy was trained with 0.002, robot has 0.001'],
    ],
  ];
  it.each(cases)('says in words: %s', (_title, change, expected) => {
    expect(contractDifferences(cartpole, changed(cartpole, change))).toEqual(expected);
  });
});

describe('the limits of a joint that one side does not limit at all', () => {
  const stated = {
    min_position: -1.2,
    max_position: 1.2,
    max_velocity: 2,
    max_acceleration: 8,
    max_deceleration: 8,
    max_effort: 100,
  };

  it('are named one by one, whichever side it is', () => {
    const free = changed(cartpole, (copy) => (copy['limits'] = {}));
    const limits = Object.entries(stated);
    expect(contractDifferences(cartpole, free)).toEqual(
      limits.map(([key, value]) => `joint 'slider' ${key}: policy was trained with ${value}, robot has none`),
    );
    expect(contractDifferences(free, cartpole)).toEqual(
      limits.map(([key, value]) => `joint 'slider' ${key}: policy was trained with none, robot has ${value}`),
    );
  });
});

describe('the simulation', () => {
  it('is not compared where one side has none', () => {
    const live = changed(cartpole, (copy) => (copy['simulation'] = null));
    expect(contractDifferences(cartpole, live)).toEqual([]);
    expect(contractDifferences(live, cartpole)).toEqual([]);
  });
});

describe('parseContract', () => {
  it('refuses other versions, missing, unknown and wrong fields', () => {
    const refuse = (change: (copy: JsonContract) => void, ...parts: string[]) =>
      expectBadInput(
        () => parseContract(changed(cartpole, change), 'run/contract.json'),
        'run/contract.json',
        ...parts,
      );
    refuse((copy) => (copy['version'] = 2), 'version is 2', 'reads version 1');
    refuse((copy) => delete copy['task'], 'task is missing');
    refuse((copy) => (copy['extra'] = 1), 'extra');
    refuse((copy) => (copy['controlRateHz'] = null), 'controlRateHz is null');
    refuse(
      (copy) => (copy['action'] = { mode: 'absolute', scale: [Infinity] }),
      'action.scale.0',
      'Invalid finite',
    );
    expectBadInput(() => parseContract(null, 'c.json'), 'c.json', 'contract is null');
    expect(contextOf(() => parseContract(null, 'c.json'))).toStrictEqual({
      file: 'c.json',
      path: 'contract',
    });
  });
});
