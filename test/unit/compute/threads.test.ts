import os from 'node:os';
import { describe, expect, it } from 'vitest';
import { giveWay, mostThreads, planThreads } from '../../../src/compute/threads.js';
import { describeAddon } from '../../kernels/backends.js';

describe('planThreads', () => {
  it('takes all cores at normal priority when no robot is attached', () => {
    expect(planThreads({}, 8)).toEqual({ count: 8, niceness: 0 });
    expect(planThreads().count).toBe(mostThreads());
  });

  it('leaves one core to a robot, and lowers the priority', () => {
    expect(planThreads({ robotAttached: true }, 8)).toEqual({ count: 7, niceness: 10 });
    expect(planThreads({ robotAttached: true }, 1)).toEqual({ count: 1, niceness: 10 });
  });

  it('takes the number that was asked for, with or without a robot', () => {
    expect(planThreads({ threads: 3 }, 8)).toEqual({ count: 3, niceness: 0 });
    expect(planThreads({ threads: 8, robotAttached: true }, 8)).toEqual({ count: 8, niceness: 10 });
  });

  it('takes no more than the addon does, on however many cores', () => {
    expect(planThreads({}, 256).count).toBe(256);
    expect(planThreads({}, 257).count).toBe(256);
    expect(planThreads({ robotAttached: true }, 256).count).toBe(255);
    expect(planThreads({ robotAttached: true }, 384).count).toBe(256);
    expect(planThreads({ threads: 256 }, 384).count).toBe(256);
    expect(() => planThreads({ threads: 257 }, 384)).toThrow(
      /from 1 to 256, the most that the backend takes/,
    );
  });

  it.each([0, -1, 1.5, NaN, 9])('refuses %d threads on 8 cores', (threads) => {
    expect(() => planThreads({ threads }, 8)).toThrow(/expected an integer from 1 to 8, the cores/);
  });
});

describeAddon('the addon', (addon) => {
  it('takes as many threads as are planned at most, and not one more', () => {
    const { count: most } = planThreads({}, 100_000);
    expect(() => addon.setThreads(most + 1, 0)).toThrow(RangeError);
    addon.setThreads(most, 0);
    expect(addon.threads).toBe(most);
    addon.setThreads(1, 0);
  });
});

describe.runIf(process.platform === 'linux')('giveWay', () => {
  it('lowers the priority of the calling thread, and never raises it', () => {
    const before = os.getPriority();
    giveWay(0);
    expect(os.getPriority()).toBe(before);
    const lowered = Math.max(before, 10);
    giveWay(10);
    expect(os.getPriority()).toBe(lowered);
    giveWay(5);
    expect(os.getPriority()).toBe(lowered);
  });
});
