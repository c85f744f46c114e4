import type { Rng } from '../../src/core/index.js';
import { COMMAND_QOS } from '../../src/io/ros/index.js';
import type { BridgeRig } from '../rig/bridge-rig.js';
import { floodAsAgent } from './agent-flood.js';
import { garbageOnPort, garbageOnWire, garbageStates } from './garbage.js';
import { pause, waitUntil } from './waiting.js';

export interface Fault {
  readonly name: string;
  /** whether the robot has to be stopped for it */
  readonly stops: 'always' | 'maybe' | 'never';
  /** what the bridge gives as the reason of that stop */
  readonly because: RegExp;
  /** the bridge cannot go on after it and has to be started anew */
  readonly endsBridge: boolean;
  /**
   * Does it, and undoes it where it can be undone.
   * @param stopped whether the robot has lost its driver since the fault began
   */
  readonly inject: (rig: BridgeRig, rng: Rng, stopped: () => boolean) => Promise<void>;
}

const WAIT_MS = 5_000;
const FULL_SCALE = 32_767;

async function takeOver(rig: BridgeRig): Promise<void> {
  for (let tries = 0; tries < 10 && !rig.deviceStatus.startsWith('1 '); tries++) {
    rig.device.order('stick 1 0 100 0');
    await pause(150);
    rig.device.order('stick 1 1 100 0');
    await waitUntil(() => rig.deviceStatus.startsWith('1 '), 500);
  }
}

/** Takes over and moves the sticks about, some times. */
async function operate(rig: BridgeRig, rng: Rng): Promise<void> {
  await takeOver(rig);
  for (let moves = 1 + rng.integer(4); moves > 0; moves--) {
    rig.device.order(`stick 1 1 100 ${rng.integer(2 * FULL_SCALE) - FULL_SCALE}`);
    await pause(rng.uniform(50, 300));
  }
}

const kill =
  (which: 'guard' | 'agent', signal: NodeJS.Signals) =>
  async ({ pids }: BridgeRig): Promise<void> => {
    process.kill(pids![which], signal);
    return Promise.resolve();
  };

export const FAULTS: readonly Fault[] = [
  {
    name: 'agent killed',
    stops: 'always',
    because: /the agent went away/,
    endsBridge: true,
    inject: kill('agent', 'SIGKILL'),
  },
  {
    name: 'agent paused',
    stops: 'always',
    because: /the agent is silent/,
    endsBridge: false,
    inject: async ({ pids }, rng, stopped) => {
      process.kill(pids!.agent, 'SIGSTOP');
      await waitUntil(stopped, WAIT_MS);
      await pause(rng.uniform(0, 500));
      process.kill(pids!.agent, 'SIGCONT');
    },
  },
  {
    name: 'agent killed, and a flood of proposals from another',
    stops: 'always',
    because: /the agent (went away|is silent)/,
    endsBridge: true,
    inject: async (rig, rng, stopped) => {
      await kill('agent', 'SIGKILL')(rig);
      await waitUntil(stopped, WAIT_MS);
      await floodAsAgent(rig.pids!.guard, rng, () => rig.call('/dynabridge/engage'));
    },
  },
  {
    name: 'joint states paused',
    stops: 'always',
    because: /joint state was lost/,
    endsBridge: false,
    inject: async (rig, rng, stopped) => {
      await rig.insist('/twin/pause_states', WAIT_MS);
      await waitUntil(stopped, WAIT_MS);
      await pause(rng.uniform(0, 500));
      await rig.insist('/twin/resume_states', WAIT_MS);
    },
  },
  {
    name: 'second publisher of joint states, with garbage',
    stops: 'maybe',
    because: /state-jump|joint state was lost/,
    endsBridge: false,
    inject: garbageStates,
  },
  {
    name: 'e-stop by service',
    stops: 'always',
    because: /e-stop pressed/,
    endsBridge: false,
    inject: (rig) => rig.insist('/dynabridge/estop', WAIT_MS),
  },
  {
    name: 'e-stop by the device',
    stops: 'always',
    because: /e-stop pressed/,
    endsBridge: false,
    inject: async ({ device }, rng) => {
      device.order(`estop ${rng.integer(10)}`);
      return Promise.resolve();
    },
  },
  {
    name: 'operator takes over and releases',
    stops: 'always',
    because: /the operator took over/,
    endsBridge: false,
    inject: async (rig, rng) => {
      await operate(rig, rng);
      rig.device.order('stick 1 0 100 0');
    },
  },
  {
    name: 'operator takes over and falls silent',
    stops: 'always',
    because: /the operator took over/,
    endsBridge: false,
    inject: async (rig, rng) => {
      await operate(rig, rng);
      rig.device.order('mute');
      await pause(rng.uniform(300, 800));
      await rig.replaceDevice();
    },
  },
  {
    name: 'garbage on the serial line',
    stops: 'never',
    because: /^$/,
    endsBridge: false,
    inject: ({ ports }, rng) => garbageOnPort(ports.device, rng),
  },
  {
    name: 'malformed RTPS packets',
    stops: 'never',
    because: /^$/,
    endsBridge: false,
    inject: ({ domain }, rng) => garbageOnWire(domain, rng),
  },
  {
    name: 'second writer on the command topic',
    stops: 'always',
    because: /another node publishes on/,
    endsBridge: false,
    inject: async ({ middleware, scratch }, _rng, stopped) => {
      const { commandTopic, commandMessageType } = scratch.robot.config;
      const writer = middleware.createPublisher<object>(commandTopic, commandMessageType, COMMAND_QOS);
      await waitUntil(stopped, WAIT_MS);
      writer.close();
    },
  },
  {
    name: 'guard killed',
    stops: 'always',
    because: /the guard died/,
    endsBridge: true,
    inject: kill('guard', 'SIGKILL'),
  },
  {
    name: 'guard stalled',
    stops: 'always',
    because: /the guard was silent/,
    endsBridge: true,
    inject: kill('guard', 'SIGSTOP'),
  },
  {
    name: 'supervisor killed',
    stops: 'always',
    because: /the bridge ended/,
    endsBridge: true,
    inject: async ({ bridge }) => {
      bridge?.kill('SIGKILL');
      return Promise.resolve();
    },
  },
];
