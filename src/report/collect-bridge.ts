import type { Episode } from '../data/index.js';
import type { BridgeData, JointMotion, Limits } from './report-data.js';

/** What recordings do not say of a robot; joints by name. */
export interface BridgeFacts {
  readonly positionUnits: Readonly<Record<string, string>>;
  /** joints without position limits are absent */
  readonly positionLimits: Readonly<Record<string, Limits>>;
  /** of commanded joints */
  readonly commandUnits: Readonly<Record<string, string>>;
  readonly commandLimits: Readonly<Record<string, Limits>>;
}

/** rounding of a limit that was computed in another order; far below what any encoder resolves */
const TOLERANCE = 1e-9;

function outside(value: number, limits: Limits | undefined): boolean {
  return limits !== undefined && (value > limits.max + TOLERANCE || value < limits.min - TOLERANCE);
}

/**
 * The bridge section of a report from recorded episodes: periods between sent commands, state-to-command latencies, counts, and the
 * motion of the last episode. A tick counts as limited when the gate gave a reason, and every value beyond its limit as one
 * violation. Streams: memory holds two numbers per tick and one episode.
 *
 * @returns undefined when there is no control tick at all
 */
export async function collectBridge(
  episodes: AsyncIterable<Episode> | Iterable<Episode>,
  facts: BridgeFacts,
): Promise<BridgeData | undefined> {
  const loopPeriodMs: number[] = [];
  const latencyMs: number[] = [];
  let sent = 0;
  let limited = 0;
  let violations = 0;
  let last: Episode | undefined;
  for await (const episode of episodes) {
    const { measured, commanded } = episode.header;
    let previousNs: bigint | undefined; // when the previous command was sent
    for (const tick of episode.ticks) {
      measured.forEach((joint, i) => {
        if (outside(tick.positions[i]!, facts.positionLimits[joint])) violations++;
      });
      if (tick.executed.length === 0) continue;
      if (previousNs !== undefined) loopPeriodMs.push(Number(tick.sentNs - previousNs) / 1e6);
      previousNs = tick.sentNs;
      sent++;
      if (tick.reasons !== 0) limited++;
      latencyMs.push(Number(tick.sentNs - tick.measuredNs) / 1e6);
      commanded.forEach((joint, i) => {
        if (outside(tick.executed[i]!, facts.commandLimits[joint])) violations++;
      });
    }
    if (episode.ticks.length > 0) last = episode;
  }
  if (last === undefined) return undefined;
  return {
    loopPeriodMs,
    nominalPeriodMs: 1000 / last.header.controlRateHz,
    latencyMs,
    commandsSent: sent,
    commandsLimited: limited,
    violations,
    motion: {
      title: `Episode ${last.header.id}`,
      timeS: last.ticks.map((tick) => Number(tick.timeNs) / 1e9),
      joints: last.header.measured.map((_, i) => jointMotion(last, i, facts)),
    },
  };
}

function jointMotion({ header, ticks }: Episode, index: number, facts: BridgeFacts): JointMotion {
  const name = header.measured[index]!;
  const command = header.commanded.indexOf(name);
  const limits = facts.positionLimits[name];
  const commandLimits = facts.commandLimits[name];
  return {
    name,
    unit: facts.positionUnits[name] ?? 'rad',
    positions: ticks.map((tick) => tick.positions[index]!),
    ...(limits === undefined ? {} : { positionLimits: limits }),
    ...(command === -1
      ? {}
      : {
          commands: {
            unit: facts.commandUnits[name] ?? '',
            // nothing sent: a gap
            values: ticks.map((tick) => tick.executed[command] ?? NaN),
            ...(commandLimits === undefined ? {} : { limits: commandLimits }),
          },
        }),
  };
}
