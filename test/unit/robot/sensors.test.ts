import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { layoutOf, sensorOffset } from '../../../src/env/index.js';
import {
  contractDifferences,
  contractHash,
  loadRobot,
  makeContract,
  parseContract,
  type Robot,
  type SensorConfig,
} from '../../../src/robot/index.js';
import { expectBadInput, loadEdited } from './scratch-robot.js';

const swing = loadRobot(fileURLToPath(new URL('../../fixtures/sim/swing', import.meta.url)));
const VALID = { name: 'imu', type: 'imu', link: 'forearm', topic: '/imu' };
const SECOND = { name: 'wrist', type: 'force_torque', link: 'wheel_link', topic: '/wrist' };
const written = (...sensors: readonly object[]) =>
  loadEdited(['robot.yaml', 'joints:', `sensors: ${JSON.stringify(sensors)}\njoints:`]);
const contractOf = (robot: Robot) =>
  makeContract({
    robot,
    task: 'swing',
    observation: { history: 1, previousActions: 0, encodings: { hinge: 'sincos' } },
    gateConfigHash: 'a'.repeat(64),
  });
const withSensors = (...sensors: readonly SensorConfig[]): Robot => ({
  ...swing,
  config: { ...swing.config, sensors },
});

describe('sensors of robot.yaml', () => {
  it('are read, with 100 ms where no timeout is written', () => {
    expect(written(VALID, { ...SECOND, timeout_ms: 20 }).config.sensors).toEqual([
      { ...VALID, timeoutMs: 100 },
      { ...SECOND, timeoutMs: 20 },
    ]);
    expect(loadRobot('cartpole').config.sensors).toEqual([]);
  });

  const refused: readonly (readonly [string, readonly object[], readonly string[]])[] = [
    ['an unknown key', [{ ...VALID, frame: 'a' }], ["unknown key 'sensors.0.frame'"]],
    ['an unknown type', [{ ...VALID, type: 'lidar' }], ['"lidar"; write imu | force_torque']],
    ['a missing topic', [{ ...VALID, topic: undefined }], ["'sensors.0.topic' is missing; write"]],
    ['a topic that is none', [{ ...VALID, topic: '/a b' }], ['"/a b"; write a ROS topic name']],
    ['a name with a space', [{ ...VALID, name: 'my imu' }], ['"my imu"; write a name of letters']],
    ['no timeout at all', [{ ...VALID, timeout_ms: 0 }], ['is 0; write milliseconds']],
    ['an endless timeout', [{ ...VALID, timeout_ms: 'forever' }], ['"forever"; write milliseconds']],
    ['a name twice', [VALID, { ...SECOND, name: 'imu' }], ["sensor 'imu'", 'another sensor has this name']],
    ['a topic twice', [VALID, { ...SECOND, topic: '/imu' }], ["topic /imu is that of sensor 'imu'"]],
    ['the topic of the states', [{ ...VALID, topic: '/joint_states' }], ['is that of state_topic']],
    [
      'the topic of the commands',
      [{ ...VALID, topic: '/forward_command_controller/commands' }],
      ['is that of command_topic'],
    ],
    [
      'a link that is not there',
      [{ ...VALID, link: 'forearn' }],
      ["robot.yaml:6: the URDF has no link 'forearn'", "did you mean 'forearm'?"],
    ],
    ['the root link', [{ ...SECOND, link: 'world' }], ["no joint carries 'world', the root link"]],
    ['an IMU that never moves', [{ ...VALID, link: 'base' }], ["'base' is fixed to the root link"]],
  ];
  it.each(refused)('are refused with %s', (_, sensors, parts) => {
    expectBadInput(() => written(...sensors), ...parts);
  });

  it('are refused with the topic of a lock', () => {
    const locks = 'locks: [{ topic: /imu, timeout_ms: 500, priority: 50 }]';
    const sensors = `sensors: ${JSON.stringify([VALID])}`;
    expectBadInput(
      () => loadEdited(['robot.yaml', 'joints:', `${locks}\n${sensors}\njoints:`]),
      'topic /imu is that of a lock',
    );
  });

  it('are refused on a link that hangs on the root by fixed joints alone, in whatever order these stand', () => {
    const mast = '<joint name="mast" type="fixed"><parent link="base"/><child link="top"/></joint>';
    expectBadInput(
      () =>
        loadEdited(
          ['arm.urdf', '<link name="world"/>', `${mast}<link name="top"/><link name="world"/>`],
          ['robot.yaml', 'joints:', `sensors: ${JSON.stringify([{ ...VALID, link: 'top' }])}\njoints:`],
        ),
      "link 'top' is fixed to the root link",
    );
  });

  it('may be a force-torque sensor between the world and the base', () => {
    expect(written({ ...SECOND, link: 'base' }).config.sensors).toHaveLength(1);
  });
});

describe('the layout of a robot with sensors', () => {
  it('has their fields behind all others', () => {
    const layout = layoutOf(swing);
    const axes = ['x', 'y', 'z'];
    const of = (quantity: string) => axes.map((axis) => `${quantity} ${axis}`);
    expect(layout.fields).toEqual([
      'hinge position',
      'hinge velocity',
      'hinge command',
      ...of('imu linear_acceleration'),
      ...of('imu angular_velocity'),
      ...of('flange force'),
      ...of('flange torque'),
    ]);
    expect(layout.size).toBe(layout.fields.length);
    expect(sensorOffset(layout)).toBe(3);
    expect(layout.angles).toEqual(['hinge position']);
  });

  it('is as ever for a robot without', () => {
    const layout = layoutOf(loadRobot('cartpole'));
    expect(layout.fields).toEqual([
      'slider position',
      'pole_hinge position',
      'slider velocity',
      'pole_hinge velocity',
      'slider command',
    ]);
    expect(layout.size).toBe(5);
  });
});

describe('the contract of a robot with sensors', () => {
  it('names each field with topic, unit, age, sensor and link, and reads back', () => {
    const contract = contractOf(swing);
    expect(contract.observations).toHaveLength(14);
    const imu = { topic: '/imu/data', timeoutMs: 100, sensor: 'imu', link: 'tool' };
    const flange = { topic: '/flange/wrench', timeoutMs: 50, sensor: 'flange', link: 'tool' };
    expect(contract.observations[2]).toEqual({ ...imu, field: 'linear_acceleration.x', unit: 'm/s^2' });
    expect(contract.observations[7]).toEqual({ ...imu, field: 'angular_velocity.z', unit: 'rad/s' });
    expect(contract.observations[8]).toEqual({ ...flange, field: 'force.x', unit: 'N' });
    expect(contract.observations[13]).toEqual({ ...flange, field: 'torque.z', unit: 'N m' });
    expect(parseContract(JSON.parse(JSON.stringify(contract)), 'contract.json')).toEqual(contract);
  });

  it('differs by name where the robot lacks a sensor, or has another', () => {
    const [imu, flange] = swing.config.sensors as [SensorConfig, SensorConfig];
    const trained = contractOf(swing);
    expect(contractDifferences(trained, contractOf(swing))).toEqual([]);
    const lacking = contractDifferences(trained, contractOf(withSensors(flange)));
    expect(lacking).toHaveLength(6);
    expect(lacking[0]).toBe(
      "observations: policy was trained with '/imu/data linear_acceleration.x', robot lacks it",
    );
    const extra = contractDifferences(contractOf(withSensors(imu)), trained);
    expect(extra[0]).toBe("observations: robot has '/flange/wrench force.x', policy was trained without it");
    expect(contractDifferences(trained, contractOf(withSensors(flange, imu)))[0]).toContain('in the order');
    const moved = contractDifferences(trained, contractOf(withSensors({ ...imu, link: 'arm' }, flange)));
    expect(moved).toHaveLength(6);
    expect(moved[0]).toBe(
      'observation /imu/data linear_acceleration.x link: policy was trained with tool, robot has arm',
    );
    const renamed = contractDifferences(trained, contractOf(withSensors({ ...imu, name: 'a' }, flange)));
    expect(renamed[0]).toBe(
      'observation /imu/data linear_acceleration.x sensor: policy was trained with imu, robot has a',
    );
    const slower = contractDifferences(trained, contractOf(withSensors({ ...imu, timeoutMs: 9 }, flange)));
    expect(slower[0]).toContain('timeout: policy was trained with 100 ms, robot has 9 ms');
  });

  it('is as ever for a robot without', () => {
    const contract = makeContract({
      robot: loadRobot('pendulum'),
      task: 'pendulum-swing-up',
      observation: { history: 1, previousActions: 0, encodings: { hinge: 'sincos' } },
      gateConfigHash: 'c'.repeat(64),
    });
    expect(contract.observations.map(Object.keys)).toEqual(
      Array.from({ length: 2 }, () => ['topic', 'field', 'unit', 'timeoutMs']),
    );
    expect(contractHash(contract)).toBe('bdafb139d7bd6874dc4675ef3df0ab016a705ebe7ce6fbe52c861b57d2b679fa');
  });
});
