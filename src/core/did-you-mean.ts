/** Edit distance (Levenshtein) of two short names. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** ` (did you mean 'elbow'?)` for a name close to a known one, else ` (known: a, b)` (or nothing when nothing is known). */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = known
    .map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)[0];
  if (nearest === undefined) return '';
  const near = nearest.edits <= Math.max(2, Math.floor(name.length / 3));
  if (near) return ` (did you mean '${nearest.candidate}'?)`;
  return ` (known: ${known.join(', ')})`;
}
