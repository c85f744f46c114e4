import { emitKeypressEvents } from 'node:readline';
import { systemClock } from '../core/index.js';
import type { Status } from '../io/serial/index.js';
import { KeyboardSticks } from './keyboard-sticks.js';
import type { SimulatedDevice } from './simulated-device.js';

const STICKS_MS = 5;
const STATUS_LINE_MS = 100;

export const KEYS_HELP = `  space            enable, on and off; off by itself after 10 s without a key
  1 to 9           choose an axis
  left, right      move the chosen axis down, up (or: a, d); it springs back
  down, up         move the axis after it down, up (or: s, w)
  x                stop: latched until it is reset
  r                reset the latched stop
  q, Ctrl+C        quit`;

/** The keyboard moves the sticks until it is told to quit, or `ended` aborts. The terminal is left as it was. */
export async function readKeys(
  device: SimulatedDevice,
  joints: readonly string[],
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
  const showing = setInterval(() => {
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
  } else if (name === 'r') {
    if (device.status?.latched) device.obey({ order: 'reset', nonce: device.status.nonce }, now);
  } else sticks.press(name, now);
}

const OWNER_TEXT: Readonly<Record<Status['owner'], string>> = {
  hold: 'nobody drives',
  teleop: 'you drive',
  agent: 'the agent drives',
  stopped: 'stopped',
};

/** e.g. "linked | you drive | enable ON | [slider +0.52] pan -0.10" */
function statusLine(device: SimulatedDevice, sticks: KeyboardSticks, joints: readonly string[]): string {
  const { status, refusal, linked } = device;
  const link = linked ? 'linked' : refusal ? `refused: another ${refusal}` : 'no bridge at the port';
  const axes = joints.map((joint, i) => {
    const value = sticks.axes[i]!;
    const text = `${joint} ${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`;
    return i === sticks.chosen ? `[${text}]` : text;
  });
  const latched = status?.latched ? [`stop ${status.nonce} is latched, r resets it`] : [];
  const owner = status ? [OWNER_TEXT[status.owner]] : [];
  return [link, ...owner, ...latched, `enable ${sticks.enable ? 'ON' : 'off'}`, axes.join(' ')].join(' | ');
}
