import { Rng } from '../core/index.js';
import { WorldModel, withDomainInput, withPrefix, withoutPrefix, type NamedTensors } from '../rl/index.js';
import type { RefinerOptions } from './refiner.js';

/**
 * The tensors of a training as those of a learner that tells simulation and robot apart. A policy that was trained without a world model
 * (SAC alone) gets one: fitted to the steps of its simulation.
 * @param tensors of a Learner
 * @param model what the training says of its world model; undefined where it had none
 */
export async function withRobotModel(
  tensors: NamedTensors,
  model: { readonly domainInput: boolean } | undefined,
  { layout, task, observation, config, seed, simulated }: RefinerOptions,
): Promise<NamedTensors> {
  if (model?.domainInput === true) return tensors;
  if (model !== undefined)
    return { ...tensors, ...withPrefix('model', withDomainInput(withoutPrefix('model', tensors))) };
  const { domainInput: _, ...world } = config.world!;
  const simulation = { ...world, domainInput: false };
  const fitted = new WorldModel(layout, task, observation, simulation, new Rng(seed, 'model-init'));
  try {
    await fitted.fitTo(fitted.dataset(simulated), new Rng(seed, 'first-fit'));
    return { ...tensors, ...withPrefix('model', withDomainInput(fitted.tensors())) };
  } finally {
    fitted.dispose();
  }
}
