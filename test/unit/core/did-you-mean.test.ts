import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../../src/core/index.js';

describe('didYouMean', () => {
  it('proposes the nearest name, whatever the case', () => {
    expect(didYouMean('Elbwo', ['shoulder', 'elbow', 'wrist'])).toBe(" (did you mean 'elbow'?)");
  });

  it('lists the known names when none is near, and says nothing when none is known', () => {
    expect(didYouMean('gripper', ['x', 'y'])).toBe(' (known: x, y)');
    expect(didYouMean('gripper', [])).toBe('');
  });
});
