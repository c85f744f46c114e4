import { badInput } from '../../core/index.js';
import type { TimeShare } from '../report-data.js';
import { bandCurve, type BandCurve, type SeedCurve } from './band-curve.js';
import type { Algorithm, ComparedRun } from './compared-run.js';
import { confirmedGoal } from './confirmed-goal.js';
import { spreadOf, type Spread } from './spread.js';

/** Runs of one robot and task, whose returns can be compared. */
export interface TaskComparison {
  readonly robot: string;
  readonly task: string;
  /** absent while no run of the task has ended */
  readonly goalReturn?: number;
  /** median over the runs */
  readonly returnRandom?: number;
  readonly groups: readonly Group[];
}

/** Runs that differ in nothing but the seed: statistics are over these. */
export interface Group {
  readonly algo: Algorithm;
  readonly preset: string;
  /** e.g. 'MBPO small' */
  readonly label: string;
  readonly runs: readonly ComparedRun[];
  /** return against environment frames */
  readonly steps: BandCurve;
  /** return against wall clock [s]; of the runs that recorded it */
  readonly seconds?: BandCurve;
  readonly stepsToGoal?: TimeToGoal;
  readonly secondsToGoal?: TimeToGoal;
  /** of each seed's last evaluation */
  readonly lastReturn: Spread;
  /** of the policies that were kept; of the runs that have ended */
  readonly keptReturn?: Spread;
  /** mean over the runs that recorded it */
  readonly time?: readonly TimeShare[];
}

/** When seeds reached the goal; Infinity stands for a seed that did not. */
export interface TimeToGoal extends Spread {
  readonly reached: number;
  readonly of: number;
}

/**
 * Compares runs, by task and by (algorithm, preset).
 * @throws DynabridgeError BAD_INPUT when a run is given twice, or when runs of a task have different goals
 */
export function compareRuns(runs: readonly ComparedRun[]): TaskComparison[] {
  const paths = new Set<string>();
  for (const { path } of runs) {
    if (paths.has(path))
      throw badInput(`run ${path} is given twice; it counts as one seed: name it once`, { path });
    paths.add(path);
  }
  const tasks = groupBy(runs, ({ robot, task }) => [robot, task]);
  return tasks.map(compareTask).sort((a, b) => compareText(a.robot, b.robot) || compareText(a.task, b.task));
}

function compareTask(runs: readonly ComparedRun[]): TaskComparison {
  const { robot, task } = runs[0]!;
  const goalReturn = commonGoal(runs);
  const random = present(runs.map((run) => run.returnRandom));
  const groups = groupBy(runs, ({ algo, preset }) => [algo, preset]).map((group) =>
    compareGroup(group, goalReturn),
  );
  return {
    robot,
    task,
    ...(goalReturn === undefined ? {} : { goalReturn }),
    ...(random.length === 0 ? {} : { returnRandom: spreadOf(random).median }),
    groups: groups.sort((a, b) => compareText(a.label, b.label)),
  };
}

function commonGoal(runs: readonly ComparedRun[]): number | undefined {
  const ended = runs.filter((run) => run.goalReturn !== undefined);
  const [first] = ended;
  const other = ended.find((run) => run.goalReturn !== first!.goalReturn);
  if (other === undefined) return first?.goalReturn;
  throw badInput(
    `goal of task '${other.task}' is ${other.goalReturn} in ${other.path} and ${first!.goalReturn} in ${first!.path}; ` +
      'compare runs of one version of the task',
    { task: other.task, paths: [first!.path, other.path] },
  );
}

function compareGroup(unordered: readonly ComparedRun[], goal: number | undefined): Group {
  const runs = [...unordered].sort((a, b) => a.seed - b.seed || compareText(a.name, b.name));
  const { algo, preset } = runs[0]!;
  const timed = runs.filter((run) => run.evaluations.every(({ seconds }) => seconds !== undefined));
  const kept = present(runs.map((run) => run.returnAfter));
  const time = meanTime(runs);
  return {
    algo,
    preset,
    label: `${algo.toUpperCase()} ${preset}`.trim(),
    runs,
    steps: bandCurve(runs.map((run) => seedCurve(run, 'step'))),
    ...(timed.length === 0 ? {} : { seconds: bandCurve(timed.map((run) => seedCurve(run, 'seconds'))) }),
    ...(goal === undefined ? {} : { stepsToGoal: timeToGoal(runs, goal, 'step') }),
    ...(goal === undefined || timed.length === 0
      ? {}
      : { secondsToGoal: timeToGoal(timed, goal, 'seconds') }),
    lastReturn: spreadOf(runs.map((run) => run.evaluations.at(-1)!.meanReturn)),
    ...(kept.length === 0 ? {} : { keptReturn: spreadOf(kept) }),
    ...(time === undefined ? {} : { time }),
  };
}

type Axis = 'step' | 'seconds';

function seedCurve({ seed, evaluations }: ComparedRun, axis: Axis): SeedCurve {
  return {
    seed,
    x: evaluations.map((point) => point[axis]!),
    y: evaluations.map((point) => point.meanReturn),
  };
}

/** At the evaluation at which the goal counts as reached, see {@link confirmedGoal}. */
function timeToGoal(runs: readonly ComparedRun[], goal: number, axis: Axis): TimeToGoal {
  const times = runs.map(({ evaluations }) => {
    const returns = evaluations.map(({ meanReturn }) => meanReturn);
    return evaluations[confirmedGoal(returns, goal)]?.[axis] ?? Infinity;
  });
  return { ...spreadOf(times), reached: times.filter(Number.isFinite).length, of: times.length };
}

function meanTime(runs: readonly ComparedRun[]): TimeShare[] | undefined {
  const timed = present(runs.map((run) => run.time));
  return timed[0]?.map(({ label }, part) => ({
    label,
    seconds: timed.reduce((sum, shares) => sum + shares[part]!.seconds, 0) / timed.length,
  }));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => readonly string[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}

function present<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined);
}

/** By code unit, so that the order does not depend on the machine's locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
