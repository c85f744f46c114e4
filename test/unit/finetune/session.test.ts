import { beforeEach, describe, expect, it } from 'vitest';
import {
  Course,
  EpisodeRobot,
  FinetuneSession,
  type EarlierEpisode,
  type Phase,
  type SessionResult,
} from '../../../src/finetune/index.js';
import { parseReset } from '../../../src/finetune/index.js';
import type { SessionOptions } from '../../../src/finetune/session.js';
import type { Deployment } from '../../../src/io/ipc/index.js';
import type { JudgedEpisode, LearnedRound } from '../../../src/learner/index.js';
import { ToldGuard } from './told-guard.js';

/** Episodes of 10 s: 200 steps at 20 Hz. */
const EPISODE = { episodeSteps: 200, policyRateHz: 20 };
const SEED = 7;

let guard: ToldGuard;
/** what happened, in order: requests of the robot, and what the learner was asked */
let order: unknown[];
let told: string[];
/** recorded, and not yet read by the learner */
let recorded: JudgedEpisode[];
/** return of each episode; the last one goes on */
let returns: number[];
/** what comes of rounds of learning; then all goes well */
let divergences: string[];
/** what happens in each episode; then the agent ends it */
let script: (() => void)[];
/** real steps that were recorded, and learned from */
let steps: number;
let version: number;

beforeEach(() => {
  guard = new ToldGuard();
  order = [];
  guard.asked.push = (...what) => order.push(...what);
  [told, recorded, returns, divergences, script] = [[], [], [-100], [], []];
  steps = version = 0;
  guard.onEngaged = (deployment) => {
    if (deployment!.motion === 'start') guard.agentEnds('the start pose is reached');
    else (script.shift() ?? (() => drive()))();
  };
});

/** The agent drives its episode to the end. */
function drive(driven = guard.deployment!.steps): void {
  record(driven);
  guard.agentEnds(`${driven} steps`, driven);
}

/** A person stops it. */
function cutShort(driven: number): void {
  if (driven > 0) record(driven);
  guard.request('release', '~/release service');
  guard.recorded('~/release service', driven);
}

function record(driven: number): void {
  const next = returns.length > 1 ? returns.shift()! : returns[0]!;
  const { version: policyVersion } = guard.deployment as Deployment & { motion: 'policy' };
  recorded.push(judged({ id: guard.id, policyVersion, steps: driven, return: next }));
  steps += driven;
}

const judged = (
  episode: Pick<JudgedEpisode, 'id' | 'policyVersion' | 'steps' | 'return'>,
): JudgedEpisode => ({
  ...episode,
  seconds: episode.steps / 20,
  terminated: false,
  reason: 'it ended',
});

const learner = {
  read: () => Promise.resolve(recorded.splice(0)),
  learn: (): Promise<LearnedRound> => {
    order.push('learn');
    const divergence = divergences.shift();
    if (divergence !== undefined) return Promise.resolve({ version, seconds: 1, divergence });
    version = steps;
    return Promise.resolve({ version, seconds: 1 });
  },
  revert: () => {
    order.push('revert');
    return Promise.resolve();
  },
};

/** @param budget [s] */
function session(
  budget: number,
  evaluationEpisodes: number,
  more: Partial<SessionOptions> = {},
): FinetuneSession {
  const robot = new EpisodeRobot(
    guard,
    guard.events,
    (line) => told.push(line),
    () => Promise.resolve(),
  );
  return new FinetuneSession({
    robot,
    learner,
    course: new Course({ budget, evaluationEpisodes, ...EPISODE }),
    reset: parseReset('none'),
    seed: SEED,
    drawStart: () => [0.5],
    startSteps: 400,
    earlier: [],
    version: 0,
    expectRobot: () => {},
    listener: {
      line: (text) => told.push(text),
      begins: () => {},
      episode: ({ steps, return: sum }, phase) => told.push(`${phase}: ${sum} in ${steps}`),
      learned: ({ version, divergence }) => told.push(divergence ?? `version ${version}`),
    },
    ...more,
  });
}

const deployments = (): Deployment[] => order.filter((what): what is Deployment => typeof what === 'object');
const policies = () =>
  deployments()
    .filter((deployment) => deployment.motion === 'policy')
    .map(({ version, sampling }) => [version, sampling]);
const run = (
  budget: number,
  evaluationEpisodes: number,
  more?: Partial<SessionOptions>,
): Promise<SessionResult> => session(budget, evaluationEpisodes, more).run();

describe('a session', () => {
  it('judges, explores, learns after each episode but those before, and judges what came of it', async () => {
    returns = [-300, -280, -250, -200, -100, -120];
    const result = await run(60, 2);
    expect(told).toEqual([
      'before: -300 in 200',
      'before: -280 in 200',
      'version 400',
      'learn: -250 in 200',
      'version 600',
      'learn: -200 in 200',
      'version 800',
      'after: -100 in 200',
      'after: -120 in 200',
    ]);
    expect(result).toEqual({
      before: [-300, -280],
      after: [-100, -120],
      episodes: 6,
      steps: 1200,
      kept: 'refined',
    });
    expect(order).not.toContain('revert');
  });

  it('drives with the newest policy, exploring only while it learns, each episode with its own seed', async () => {
    await run(30, 1);
    expect(deployments()).toEqual([
      { motion: 'policy', version: 0, sampling: false, seed: SEED, steps: 200 },
      { motion: 'policy', version: 200, sampling: true, seed: SEED + 1, steps: 200 },
      { motion: 'policy', version: 400, sampling: false, seed: SEED + 2, steps: 200 },
    ]);
  });

  it('explores first where nothing is to be judged', async () => {
    expect(await run(20, 0)).toMatchObject({ before: [], after: [], kept: 'refined', episodes: 2 });
    expect(policies()).toEqual([
      [0, true],
      [200, true],
    ]);
  });

  it('keeps the policy as it was trained where the refined one is worse', async () => {
    returns = [-100, -100, -100.1];
    expect(await run(30, 1)).toMatchObject({ before: [-100], after: [-100.1], kept: 'trained' });
    expect(order.at(-1)).toBe('revert');
    expect(told.at(-1)).toBe('the policy is not better for it: the one trained in simulation is kept');
  });

  it('keeps the refined policy where it is as good', async () => {
    expect(await run(30, 1)).toMatchObject({ kept: 'refined' });
    expect(order).not.toContain('revert');
  });
});

describe('a round that diverges', () => {
  it('leaves the policy, and what is new is learned from in the next round', async () => {
    divergences = ['the critic loss is 1e9'];
    expect(await run(40, 1)).toMatchObject({ kept: 'refined' });
    expect(policies().map(([version]) => version)).toEqual([0, 0, 400, 600]);
  });

  it('ends the learning where the next one does as well', async () => {
    divergences = ['the critic loss is 1e9', 'the critic loss is 2e9'];
    const result = await run(180, 1);
    expect(result).toEqual({
      before: [-100],
      after: [-100],
      episodes: 3,
      steps: 600,
      kept: 'trained',
      divergence: 'the critic loss is 2e9',
    });
    expect(order.filter((what) => what === 'learn')).toHaveLength(2);
  });

  it('does not where a round between them went well', async () => {
    divergences = ['one'];
    const learn = learner.learn;
    let round = 0;
    const odd = { ...learner, learn: () => ((divergences = ++round % 2 ? ['odd'] : []), learn()) };
    expect(await run(60, 0, { learner: odd })).not.toHaveProperty('divergence');
    expect(round).toBe(6);
  });
});

describe('an episode that somebody cuts short', () => {
  it('is learned from and costs its time, and judges nothing', async () => {
    script = [() => cutShort(60)];
    returns = [-1, -300, -200, -100];
    const driven = run(40, 1);
    await new Promise(setImmediate);
    expect(told.at(-1)).toContain('press Enter here or call the service ~/engage');
    guard.request('engage', '~/engage service');
    expect(await driven).toMatchObject({ before: [-300], after: [-100], episodes: 5, steps: 800 });
    expect(told[0]).toBe('null: -1 in 60');
    expect(deployments().map((deployment) => deployment.steps)).toEqual([200, 200, 200, 140, 200]);
  });

  it('judges nothing either where a person has driven it besides', async () => {
    const learn = (): Promise<LearnedRound> => {
      guard.request('engage', '~/engage service'); // with what explored last
      return learner.learn();
    };
    const result = await run(60, 1, { learner: { ...learner, learn } });
    expect(result).toMatchObject({ before: [-100], after: [-100] });
    expect(told.filter((line) => line.startsWith('null'))).not.toEqual([]);
  });

  it('is nothing where it had not even begun', async () => {
    script = [() => cutShort(0)];
    const driven = run(30, 1);
    await new Promise(setImmediate);
    expect(told[0]).toBe('the episode ended before its first step: ~/release service');
    guard.request('engage', '~/engage service');
    expect(await driven).toMatchObject({ episodes: 3, before: [-100] });
  });
});

describe('episodes without a step', () => {
  const empty = () => guard.agentEnds("the task ended: a terminal state of 'balance'", 0);

  it('are tried again', async () => {
    script = [empty, empty];
    expect(await run(30, 1)).toMatchObject({ episodes: 3, steps: 600 });
  });

  it('are given up after three, as the robot is not put back', async () => {
    script = [empty, empty, empty];
    await expect(run(30, 1)).rejects.toMatchObject({
      code: 'GOAL_NOT_REACHED',
      message:
        "the episode ended before its first step: the task ended: a terminal state of 'balance', 3 times in a row; " +
        'the robot is not at a start of its task: choose another --reset',
    });
  });

  it('may be as many as a person likes, who puts it back', async () => {
    script = [empty, empty, empty, empty];
    const driven = run(20, 0, { reset: parseReset('manual') });
    for (let i = 0; i < 6; i++) {
      await new Promise(setImmediate);
      guard.request('engage', '~/engage service');
    }
    expect(await driven).toMatchObject({ episodes: 2 });
  });
});

describe('a reset', () => {
  it('by a service comes before each episode', async () => {
    await run(20, 0, { reset: parseReset('/twin/reset') });
    const asked = order.map((what) => (typeof what === 'object' ? 'deploy' : what));
    const episode = ['mute', '/twin/reset', 'deploy', 'engage'];
    expect(asked).toEqual([...episode, 'learn', ...episode, 'learn']);
  });

  it('to a start is driven, and leaves no episode', async () => {
    expect(await run(20, 0, { reset: parseReset('start') })).toMatchObject({ episodes: 2, steps: 400 });
    const start = { motion: 'start', pose: [0.5], steps: 400 };
    expect(deployments().filter(({ motion }) => motion === 'start')).toEqual([start, start]);
    expect(deployments().map(({ motion }) => motion)).toEqual(['start', 'policy', 'start', 'policy']);
  });

  it('by hand is left to a person, who begins each episode', async () => {
    const driven = run(20, 0, { reset: parseReset('manual') });
    for (let episode = 0; episode < 2; episode++) {
      await new Promise(setImmediate);
      expect(order).not.toContain('engage');
      guard.request('engage', '~/engage service');
    }
    expect(await driven).toMatchObject({ episodes: 2 });
  });

  it.each(['start', '/twin/reset'])(
    'by %s is left to the person who has to clear something first',
    async (how) => {
      script = [() => cutShort(200)];
      const driven = run(20, 0, { reset: parseReset(how) });
      await new Promise(setImmediate);
      const before = order.length;
      guard.request('engage', '~/engage service');
      await driven;
      expect(order.slice(0, before).at(-1)).toMatchObject({ motion: 'policy' });
      expect(
        order.filter((what) => what === '/twin/reset' || (what as Deployment).motion === 'start'),
      ).toHaveLength(1);
    },
  );
});

describe('a later sitting', () => {
  const earlier = (
    phase: Phase | null,
    steps: number,
    policyVersion: number,
    sum: number,
  ): EarlierEpisode => ({
    episode: judged({ id: `real-0000/${phase}${policyVersion}`, steps, policyVersion, return: sum }),
    phase,
  });
  const after = (episodes: EarlierEpisode[]): Pick<SessionOptions, 'earlier' | 'course'> => {
    const course = new Course({ budget: 50, evaluationEpisodes: 1, ...EPISODE });
    course.goOn(episodes.map(({ episode, phase }) => ({ phase, seconds: episode.seconds })));
    return { earlier: episodes, course };
  };

  it('goes on where the one before has ended: what it had not learned from comes first', async () => {
    steps = 600;
    version = 400;
    const past = [
      earlier('before', 200, 0, -300),
      earlier('learn', 200, 200, -1),
      earlier(null, 200, 400, -2),
    ];
    const expectRobot = (): void => void order.push('from now on the robot has to be there');
    const result = await run(50, 1, { ...after(past), version: 400, expectRobot });
    expect(order.slice(0, 2)).toEqual(['learn', 'from now on the robot has to be there']);
    expect(policies()).toEqual([
      [600, true],
      [800, false],
    ]);
    expect(result).toMatchObject({ before: [-300], after: [-100], episodes: 5, steps: 1000 });
  });

  it('judges first where the one before was cut short in that', async () => {
    steps = 40;
    await run(50, 1, after([earlier(null, 40, 0, -1)]));
    expect(policies()[0]).toEqual([0, false]);
    expect(told[0]).toBe('before: -100 in 200');
  });
});
