import { readFileSync, writeFileSync } from 'node:fs';

/** The supervisor writes what a process needs to know into a JSON file and names it on the command line. */
export function writeProcessConfig(path: string, config: object): void {
  writeFileSync(path, JSON.stringify(config, null, 2));
}

export function readProcessConfig<T>(argv: readonly string[]): T {
  const path = argv[2];
  if (path === undefined) {
    throw new Error('processes of dynabridge are started by its supervisor; use `dynabridge run`');
  }
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
