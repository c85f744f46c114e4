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
import type { TriggerResponse } from '../../src/io/ros/index.js';
import type { RobotConfig } from '../../src/robot/index.js';
import type { BridgeRig } from '../rig/bridge-rig.js';
import { SHUTTLE_SPEED } from '../scratch-bridge.js';

export interface ReactionCase {
  readonly name: string;
  /** what the target allows [ms] */
  readonly budgetMs: (config: RobotConfig) => number;
  /** Gives the cause. @returns when [ns]; undefined: when the last state was published */
  readonly cause: (rig: BridgeRig) => Promise<number | undefined>;
  /** Makes the rig ready to be engaged again. */
  readonly recover: (rig: BridgeRig) => Promise<void>;
}

/** the guard's own patience with a stalled guard is 200 ms */
const STALL_MS = 200;
const BUTTON = { released: 'stick 1 0 100 0', enabled: 'stick 1 1 100 0' };
const READY_MS = 20_000;
const periodMs = ({ controlRateHz }: RobotConfig): number => 1e3 / controlRateHz;
const now = (): number => Number(systemClock.nowNs());
const restart = async (rig: BridgeRig): Promise<void> => {
  await rig.endBridge();
  await rig.startBridge();
};

export const REACTIONS: readonly ReactionCase[] = [
  {
    name: 'e-stop',
    budgetMs: (config) => periodMs(config) + 2,
    cause: async (rig) => {
      const client = rig.middleware.createClient<object, TriggerResponse>(
        '/dynabridge/estop',
        'std_srvs/srv/Trigger',
      );
      await client.waitForService(READY_MS);
      const atNs = now();
      await client.call({}, READY_MS);
      client.close();
      return atNs;
    },
    recover: (rig) => rig.insist('/dynabridge/reset', READY_MS),
  },
  {
    name: 'teleop takeover',
    budgetMs: (config) => periodMs(config) + 5,
    cause: async ({ device }) => {
      const from = device.events.length;
      device.order(BUTTON.enabled);
      const pressed = await eventually('the button is on the line', () =>
        device.events.slice(from).find((event) => event.startsWith('buttons 1 ')),
      );
      return Number(pressed.split(' ')[2]);
    },
    recover: ({ device }) => {
      device.order(BUTTON.released);
      return Promise.resolve();
    },
  },
  {
    name: 'stale state',
    budgetMs: (config) => config.stateTimeoutMs + periodMs(config),
    cause: async (rig) => {
      await rig.insist('/twin/pause_states', READY_MS);
      return undefined;
    },
    recover: (rig) => rig.insist('/twin/resume_states', READY_MS),
  },
  {
    name: 'guard stall',
    budgetMs: () => STALL_MS + 50,
    cause: ({ pids }) => signal(pids!.guard, 'SIGSTOP'),
    recover: restart,
  },
  {
    name: 'agent death',
    budgetMs: (config) => (PROPOSAL_LIFETIME_PERIODS * 1e3) / config.policyRateHz + periodMs(config),
    cause: ({ pids }) => signal(pids!.agent, 'SIGKILL'),
    recover: restart,
  },
];

/** n times from cause to safe command [ms]; the bridge is up before and after. */
export async function measureReaction(
  rig: BridgeRig,
  reaction: ReactionCase,
  n: number,
  told: () => void,
  signal: AbortSignal,
): Promise<number[]> {
  const times: number[] = [];
  while (times.length < n && !signal.aborted) {
    rig.device.order(BUTTON.released);
    await rig.insist('/dynabridge/engage', READY_MS);
    const lines = await cruise(rig);
    const given = await reaction.cause(rig);
    times.push(await safeCommand(rig, lines, given));
    await reaction.recover(rig);
    told();
  }
  return times;
}

/** The shuttle turns 0.7 m beyond the middle: from 0.3 m before it, it goes on for more than a second. */
const CRUISE = { commands: 10, tolerance: 0.01, beforeMiddle: 0.3 };

/**
 * Waits until the shuttle has been at its speed for some commands and has a second of it before it.
 * @returns the newest lines of the trace
 */
async function cruise(rig: BridgeRig): Promise<TraceLine[]> {
  rig.trace.take();
  let steady = 0;
  let position = NaN;
  let speed = 0;
  return eventually('the shuttle cruises', () => {
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

/** Follows the twin's trace to rest, and finds the first command of the stop in it. */
async function safeCommand(rig: BridgeRig, lines: TraceLine[], givenNs: number | undefined): Promise<number> {
  await eventually('the robot is commanded to rest', () => {
    lines.push(...rig.trace.take());
    const last = lines.findLast((line) => line.kind === 'command');
    return last?.kind === 'command' && last.values[0] === 0 ? true : undefined;
  });
  const isStop = (line: TraceLine): boolean =>
    line.kind === 'command' &&
    Math.abs(line.values[0]!) < SHUTTLE_SPEED * (1 - 2 * CRUISE.tolerance) &&
    (givenNs === undefined || line.atNs > givenNs);
  const stop = lines.find(isStop)!;
  const cause = givenNs ?? lines.findLast((line) => line.kind === 'state' && line.atNs < stop.atNs)!.atNs;
  return (stop.atNs - cause) / 1e6;
}

async function eventually<T>(what: string, found: () => T | undefined): Promise<T> {
  const startNs = systemClock.nowNs();
  while (elapsedMs(startNs, systemClock.nowNs()) < READY_MS) {
    const value = found();
    if (value !== undefined) return value;
    await sleep(2);
  }
  throw new DynabridgeError('UNAVAILABLE', `within ${READY_MS} ms it never came to this: ${what}`);
}

async function signal(pid: number, name: NodeJS.Signals): Promise<number> {
  const atNs = now();
  process.kill(pid, name);
  return Promise.resolve(atNs);
}
