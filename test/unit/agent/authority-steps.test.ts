import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AuthoritySteps, type Outlook } from '../../../src/agent/authority-steps.js';

function follow(outlooks: string): number[] {
  const names: Record<string, Outlook> = { c: 'clean', d: 'doubtful', v: 'void' };
  const steps = new AuthoritySteps();
  return Array.from(outlooks, (letter) => steps.next(names[letter]!));
}

describe('AuthoritySteps', () => {
  it.each([
    ['stays full while predictions are clean', 'cccc', [1, 1, 1, 1]],
    ['is lowered at the first doubt, and held when it persists', 'dddd', [0.5, 0.5, 0, 0]],
    [
      'rises one step after three clean predictions each',
      'dddccccccc',
      [0.5, 0.5, 0, 0, 0, 0.5, 0.5, 0.5, 1, 1],
    ],
    [
      'counts clean predictions anew after each doubt',
      'dccdccdccc',
      [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1],
    ],
    ['is not lifted from held by a doubt', 'dddcd', [0.5, 0.5, 0, 0, 0]],
    ['is held at once by what is no prediction', 'cvccc', [1, 0, 0, 0, 0.5]],
  ])('%s (%s)', (_what, outlooks, expected) => {
    expect(follow(outlooks)).toEqual(expected);
  });

  it('never rises by more than one step, nor without three clean predictions since it last changed or was doubted', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('c', 'c', 'c', 'd', 'v'), maxLength: 60 }),
        (outlooks) => {
          let previous = 1;
          let clean = 0;
          follow(outlooks).forEach((authority, i) => {
            expect([0, 0.5, 1]).toContain(authority);
            clean = outlooks[i] === 'c' ? clean + 1 : 0;
            if (authority > previous) {
              expect(authority - previous).toBe(0.5);
              expect(clean).toBeGreaterThanOrEqual(3);
              clean = 0;
            }
            if (outlooks[i] !== 'c') expect(authority).toBeLessThan(1);
            previous = authority;
          });
        },
      ),
    );
  });
});
