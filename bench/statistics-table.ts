import os from 'node:os';

/** The machine, in one line; figures of different machines are not comparable, ratios are. */
export function machineLine(): string {
  const cpu = os.cpus();
  const load = os.loadavg()[0]!.toFixed(2);
  return `${cpu.length} x ${cpu[0]?.model ?? 'unknown'}, Node ${process.version}, load ${load}`;
}

/** Aligned columns, numbers to the right. */
export function columns(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => cell.padStart(widths[i]!)).join('  ');
  return [line(header), ...rows.map(line)].join('\n');
}
