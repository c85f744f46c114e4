/**
 * `npm run fuzz:native [-- <calls> [seed]]`: compiles the addon with AddressSanitizer and UndefinedBehaviorSanitizer in a temporary
 * folder and lets fuzz-calls.js loose on it. Every run draws another seed, which it prints,
 * unless one is given. GCC on Linux only. Exit code 0 when nothing was found.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [calls = '100000', seed = String(randomInt(2 ** 31))] = process.argv.slice(2);

function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error) throw error;
  return signal === null ? status : 1;
}

function library(name) {
  const { stdout } = spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' });
  return stdout.trim();
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-fuzz-'));
try {
  for (const name of ['binding.gyp', 'native'])
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }\n');
  const sanitizers =
    '-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1';
  const env = { ...process.env, CXXFLAGS: sanitizers, LDFLAGS: sanitizers };
  const preload = `${library('libasan.so')}:${library('libubsan.so')}`;
  const built = run(process.execPath, ['native/build.js', '--untried'], { cwd: folder, env });
  if (built !== 0) process.exitCode = built;
  else {
    const addon = path.join(folder, 'build/Release/dynabridge_native.node');
    process.exitCode = run(process.execPath, ['native/fuzz-calls.js', addon, calls, seed], {
      cwd: folder,
      env: {
        ...process.env,
        LD_PRELOAD: preload,
        ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
        UBSAN_OPTIONS: 'print_stacktrace=1',
      },
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
