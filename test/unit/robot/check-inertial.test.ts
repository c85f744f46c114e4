import { describe, expect, it } from 'vitest';
import { checkInertial } from '../../../src/robot/check-inertial.js';
import { parseXml } from '../../../src/robot/xml-document.js';
import { expectBadInput } from './scratch-robot.js';

const inertia = (values: object) =>
  `<inertia ${Object.entries(values)
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ')}/>`;
const VALUES = { ixx: 1, iyy: 2, izz: 3, ixy: 0.1, ixz: 0.2, iyz: 0.3 };
const check = (inside: string) =>
  checkInertial(parseXml(`<link><inertial>${inside}</inertial></link>`, 'a.urdf'), "link 'a'");
const MASS = '<mass value="1"/>';

describe('checkInertial', () => {
  it('accepts a mass and moments of 0, and products of either sign', () => {
    expect(() =>
      check(`<mass value="0"/>${inertia({ ...VALUES, ixx: 0, iyy: 0, izz: 0, ixy: -0.1 })}`),
    ).not.toThrow();
  });

  it.each(Object.keys(VALUES))('asks for %s', (name) => {
    const rest = Object.entries(VALUES).filter(([key]) => key !== name);
    expectBadInput(() => check(MASS + inertia(Object.fromEntries(rest))), `write ${name}="..." [kg m^2]`);
  });

  it.each(['ixx', 'iyy', 'izz'])('refuses a negative %s', (name) => {
    expectBadInput(
      () => check(MASS + inertia({ ...VALUES, [name]: -1 })),
      `<inertia ${name}="-1"> is negative`,
    );
  });

  it.each(['xyz', 'rpy'])('reads the origin’s %s, which the simulator will', (name) => {
    expectBadInput(
      () => check(`<origin ${name}="1 2"/>${MASS}${inertia(VALUES)}`),
      `${name} is not three numbers`,
    );
  });
});
