import type { GuardSummary } from '../src/guard/index.js';
import { OwnCommand } from '../src/cli/own-command.js';
import { BackgroundTraining } from './background-training.js';
import { DdsProgram, buildPeer, type PeerReport } from './dds-peer.js';
import { ScratchBridge } from './scratch-bridge.js';
import { columns, machineLine } from './statistics-table.js';

const DOMAIN = 88;
const STATES = ['--names', 'slider,pole_hinge'];
const FORWARD_TOPIC = 'rt/velocity_controller/commands';

interface LoopResult {
  readonly rateHz: number;
  /** beside a training that takes what it may */
  readonly training: boolean;
  readonly bridge: PeerReport;
  readonly guard: GuardSummary;
  readonly baseline: PeerReport;
}

/**
 * State to command, timed in C by the robot's side: JointState written -> guard -> agent -> guard -> command read, against a
 * C echo on Cyclone DDS in the same run. Both ends of both pairs are on this machine.
 */
export async function benchLoop(seconds: number): Promise<void> {
  buildPeer();
  console.log(`state to command through guard, agent and wire; ${seconds} s each; ${machineLine()}`);
  const results: LoopResult[] = [];
  for (const rateHz of [100, 500, 1000]) results.push(await measure(rateHz, seconds, false));
  const training = await BackgroundTraining.start();
  try {
    results.push(await measure(100, seconds, true));
  } finally {
    await training.stop();
  }
  const header = [
    'Hz',
    'beside',
    'bridge p50',
    'p99',
    'max ms',
    'C-to-C p50',
    'p99',
    'max ms',
    'ratio p50',
    'p99',
    'states',
    'answered',
    'skipped ticks',
    'missed proposals',
  ];
  const rows = results.map(({ rateHz, training: beside, bridge, guard, baseline }) => [
    String(rateHz),
    beside ? 'a training' : '-',
    bridge.p50_ms.toFixed(3),
    bridge.p99_ms.toFixed(3),
    bridge.max_ms.toFixed(2),
    baseline.p50_ms.toFixed(3),
    baseline.p99_ms.toFixed(3),
    baseline.max_ms.toFixed(2),
    (bridge.p50_ms / baseline.p50_ms).toFixed(1),
    (bridge.p99_ms / baseline.p99_ms).toFixed(1),
    String(bridge.sent),
    String(bridge.answered),
    String(guard.skippedTicks),
    String(guard.missedProposals),
  ]);
  console.log(columns(header, rows));
  console.log(
    "states before the agent was engaged have no answer; skipped ticks and missed proposals are the guard's own count",
  );
}

async function measure(rateHz: number, seconds: number, training: boolean): Promise<LoopResult> {
  const rate = ['--rate', String(rateHz), '--seconds', String(seconds)];
  const scratch = new ScratchBridge(rateHz);
  try {
    const env = { ...process.env, ROS_DOMAIN_ID: String(DOMAIN) };
    const args = [
      '--robot',
      scratch.robot.folder,
      '--run',
      scratch.run.path,
      '--duration',
      String(seconds - 3),
    ];
    const bridge = new OwnCommand<GuardSummary>('run', args, env);
    const robot = new DdsProgram('cyclone', 'peer', DOMAIN, [
      ...rate,
      ...STATES,
      '--match',
      'order',
      '--amplitude',
      '0.1',
      '--command-topic',
      FORWARD_TOPIC,
    ]);
    const [report, guard] = await Promise.all([robot.report(), bridge.success()]);
    const baseline = await measureBaseline(rate, seconds);
    return { rateHz, training, bridge: report, guard, baseline };
  } finally {
    scratch.dispose();
  }
}

async function measureBaseline(rate: readonly string[], seconds: number): Promise<PeerReport> {
  const echo = new DdsProgram('cyclone', 'echo', DOMAIN + 1, [
    '--seconds',
    String(seconds + 10),
    '--joints',
    '2',
  ]);
  const robot = new DdsProgram('cyclone', 'peer', DOMAIN + 1, [...rate, ...STATES]);
  const report = await robot.report();
  await echo.stop();
  return report;
}
