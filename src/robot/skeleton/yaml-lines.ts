/** A value that only the user can know: where it is to be written, and what. */
export interface MissingValue {
  /** path for messages */
  readonly file: string;
  /** 1-based */
  readonly line: number;
  /** dotted, e.g. `joint_limits.elbow.max_acceleration` */
  readonly key: string;
  /** what to write there, with its unit */
  readonly write: string;
}

const INDENT = '  ';
const PLAIN = /^[A-Za-z_][\w./-]*$/;
const KEYWORDS = ['true', 'false', 'null'];

/** Text as a YAML key or list item: plain where that is safe, else quoted. */
export function yamlText(text: string): string {
  return PLAIN.test(text) && !KEYWORDS.includes(text.toLowerCase()) ? text : JSON.stringify(text);
}

/** Writes a YAML file line by line and remembers which values it left open. */
export class YamlLines {
  private readonly lines: string[] = [];
  readonly missing: MissingValue[] = [];

  /** @param file path for messages */
  constructor(private readonly file: string) {}

  /** One line, verbatim; empty by default. */
  add(line = ''): void {
    this.lines.push(line);
  }

  /** `key: value # comment` below `parents`. */
  value(parents: readonly string[], key: string, value: string | number | boolean, comment?: string): void {
    this.put(parents, `${yamlText(key)}: ${value}${comment === undefined ? '' : ` # ${comment}`}`);
  }

  /** `key:`, with what belongs to it below. */
  section(parents: readonly string[], key: string, comment?: string): void {
    this.put(parents, `${yamlText(key)}:${comment === undefined ? '' : ` # ${comment}`}`);
  }

  /** A key without a value, which is not accepted until the user has written one. */
  ask(parents: readonly string[], key: string, write: string): void {
    this.put(parents, `${yamlText(key)}: # MISSING: ${write}`);
    this.missing.push({ file: this.file, line: this.lines.length, key: [...parents, key].join('.'), write });
  }

  get text(): string {
    return `${this.lines.join('\n')}\n`;
  }

  private put(parents: readonly string[], line: string): void {
    this.lines.push(INDENT.repeat(parents.length) + line);
  }
}
