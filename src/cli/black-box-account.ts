import type { BlackBox, BlackBoxTick } from '../data/index.js';
import { grid, table } from './output.js';

/** Ticks before the trip that are told one by one. */
const LAST_TICKS = 10;
/** How far back reasons and events are looked for [s]. */
const STORY_S = 2;

/** What happened, for people and machines. Times [s] from the trip, negative before it. */
export interface BlackBoxAccount {
  readonly cause: string;
  readonly message: string;
  readonly clearedBy: string;
  /** ISO 8601, UTC */
  readonly wall: string;
  readonly robot: string;
  readonly task: string;
  readonly ticks: number;
  readonly proposals: number;
  /** of the first and the last tick; null without ticks */
  readonly span: readonly [number, number] | null;
  /** reasons of the gate in the last seconds, in the order in which they came up */
  readonly reasons: readonly { readonly reason: string; readonly firstS: number; readonly ticks: number }[];
  readonly events: readonly {
    readonly timeS: number;
    readonly kind: string;
    readonly text: string;
    readonly trip: boolean;
  }[];
  /** up to and with the tick of the trip */
  readonly lastTicks: readonly AccountTick[];
}

interface AccountTick {
  readonly timeS: number;
  readonly mode: string;
  readonly authority: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** by joint; null: nothing */
  readonly positions: Readonly<Record<string, number>>;
  readonly asked: Readonly<Record<string, number>> | null;
  readonly sent: Readonly<Record<string, number>> | null;
}

export function accountOf(box: BlackBox): BlackBoxAccount {
  const { trip, robot, ticks, proposals } = box;
  const timeS = ({ timeNs }: { readonly timeNs: bigint }): number => Number(timeNs - trip.timeNs) / 1e9;
  const before = ticks.filter(({ timeNs }) => timeNs <= trip.timeNs);
  const [first, last] = [ticks[0], ticks.at(-1)];
  return {
    cause: trip.cause,
    message: trip.message,
    clearedBy: trip.clearedBy,
    wall: new Date(Number(trip.wallNs / 1_000_000n)).toISOString(),
    robot: robot.robot,
    task: robot.task,
    ticks: ticks.length,
    proposals: proposals.length,
    span: first && last ? [timeS(first), timeS(last)] : null,
    reasons: reasonsOf(
      before.filter((tick) => timeS(tick) >= -STORY_S),
      timeS,
    ),
    events: box.events
      .map((event) => ({ timeS: timeS(event), kind: event.kind, text: event.text, trip: event.trip }))
      .filter((event) => event.timeS >= -STORY_S),
    lastTicks: before.slice(-LAST_TICKS).map((tick) => accountTick(box, tick, timeS(tick))),
  };
}

function reasonsOf(ticks: readonly BlackBoxTick[], timeS: (tick: BlackBoxTick) => number) {
  const found = new Map<string, { reason: string; firstS: number; ticks: number }>();
  for (const tick of ticks) {
    for (const reason of tick.reasons) {
      const entry = found.get(reason) ?? { reason, firstS: timeS(tick), ticks: 0 };
      found.set(reason, { ...entry, ticks: entry.ticks + 1 });
    }
  }
  return [...found.values()];
}

function accountTick({ robot }: BlackBox, tick: BlackBoxTick, timeS: number): AccountTick {
  const named = (of: readonly { readonly joint: string }[], values: Float64Array) =>
    Object.fromEntries(of.map(({ joint }, i) => [joint, values[i]!]));
  const { mode, authority, verdict, reasons, positions, asked, sent } = tick;
  return {
    ...{ timeS, mode, authority, verdict, reasons },
    positions: named(robot.positions, positions),
    asked: asked.length === 0 ? null : named(robot.commands, asked),
    sent: sent.length === 0 ? null : named(robot.commands, sent),
  };
}

export function accountText(account: BlackBoxAccount): string {
  const { span } = account;
  const held = span
    ? `${account.ticks} ticks from ${seconds(span[0])} to ${seconds(span[1])}, ${account.proposals} proposals`
    : 'no tick: nothing was being sent';
  const reasons = account.reasons.map(
    ({ reason, firstS, ticks }) => `${reason} (from ${seconds(firstS)}, ${ticks} ticks)`,
  );
  return [
    table([
      ['cause', `${account.cause}: ${account.message}`],
      ['what clears it', account.clearedBy],
      ['when', account.wall],
      ['robot, task', `${account.robot}, ${account.task}`],
      ['holds', held],
      [`reasons of the last ${STORY_S} s`, reasons.join('; ') || 'none'],
    ]),
    '\n  events around the trip',
    ...account.events.map(
      ({ timeS, kind, text, trip }) =>
        `  ${seconds(timeS).padStart(9)}  ${trip ? '! ' : '  '}${kind} ${text}`,
    ),
    ...(account.lastTicks.length > 0 ? ['\n  last ticks before the trip', tickTable(account)] : []),
  ].join('\n');
}

function tickTable({ lastTicks }: BlackBoxAccount): string {
  const measured = Object.keys(lastTicks[0]!.positions);
  const commanded = Object.keys((lastTicks.find(({ sent }) => sent) ?? lastTicks[0]!).sent ?? {});
  const head = [
    ...['time', 'mode', 'authority', 'verdict'],
    ...measured,
    ...commanded.flatMap((joint) => [`asked ${joint}`, `sent ${joint}`]),
    'reasons',
  ];
  const rows = lastTicks.map((tick) => [
    ...[seconds(tick.timeS), tick.mode, tick.authority, tick.verdict],
    ...measured.map((joint) => tick.positions[joint]!.toFixed(4)),
    ...commanded.flatMap((joint) => [number(tick.asked?.[joint]), number(tick.sent?.[joint])]),
    tick.reasons.join(', ') || '-',
  ]);
  return grid([head, ...rows]);
}

function number(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(4);
}

function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}
