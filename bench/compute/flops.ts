/**
 * Useful floating-point operations: those of the matrix products that the mathematics needs, two for each multiply-add. Products
 * that an implementation makes without need (dX of a first layer, dW of a frozen network) and everything elementwise count nothing.
 */
import type { Work } from './cases.js';

/** multiply-adds of one row through a network: all layers, and all but the first */
interface Products {
  readonly all: number;
  readonly later: number;
}

function products(widths: readonly number[]): Products {
  let all = 0;
  for (let i = 1; i < widths.length; i++) all += widths[i - 1]! * widths[i]!;
  return { all, later: all - widths[0]! * widths[1]! };
}

export function usefulFlops(work: Work): number {
  switch (work.kind) {
    case 'matmul':
      return 2 * work.n ** 3;
    case 'forward':
    case 'forward-backward': {
      const { all, later } = products([work.inputs, ...work.hidden, work.outputs]);
      // forward; then dW of all layers and dX of all but the first
      const perRow = work.kind === 'forward' ? all : 2 * all + later;
      return 2 * work.members * work.batch * perRow;
    }
    case 'ensemble-step': {
      const { all, later } = products([work.inputs, ...work.hidden, 2 * work.outputs]);
      return 2 * work.members * work.batch * (2 * all + later);
    }
    case 'policy-forward':
      return 2 * work.batch * products([work.observations, ...work.hidden, work.actions]).all;
    case 'sac-update': {
      const actor = products([work.observations, ...work.hidden, 2 * work.actions]);
      const critic = products([work.observations + work.actions, ...work.hidden, 1]);
      // next actions, both targets, then both critics forward and backward
      const critics = actor.all + 2 * critic.all + 2 * (2 * critic.all + critic.later);
      // actor forward, both critics forward and dX down to the actions, then the actor's own gradient
      const policy = actor.all + 2 * (critic.all + critic.all) + actor.all + actor.later;
      return 2 * work.batch * (critics + policy);
    }
  }
}
