import { emitKeypressEvents } from 'node:readline';
import { systemClock } from '../core/index.js';
import { positionOf, type Envelope, type ModeReply, type Status } from '../io/serial/index.js';
import { KeyboardSticks } from './keyboard-sticks.js';
import type { SimulatedDevice } from './simulated-device.js';

const STICKS_MS = 5;
const STATUS_LINE_MS = 100;

export const KEYS_HELP = `  space            enable, on and off; off by itself after 10 s without a key
  1 to 9           choose an axis
  left, right      move the chosen axis down, up (or: a, d); it springs back
  down, up         move the axis after it down, up (or: s, w)
  h                ask for hold: whoever drives gives up
  e                ask for the agent to be engaged, once; enable has to be off, and teleop.may_engage of robot.yaml true
  x                stop: latched until it is reset
  r                reset the latched stop
  q, Ctrl+C        quit`;

/** A joint that an axis commands. */
interface DeviceJoint extends Envelope {
  readonly name: string;
  readonly unit: string;
}

/** The keyboard moves the sticks until it is told to quit, or `ended` aborts. The terminal is left as it was. */
export async function readKeys(
  device: SimulatedDevice,
  joints: readonly DeviceJoint[],
  ended: AbortController,
): Promise<void> {
  const { stdin, stdout } = process;
  const sticks = new KeyboardSticks(joints.length);
  const restore = () => stdin.setRawMode(false);
  stdout.write(`${KEYS_HELP}\n`);
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  process.once('exit', restore); // however it ends
  stdin.on(
    'keypress',
    (_, key: { readonly name?: string; readonly sequence?: string; readonly ctrl?: boolean }) => {
      const name = key.name ?? key.sequence ?? '';
      if (name === 'q' || (name === 'c' && key.ctrl)) ended.abort();
      else press(device, sticks, name);
    },
  );
  stdin.once('end', () => ended.abort());
  const moving = setInterval(() => {
    sticks.advance(systemClock.nowNs());
    if (!device.linked) sticks.enable = false; // it is pressed anew after every loss
    const { enable, axes } = sticks;
    device.sticks = { mode: 'joint-velocity', enable, estop: false, ttlMs: 100, axes: [...axes] };
  }, STICKS_MS);
  let told: ModeReply | null = null;
  const showing = setInterval(() => {
    const { modeReply } = device;
    if (modeReply !== null && modeReply !== told) stdout.write(`\r\x1b[2K${replyLine(modeReply)}\n`);
    told = modeReply;
    const line = statusLine(device, sticks, joints).slice(0, (stdout.columns || 80) - 1);
    stdout.write(`\r\x1b[2K${line}`);
  }, STATUS_LINE_MS);
  await new Promise<void>((resolve) => {
    if (ended.signal.aborted) resolve();
    ended.signal.addEventListener('abort', () => resolve());
  });
  clearInterval(moving);
  clearInterval(showing);
  restore();
  stdout.write('\n');
}

function press(device: SimulatedDevice, sticks: KeyboardSticks, name: string): void {
  const now = systemClock.nowNs();
  if (name === 'x') {
    sticks.enable = false;
    device.obey({ order: 'estop', cause: 1 }, now);
  } else if (name === 'h') {
    sticks.enable = false;
    device.obey({ order: 'mode', wanted: 'hold' }, now);
  } else if (name === 'e') device.obey({ order: 'mode', wanted: 'agent' }, now);
  else if (name === 'r') {
    if (device.status?.latched) device.obey({ order: 'reset', nonce: device.status.nonce }, now);
  } else sticks.press(name, now);
}

const OWNER_TEXT: Readonly<Record<Status['owner'], string>> = {
  hold: 'nobody drives',
  teleop: 'you drive',
  agent: 'the agent drives',
  stopped: 'stopped',
};

/** e.g. "agent: refused, operator: the operator has authority; release the enable button first" */
function replyLine({ wanted, result, why }: ModeReply): string {
  return result === 'accepted' ? `${wanted}: accepted` : `${wanted}: refused, ${result}: ${why}`;
}

/** e.g. "linked | you drive | active | enable ON | [slider +0.52 at 0.310 m] pan -0.10 at 1.200 rad" */
function statusLine(device: SimulatedDevice, sticks: KeyboardSticks, joints: readonly DeviceJoint[]): string {
  const { status, state, refusal, linked } = device;
  const link = linked ? 'linked' : refusal ? `refused: another ${refusal}` : 'no bridge at the port';
  const axes = joints.map((joint, i) => {
    const value = sticks.axes[i]!;
    const at = state === null ? '' : ` at ${positionOf(joint, state.positions[i]!).toFixed(3)} ${joint.unit}`;
    const text = `${joint.name} ${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}${at}`;
    return i === sticks.chosen ? `[${text}]` : text;
  });
  const latched = status?.latched ? [`stop ${status.nonce} is latched, r resets it`] : [];
  const owner = status ? [OWNER_TEXT[status.owner]] : [];
  const mode = state ? [state.fault === 'none' ? state.mode : `${state.mode}: ${state.fault}`] : [];
  const enable = `enable ${sticks.enable ? 'ON' : 'off'}`;
  return [link, ...owner, ...mode, ...latched, enable, axes.join(' ')].join(' | ');
}
