import { expect, test } from 'vitest';
import { AgentTime } from '../../../src/guard/agent-time.js';

const MS = 1_000_000n;

test('an agent counts as silent after 200 ms and three missed steps, whichever is later', () => {
  const time = new AgentTime(200);
  time.answered(0n);
  expect([time.missed(250n * MS), time.missed(260n * MS)]).toEqual([null, null]);
  expect(time.missed(270n * MS)).toEqual({ silentMs: 270, missedSteps: 3 });
  time.answered(300n * MS);
  expect([1n, 2n, 3n, 4n].map((n) => time.missed((300n + 40n * n) * MS))).toEqual([null, null, null, null]);
  expect(time.missed(500n * MS)).toEqual({ silentMs: 200, missedSteps: 5 });
});

test('time in authority is counted over interruptions, and again while it has authority changes nothing', () => {
  const time = new AgentTime(200);
  expect(time.end(0n)).toBe(false);
  time.begin(1000n * MS);
  time.begin(1500n * MS);
  expect(time.seconds(3000n * MS)).toBe(2);
  expect(time.end(3000n * MS)).toBe(true);
  time.begin(5000n * MS);
  expect(time.seconds(5500n * MS)).toBe(2.5);
});
