/** Apart from what collects, so that the command line can name them without loading a tensor library. */
export const COLLECTING_POLICIES = ['trained', 'random', 'mix'] as const;

/**
 * trained: the policy, which explores as in training in a share of its steps; random: uniform actions; mix: an episode of each in
 * turn, beginning with the trained one.
 */
export type CollectingPolicy = (typeof COLLECTING_POLICIES)[number];
