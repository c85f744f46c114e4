import cliProgress from 'cli-progress';
import { elapsedMs, systemClock } from '../core/index.js';

const PLAIN_LINE_EVERY_MS = 5_000;

/**
 * Where a command speaks. Results go to stdout, everything else to stderr, so that `--json` leaves exactly one JSON object
 * on stdout.
 */
export class Output {
  /** whether this process has printed its result, so that a failure that follows is told on stderr only */
  static resultPrinted = false;

  constructor(readonly json: boolean) {}

  /** One line for people. */
  line(text = ''): void {
    process.stderr.write(`${text}\n`);
  }

  /** The command's result: `object` with --json, else `text`. Called once, last. */
  result(object: object, text: string): void {
    Output.resultPrinted = true;
    process.stdout.write(this.json ? `${JSON.stringify(object)}\n` : `${text}\n`);
  }

  /** A progress bar with rate and time left on a terminal, a plain line every five seconds elsewhere. */
  progress(label: string, total: number, unit: string): Progress {
    return process.stderr.isTTY
      ? new BarProgress(label, total, unit)
      : new LineProgress(label, total, unit, this);
  }
}

export interface Progress {
  /** @param note short extra text, e.g. the newest return */
  update(done: number, note?: string): void;
  stop(): void;
}

class BarProgress implements Progress {
  private readonly bar: cliProgress.SingleBar;
  private readonly pace: Pace;

  constructor(label: string, total: number, unit: string) {
    this.bar = new cliProgress.SingleBar(
      {
        format: `${label} {bar} {value}/{total} ${unit} | {rate} ${unit}/s | {left} left | {note}`,
        barsize: 24,
        hideCursor: true,
        stream: process.stderr,
        clearOnComplete: false,
      },
      cliProgress.Presets.shades_classic,
    );
    this.bar.start(total, 0, { rate: '-', left: '-', note: '' });
    this.pace = new Pace(total);
  }

  update(done: number, note = ''): void {
    const { rate, left } = this.pace.at(done);
    this.bar.update(done, { rate, left, note });
  }

  stop(): void {
    this.bar.stop();
  }
}

class LineProgress implements Progress {
  private readonly pace: Pace;
  private lastNs = systemClock.nowNs();

  constructor(
    private readonly label: string,
    private readonly total: number,
    private readonly unit: string,
    private readonly output: Output,
  ) {
    this.pace = new Pace(total);
  }

  update(done: number, note = ''): void {
    const now = systemClock.nowNs();
    if (done < this.total && elapsedMs(this.lastNs, now) < PLAIN_LINE_EVERY_MS) {
      this.pace.at(done);
      return;
    }
    this.lastNs = now;
    const { rate, left } = this.pace.at(done);
    this.output.line(
      `${this.label}: ${done}/${this.total} ${this.unit}, ${rate} ${this.unit}/s, ${left} left${note ? `, ${note}` : ''}`,
    );
  }

  stop(): void {}
}

/** Rate and time left, counted from where the work begins, which is not 0 when it is gone on with. */
class Pace {
  private begin: { readonly ns: bigint; readonly done: number } | undefined;

  constructor(private readonly total: number) {}

  at(done: number): { rate: string; left: string } {
    const now = systemClock.nowNs();
    this.begin ??= { ns: now, done };
    const seconds = elapsedMs(this.begin.ns, now) / 1e3;
    const rate = seconds > 0 ? (done - this.begin.done) / seconds : 0;
    const left = rate > 0 ? formatDuration((this.total - done) / rate) : '-';
    return { rate: rate > 0 ? rate.toPrecision(3) : '-', left };
  }
}

/** e.g. 75 -> "1 min 15 s" */
function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Two aligned columns for people. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}

/** Aligned columns of words for people, all to the left; the first row is their heads. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd())
    .join('\n');
}

/** Aligned columns for people, the first to the left and the others to the right; the first row is their heads. */
export function grid(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))))
    .map((cells) => `  ${cells.join('  ')}`)
    .join('\n');
}
