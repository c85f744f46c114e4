import { badInput, Rng } from '../../core/index.js';
import type { VectorEnv } from '../../env/index.js';
import {
  PlainPolicy,
  RandomPolicy,
  type Policy,
  type PolicyCarry,
  type PolicySnapshot,
} from '../policy-snapshot.js';
import type { ReplayView } from '../replay.js';
import type { CollectingPolicy } from './collecting-policies.js';

/** Share of the trained policy's steps whose action is drawn from its distribution; the others take the mean. */
const EXPLORING_SHARE = 0.5;

export interface CollectOptions {
  /** of one robot */
  readonly env: VectorEnv;
  readonly snapshot: PolicySnapshot;
  readonly policy: CollectingPolicy;
  readonly episodes: number;
  readonly seed: number;
  readonly onEpisode?: (done: number) => void;
}

/** Whole episodes that no training has seen, into `replay`. */
export function collectEpisodes(options: CollectOptions, replay: ReplayView): void {
  const { env, snapshot, policy, episodes, seed } = options;
  if (env.count !== 1) throw badInput(`diagnostics need an environment of one robot, got ${env.count}`);
  const starts = new Rng(seed, 'diagnostics starts');
  const exploration = new Rng(seed, 'diagnostics exploration');
  const trained = partlyExploring(snapshot, exploration);
  const random = new RandomPolicy(snapshot.observation.actionSize, exploration);
  for (let episode = 0; episode < episodes; episode++) {
    const isRandom = policy === 'random' || (policy === 'mix' && episode % 2 === 1);
    env.reset(0, starts);
    if (isRandom) runEpisode(env, random, replay);
    else runEpisode(env, trained, replay);
    options.onEpisode?.(episode + 1);
  }
}

function partlyExploring(snapshot: PolicySnapshot, rng: Rng): Policy<PolicyCarry> {
  const mean = new PlainPolicy(snapshot);
  const drawn = new PlainPolicy(snapshot, rng);
  return {
    begin: () => mean.begin(),
    step: (carry, frame) => (rng.uniform() < EXPLORING_SHARE ? drawn : mean).step(carry, frame),
  };
}

function runEpisode<Carry>(env: VectorEnv, policy: Policy<Carry>, replay: ReplayView): void {
  let carry = policy.begin();
  replay.begin(env.frames);
  let frame = env.frames;
  for (let over = false; !over;) {
    const choice = policy.step(carry, frame);
    carry = choice.carry;
    const { frames, rewards, terminated, truncated } = env.step(choice.action);
    const ended = terminated[0] === 1;
    replay.append(choice.action, frames, rewards[0]!, ended, truncated[0] === 1);
    frame = frames;
    over = ended || truncated[0] === 1;
  }
}
