/**
 * Compiles the C++ addon with node-gyp: `npm run build:native`, and with --optional as the package's install script. Says one line.
 * What is left is either build/Release/dynabridge_native.node, compiled from these sources and tried, or no addon at all and
 * build/native-build.log, whose first line is the reason. --optional: a failure ends with exit code 0, so that the install succeeds.
 * --untried: the addon is not loaded, for one that needs libraries which this process lacks.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILD = path.join(ROOT, 'build');
const ADDON = path.join(BUILD, 'Release', 'dynabridge_native.node');
const LOG = path.join(BUILD, 'native-build.log');
const TIME_LIMIT_MS = 600_000; // a download of headers that hangs must not hang the install

class CannotBuild extends Error {
  constructor(reason, repair = 'see build/native-build.log, then npm run build:native') {
    super(reason);
    this.repair = repair;
  }
}

const runs = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** The environment of the build. @throws CannotBuild naming all tools that are missing */
function toolchain() {
  if (process.platform === 'win32') {
    throw new CannotBuild('it needs GCC or Clang, and on Windows node-gyp takes MSVC', 'install under WSL');
  }
  const env = {
    ...process.env,
    LC_ALL: 'C', // messages in the words that `reasonIn` knows
    PATH: [process.env.PATH, path.dirname(process.execPath)].join(path.delimiter), // binding.gyp needs a `node`
  };
  const missing = [];
  if (env.CXX) {
    if (!runs(env.CXX.split(' ')[0])) missing.push(`C++ compiler (CXX=${env.CXX} does not run)`);
  } else if (process.platform === 'darwin' || !runs('g++')) {
    if (!runs('clang++')) missing.push('C++ compiler');
    else Object.assign(env, { CC: env.CC ?? 'clang', CXX: 'clang++' }); // node-gyp takes g++ by itself, and only that
  }
  if (!runs(env.MAKE ?? 'make')) missing.push('make');
  if (!env.PYTHON && !env.npm_config_python && !runs('python3') && !runs('python')) missing.push('python3');
  if (missing.length > 0) {
    throw new CannotBuild(`no ${missing.join(', no ')}`, `${installTools()} && npm run build:native`);
  }
  return env;
}

/** npm and pnpm bring node-gyp and say where; by hand, npm's lies beside Node. */
function nodeGyp() {
  const given = process.env.npm_config_node_gyp;
  if (given && existsSync(given)) return [process.execPath, given];
  const bundled = path.join(prefix(), 'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js');
  if (existsSync(bundled)) return [process.execPath, bundled];
  if (runs('node-gyp')) return ['node-gyp'];
  throw new CannotBuild('node-gyp is not where npm keeps it', 'npm run build:native');
}

/** Where this Node is installed. */
function prefix() {
  return path.resolve(realpathSync(process.execPath), '../..');
}

/** With the headers that came with Node nothing is downloaded. */
function headers() {
  if (process.env.npm_config_nodedir) return [];
  const include = path.join(prefix(), 'include', 'node');
  const complete = ['node_api.h', 'common.gypi'].every((file) => existsSync(path.join(include, file)));
  return complete ? [`--nodedir=${prefix()}`] : [];
}

function compile() {
  rmSync(BUILD, { recursive: true, force: true });
  mkdirSync(BUILD);
  const env = toolchain();
  const [command, ...first] = nodeGyp();
  const args = [...first, ...headers(), ...(env.npm_config_jobs ? [] : ['--jobs=max']), 'configure', 'build'];
  const log = openSync(LOG, 'w');
  const built = spawnSync(command, args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', log, log],
    timeout: TIME_LIMIT_MS,
  });
  closeSync(log);
  if (built.error?.code === 'ETIMEDOUT')
    throw new CannotBuild(`node-gyp took more than ${TIME_LIMIT_MS / 6e4} minutes`);
  if (built.error) throw built.error;
  if (built.status !== 0) {
    const text = readFileSync(LOG, 'utf8');
    if (text.includes('related to network connectivity')) {
      throw new CannotBuild(
        "Node's headers are not installed and could not be downloaded",
        'npm_config_nodedir=<folder that holds include/node> npm run build:native',
      );
    }
    throw new CannotBuild(reasonIn(text, built));
  }
  if (!process.argv.includes('--untried')) tryToLoad(env);
  rmSync(LOG);
}

/** In a process of its own, with every symbol looked up at once: what the compiler made may not even load. */
function tryToLoad(env) {
  const tried = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', ADDON], {
    encoding: 'utf8',
    env: { ...env, LD_BIND_NOW: '1' },
  });
  if (tried.status === 0) return;
  writeFileSync(LOG, tried.stderr, { flag: 'a' });
  throw new CannotBuild(`what was compiled does not load: ${reasonIn(tried.stderr, tried)}`);
}

/** The first error, most telling kind first. */
function reasonIn(text, { status, signal }) {
  const telling = [
    /^.*\berror: .+$/m, // compiler, with file and line
    /^.*(?:undefined (?:reference|symbol)|cannot find -l).*$/m, // linker, loader
    /^gyp: (.+)$/m,
    /^gyp ERR! stack Error: (?!`)(.+)$/m,
    /^make(?:\[\d+\])?: (?!Entering|Leaving)(.+)$/m,
    /^(?:gyp ERR! stack )?(\w*Error: .+)$/m,
  ];
  const found = telling.map((pattern) => pattern.exec(text)).find((match) => match !== null);
  return found ? (found[1] ?? found[0]).trim() : `ended with ${signal ?? `exit code ${status}`}`;
}

function installTools() {
  if (process.platform === 'darwin') return 'xcode-select --install';
  const managers = [
    ['apt-get', 'apt-get install g++ make python3'],
    ['dnf', 'dnf install gcc-c++ make python3'],
    ['apk', 'apk add g++ make python3'],
  ];
  const found = managers.find(([manager]) => runs(manager));
  return found ? found[1] : '(install g++, make and python3)';
}

/** Leaves no addon: one that was compiled from other sources would be worse than none. */
function giveUp(error) {
  const reason = error.message.split('\n')[0];
  try {
    const output = existsSync(LOG) ? readFileSync(LOG, 'utf8') : '';
    rmSync(BUILD, { recursive: true, force: true });
    mkdirSync(BUILD);
    writeFileSync(LOG, `${reason}\n\n${output}`);
  } catch {
    // a folder that cannot be written is the reason that is told below
  }
  process.stderr.write(
    `dynabridge: the native compute backend was not built: ${reason}. ` +
      `All works without it, but training is about 6 times slower (WebAssembly; docs/results.md). ` +
      `Repair: ${error.repair ?? 'npm run build:native'}\n`,
  );
}

try {
  const start = process.hrtime.bigint();
  compile();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  process.stderr.write(`dynabridge: built the native compute backend in ${seconds.toFixed(0)} s\n`);
} catch (error) {
  giveUp(error);
  process.exitCode = process.argv.includes('--optional') ? 0 : 1;
}
