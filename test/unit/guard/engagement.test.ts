import { describe, expect, it } from 'vitest';
import {
  whyNotDrive,
  whyNotEngage,
  type DrivingFacts,
  type EngagementFacts,
} from '../../../src/guard/engagement.js';

const fit: DrivingFacts = {
  stopping: false,
  supervised: true,
  commandTopic: '/commands',
  commandSubscribers: 1,
  commandPublishers: 0,
  stateTopic: '/states',
  statePublishers: 1,
  stateRateHz: 100,
  controlRateHz: 100,
  downstream: null,
};
const ready: EngagementFacts = { recorded: true, agentConnected: true, deploying: false, validProposals: 5 };

describe('whyNotDrive', () => {
  it('has nothing to say when everything is there', () => {
    expect(whyNotDrive(fit)).toBeNull();
  });

  it.each([
    [{ stopping: true }, /stopping/],
    [{ supervised: false }, /supervisor/],
    [{ downstream: 'it is inactive' }, /^it is inactive$/],
    [{ commandSubscribers: 0 }, /nobody listens on \/commands/],
    [{ commandPublishers: 1 }, /another node publishes on \/commands/],
    [{ statePublishers: 2 }, /2 publishers are on \/states, one is wanted/],
    [{ stateRateHz: 50 }, /50 Hz, control_rate_hz is 100/],
  ])('names what is missing: %j', (missing, message) => {
    expect(whyNotDrive({ ...fit, ...missing })).toMatch(message);
  });

  it('allows for the jitter of a measured rate', () => {
    expect(whyNotDrive({ ...fit, stateRateHz: 75 })).toBeNull();
  });
});

describe('whyNotEngage', () => {
  it('names a deployment that is not answered', () => {
    expect(whyNotEngage({ ...ready, deploying: true })).toMatch(/is loading what was deployed/);
  });

  it('has nothing to say when everything is there', () => {
    expect(whyNotEngage(ready)).toBeNull();
  });

  it.each([
    [{ recorded: false }, /recorder/],
    [{ agentConnected: false }, /no agent/],
    [{ validProposals: 4 }, /4 valid proposals/],
  ])('names what is missing: %j', (missing, message) => {
    expect(whyNotEngage({ ...ready, ...missing })).toMatch(message);
  });
});
