/** Robots that differ from the simulation that their policy was trained in. */
export interface FinetuneCase {
  readonly name: string;
  readonly robot: string;
  readonly task: string;
  /** environment steps of the training at most; it ends at its goal */
  readonly trainingSteps: number;
  /** on top of the friction, noise and play of the twin: see sim/imperfections.ts */
  readonly perturbation: Readonly<Record<string, number>>;
}

export const FINETUNE_CASES: readonly FinetuneCase[] = [
  {
    name: 'cartpole-weak',
    robot: 'cartpole',
    task: 'swing-up',
    trainingSteps: 8000,
    perturbation: { actuatorGain: 0.7 },
  },
  {
    name: 'pendulum-heavy',
    robot: 'pendulum',
    task: 'swing-up',
    trainingSteps: 4000,
    perturbation: { massScale: 1.5 },
  },
];

/**
 * refined: as dynabridge finetune learns; no-domains: the same on real steps alone, without simulated ones and the input that tells them
 * apart; sac: the same without a world model, as many updates on real steps; scratch: MBPO from nothing on the robot.
 */
export const FINETUNE_IMPLS = ['refined', 'no-domains', 'sac', 'scratch'] as const;
export type FinetuneImpl = (typeof FINETUNE_IMPLS)[number];
