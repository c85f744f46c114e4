import { describe, expect, it } from 'vitest';
import { whyNotEngage, type EngagementFacts } from '../../../src/guard/engagement.js';

const ready: EngagementFacts = {
  stopping: false,
  supervised: true,
  recorded: true,
  agentConnected: true,
  validProposals: 5,
  commandTopic: '/commands',
  commandSubscribers: 1,
  commandPublishers: 0,
  stateRateHz: 100,
  controlRateHz: 100,
};

describe('whyNotEngage', () => {
  it('has nothing to say when everything is there', () => {
    expect(whyNotEngage(ready)).toBeNull();
  });

  it.each([
    [{ stopping: true }, /stopping/],
    [{ supervised: false }, /supervisor/],
    [{ recorded: false }, /recorder/],
    [{ agentConnected: false }, /no agent/],
    [{ validProposals: 4 }, /4 valid proposals/],
    [{ commandSubscribers: 0 }, /nobody listens on \/commands/],
    [{ commandPublishers: 1 }, /another node publishes on \/commands/],
    [{ stateRateHz: 50 }, /50 Hz, control_rate_hz is 100/],
  ])('names what is missing: %j', (missing, message) => {
    expect(whyNotEngage({ ...ready, ...missing })).toMatch(message);
  });

  it('allows for the jitter of a measured rate', () => {
    expect(whyNotEngage({ ...ready, stateRateHz: 75 })).toBeNull();
  });
});
