import type { FitReport } from './ensemble-fit.js';
import type { SacReport } from './sac.js';

/** log density of a bounded action per joint that no sane policy exceeds [nat] */
const LOG_DENSITY = 5;
/** slack over what values can be */
const SLACK = 10;

/**
 * Tells when a training has gone wrong beyond recovery: a loss or the temperature is no finite number, or the critics' targets are ten
 * times what discounted rewards and entropy can add up to, (max |reward| + max temperature * A * 5 nat) / (1 - gamma).
 */
export class DivergenceDetector {
  private largestReward = 0;
  private largestTemperature = 0;

  constructor(
    private readonly actionSize: number,
    private readonly gamma: number,
  ) {}

  /** Values so far, for {@link restore}. */
  get state(): readonly [number, number] {
    return [this.largestReward, this.largestTemperature];
  }

  restore([largestReward, largestTemperature]: readonly [number, number]): void {
    this.largestReward = largestReward;
    this.largestTemperature = largestTemperature;
  }

  reward(value: number): void {
    if (Math.abs(value) > this.largestReward) this.largestReward = Math.abs(value);
  }

  /** @returns what is wrong, with the value and its bound; undefined when nothing is */
  check(report: SacReport): string | undefined {
    for (const [name, value] of Object.entries(report) as [string, number][]) {
      if (!Number.isFinite(value)) return `${name} is ${value}`;
    }
    this.largestTemperature = Math.max(this.largestTemperature, report.temperature);
    const { largestReward, largestTemperature, actionSize, gamma } = this;
    const bound = (SLACK * (largestReward + largestTemperature * actionSize * LOG_DENSITY)) / (1 - gamma);
    if (Math.abs(report.targetMean) <= bound) return undefined;
    return `the critics' mean target is ${report.targetMean.toPrecision(4)}, beyond ${bound.toPrecision(4)}`;
  }
}

/** @returns what is wrong with a fit of the world model, none of whose members can be trusted then; undefined when nothing is */
export function fitDivergence({ trainLoss, holdoutErrors }: FitReport): string | undefined {
  if (!Number.isFinite(trainLoss)) return `the world model's training loss is ${trainLoss}`;
  const broken = holdoutErrors.findIndex((error) => !Number.isFinite(error));
  return broken < 0
    ? undefined
    : `the held-out error of member ${broken} of the world model is ${holdoutErrors[broken]}`;
}
