import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynabridgeError, systemClock } from '../src/core/index.js';
import { sessionOf } from '../src/training/policy-contract.js';
import { Supervisor, type BridgeOutcome } from '../src/supervisor/index.js';
import { CycloneProgram, buildPeer } from './cyclone.js';
import { ScratchBridge } from './scratch-bridge.js';
import { columns, machineLine } from './statistics-table.js';

const DOMAIN = 92;
const RATE_HZ = 100;
const SAMPLE_S = 10;

function residentMiB(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

/** Resident memory of the guard while it drives: samples every 10 s, and the slope over the second half. Linux only. */
export async function benchSoak(minutes: number): Promise<void> {
  buildPeer();
  const scratch = new ScratchBridge(RATE_HZ);
  process.env['ROS_DOMAIN_ID'] = String(DOMAIN);
  const robot = new CycloneProgram('peer', DOMAIN, [
    ...['--rate', String(RATE_HZ), '--seconds', String(minutes * 60 + 60), '--names', 'slider,pole_hinge'],
    ...['--match', 'order', '--amplitude', '0.1', '--command-topic', 'rt/velocity_controller/commands'],
  ]);
  const bridge = await Supervisor.start({
    robot: scratch.robot,
    controller: undefined,
    runFolder: scratch.run.path,
    episodesFolder: scratch.run.episodesFolder,
    blackBoxFolder: scratch.run.blackBoxFolder,
    session: sessionOf('real', scratch.robot, 'balance', '0'.repeat(64)),
    policyVersion: 0,
    predicted: false,
    nodeName: 'soak',
    middleware: 'rtps',
    engage: 'auto',
    clock: systemClock,
    onEvent: () => {},
  });
  let ended: BridgeOutcome | null = null;
  void bridge.finished.then((outcome) => (ended = outcome));
  const samples: number[] = [];
  for (let second = 0; second <= minutes * 60; second += SAMPLE_S) {
    await sleep(SAMPLE_S * 1e3);
    if (ended !== null) break;
    samples.push(residentMiB(bridge.pids['guard']!));
  }
  bridge.stop();
  const { summary, faults } = await bridge.finished;
  await robot.stop();
  scratch.dispose();
  if (faults.length > 0) {
    const after = samples.length * SAMPLE_S;
    throw new DynabridgeError(
      'SAFETY_FAULT',
      `the bridge ended after ${after} s: ${faults.join('; ')}; is the machine overloaded?`,
    );
  }
  const half = samples.slice(Math.floor(samples.length / 2));
  const growthPerMinute = ((half.at(-1)! - half[0]!) / Math.max(1, half.length - 1)) * (60 / SAMPLE_S);
  console.log(`guard's resident memory, ${RATE_HZ} Hz for ${minutes} min; ${machineLine()}`);
  console.log(
    columns(
      ['commands', 'first MiB', 'max MiB', 'last MiB', 'growth, 2nd half MiB/min', 'target MiB'],
      [
        [
          String(summary?.commands ?? 0),
          samples[0]!.toFixed(1),
          Math.max(...samples).toFixed(1),
          samples.at(-1)!.toFixed(1),
          growthPerMinute.toFixed(3),
          '150',
        ],
      ],
    ),
  );
}
