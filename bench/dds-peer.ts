import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DynabridgeError } from '../src/core/index.js';

/** The programs of the conformance tests: a robot's ROS 2 side on the DDS of another vendor, and an echo as its baseline. */
const PEER_FOLDER = (() => {
  let folder = new URL('./', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) folder = new URL('../', folder);
  return fileURLToPath(new URL('test/conformance/peer/', folder));
})();
const INSTALL = 'apt-get install -y --no-install-recommends';

/** Finds peers by unicast on loopback. */
export const CYCLONE_UNICAST = `file://${PEER_FOLDER}cyclone-unicast.xml`;

/** `udp` is none: plain sockets, to know what they cost. */
export type DdsVendor = 'cyclone' | 'fastdds' | 'udp';

const VENDORS = {
  cyclone: {
    name: 'Cyclone DDS',
    script: 'build.sh',
    packages: 'gcc libc6-dev cyclonedds-dev cyclonedds-tools',
    programs: { peer: 'peer', echo: 'echo' },
  },
  fastdds: {
    name: 'Fast DDS',
    script: 'build-fastdds.sh',
    packages: 'g++ libfastrtps-dev',
    programs: { peer: 'fastdds-peer', echo: 'fastdds-echo' },
  },
  udp: {
    name: 'UDP',
    script: 'build-udp.sh',
    packages: 'gcc libc6-dev',
    programs: { peer: 'udp-peer', echo: 'udp-echo' },
  },
} as const;

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
export function buildPeer(vendor: DdsVendor = 'cyclone'): void {
  const { name, script, packages } = VENDORS[vendor];
  const { status, stderr } = spawnSync('sh', [PEER_FOLDER + script], { encoding: 'utf8' });
  if (status === 0) return;
  const advice = `the ${name} peer does not build; ${INSTALL} ${packages}`;
  throw new DynabridgeError('UNAVAILABLE', advice, { stderr });
}

export class DdsProgram {
  private readonly child: ChildProcess;
  private output = '';
  private readonly ended: Promise<void>;

  constructor(vendor: DdsVendor, program: 'peer' | 'echo', domain: number, args: readonly string[]) {
    const file = `${PEER_FOLDER}build/${VENDORS[vendor].programs[program]}`;
    this.child = spawn(file, ['--domain', String(domain), ...args], {
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
