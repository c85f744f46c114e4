import { describe, expect, it } from 'vitest';
import { badInput, DynabridgeError } from '../../../src/core/index.js';
import { unlessFlawed } from '../../../src/robot/urdf-flaw.js';

const refusing = (error: Error) => () => {
  throw error;
};

describe('unlessFlawed', () => {
  it('gives what is read', () => {
    expect(unlessFlawed(() => 7, undefined)).toBe(7);
  });

  it('tells of bad input, once, where there is somebody to be told', () => {
    const told: DynabridgeError[] = [];
    const flaw = badInput('no limit');
    expect(unlessFlawed(refusing(flaw), (error) => told.push(error))).toBeUndefined();
    expect(told).toEqual([flaw]);
    expect(() => unlessFlawed(refusing(flaw), undefined)).toThrow(flaw);
  });

  it.each([new DynabridgeError('INTERNAL', 'a defect'), new TypeError('a defect')])(
    'leaves a defect of the program to its callers: %s',
    (defect) => {
      const told: DynabridgeError[] = [];
      expect(() => unlessFlawed(refusing(defect), (error) => told.push(error))).toThrow(defect);
      expect(told).toEqual([]);
    },
  );
});
