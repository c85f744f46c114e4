import { beforeEach, describe, expect, it } from 'vitest';
import { EpisodeRobot } from '../../../src/finetune/index.js';
import type { Deployment } from '../../../src/io/ipc/index.js';
import { ToldGuard } from './told-guard.js';

const policy: Deployment = { motion: 'policy', version: 40, sampling: true, seed: 3, steps: 200 };
const start: Deployment = { motion: 'start', pose: [0], steps: 400 };
const PROMPT = 'put the robot back to a start, then press Enter here or call the service ~/engage';
const CLEAR = `clear what is wrong, ${PROMPT}`;

let guard: ToldGuard;
let robot: EpisodeRobot;
/** what people were told */
let said: string[];
/** [ms] */
let slept: number[];
/** happens instead of the next sleep */
let meanwhile: () => void;

beforeEach(() => {
  guard = new ToldGuard();
  said = [];
  slept = [];
  meanwhile = () => {};
  const sleep = (ms: number): Promise<void> => {
    slept.push(ms);
    meanwhile();
    return Promise.resolve();
  };
  robot = new EpisodeRobot(guard, guard.events, (line) => said.push(line), sleep);
});

/** All that follows from what has happened. */
const settled = (): Promise<void> => new Promise(setImmediate);
const engagements = (): number => guard.asked.filter((what) => what === 'engage').length;

describe('to deploy', () => {
  it('passes it on, and goes on when the agent has it', async () => {
    await robot.deploy(policy);
    expect(guard.asked).toEqual([policy]);
  });

  it('waits while a person drives with the agent, then asks', async () => {
    guard.request('engage', '~/engage service');
    const deployed = robot.deploy(policy);
    await settled();
    expect(guard.asked).toEqual([]);
    guard.agentEnds('200 steps');
    await deployed;
    expect(guard.asked).toEqual([policy]);
  });

  it('is asked again where the guard refuses, as when a person has just engaged', async () => {
    const refuse = guard.deploy.bind(guard);
    guard.deploy = (deployment) => {
      guard.deploy = refuse;
      guard.request('engage', '~/engage service');
      refuse(deployment);
    };
    const deployed = robot.deploy(policy);
    await settled();
    expect(guard.asked).toEqual([policy]);
    guard.agentEnds('200 steps');
    await deployed;
    expect(guard.asked).toEqual([policy, policy]);
    expect(slept).toHaveLength(1);
  });

  it('fails with the reason of an agent that cannot drive it', async () => {
    guard.failures.push('no checkpoint of step 40');
    await expect(robot.deploy(policy)).rejects.toMatchObject({
      code: 'GOAL_NOT_REACHED',
      message: 'the agent cannot drive that: no checkpoint of step 40',
    });
  });
});

describe('an episode', () => {
  beforeEach(() => robot.deploy(policy));

  it('is driven without a person, and was planned where the agent ends it', async () => {
    const driven = robot.episode(true);
    await settled();
    guard.agentEnds('200 steps');
    expect(await driven).toEqual({ id: 'real-0001/0', steps: 200, reason: '200 steps', planned: true });
    expect(robot.needsPerson).toBeNull();
    expect(said).toEqual([]);
  });

  it('is asked for until the guard accepts, and people are told why when that takes long', async () => {
    const proof = 'the agent has made 0 valid proposals, 5 are wanted as proof of life';
    const moving = 'the last command would stay in force';
    guard.refusals.push(...Array<string>(6).fill(proof), ...Array<string>(3).fill(moving));
    const driven = robot.episode(true);
    await settled();
    guard.agentEnds('200 steps');
    await driven;
    expect(engagements()).toBe(10);
    expect(slept).toHaveLength(9);
    expect(said).toEqual([`waiting: ${moving}`]);
  });

  it('is not begun twice where a person is first', async () => {
    guard.refusals.push('nobody listens');
    meanwhile = () => guard.request('engage', '~/engage service');
    const driven = robot.episode(true);
    await settled();
    guard.agentEnds('200 steps');
    expect(await driven).toMatchObject({ id: 'real-0001/0', planned: true });
    expect(engagements()).toBe(1);
  });

  it('may be under way already, as a person has engaged', async () => {
    guard.request('engage', '~/engage service');
    const driven = robot.episode(false);
    guard.agentEnds('200 steps');
    expect(await driven).toMatchObject({ planned: true });
    expect(said).toEqual([]);
    expect(guard.asked).toEqual([policy]);
  });

  it.each([
    ['a release', () => guard.request('release', '~/release service'), 'release: ~/release service'],
    ['an e-stop', () => guard.request('estop', '~/estop service'), 'e-stop pressed'],
    ['a stop', () => guard.request('stop', 'lifecycle'), 'stop: lifecycle'],
    ['a fault', () => guard.fault('state', 'no joint state for 60 ms'), 'no joint state for 60 ms'],
    [
      'an agent that is silent',
      () => guard.request('release', 'the agent is silent'),
      'release: the agent is silent',
    ],
    ['a loss without a request', () => guard.fault('x', 'lost'), 'lost'],
    ['the operator', () => operatorTakesOver(), 'the operator took over'],
  ])('is not planned, and needs a person, where %s ends it', async (_, stop, why) => {
    const driven = robot.episode(true);
    await settled();
    stop();
    guard.recorded('cut', 40);
    expect(await driven).toMatchObject({ steps: 40, planned: false });
    expect(robot.needsPerson).toBe(why);
  });
});

function operatorTakesOver(): void {
  guard.tell('disengaged', { reason: 'the operator took over', requested: true });
  guard.tell('teleop', { event: 'taken', by: 'operator device' });
}

describe('after an intervention', () => {
  it.each([
    ['an e-stop', () => guard.request('estop', '~/estop service')],
    ['a reset', () => guard.request('reset', '~/reset service')],
    ['a stop', () => guard.request('stop', 'lifecycle')],
    ['a release', () => guard.request('release', '~/release service')],
    ['a fault', () => guard.fault('state', 'no joint state for 60 ms')],
    ['the operator', () => guard.tell('teleop', { event: 'taken', by: 'operator device' })],
  ])('between episodes, %s, it engages by a person only', async (_, intervene) => {
    await robot.deploy(policy);
    intervene();
    const why = robot.needsPerson;
    const driven = robot.episode(true);
    await settled();
    expect(guard.asked).toEqual([policy]);
    expect(said).toEqual([`${why}; ${CLEAR}`]);
    guard.request('engage', '~/engage service');
    guard.agentEnds('200 steps');
    expect(await driven).toMatchObject({ planned: true });
    expect(robot.needsPerson).toBeNull();
  });

  it('while it is asked for, it is asked for no more', async () => {
    await robot.deploy(policy);
    guard.refusals.push('nobody listens', 'nobody listens');
    meanwhile = () => guard.request('estop', '~/estop service');
    const driven = robot.episode(true);
    await settled();
    expect(engagements()).toBe(1);
    expect(said).toEqual([`e-stop pressed; ${CLEAR}`]);
    guard.request('engage', 'operator device');
    guard.agentEnds('200 steps');
    expect(await driven).toMatchObject({ planned: true });
  });

  it('keeps the first reason of a chain of them', async () => {
    guard.request('release', '~/release service');
    guard.request('reset', '~/reset service', 'nothing is latched');
    guard.tell('teleop', { event: 'refused', why: 'nobody listens', by: 'operator device' });
    expect(robot.needsPerson).toBe('release: ~/release service');
    await robot.deploy(policy);
  });

  it('drives on by itself once a person has engaged', async () => {
    guard.request('estop', '~/estop service');
    guard.request('engage', '~/engage service');
    guard.agentEnds('200 steps');
    const driven = robot.episode(true);
    await settled();
    expect(engagements()).toBe(1);
    guard.agentEnds('200 steps');
    await driven;
  });
});

describe('a person at the terminal', () => {
  it('is asked to begin each episode where nobody else puts the robot back', async () => {
    const driven = robot.episode(false);
    await settled();
    expect(said).toEqual([PROMPT]);
    expect(guard.asked).toEqual([]);
    robot.confirm();
    robot.confirm(); // it drives already
    expect(guard.asked).toEqual(['engage']);
    guard.agentEnds('200 steps');
    expect(await driven).toMatchObject({ planned: true });
  });

  it.each([true, false])('clears an intervention, and is told of it; alone: %s', async (alone) => {
    guard.fault('state', 'no joint state for 60 ms');
    const driven = robot.episode(alone);
    await settled();
    expect(said).toEqual([`no joint state for 60 ms; ${CLEAR}`]);
    robot.confirm();
    expect(robot.needsPerson).toBeNull();
    guard.agentEnds('200 steps');
    await driven;
  });

  it('is told why not yet, and may try again', async () => {
    guard.refusals.push('latched: e-stop pressed');
    guard.request('estop', '~/estop service');
    const driven = robot.episode(true);
    await settled();
    robot.confirm();
    expect(said.at(-1)).toBe('not yet: latched: e-stop pressed');
    expect(robot.needsPerson).not.toBeNull();
    robot.confirm();
    guard.agentEnds('200 steps');
    expect(await driven).toMatchObject({ planned: true });
    expect(engagements()).toBe(2);
  });

  it('moves nothing where nobody was asked, as while it learns', () => {
    robot.confirm();
    expect(guard.asked).toEqual([]);
  });
});

describe('a reset by a service', () => {
  it('is called once the guard is silent', async () => {
    guard.refusals.push('the last command would stay in force; release, and mute once at rest');
    await robot.resetBy('/twin/reset');
    expect(guard.asked).toEqual(['mute', 'mute', '/twin/reset']);
  });

  it('is left out where somebody intervenes meanwhile', async () => {
    guard.refusals.push('the last command would stay in force; release, and mute once at rest');
    meanwhile = () => guard.request('estop', '~/estop service');
    await robot.resetBy('/twin/reset');
    expect(guard.asked).toEqual(['mute']);
  });

  it('fails where the service refuses', async () => {
    guard.service = { success: false, message: 'the gripper holds something' };
    await expect(robot.resetBy('/twin/reset')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: '/twin/reset did not put the robot back: the gripper holds something',
    });
  });
});

describe('a way to a start', () => {
  beforeEach(() => robot.deploy(start));

  it('comes to its own end', async () => {
    const moved = robot.move();
    await settled();
    guard.agentEnds('the start pose is reached', 80, 'pose');
    expect(await moved).toBeNull();
  });

  it('tells where it did not come to the pose', async () => {
    const moved = robot.move();
    await settled();
    guard.agentEnds('not at the start pose after 400 steps: slider at 0.2 m, wanted 0 m', 400);
    expect(await moved).toMatch(/^not at the start pose/);
    expect(robot.needsPerson).toBeNull();
  });

  it('may be cut short', async () => {
    const moved = robot.move();
    await settled();
    guard.request('release', '~/release service');
    expect(await moved).toBe('~/release service');
    expect(robot.needsPerson).not.toBeNull();
  });
});

describe('without agent or record', () => {
  const ends: [string, object, string][] = [
    ['agent-ended', { how: 'SIGKILL' }, 'nothing more can be learned: agent-ended (SIGKILL)'],
    ['recorder-ended', { how: 'exit code 1' }, 'nothing more can be learned: recorder-ended (exit code 1)'],
    ['recording-failed', { why: 'ENOSPC' }, 'nothing more can be learned: recording-failed (ENOSPC)'],
  ];

  it.each(ends)('%s ends an episode', async (kind, detail, message) => {
    await robot.deploy(policy);
    const driven = robot.episode(true);
    await settled();
    guard.tell(kind, { ...detail });
    await expect(driven).rejects.toMatchObject({ code: 'UNAVAILABLE', message });
  });

  it.each(ends)('%s is known to whoever asks later, as after learning', async (kind, detail, message) => {
    guard.tell(kind, { ...detail });
    for (const asked of [() => robot.deploy(policy), () => robot.episode(true), () => robot.move()])
      await expect(asked()).rejects.toMatchObject({ code: 'UNAVAILABLE', message });
    expect(guard.asked).toEqual([]);
  });

  it('an end from here lets the episode come to its end, and asks for no other', async () => {
    await robot.deploy(policy);
    const driven = robot.episode(true);
    await settled();
    guard.tell('ending', { how: 'SIGINT' });
    guard.request('stop', 'the supervisor asked for the end');
    guard.recorded('the supervisor asked for the end', 31);
    expect(await driven).toMatchObject({ steps: 31, planned: false });
    await expect(robot.deploy(policy)).rejects.toThrow('nothing more can be learned: ending (SIGINT)');
    expect(guard.asked).toEqual([policy, 'engage']);
  });

  it('an end from here asks nobody to go on', async () => {
    await robot.deploy(policy);
    guard.refusals.push('nobody listens');
    meanwhile = () => {
      guard.tell('ending', { how: 'SIGINT' });
      guard.request('stop', 'the supervisor asked for the end');
    };
    await expect(robot.episode(true)).rejects.toThrow('nothing more can be learned: ending (SIGINT)');
    expect(said).toEqual([]);
  });

  it.each([
    ['a deployment', () => robot.deploy(policy)],
    ['an episode', () => robot.episode(false)],
    ['a way to a start', () => robot.move()],
    ['a reset', () => robot.resetBy('/twin/reset')],
  ])('%s ends with the bridge', async (_, ask) => {
    guard.deploy = guard.engage = guard.mute = () => {};
    const asked = ask();
    guard.events.complete();
    await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'the bridge has ended' });
  });
});
