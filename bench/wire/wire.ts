import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { whyNotRclnodejs } from '../../src/io/ros/index.js';
import { CYCLONE_UNICAST, DdsProgram, buildPeer, type PeerReport } from '../dds-peer.js';
import { BackgroundTraining } from '../background-training.js';
import { columns, machineLine } from '../statistics-table.js';
import { PAIRS, type Impl } from './pairs.js';
import type { ResponderCost } from './responder.js';

export interface WireOptions {
  /** per row [s] */
  readonly seconds: number;
  /** default: all that this machine has */
  readonly impls?: readonly Impl[];
  readonly json?: true;
}

interface WireRow {
  readonly case: 'state to command';
  readonly rateHz: number;
  readonly impl: Impl;
  /** a training runs flat out on the same machine, beside the robot */
  readonly learner: boolean;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly lost: number;
  /** of one core, of the responder; null: not measured */
  readonly cpuPercent: number | null;
  readonly heapGrowthMb: number | null;
  /** from opening our side to a match both ways with the peer, who was there before; null: nothing of ours */
  readonly discoveryMs: number | null;
}

const DOMAIN = 89;

/**
 * JointState to command and back, timed in C or C++ by the robot's side: no guard, no gate, just the wire. Against a robot on Cyclone DDS:
 * a C program on Cyclone DDS (the baseline), ours over rtps, and ours over rclnodejs where ROS 2 is sourced. Against a robot on Fast DDS,
 * where it is installed: a C++ program on Fast DDS (the baseline), and ours over rtps (`fastdds`). And over plain sockets.
 */
export async function benchWire({ seconds, impls: asked, json }: WireOptions): Promise<void> {
  buildPeer();
  buildPeer('udp');
  const say = json ? console.error : console.log;
  const missing = whyNotRclnodejs(process.env);
  const noFastDds = whyNotFastDds();
  const here: Impl[] = [
    'cyclone-c',
    'rtps',
    ...(missing === undefined ? (['rclnodejs'] as const) : []),
    ...(noFastDds === undefined ? (['fastdds-cpp', 'fastdds'] as const) : []),
    'udp-c',
    'udp-node',
  ];
  const wanted = (impl: Impl) =>
    !asked || asked.some((name) => name === impl || PAIRS[name].baseline === impl);
  const impls = here.filter(wanted);
  say(`JointState to command, ${seconds} s each; ${machineLine()}`);
  if (missing !== undefined) say(`without rclnodejs: ${missing}`);
  if (noFastDds !== undefined) say(`without Fast DDS: ${noFastDds}`);
  const rows: WireRow[] = [];
  for (const rateHz of [500, 1000])
    for (const impl of impls) rows.push(await measure(impl, rateHz, seconds, false));
  const learner = await BackgroundTraining.start();
  try {
    for (const impl of impls) rows.push(await measure(impl, 100, seconds, true));
  } finally {
    await learner.stop();
  }
  for (const impl of impls) rows.push(await measure(impl, 100, seconds, false));
  if (json) console.log(JSON.stringify({ rows }));
  else console.log(table(rows));
}

/** Undefined: its programs are built. */
function whyNotFastDds(): string | undefined {
  try {
    buildPeer('fastdds');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function table(rows: readonly WireRow[]): string {
  const header = [
    'Hz',
    'impl',
    'learner',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'p50 / base',
    'p99 / base',
    'lost',
    'core %',
    'heap MB',
    'found ms',
  ];
  return columns(
    header,
    rows.map((row) => {
      const base = rows.find(
        ({ impl, rateHz, learner }) =>
          impl === PAIRS[row.impl].baseline && rateHz === row.rateHz && learner === row.learner,
      )!;
      return [
        String(row.rateHz),
        row.impl,
        row.learner ? 'trains' : '-',
        row.p50Ms.toFixed(3),
        row.p99Ms.toFixed(3),
        row.p999Ms.toFixed(2),
        (row.p50Ms / base.p50Ms).toFixed(2),
        (row.p99Ms / base.p99Ms).toFixed(2),
        String(row.lost),
        row.cpuPercent?.toFixed(1) ?? '-',
        row.heapGrowthMb?.toFixed(2) ?? '-',
        row.discoveryMs?.toFixed(0) ?? '-',
      ];
    }),
  );
}

async function measure(impl: Impl, rateHz: number, seconds: number, learner: boolean): Promise<WireRow> {
  const { peer: vendor, responder: answers } = PAIRS[impl];
  const peer = (): Promise<PeerReport> =>
    new DdsProgram(vendor, 'peer', DOMAIN, [
      '--rate',
      String(rateHz),
      '--seconds',
      String(seconds),
      '--state-depth',
      '1000',
    ]).report();
  const common = { case: 'state to command', rateHz, impl, learner } as const;
  if (answers === 'echo') {
    const echo = new DdsProgram(vendor, 'echo', DOMAIN, ['--seconds', String(seconds + 60)]);
    const report = await peer();
    await echo.stop();
    return { ...common, ...figures(report), cpuPercent: null, heapGrowthMb: null, discoveryMs: null };
  }
  const responder = new Responder(answers);
  const report = await peer();
  const { cpuSeconds, seconds: wall, heapGrowthMb, discoveryMs } = await responder.stop();
  const cpuPercent = (100 * cpuSeconds) / wall;
  return { ...common, ...figures(report), cpuPercent, heapGrowthMb, discoveryMs };
}

function figures(report: PeerReport): Pick<WireRow, 'p50Ms' | 'p99Ms' | 'p999Ms' | 'lost'> {
  const { p50_ms: p50Ms, p99_ms: p99Ms, p999_ms: p999Ms, sent, answered } = report;
  return { p50Ms, p99Ms, p999Ms, lost: sent - answered };
}

class Responder {
  private readonly child;
  private output = '';

  constructor(over: 'rtps' | 'rclnodejs' | 'udp') {
    const main = fileURLToPath(new URL('responder.js', import.meta.url));
    this.child = spawn(process.execPath, ['--expose-gc', main, over], {
      env: { ...process.env, ROS_DOMAIN_ID: String(DOMAIN), CYCLONEDDS_URI: CYCLONE_UNICAST },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  async stop(): Promise<ResponderCost> {
    const ended = new Promise<void>((resolve) => this.child.once('close', () => resolve()));
    this.child.kill('SIGTERM');
    await ended;
    return JSON.parse(this.output) as ResponderCost;
  }
}
