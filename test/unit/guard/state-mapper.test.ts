import { describe, expect, it } from 'vitest';
import { StateMapper } from '../../../src/guard/state-mapper.js';

const mapper = (): StateMapper => new StateMapper({ measured: ['slider', 'pole'] });
const state = (name: string[], position: number[], velocity: number[] = []) => ({ name, position, velocity });

describe('StateMapper', () => {
  it('maps by name, whatever the order, and ignores joints it does not know', () => {
    const m = mapper();
    expect(m.map(state(['other', 'pole', 'slider'], [9, 2, 1], [9, 0.2, 0.1]), 1n)).toBe(true);
    expect(Array.from(m.positions)).toEqual([1, 2]);
    expect(Array.from(m.velocities)).toEqual([0.1, 0.2]);
    expect(m.map(state(['slider', 'pole'], [3, 4], [0.3, 0.4]), 2n)).toBe(true);
    expect(Array.from(m.positions)).toEqual([3, 4]);
  });

  it('differentiates positions where velocities are empty or not finite', () => {
    const m = mapper();
    m.map(state(['slider', 'pole'], [0, 1]), 1_000_000_000n);
    expect(Array.from(m.velocities)).toEqual([0, 0]);
    m.map(state(['slider', 'pole'], [0.1, 0.8]), 1_010_000_000n);
    expect(m.velocities[0]).toBeCloseTo(10, 9);
    expect(m.velocities[1]).toBeCloseTo(-20, 9);
    m.map(state(['slider', 'pole'], [0.2, 0.8], [NaN, 5]), 1_020_000_000n);
    expect(m.velocities[0]).toBeCloseTo(10, 9);
    expect(m.velocities[1]).toBe(5);
  });

  it.each([
    ['lengths', state(['slider', 'pole'], [1])],
    ['lengths', state(['slider', 'pole'], [1, 2], [1])],
    ['duplicate-name', state(['slider', 'pole', 'pole'], [1, 2, 3])],
    ['missing-joint', state(['slider'], [1])],
    ['non-finite', state(['slider', 'pole'], [NaN, 2])],
    ['non-finite', state(['slider', 'pole'], [1, -Infinity])],
  ] as const)('rejects a message for %s, counts it and keeps the state before', (cause, message) => {
    const m = mapper();
    m.map(state(['slider', 'pole'], [7, 8]), 1n);
    expect(m.map(message, 2n)).toBe(false);
    expect(m.rejected[cause]).toBe(1);
    expect(Array.from(m.positions)).toEqual([7, 8]);
  });

  it('accepts a joint in NaN that is not measured', () => {
    expect(mapper().map(state(['x', 'slider', 'pole'], [NaN, 1, 2]), 1n)).toBe(true);
  });

  it('names what a message lacks', () => {
    expect(mapper().missingFrom(state(['pole'], [1]))).toEqual(['slider']);
  });
});
