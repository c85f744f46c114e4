/** A number for an axis or a table: up to four digits, thousands with a thin gap, no exponent where it can be avoided. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e9)) return Number(value.toPrecision(2)).toExponential();
  const rounded = Number(value.toPrecision(4));
  const [whole, fraction] = String(Math.abs(rounded)).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const sign = rounded < 0 ? '\u2212' : '';
  return sign + grouped + (fraction === undefined ? '' : `.${fraction}`);
}

/** A count in full, thousands with a thin gap. */
export function countNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** e.g. 42.3 s, 12 min 5 s, 3 h 20 min */
export function duration(seconds: number): string {
  if (seconds < 60) return `${shortNumber(Number(seconds.toPrecision(3)))} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
