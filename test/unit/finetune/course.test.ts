import { describe, expect, it } from 'vitest';
import { Course, type Phase } from '../../../src/finetune/index.js';

/** Episodes of 10 s: 200 steps at 20 Hz. */
const course = (budget: number, evaluationEpisodes: number): Course =>
  new Course({ budget, evaluationEpisodes, episodeSteps: 200, policyRateHz: 20 });

/** Drives all that is wanted. @param overrun of each episode [s] */
function driveAll(course: Course, overrun = 0): string[] {
  const driven: string[] = [];
  for (let next = course.next(); next !== null; next = course.next()) {
    driven.push(`${next.phase} ${next.steps}`);
    course.spend(next.phase, next.steps / 20 + overrun);
  }
  return driven;
}

/** in earlier sittings */
const driven: { phase: Phase | null; seconds: number }[] = [
  { phase: 'before', seconds: 10 },
  { phase: null, seconds: 2 },
  { phase: 'learn', seconds: 10 },
  { phase: 'learn', seconds: 10 },
];

describe('a course', () => {
  it('judges, learns for what is left, and judges again', () => {
    const driven = ['before 200', 'before 200', 'learn 200', 'learn 200', 'after 200', 'after 200'];
    expect(driveAll(course(60, 2))).toEqual(driven);
  });

  it('learns only, where nothing is to be judged', () => {
    expect(driveAll(course(25, 0))).toEqual(['learn 200', 'learn 200', 'learn 100']);
  });

  it('shortens the last episode to learn from, to what keeps the judgement at the end free', () => {
    expect(driveAll(course(35, 1))).toEqual(['before 200', 'learn 200', 'learn 100', 'after 200']);
  });

  it('begins none to learn from with less than a tenth of one left', () => {
    expect(driveAll(course(30.95, 1))).toEqual(['before 200', 'learn 200', 'after 200']);
    expect(driveAll(course(31, 1))).toEqual(['before 200', 'learn 200', 'learn 20', 'after 200']);
  });

  it('stays within the budget where episodes take a little longer than their steps', () => {
    const planned = course(40, 1);
    expect(driveAll(planned, 0.03)).toEqual(['before 200', 'learn 200', 'learn 198', 'after 200']);
    expect(planned.seconds).toBeLessThan(40 + 0.05);
  });

  it('shortens nothing that judges for the little that episodes take longer', () => {
    const whole = driveAll(course(60, 2), 0.03).filter((episode) => !episode.startsWith('learn'));
    expect(whole).toEqual(['before 200', 'before 200', 'after 200', 'after 200']);
  });

  it('counts the time alone of an episode that somebody cut short', () => {
    const planned = course(40, 1);
    planned.spend(null, 4);
    expect(planned.next()).toEqual({ phase: 'before', steps: 200 });
    planned.spend('before', 10);
    planned.spend(null, 3);
    expect(planned.next()).toEqual({ phase: 'learn', steps: 200 });
    planned.spend('learn', 10);
    expect(planned.next()).toEqual({ phase: 'learn', steps: 60 });
    expect(planned.seconds).toBe(27);
  });

  it('judges with what is left where interruptions have used up the time for it', () => {
    const planned = course(30, 1);
    planned.spend('learn', 10);
    planned.spend(null, 14);
    expect(planned.next()).toEqual({ phase: 'after', steps: 121 });
    planned.spend(null, 5.5);
    expect(planned.next()).toBeNull();
  });

  it('goes on from what earlier sittings have driven, to a larger budget, too', () => {
    const planned = course(60, 1);
    planned.goOn(driven);
    expect(driveAll(planned)).toEqual(['learn 200', 'learn 160', 'after 200']);
  });

  it('does not go on where they have left nothing', () => {
    expect(() => course(32.9, 1).goOn(driven)).toThrow(
      'all 32.9 s of robot time are spent (32.0 s); go on with a larger --budget',
    );
    const planned = course(33, 1);
    planned.goOn(driven);
    expect(planned.next()).toEqual({ phase: 'after', steps: 21 });
  });

  it('judges no more "before" once it has learned, even where some are missing', () => {
    const planned = course(60, 2);
    planned.spend('before', 10);
    planned.spend('learn', 10);
    expect(planned.next()?.phase).toBe('learn');
  });

  it('goes to the judgement at the end when nothing more is to be learned', () => {
    const planned = course(180, 2);
    planned.spend('before', 10);
    planned.spend('before', 10);
    planned.spend('learn', 10);
    planned.endLearning();
    expect(driveAll(planned)).toEqual(['after 200', 'after 200']);
  });

  it.each([
    [49.9, 2, 50],
    [9, 0, 10],
  ])(
    'refuses %d s with %d episodes before and after, and says that %d s are needed',
    (budget, count, least) => {
      expect(() => course(budget, count)).toThrow(
        `--budget ${budget} s is too short: ${count} episodes before and ${count} after, and one to learn from, of 10 s each, need ${least} s`,
      );
      expect(course(least, count).next()).not.toBeNull();
    },
  );
});
