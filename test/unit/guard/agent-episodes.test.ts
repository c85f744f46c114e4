import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/index.js';
import { AgentEpisodes } from '../../../src/guard/agent-episodes.js';
import { AgentLink } from '../../../src/guard/agent-link.js';
import type {
  DeployMessage,
  EpisodeEndMessage,
  IpcConnection,
  IpcMessage,
} from '../../../src/io/ipc/index.js';
import type { Owner } from '../../../src/safety/index.js';

const TIMEOUT_MS = 200;
const MS = 1_000_000n;

let clock: ManualClock;
let link: AgentLink;
let episodes: AgentEpisodes;
let owner: Owner;
/** what was told, recorded and released, in this order */
let done: unknown[];
let received: IpcMessage[];
/** the agent reads what it is sent */
let reads: boolean;

beforeEach(() => {
  clock = new ManualClock(1_000n * MS);
  link = new AgentLink(['slider'], 60n);
  owner = 'hold';
  done = [];
  received = [];
  reads = true;
  episodes = new AgentEpisodes(link, TIMEOUT_MS, clock, {
    owner: () => owner,
    release: (why) => done.push(['release', why]),
    record: (message) => done.push(message),
    tell: (kind, detail) => done.push([kind, detail]),
  });
});

function connect(): IpcConnection {
  const send = (message: IpcMessage): boolean => {
    if (reads) received.push(message);
    return reads;
  };
  const agent = { send } as unknown as IpcConnection;
  link.connect(agent);
  return agent;
}

/** The agent has been engaged, and asked for one step. */
function engaged(): number {
  connect();
  owner = 'agent';
  episodes.begin('somebody');
  const step = link.nextStep();
  done = [];
  return step;
}

const end = (policyStep: number, more: Partial<EpisodeEndMessage> = {}): EpisodeEndMessage => ({
  type: 'episode-end',
  policyStep,
  cause: 'task',
  terminated: true,
  why: 'it fell',
  ...more,
});
const policy: DeployMessage = {
  type: 'deploy',
  motion: 'policy',
  version: 40,
  sampling: true,
  seed: 3,
  steps: 250,
};

describe('an episode of the agent', () => {
  it('begins and ends with authority, and its time counts', () => {
    episodes.begin('somebody');
    clock.advanceMs(1500);
    expect(episodes.seconds).toBe(1.5);
    episodes.end('told to', true);
    episodes.end('again', true);
    clock.advanceMs(500);
    expect(episodes.seconds).toBe(1.5);
    expect(done).toEqual([
      ['engaged', { atNs: String(1_000n * MS), by: 'somebody' }],
      ['disengaged', { reason: 'told to', requested: true }],
    ]);
  });

  it('is ended by the agent itself: recorded, told, then released', () => {
    const message = end(engaged());
    episodes.endByAgent(message);
    expect(done).toEqual([
      message,
      ['episode-end', { cause: 'task', terminated: true, why: 'it fell' }],
      ['release', 'it fell'],
    ]);
  });

  it.each(['hold', 'teleop'] as const)('is not ended by an agent while the owner is %s', (who) => {
    const step = engaged();
    owner = who;
    episodes.endByAgent(end(step));
    expect(done).toEqual([]);
  });

  it('is not ended by what the agent says of a step before it, or of one that was not asked yet', () => {
    const first = engaged();
    for (const step of [first - 2, first - 1, first + 1]) episodes.endByAgent(end(step));
    expect(done).toEqual([]);
    link.nextStep();
    episodes.endByAgent(end(first)); // late, and of this episode
    expect(done.length).toBe(3);
  });

  it('is taken from an agent that answers nothing for long enough, and from one that went away', () => {
    engaged();
    episodes.answered(clock.nowNs());
    episodes.missed();
    episodes.missed();
    clock.advanceMs(TIMEOUT_MS);
    expect(done).toEqual([]);
    episodes.missed();
    episodes.lost();
    expect(done).toEqual([
      ['agent-silent', { silentMs: TIMEOUT_MS, missedSteps: 3 }],
      ['release', 'the agent is silent'],
      ['release', 'the agent went away'],
      ['agent-lost', {}],
    ]);
  });

  it('is none while the agent has no authority: nothing is taken from it', () => {
    for (let i = 0; i < 5; i++) episodes.missed();
    episodes.lost();
    expect(done).toEqual([['agent-lost', {}]]);
  });
});

describe('a deployment', () => {
  it('is passed on to an agent that does not drive', () => {
    connect();
    episodes.deploy(policy);
    expect(received).toEqual([policy]);
    expect(link.deploying).toBe(true);
    expect(done).toEqual([]);
  });

  it.each<[string, () => void, string]>([
    ['while the agent drives', () => engaged(), 'the agent drives; end its episode first'],
    ['without an agent', () => {}, 'no agent is connected'],
  ])('is refused %s', (_when, prepare, why) => {
    prepare();
    episodes.deploy(policy);
    expect(received).toEqual([]);
    expect(link.deploying).toBe(false);
    expect(done).toEqual([['deploy-refused', { why }]]);
  });

  it('is refused where the agent does not read it, and waited for no more', () => {
    connect();
    reads = false;
    episodes.deploy(policy);
    expect(link.deploying).toBe(false);
    expect(done).toEqual([['deploy-refused', { why: 'the agent does not keep up' }]]);
  });

  it('is refused until the one before is answered', () => {
    connect();
    episodes.deploy(policy);
    episodes.deploy({ type: 'deploy', motion: 'start', pose: [0], steps: 9 });
    expect(received).toEqual([policy]);
    expect(done).toEqual([['deploy-refused', { why: 'the agent has not answered the deployment before' }]]);
    link.deployed(false);
    episodes.deploy(policy);
    expect(received).toEqual([policy, policy]);
  });
});
