import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('nothing that the agent process loads reaches tfjs', () => {
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const source = readFileSync(url, 'utf8');
    expect(source, url.href).not.toMatch(/@tensorflow/);
    for (const [, type, path] of source.matchAll(/^(?:import|export) (type )?[^;]*?from '([^']+)'/gm)) {
      if (type === undefined && path!.startsWith('.')) visit(new URL(path!.replace(/\.js$/, '.ts'), url));
    }
  };
  visit(new URL('../../../src/agent/main.ts', import.meta.url));
  expect(seen.size).toBeGreaterThan(20);
  for (const file of ['policy-snapshot', 'model-snapshot'])
    expect(seen).toContain(new URL(`../../../src/rl/${file}.ts`, import.meta.url).href);
});
