import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/index.js';

const FAULTS = 60;
const read = (file: string): string => readFileSync(new URL(file, packageRoot()), 'utf8');
const lines = read('docs/FAULTS.md').split('\n');
const numbered = lines.filter((line) => /^\| \d+ +\|/.test(line));
const named = lines.flatMap((line) =>
  [...line.matchAll(/`(test\/[^`]+)`: "([^"]+)"/g)].map(([, file, title]) => [file!, title!] as const),
);

/** A title of a test, or of one case of a test, in any quotes. */
function hasTest(source: string, title: string): boolean {
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`[([]\\s*(['"\`])${escaped}\\1,`).test(source);
}

describe('docs/FAULTS.md', () => {
  it('has one line for each fault, in order, with a test or a remark that says why there is none', () => {
    const numbers = numbered.map((line) => Number(/\d+/.exec(line)![0]));
    expect(numbers).toEqual(Array.from({ length: FAULTS }, (_, i) => i + 1));
    for (const line of numbered) {
      const [shownBy, remarks] = line.split('|').slice(4, 6);
      if (shownBy!.includes('no test')) expect(remarks!.trim(), line).not.toBe('');
      else expect(shownBy, line).toMatch(/`test\/[^`]+`: "/);
    }
  });

  it.each(named)('names a test that exists: %s, %s', (file, title) => {
    expect(existsSync(new URL(file, packageRoot())), file).toBe(true);
    expect(hasTest(read(file), title)).toBe(true);
  });
});
