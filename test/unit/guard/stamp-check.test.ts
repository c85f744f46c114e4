import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, NS_PER_S } from '../../../src/core/index.js';
import { StampCheck } from '../../../src/guard/stamp-check.js';
import { rosTime } from '../../../src/io/ros/index.js';

let clock: ManualClock;
let check: StampCheck;

/** States at 10 Hz whose stamps are `offset` seconds from now. */
function states(count: number, ...offsets: number[]): void {
  for (let i = 0; i < count; i++) {
    clock.advanceMs(100);
    const offset = BigInt(Math.round(offsets[i % offsets.length]! * 1e9));
    check.look(rosTime(clock.wallNs() + offset), clock.nowNs(), clock);
  }
}

beforeEach(() => {
  clock = new ManualClock(1_000n * NS_PER_S);
  check = new StampCheck();
});

describe('the stamps of joint states', () => {
  it.each([
    [-10, /^stamped 10 s in the past .*; check the clocks of both machines/],
    [10, /^stamped 10 s in the future .*; check the clocks of both machines/],
    [-1.01, /^stamped 1.01 s in the past/],
  ])('%s s from now are told, with what to do', (offset, told) => {
    states(1, offset);
    expect(check.concern).toMatch(told);
    expect(check.unstamped).toBe(false);
  });

  it.each([-0.99, 0, 0.99])('%s s from now are not', (offset) => {
    states(50, offset);
    expect(check.concern).toBe('');
  });

  it('that jump about are told once, and until two seconds after the last', () => {
    states(1, -10);
    const first = check.concern;
    states(20, 10, -10, 0);
    expect(check.concern).toBe(first);
    states(1, -10);
    states(20, 0);
    expect(check.concern).toBe(first);
    states(1, 0);
    expect(check.concern).toBe('');
  });

  it('that are zero are those of a driver that does not stamp, and nothing wrong', () => {
    for (let i = 0; i < 5; i++) {
      clock.advanceMs(100);
      check.look({ sec: 0, nanosec: 0 }, clock.nowNs(), clock);
    }
    expect(check).toMatchObject({ concern: '', unstamped: true });
  });
});
