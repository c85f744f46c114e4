import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import ts from 'typescript';

import { temporaryFolder } from './sample-episodes.js';

const FOLDERS = ['src/core', 'src/data'];

/** Compiles what the children import from the sources as they are now, so that no stale build is tested. */
function compiledSources(): string {
  const root = temporaryFolder();
  for (const folder of FOLDERS) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts'))) {
      const { outputText } = ts.transpileModule(readFileSync(join(folder, name), 'utf8'), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
      });
      writeFileSync(join(root, folder, name.replace(/\.ts$/, '.js')), outputText);
    }
  }
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  return root;
}

/**
 * Runs `script` (see {@link runAndKill}) to its end while no file may grow beyond `fileKiB`: writes fail as on a full disk.
 * @returns what it printed
 */
export function runOnFullDisk(script: string, fileKiB: number, args: readonly string[]): string {
  const path = join(compiledSources(), 'child.mjs');
  writeFileSync(path, script);
  const command = `ulimit -f ${fileKiB}; exec "$@"`;
  return execFileSync('bash', ['-c', command, 'bash', process.execPath, path, ...args], { encoding: 'utf8' });
}

/**
 * Runs `script` (ESM; imports from './src/data/index.js' and './src/core/index.js') in a process of its own and kills it with
 * SIGKILL as soon as it has printed `after` lines.
 * @returns the lines that it had printed by its end
 */
export async function runAndKill(script: string, after: number, args: readonly string[]): Promise<string[]> {
  const path = join(compiledSources(), 'child.mjs');
  writeFileSync(path, script);
  const child = spawn(process.execPath, [path, ...args], {
    cwd: dirname(path),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (output.split('\n').length > after) child.kill('SIGKILL');
  });
  const signal = await new Promise((done) => child.on('close', (_code, name) => done(name)));
  if (signal !== 'SIGKILL') throw new Error(`the child ended by itself: ${errors}`);
  return output.split('\n').slice(0, -1);
}
