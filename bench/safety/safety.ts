import type { TwinSummary } from '../../sim/twin/index.js';
import { Output } from '../../src/cli/output.js';
import { interruptSignal } from '../../src/cli/interrupt.js';
import { summary } from '../../src/core/index.js';
import { BridgeRig } from '../rig/bridge-rig.js';
import { columns, machineLine } from '../statistics-table.js';
import { measureGate, type GateCost } from './gate-cost.js';
import { measureOvershoot, type Overshoot } from './overshoot.js';
import { REACTIONS, measureReaction, type Reaction, type ReactionCase } from './reactions.js';

export interface SafetyOptions {
  /** samples of each reaction */
  readonly samples: number;
  /** of the gate */
  readonly ticks: number;
  readonly json?: boolean;
}

interface ReactionRow {
  readonly case: string;
  readonly samples: number;
  /** samples taken anew, since the bridge had stopped by itself before the cause: the machine was too busy */
  readonly repeated: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly budgetMs: number;
  /** every sample was within the budget */
  readonly met: boolean;
}

const DOMAIN = 93;
const RATE_HZ = 100;
const POLICY_RATE_HZ = 25;
const JOINTS = 6;

/**
 * How fast the bridge reacts, what the gate costs, and how far a joint overshoots behind it. Twin, bridge and operator's device
 * are processes of their own; see reactions.ts for what is measured.
 */
export async function benchSafety({ samples, ticks, json = false }: SafetyOptions): Promise<void> {
  const output = new Output(json);
  output.line(`reactions with ${samples} samples each, gate with ${ticks} ticks; ${machineLine()}`);
  const signal = interruptSignal(() => output.line('ending with the figures so far'));
  const costs = (['position', 'velocity', 'effort'] as const).map((kind) => measureGate(kind, JOINTS, ticks));
  const overshoot = measureOvershoot();
  const { rows, twin } = await measureReactions(samples, output, signal);
  const gate = costs.reduce((slowest, cost) => (cost.p99Us > slowest.p99Us ? cost : slowest));
  output.result(
    {
      rows,
      gate,
      overshoot,
      violationsAtTwin: twin.violations,
      violationList: twin.violationList,
      machine: machineLine(),
    },
    [
      reactionTable(rows),
      `at the twin: ${twin.commands} commands, ${twin.violations} violations`,
      gateTable(costs),
      overshootTable(overshoot),
    ].join('\n\n'),
  );
}

async function measureReactions(
  samples: number,
  output: Output,
  signal: AbortSignal,
): Promise<{ rows: ReactionRow[]; twin: TwinSummary }> {
  const options = { controlRateHz: RATE_HZ, policyRateHz: POLICY_RATE_HZ, policy: 'shuttle' } as const;
  const rig = await BridgeRig.start({ domain: DOMAIN, seed: 1, trace: true, ...options });
  const rows: ReactionRow[] = [];
  try {
    for (const reaction of REACTIONS) {
      if (signal.aborted) break;
      const progress = output.progress(reaction.name, samples, 'samples');
      let done = 0;
      const reached = await measureReaction(rig, reaction, samples, () => progress.update(++done), signal);
      progress.stop();
      rows.push(rowOf(reaction, reached, rig));
    }
  } catch (error) {
    await rig.stop();
    throw error;
  }
  return { rows, twin: await rig.stop() };
}

function rowOf({ name, budgetMs }: ReactionCase, { times, repeated }: Reaction, rig: BridgeRig): ReactionRow {
  const { count, p50, p99, max } = summary(times);
  const budget = budgetMs(rig.scratch.robot.config);
  return {
    ...{ case: name, samples: count, repeated, p50Ms: p50, p99Ms: p99, maxMs: max },
    budgetMs: budget,
    met: max <= budget,
  };
}

function reactionTable(rows: readonly ReactionRow[]): string {
  const cells = rows.map(({ case: name, samples, repeated, p50Ms, p99Ms, maxMs, budgetMs, met }) => [
    name,
    String(samples),
    String(repeated),
    ...[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(2)),
    `at most ${budgetMs.toFixed(0)}`,
    met ? 'met' : 'MISSED',
  ]);
  return columns(
    ['cause to safe command at the twin', 'n', 'taken anew', 'p50 ms', 'p99 ms', 'max ms', 'target ms', ''],
    cells,
  );
}

function gateTable(costs: readonly GateCost[]): string {
  const cells = costs.map((cost) => [
    cost.interface,
    String(cost.joints),
    ...[cost.p50Us, cost.p99Us, cost.meanUs].map((us) => us.toFixed(2)),
    cost.heapGrowthKiB.toFixed(0),
  ]);
  return columns(['one gate tick', 'joints', 'p50 us', 'p99 us', 'mean us', 'heap growth KiB'], cells);
}

function overshootTable(overshoot: Overshoot): string {
  const rad = (value: number): string => value.toFixed(4);
  return columns(
    ['farthest beyond the limit, rad', 'our gate', "ros2_control's limiter (a port of its algorithm)"],
    [
      ['joint that follows at once', rad(overshoot.ours), rad(overshoot.ros2ControlInterfaceLimiter)],
      [
        'joint with 20 ms latency, 30 ms lag',
        rad(overshoot.oursDelayed),
        rad(overshoot.ros2ControlInterfaceLimiterDelayed),
      ],
    ],
  );
}
