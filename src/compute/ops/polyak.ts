import { tf } from '../tf.js';
import { requireTensor } from './checks.js';
import { runFused } from './dispatch.js';
import { ownStorage } from './own-storage.js';

/**
 * target += tau (source - target), in place: Polyak averaging of target networks.
 * @param target written
 * @param source same shape
 * @param tau in [0, 1]
 */
export function polyakStep(target: tf.Variable, source: tf.Tensor, tau: number): void {
  requireTensor('polyakStep', 'target', target, target.shape);
  requireTensor('polyakStep', 'source', source, target.shape);
  if (target.size === 0) return;
  ownStorage(target);
  runFused('PolyakStep', { target, source }, { tau }, () => {
    target.assign(tf.add(target, tf.mul(tf.sub(source, target), tau)));
    return [];
  });
}
