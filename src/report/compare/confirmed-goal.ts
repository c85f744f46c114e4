/**
 * Index of the evaluation at which a goal counts as reached: the second of the first two in a row whose mean returns are at least the
 * goal, because one alone may be so by the luck of its starts. -1 where there are none.
 */
export function confirmedGoal(meanReturns: readonly number[], goal: number): number {
  return meanReturns.findIndex((value, i) => i > 0 && value >= goal && meanReturns[i - 1]! >= goal);
}
