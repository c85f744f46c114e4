import { tf } from '../tf.js';

/** What a backend offers whose kernels write into tensors. */
interface OwningBackend {
  ownsExclusively(dataId: tf.DataId): boolean;
}

/**
 * Makes sure that nothing else sees the variable's storage, so that a kernel may write into it: on a backend that writes in place,
 * a variable whose storage is shared (a clone is alive, its array came from outside or was read) gets storage of its own.
 */
export function ownStorage(variable: tf.Variable): void {
  const backend = tf.backend() as Partial<OwningBackend>;
  if (backend.ownsExclusively === undefined || backend.ownsExclusively(variable.dataId)) return;
  const copy = tf.mul(variable, 1); // a clone would share the storage again
  variable.assign(copy);
  copy.dispose();
}
