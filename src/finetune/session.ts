/** One fine-tuning: episodes on the robot and learning between them, until the budget of robot time is spent. */
import { DynabridgeError, mean } from '../core/index.js';
import type { JudgedEpisode, LearnedRound } from '../learner/index.js';
import type { Course, NextEpisode, Phase } from './course.js';
import type { DrivenEpisode, EpisodeRobot } from './episode-robot.js';
import type { Reset } from './reset.js';

/** What learns, as far as it is used here. */
export interface SessionLearner {
  read(): Promise<readonly JudgedEpisode[]>;
  learn(): Promise<LearnedRound>;
  revert(): Promise<void>;
}

export interface SessionListener {
  /** one line for people */
  line(text: string): void;
  /** The robot is about to move by itself. */
  begins(phase: Phase): void;
  /** @param phase null: somebody intervened, so that it judges nothing */
  episode(episode: JudgedEpisode, phase: Phase | null): void;
  learned(round: LearnedRound): void;
}

/** Of an earlier sitting. */
export interface EarlierEpisode {
  readonly episode: JudgedEpisode;
  /** what it counts for; null: somebody intervened, so that it judges nothing */
  readonly phase: Phase | null;
}

export interface SessionOptions {
  readonly robot: EpisodeRobot;
  readonly learner: SessionLearner;
  readonly course: Course;
  readonly reset: Reset;
  readonly seed: number;
  /** positions of the commanded joints (m) where an episode of the task may start */
  readonly drawStart: () => number[];
  /** most policy steps of the way there */
  readonly startSteps: number;
  /** the course knows them already */
  readonly earlier: readonly EarlierEpisode[];
  /** real steps that the policy at the beginning has learned from */
  readonly version: number;
  readonly listener: SessionListener;
  /** is called before each episode: from now on the robot has to be there */
  readonly expectRobot: () => void;
}

export interface SessionResult {
  /** returns of the evaluations before and after; of earlier sittings, too */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly episodes: number;
  readonly steps: number;
  /** what drives the robot from now on */
  readonly kept: 'refined' | 'trained';
  /** why nothing was learned any more; absent where the budget ended it */
  readonly divergence?: string;
}

/** Episodes without a step, in a row, after which it is clear that the robot is not put back to a start. */
const MOST_EMPTY = 3;
/** A round of learning is not worth fewer steps: of an episode that failed at once, the next one is waited for. */
const LEAST_NEW_STEPS = 50;
/** Rounds of learning in a row that may diverge. */
const MOST_DIVERGED = 2;

export class FinetuneSession {
  private readonly before: number[] = [];
  private readonly after: number[] = [];
  private episodes = 0;
  private steps = 0;
  /** recorded since the newest round of learning */
  private newSteps = 0;
  private version: number;
  private diverged = 0;
  private divergence: string | undefined;

  constructor(private readonly options: SessionOptions) {
    this.version = options.version;
    for (const { episode, phase } of options.earlier) this.count(episode, phase);
    this.newSteps = Math.max(0, this.steps - this.version); // less where a recording was lost since
  }

  async run(): Promise<SessionResult> {
    const { course, learner, listener } = this.options;
    for (let next = course.next(); next !== null; next = course.next()) {
      if (this.isLearningDue(next)) await this.learn();
      else await this.drive(next);
    }
    if (this.after.length === 0 && this.mayLearn) await this.learn();
    const { before, after, episodes, steps, divergence } = this;
    const worse = before.length > 0 && after.length > 0 && mean(after) < mean(before);
    if (worse) {
      listener.line('the policy is not better for it: the one trained in simulation is kept');
      await learner.revert();
    }
    return {
      before,
      after,
      episodes,
      steps,
      kept: worse || this.version === 0 ? 'trained' : 'refined',
      ...(divergence !== undefined && { divergence }),
    };
  }

  /** What is new is learned from before the next episode that is to profit from it. */
  private isLearningDue({ phase }: NextEpisode): boolean {
    return this.mayLearn && (phase === 'learn' || (phase === 'after' && this.after.length === 0));
  }

  private get mayLearn(): boolean {
    return this.newSteps >= LEAST_NEW_STEPS && this.divergence === undefined;
  }

  private async learn(): Promise<void> {
    const { learner, listener, course } = this.options;
    const round = await learner.learn();
    listener.learned(round);
    this.version = round.version;
    this.newSteps = 0;
    this.diverged = round.divergence === undefined ? 0 : this.diverged + 1;
    if (this.diverged < MOST_DIVERGED) return;
    this.divergence = round.divergence;
    course.endLearning();
  }

  private async drive(next: NextEpisode): Promise<void> {
    const { learner, course, listener, expectRobot } = this.options;
    expectRobot();
    const driven = await this.episode(next);
    for (const episode of await learner.read()) {
      const phase = driven.planned && episode.id === driven.id ? next.phase : null; // others are a person's
      course.spend(phase, episode.seconds);
      this.count(episode, phase);
      listener.episode(episode, phase);
    }
  }

  private count(episode: JudgedEpisode, phase: Phase | null): void {
    this.episodes++;
    this.steps += episode.steps;
    this.newSteps += episode.steps;
    if (phase === 'before') this.before.push(episode.return);
    if (phase === 'after') this.after.push(episode.return);
  }

  /** Brings the robot to a start and drives an episode of at least one step. */
  private async episode({ phase, steps }: NextEpisode): Promise<DrivenEpisode> {
    const { robot, seed, reset, listener } = this.options;
    const alone = reset.kind !== 'manual';
    for (let empty = 1; ; empty++) {
      if (alone && robot.needsPerson === null) await this.reset();
      const drawn = { sampling: phase === 'learn', seed: seed + this.episodes };
      await robot.deploy({ motion: 'policy', version: this.version, steps, ...drawn });
      listener.begins(phase);
      const driven = await robot.episode(alone);
      if (driven.steps > 0) return driven;
      const what = `the episode ended before its first step: ${driven.reason}`;
      if (alone && driven.planned && empty >= MOST_EMPTY) {
        throw new DynabridgeError(
          'GOAL_NOT_REACHED',
          `${what}, ${MOST_EMPTY} times in a row; the robot is not at a start of its task: choose another --reset`,
        );
      }
      listener.line(what);
    }
  }

  private async reset(): Promise<void> {
    const { reset, robot, drawStart, startSteps, listener } = this.options;
    if (reset.kind === 'service') await robot.resetBy(reset.service);
    if (reset.kind !== 'start') return;
    await robot.deploy({ motion: 'start', pose: drawStart(), steps: startSteps });
    const why = await robot.move();
    if (why !== null) listener.line(why);
  }
}
