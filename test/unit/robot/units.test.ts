import { describe, expect, it } from 'vitest';
import { JOINT_TYPES } from '../../../src/robot/model.js';
import { commandUnit, effortUnit, positionUnit, velocityUnit } from '../../../src/robot/units.js';

describe('units of a joint', () => {
  it.each(JOINT_TYPES)('of type %s are those of sliding for prismatic, else those of turning', (type) => {
    const [position, velocity, effort] = type === 'prismatic' ? ['m', 'm/s', 'N'] : ['rad', 'rad/s', 'N m'];
    expect(positionUnit(type)).toBe(position);
    expect(velocityUnit(type)).toBe(velocity);
    expect(effortUnit(type)).toBe(effort);
    expect(commandUnit(type, 'position')).toBe(position);
    expect(commandUnit(type, 'velocity')).toBe(velocity);
    expect(commandUnit(type, 'effort')).toBe(effort);
  });
});
