import { beforeEach, describe, expect, it } from 'vitest';
import { KeyboardSticks } from '../../../src/cli/keyboard-sticks.js';

let sticks: KeyboardSticks;
let nowMs: number;
const now = () => BigInt(nowMs) * 1_000_000n;
const press = (name: string) => sticks.press(name, now());
function pass(durationMs: number, held?: string): void {
  for (const end = nowMs + durationMs; nowMs < end;) {
    nowMs += 10;
    if (held !== undefined && nowMs % 100 === 0) press(held); // a slow terminal
    sticks.advance(now());
  }
}
beforeEach(() => {
  nowMs = 1000;
  sticks = new KeyboardSticks(3);
  sticks.advance(now());
});

describe('KeyboardSticks', () => {
  it('ramps to the end while a key repeats, stays there, and springs back to exactly zero', () => {
    press('right');
    pass(250, 'right');
    expect(sticks.axes[0]).toBeCloseTo(0.5, 1);
    pass(2000, 'right');
    expect(sticks.axes).toEqual([1, 0, 0]);
    pass(400);
    expect(sticks.axes).toEqual([0, 0, 0]);
  });

  it('moves the chosen axis by left and right, the next one by up and down, and begins anew after the last', () => {
    press('3');
    pass(700, 'a');
    pass(300);
    press('a');
    press('up');
    pass(100);
    expect(sticks.axes[0]).toBeGreaterThan(0.1);
    expect(sticks.axes[1]).toBe(0);
    expect(sticks.axes[2]).toBeLessThan(-0.1);
  });

  it('toggles enable, and lets it go when no key comes for ten seconds', () => {
    press('space');
    pass(9900);
    expect(sticks.enable).toBe(true);
    pass(200);
    expect(sticks.enable).toBe(false);
    press('space');
    press('space');
    expect(sticks.enable).toBe(false);
  });

  it('knows no axis that is not there, and no other keys', () => {
    expect(press('4')).toBe(false);
    expect(press('0')).toBe(false);
    expect(press('toString')).toBe(false);
    expect(sticks.chosen).toBe(0);
  });
});
