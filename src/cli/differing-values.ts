/** Paths and values of the leaves in which two plain objects differ, e.g. "limits.slider.maxVelocity: 2, not 1.5". */
export function differingValues(a: unknown, b: unknown, path = ''): string[] {
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differingValues(a[key], b[key], path === '' ? key : `${path}.${key}`));
  }
  if (Object.is(a, b)) return [];
  return [`${path}: ${text(a)}, not ${text(b)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function text(value: unknown): string {
  if (value === undefined) return 'none';
  return typeof value === 'number' ? String(value) : JSON.stringify(value); // JSON has no Infinity
}
