import { mean } from '../core/index.js';
import type { EpisodeRow, Metrics, ReportData, SummaryRow } from '../report/index.js';
import { minutes } from './finetune-news.js';

/** What a report shows of a fine-tuning, in the place of what it shows of a training. */
export function finetuneReport(metrics: Metrics): Pick<ReportData, 'learning' | 'trainingTime'> {
  const { episode, finetuned } = metrics;
  const result = finetuned.at(-1);
  const evaluations = (['before', 'after'] as const).flatMap((phase) => {
    const judged = episode.filter((row) => row.phase === phase);
    return judged.length === 0 ? [] : [evaluation(judged)];
  });
  return {
    learning: {
      stepName: 'robot time [min]',
      episodeName: 'exploring episode',
      episodes: episode
        .filter(({ phase }) => phase === 'learn')
        .map((row) => ({ step: robotMinutes(row), return: row.return })),
      evaluations,
      ...(evaluations[0] && { trainedReturn: evaluations[0].mean }),
      ...(result && { goalReturn: result.goalReturn }),
    },
    ...(result && {
      trainingTime: [
        { label: 'robot drives', seconds: result.robotSeconds },
        { label: 'learning', seconds: result.learningSeconds },
        {
          label: 'resets and waiting',
          seconds: Math.max(0, result.seconds - result.robotSeconds - result.learningSeconds),
        },
      ],
    }),
  };
}

export function finetuneSummary({ finetuned }: Metrics): SummaryRow[] {
  const result = finetuned.at(-1);
  if (result === undefined) return [];
  const {
    returnBefore,
    returnAfter,
    goalReturn,
    kept,
    robotSeconds,
    budget,
    steps,
    rounds,
    learningSeconds,
  } = result;
  const number = (value: number | null): string => (value === null ? 'not judged' : value.toFixed(1));
  return [
    { label: 'Return, as trained in simulation', value: number(returnBefore), note: 'on the robot' },
    {
      label: 'Return, as refined',
      value: number(returnAfter),
      note: `goal ${number(goalReturn)}`,
      ...(returnAfter !== null && { verdict: kept === 'refined' ? ('good' as const) : ('bad' as const) }),
    },
    {
      label: 'Kept',
      value: kept === 'refined' ? 'the refined policy' : 'the policy as it was trained',
    },
    {
      label: 'Robot time',
      value: `${minutes(robotSeconds)} of ${minutes(budget)} min`,
      note: `${steps} steps`,
    },
    {
      label: 'Learning',
      value: `${rounds} rounds in ${minutes(learningSeconds)} min`,
      note: 'while the robot held',
    },
  ];
}

function evaluation(judged: readonly EpisodeRow[]) {
  const returns = judged.map((row) => row.return);
  return {
    step: robotMinutes(judged.at(-1)!),
    mean: mean(returns),
    min: Math.min(...returns),
    max: Math.max(...returns),
  };
}

function robotMinutes({ robotSeconds = 0 }: EpisodeRow): number {
  return robotSeconds / 60;
}
