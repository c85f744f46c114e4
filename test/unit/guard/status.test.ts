import { describe, expect, it } from 'vitest';
import { FULL } from '../../../src/guard/agent-evidence.js';
import { LoopMetrics, type GuardSummary } from '../../../src/guard/loop-metrics.js';
import { guardStatus, type StatusSources } from '../../../src/guard/status.js';
import { DIAGNOSTIC_LEVEL } from '../../../src/io/ros/index.js';
import type { Fault } from '../../../src/safety/index.js';

const { ok, warn, error, stale } = DIAGNOSTIC_LEVEL;
const summary: GuardSummary = {
  ...new LoopMetrics().summary(0n, 0),
  seconds: 0,
  rejectedStates: {},
};
const ACTIVE: StatusSources = {
  nodeName: 'bridge',
  mode: 'active',
  fault: null,
  owner: 'agent',
  blend: FULL,
  stateTopic: '/joint_states',
  stateAgeMs: 3.4,
  stateTimeoutMs: 100,
  waiting: 'no agent is connected',
  stopReason: '~/release service',
  faultSinceWallNs: (sinceNs) => 1_700_000_000_000_000_000n + sinceNs,
  summary,
  agentConnected: true,
  commandSubscribers: 1,
  warnings: [],
  blackBox: '',
  controller: 'no /controller_manager answers',
  operatorCounts: { 'joint_jog dropped': 3 },
};
const FAULT: Fault = {
  check: 'state-jump',
  message: "state-jump: joint 'elbow' 2 rad, limit 0.1 rad",
  sinceNs: 5_000_000_000n,
  clearedBy: 'reset, at rest',
};

describe('the status', () => {
  it.each<[string, Partial<StatusSources>, number, string]>([
    ['the agent drives', {}, ok, 'the agent drives, through the gate'],
    [
      'the agent drives with less authority',
      { blend: { ratio: 0.5, why: 'no prediction comes from the agent' } },
      warn,
      'the agent drives, blend_ratio 0.5: no prediction comes from the agent',
    ],
    ['the operator drives', { owner: 'teleop' }, ok, 'the operator drives, through the gate'],
    [
      'nobody has driven yet',
      { mode: 'mute', owner: 'hold' },
      warn,
      'nothing is sent: no agent is connected',
    ],
    [
      'it was released',
      { mode: 'holding', owner: 'hold' },
      warn,
      'holding, nobody drives (after: ~/release service); to go on: service /bridge/engage',
    ],
    [
      'the state was lost',
      { mode: 'stopping', owner: 'hold', stopReason: '' },
      warn,
      'stopping (the joint state was lost); it holds once at rest',
    ],
    [
      'states have stopped',
      { stateAgeMs: 101 },
      stale,
      'joint states on /joint_states have stopped coming; check the driver and the network',
    ],
    [
      'no state ever came',
      { mode: 'mute', stateAgeMs: Infinity, waiting: 'no usable joint state has arrived on /joint_states' },
      stale,
      'no usable joint state has arrived on /joint_states; start the robot or its driver',
    ],
    [
      'a fault is latched, whatever else is wrong',
      { mode: 'fault', fault: FAULT, stateAgeMs: 500 },
      error,
      `${FAULT.message}; cleared by: reset, at rest (service /bridge/reset)`,
    ],
  ])('says so when %s', (_, more, level, message) => {
    expect(guardStatus({ ...ACTIVE, ...more })).toMatchObject({ level, message });
  });

  it('names mode, owner, fault, what clears it, since when, and the black box', () => {
    const blackBox = '/runs/a/blackbox/b.mcap';
    const { facts } = guardStatus({ ...ACTIVE, mode: 'fault', owner: 'hold', fault: FAULT, blackBox });
    expect(facts).toEqual({
      mode: 'fault',
      owner: 'nobody',
      blend_ratio: '1',
      'fault check': 'state-jump',
      fault: FAULT.message,
      'cleared by': 'reset, at rest',
      'fault since': '2023-11-14T22:13:25.000Z',
      warnings: 'none',
      controller: 'no /controller_manager answers',
      'black box': `${blackBox}; look at it with: dynabridge blackbox`,
    });
    expect(guardStatus(ACTIVE).facts).toMatchObject({ 'fault check': 'none', 'black box': 'none yet' });
  });

  it('warns of what one can drive with, besides what it says otherwise, but not before worse', () => {
    const warnings = ['2 publishers are on /joint_states', 'joint states are stamped 10 s in the past'];
    const driving = guardStatus({ ...ACTIVE, warnings });
    expect(driving).toMatchObject({
      level: warn,
      message: `the agent drives, through the gate; ${warnings.join('; ')}`,
    });
    expect(driving.facts['warnings']).toBe(warnings.join('; '));
    const faulty = guardStatus({ ...ACTIVE, mode: 'fault', fault: FAULT, warnings });
    expect(faulty.level).toBe(error);
    expect(faulty.message).not.toContain(warnings[0]);
    expect(faulty.facts['warnings']).toContain(warnings[0]);
  });

  it('counts as they stand are not among the facts, whose change is told at once', () => {
    const later = guardStatus({ ...ACTIVE, stateAgeMs: 9, summary: { ...summary, commands: 7 } });
    expect(later.facts).toEqual(guardStatus(ACTIVE).facts);
    expect(later.counts).toMatchObject({ commands: 7, 'joint state age ms': 9, 'joint_jog dropped': 3 });
  });
});
