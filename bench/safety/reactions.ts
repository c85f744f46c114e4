/**
 * From a cause to the first safe command, as the twin received it: cause and receipt are both on CLOCK_MONOTONIC of this machine.
 *
 * The agent shuttles at a constant speed. A command is safe when it is part of the stop: the first one after the cause that asks
 * for less speed than the cruise before it, by more than a hundredth of it. Nothing but a stop slows the shuttle down within the
 * second that it still has to go when the cause is given.
 *
 *   e-stop         cause: the call of ~/estop                        stop: the guard's ramp
 *   takeover       cause: the device writes its enable button       stop: the operator's first command, a ramp to the sticks' zero
 *   stale state    cause: the last joint state that was published    stop: the guard's ramp, without a state
 *   guard stall    cause: SIGSTOP of the guard                       stop: the supervisor's first command
 *   agent death    cause: SIGKILL of the agent                       stop: the guard's ramp
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TraceLine } from '../../sim/twin/index.js';
import { DynabridgeError, elapsedMs, systemClock } from '../../src/core/index.js';
import { PROPOSAL_LIFETIME_PERIODS } from '../../src/env/index.js';
import type { RobotConfig } from '../../src/robot/index.js';
import type { BridgeRig } from '../rig/bridge-rig.js';
import { SHUTTLE_SPEED } from '../scratch-bridge.js';

export interface ReactionCase {
  readonly name: string;
  /** what the target allows [ms] */
  readonly budgetMs: (config: RobotConfig) => number;
  /**
   * Prepares the cause, so that it takes no time when it is given.
   * @returns gives it, and tells when [ns]; undefined: when the last state was published
   */
  readonly arm: (rig: BridgeRig) => Promise<() => Promise<number | undefined>>;
  /** Undoes what the next engagement does not undo. */
  readonly recover?: (rig: BridgeRig) => Promise<void>;
}

/** the guard's own patience with a stalled guard is 200 ms */
const STALL_MS = 200;
const ENABLED = 'stick 1 1 100 0';
const READY_MS = 20_000;
/** for the shuttle to get to its cruise, and for a stop [ms] */
const PATIENCE_MS = 8_000;
/** samples begun anew, at most, for each that is wanted */
const MAX_REPEATED = 3;
const periodMs = ({ controlRateHz }: RobotConfig): number => 1e3 / controlRateHz;
const now = (): number => Number(systemClock.nowNs());

/** A cause that needs no preparation. */
const arm =
  (cause: (rig: BridgeRig) => Promise<number>): ReactionCase['arm'] =>
  (rig) =>
    Promise.resolve(() => cause(rig));

/** A call of a service whose server has been found. */
async function armCall(rig: BridgeRig, service: string): Promise<() => Promise<number>> {
  const client = rig.middleware.createClient(service, 'std_srvs/srv/Trigger');
  await client.waitForService(READY_MS);
  return async () => {
    const atNs = now();
    await client.call({}, READY_MS);
    client.close();
    return atNs;
  };
}

export const REACTIONS: readonly ReactionCase[] = [
  {
    name: 'e-stop',
    budgetMs: (config) => periodMs(config) + 2,
    arm: (rig) => armCall(rig, '/dynabridge/estop'),
  },
  {
    name: 'teleop takeover',
    budgetMs: (config) => periodMs(config) + 5,
    arm: arm(async ({ device }) => {
      const from = device.events.length;
      device.order(ENABLED);
      const pressed = await eventually(() =>
        device.events.slice(from).find((event) => event.startsWith('buttons 1 ')),
      );
      if (pressed === undefined) throw new DynabridgeError('UNAVAILABLE', 'the device wrote no command');
      return Number(pressed.split(' ')[2]);
    }),
  },
  {
    name: 'stale state',
    budgetMs: (config) => config.stateTimeoutMs + periodMs(config),
    arm: async (rig) => {
      const pause = await armCall(rig, '/twin/pause_states');
      return () => pause().then(() => undefined);
    },
    recover: (rig) => rig.insist('/twin/resume_states', READY_MS),
  },
  {
    name: 'guard stall',
    budgetMs: () => STALL_MS + 50,
    arm: arm(({ pids }) => signal(pids!.guard, 'SIGSTOP')),
    recover: (rig) => rig.endBridge(),
  },
  {
    name: 'agent death',
    budgetMs: (config) => (PROPOSAL_LIFETIME_PERIODS * 1e3) / config.policyRateHz + periodMs(config),
    arm: arm(({ pids }) => signal(pids!.agent, 'SIGKILL')),
    recover: (rig) => rig.endBridge(),
  },
];

export interface Reaction {
  /** [ms] */
  readonly times: readonly number[];
  /** the bridge had stopped by itself before the cause: the machine was too busy, and the sample was taken anew */
  readonly repeated: number;
}

/** n times from cause to safe command. */
export async function measureReaction(
  rig: BridgeRig,
  reaction: ReactionCase,
  n: number,
  told: () => void,
  signal: AbortSignal,
): Promise<Reaction> {
  const times: number[] = [];
  let repeated = 0;
  while (times.length < n && repeated < MAX_REPEATED * n && !signal.aborted) {
    await rig.drive();
    const cause = await reaction.arm(rig);
    const lines = await cruise(rig);
    const given = lines && (await cause());
    const time = lines && (await safeCommand(rig, lines, given));
    await reaction.recover?.(rig);
    if (time === undefined) {
      repeated++;
      continue;
    }
    times.push(time);
    told();
  }
  return { times, repeated };
}

/** The shuttle turns 0.7 m beyond the middle: from 0.3 m before it, it goes on for more than a second. */
const CRUISE = { commands: 10, tolerance: 0.01, beforeMiddle: 0.3 };

/**
 * Waits until the shuttle has been at its speed for some commands and has a second of it before it.
 * @returns the newest lines of the trace; undefined when it does not come to that
 */
async function cruise(rig: BridgeRig): Promise<TraceLine[] | undefined> {
  rig.trace.take();
  let steady = 0;
  let position = NaN;
  let speed = 0;
  return eventually(() => {
    const lines = rig.trace.take();
    for (const line of lines) {
      if (line.kind === 'state') position = line.positions[0]!;
      else {
        speed = line.values[0]!;
        steady = isCruise(speed) ? steady + 1 : 0;
      }
    }
    const goesOn = position * Math.sign(speed) < -CRUISE.beforeMiddle;
    return steady >= CRUISE.commands && goesOn && lines.some(({ kind }) => kind === 'state')
      ? lines
      : undefined;
  });
}

function isCruise(speed: number): boolean {
  return Math.abs(Math.abs(speed) / SHUTTLE_SPEED - 1) < CRUISE.tolerance;
}

/**
 * Follows the twin's trace to rest, and finds the first command of the stop in it.
 * @returns [ms]; undefined when the robot was being stopped before the cause, or never was
 */
async function safeCommand(
  rig: BridgeRig,
  lines: TraceLine[],
  givenNs: number | undefined,
): Promise<number | undefined> {
  const rest = await eventually(() => {
    lines.push(...rig.trace.take());
    const last = lines.findLast((line) => line.kind === 'command');
    return last?.kind === 'command' && last.values[0] === 0 ? true : undefined;
  });
  if (rest === undefined) return undefined;
  const isSlow = (line: TraceLine): boolean =>
    line.kind === 'command' && Math.abs(line.values[0]!) < SHUTTLE_SPEED * (1 - 2 * CRUISE.tolerance);
  const stop = lines.find(isSlow)!;
  if (givenNs !== undefined && stop.atNs < givenNs) return undefined;
  const cause = givenNs ?? lines.findLast((line) => line.kind === 'state' && line.atNs < stop.atNs)!.atNs;
  return (stop.atNs - cause) / 1e6;
}

/** @returns undefined when it was not found in time */
async function eventually<T>(found: () => T | undefined): Promise<T | undefined> {
  const startNs = systemClock.nowNs();
  while (elapsedMs(startNs, systemClock.nowNs()) < PATIENCE_MS) {
    const value = found();
    if (value !== undefined) return value;
    await sleep(2);
  }
  return undefined;
}

async function signal(pid: number, name: NodeJS.Signals): Promise<number> {
  const atNs = now();
  process.kill(pid, name);
  return Promise.resolve(atNs);
}
