/** What a benchmark of learning does where its options do not say: environment frames to train at most, and between evaluations. */
interface Budget {
  readonly steps: Readonly<Record<'mbpo' | 'sac', number>>;
  readonly evaluateEvery: Readonly<Record<'mbpo' | 'sac', number>>;
}

const BUDGETS: Readonly<Record<string, Budget>> = {
  'inverted-pendulum': { steps: { mbpo: 10_000, sac: 50_000 }, evaluateEvery: { mbpo: 250, sac: 500 } },
  'pendulum-v1': { steps: { mbpo: 10_000, sac: 50_000 }, evaluateEvery: { mbpo: 250, sac: 500 } },
  'cartpole-balance': { steps: { mbpo: 20_000, sac: 100_000 }, evaluateEvery: { mbpo: 250, sac: 1000 } },
  'cartpole-swingup': { steps: { mbpo: 30_000, sac: 150_000 }, evaluateEvery: { mbpo: 500, sac: 2000 } },
  'reacher-easy': { steps: { mbpo: 100_000, sac: 300_000 }, evaluateEvery: { mbpo: 1000, sac: 5000 } },
  hopper: { steps: { mbpo: 125_000, sac: 300_000 }, evaluateEvery: { mbpo: 1000, sac: 5000 } },
};
const OTHERS: Budget = {
  steps: { mbpo: 100_000, sac: 500_000 },
  evaluateEvery: { mbpo: 1000, sac: 5000 },
};

export function budgetOf(task: string, algo: 'mbpo' | 'sac'): { steps: number; evaluateEvery: number } {
  const { steps, evaluateEvery } = BUDGETS[task] ?? OTHERS;
  return { steps: steps[algo], evaluateEvery: evaluateEvery[algo] };
}
