/** Builds and runs the programs of ./peer: the other end of the wire, on Cyclone DDS and on Fast DDS from Debian. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('peer/', import.meta.url));
const INSTALL = 'apt-get install -y --no-install-recommends';
/** Fast DDS 3 has another API, and no folder of this name. */
const FAST_DDS_HEADERS = '/usr/include/fastrtps';

/** How the peer finds others: `unicast` probes ports on 127.0.0.1, `multicast` is its vendor's default discovery, on lo. */
export type PeerDiscovery = 'unicast' | 'multicast';

/** The JSON line of peer.c. */
export interface PeerReport {
  readonly sent: number;
  readonly commands: number;
  readonly answered: number;
  readonly skipped: number;
  readonly duplicates: number;
  readonly unmatched: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly state_matched_ms: number;
  readonly command_matched_ms: number;
  readonly write_errors: number;
  readonly served: number;
  readonly calls_ok: number;
}

export interface RunningPeer {
  readonly process: ChildProcess;
  /** resolves when the process ends; undefined when it was killed */
  readonly report: Promise<PeerReport | undefined>;
}

/** A robot's ROS 2 side on the DDS of one vendor. */
export interface DdsPeer {
  /** For the titles of suites: the vendor, and how to have a skipped one run. */
  readonly title: string;
  readonly canBuild: boolean;
  /** Compiles when a source is newer than the program. */
  readonly build: () => void;
  /** Options are those at the top of the program's source. */
  readonly start: (domainId: number, options: readonly string[], discovery?: PeerDiscovery) => RunningPeer;
}

export const cyclonePeer: DdsPeer = {
  ...identity('Cyclone DDS', missingTools(['gcc', 'idlc']), 'gcc libc6-dev cyclonedds-dev cyclonedds-tools'),
  build: () => build('echo', 'build.sh', ['peer.c', 'echo.c', 'cyclone.h', 'options.h', 'ros2.idl']),
  start: (domainId, options, discovery = 'unicast') => {
    const configuration = discovery === 'unicast' ? 'cyclone-unicast.xml' : 'cyclone-loopback.xml';
    return start('peer', domainId, options, { CYCLONEDDS_URI: `file://${FOLDER}${configuration}` });
  },
};

export const fastDdsPeer: DdsPeer = {
  ...identity(
    'Fast DDS',
    [...missingTools(['g++']), ...(existsSync(FAST_DDS_HEADERS) ? [] : [FAST_DDS_HEADERS])],
    'g++ libfastrtps-dev',
  ),
  build: () =>
    build('fastdds-echo', 'build-fastdds.sh', [
      'fastdds-peer.cpp',
      'fastdds-echo.cpp',
      'fastdds.hpp',
      'options.h',
    ]),
  start: (domainId, options, discovery = 'unicast') =>
    start('fastdds-peer', domainId, [...options, '--discovery', discovery], {}),
};

function missingTools(tools: readonly string[]): string[] {
  return tools.filter((tool) => spawnSync('which', [tool]).status !== 0);
}

function identity(
  vendor: string,
  missing: readonly string[],
  packages: string,
): Pick<DdsPeer, 'title' | 'canBuild'> {
  const canBuild = missing.length === 0;
  const skipped = ` [skipped: no ${missing.join(', ')}; ${INSTALL} ${packages}]`;
  return { canBuild, title: canBuild ? vendor : vendor + skipped };
}

/** `last`: the program that the script builds last. */
function build(last: string, script: string, sources: readonly string[]): void {
  const built = `${FOLDER}build/${last}`;
  const newest = Math.max(...[script, ...sources].map((source) => statSync(FOLDER + source).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  execFileSync('sh', [FOLDER + script], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function start(
  program: string,
  domainId: number,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
): RunningPeer {
  const child = spawn(`${FOLDER}build/${program}`, ['--domain', String(domainId), ...options], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const report = new Promise<PeerReport | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined);
      else if (code === 0) resolve(output === '' ? undefined : (JSON.parse(output) as PeerReport));
      else reject(new Error(`${program} ended with code ${code} and signal ${signal}`));
    });
  });
  return { process: child, report };
}
