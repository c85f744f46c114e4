import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DynabridgeError } from '../src/core/index.js';

/** The C programs of the conformance tests: a robot's ROS 2 side on Cyclone DDS, and an echo as the baseline. */
const PEER_FOLDER = (() => {
  let folder = new URL('./', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) folder = new URL('../', folder);
  return fileURLToPath(new URL('test/conformance/peer/', folder));
})();

/** The part of peer.c's JSON line that is used here. */
export interface PeerReport {
  readonly sent: number;
  readonly answered: number;
  readonly skipped: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
  readonly max_ms: number;
}

/** @throws UNAVAILABLE with the command that installs what is missing */
export function buildPeer(): void {
  if (spawnSync('sh', [`${PEER_FOLDER}build.sh`], { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) {
    throw new DynabridgeError(
      'UNAVAILABLE',
      'the Cyclone DDS peer does not build; apt-get install -y --no-install-recommends gcc libc6-dev cyclonedds-dev cyclonedds-tools',
    );
  }
}

/** Finds peers by unicast on loopback. */
export const CYCLONE_UNICAST = `file://${PEER_FOLDER}cyclone-unicast.xml`;

export class CycloneProgram {
  private readonly child: ChildProcess;
  private output = '';
  private readonly ended: Promise<void>;

  constructor(program: 'peer' | 'echo', domain: number, args: readonly string[]) {
    this.child = spawn(`${PEER_FOLDER}build/${program}`, ['--domain', String(domain), ...args], {
      env: { ...process.env, CYCLONEDDS_URI: CYCLONE_UNICAST },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = new Promise((resolve) => this.child.once('close', () => resolve()));
  }

  async report(): Promise<PeerReport> {
    await this.ended;
    return JSON.parse(this.output) as PeerReport;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
  }
}
