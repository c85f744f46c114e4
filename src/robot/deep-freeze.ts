/** Freezes plain objects and arrays all the way down; returns `value`. What is no object counts as frozen. */
export function deepFreeze<T>(value: T): T {
  if (!Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value as object)) deepFreeze(child);
  }
  return value;
}
