/** Builds and runs the C programs of ./peer: the other end of the wire, on Cyclone DDS from Debian. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('peer/', import.meta.url));
const SOURCES = ['peer.c', 'echo.c', 'options.h', 'ros2.idl', 'build.sh'];
const TOOLS = ['gcc', 'idlc'];
const INSTALL = 'apt-get install -y --no-install-recommends gcc libc6-dev cyclonedds-dev cyclonedds-tools';

/** How the peer finds others: `unicast` probes ports on 127.0.0.1, `multicast` is Cyclone's default discovery, on lo. */
export type PeerDiscovery = 'unicast' | 'multicast';

const CONFIGURATION: Record<PeerDiscovery, string> = {
  unicast: 'cyclone-unicast.xml',
  multicast: 'cyclone-loopback.xml',
};

const missing = TOOLS.filter((tool) => spawnSync('which', [tool]).status !== 0);
export const canBuildPeer = missing.length === 0;
/** For the titles of suites, so that a skipped one says how to have it run. */
export const peerRequirement = canBuildPeer ? '' : ` [skipped: no ${missing.join(', ')}; ${INSTALL}]`;

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

/** Compiles when a source is newer than the programs. */
export function buildPeer(): void {
  const built = FOLDER + 'build/echo';
  const newest = Math.max(...SOURCES.map((source) => statSync(FOLDER + source).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  execFileSync('sh', [FOLDER + 'build.sh'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Starts ./peer/build/<program>. Options are those at the top of its source. */
export function startPeer(
  domainId: number,
  options: readonly string[],
  discovery: PeerDiscovery = 'unicast',
  program: 'peer' | 'echo' = 'peer',
): RunningPeer {
  const child = spawn(`${FOLDER}build/${program}`, ['--domain', String(domainId), ...options], {
    env: { ...process.env, CYCLONEDDS_URI: `file://${FOLDER}${CONFIGURATION[discovery]}` },
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
