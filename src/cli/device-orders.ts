/** Orders to a simulated operator device, a line each: the words that firmware/host/device.c understands, and `wait`. */
import { badInput } from '../core/index.js';
import { WANTED_MODES, type SetPoint, type TeleopCommand, type WantedMode } from '../io/serial/index.js';

export type DeviceOrder =
  | { readonly order: 'stick'; readonly command: Omit<TeleopCommand, 'type'> }
  | { readonly order: 'setpoint'; readonly command: Omit<SetPoint, 'type'> }
  | { readonly order: 'mode'; readonly wanted: WantedMode }
  | { readonly order: 'estop'; readonly cause: number }
  | { readonly order: 'reset'; readonly nonce: number }
  | { readonly order: 'log'; readonly text: string }
  | { readonly order: 'wait'; readonly ms: number }
  | { readonly order: 'release' | 'hang' | 'mute' | 'restart' | 'quit' };

export const ORDERS_HELP = `  stick <mode> <buttons> <ttl ms> <axis>...  sent every 20 ms from now on. mode 0 hold, 1 joint velocity;
                                             buttons 1 enable, 2 stop; axes -32767 to 32767, one a joint
  setpoint <ttl ms> <axis>...                beside the stick, every 20 ms from now on: where each joint is to be, -32767 its lower
                                             limit, 32767 its upper one (velocity, effort: of the highest); counts while the stick is at
                                             rest with enable pressed
  release                                    no commands and set-points any more
  mode <wanted>                              asked for once: 0 hold, 1 operator, 2 agent
  estop <cause>                              stop, repeated until the bridge has heard it; cause 0 to 255
  reset <number>                             clear the latched stop of that number (see: status)
  log <text>                                 a line for the bridge's record
  wait <ms>                                  before the next order
  hang | mute | restart                      the loop hangs | nothing is sent or read | as after a power cycle
  quit                                       as does the end of the input`;

const FULL_SCALE = 32767;
const MODES = ['hold', 'joint-velocity', 'joint-delta'] as const;

/**
 * @param axes of the device; those that a line leaves out are at rest
 * @returns undefined for an empty line
 * @throws BAD_INPUT for a line that is no order
 */
export function parseOrder(line: string, axes: number): DeviceOrder | undefined {
  const text = line.trim();
  const [order = '', ...words] = text.split(/\s+/);
  switch (order) {
    case '':
      return undefined;
    case 'stick':
      return { order, command: stick(text, words, axes) };
    case 'setpoint':
      return { order, command: setPoint(text, words, axes) };
    case 'mode':
      return { order, wanted: WANTED_MODES[only(text, words, 0, WANTED_MODES.length - 1)]! };
    case 'estop':
      return { order, cause: only(text, words, 0, 255) };
    case 'reset':
      return { order, nonce: only(text, words, 0, 2 ** 32 - 1) };
    case 'wait':
      return { order, ms: only(text, words, 0, 3_600_000) };
    case 'log':
      return { order, text: text.slice('log '.length) };
    case 'release':
    case 'hang':
    case 'mute':
    case 'restart':
    case 'quit':
      if (words.length > 0) throw badInput(`'${text}': nothing comes after ${order}`);
      return { order };
    default:
      throw badInput(`'${text}' is no order; there are:\n${ORDERS_HELP}`);
  }
}

function stick(text: string, words: readonly string[], axes: number): Omit<TeleopCommand, 'type'> {
  const [mode, buttons, ttlMs, ...values] = words;
  const shares = sharesOf(text, values, axes);
  const flags = integer(text, buttons, 0, 3);
  return {
    mode: MODES[integer(text, mode, 0, 2)]!,
    enable: (flags & 1) !== 0,
    estop: (flags & 2) !== 0,
    ttlMs: integer(text, ttlMs, 0, 0xffff),
    axes: shares,
  };
}

function setPoint(text: string, [ttlMs, ...values]: readonly string[], axes: number): Omit<SetPoint, 'type'> {
  return { ttlMs: integer(text, ttlMs, 0, 0xffff), axes: sharesOf(text, values, axes) };
}

function sharesOf(text: string, values: readonly string[], axes: number): number[] {
  if (values.length > axes) throw badInput(`'${text}' has ${values.length} axes, the robot ${axes}`);
  const given = values.map((value) => integer(text, value, -FULL_SCALE, FULL_SCALE) / FULL_SCALE);
  return Array.from({ length: axes }, (_, i) => given[i] ?? 0);
}

function only(text: string, words: readonly string[], least: number, most: number): number {
  if (words.length > 1) throw badInput(`'${text}': one number is wanted`);
  return integer(text, words[0], least, most);
}

function integer(text: string, word: string | undefined, least: number, most: number): number {
  const value = Number(word);
  if (word !== undefined && Number.isInteger(value) && value >= least && value <= most) return value;
  throw badInput(`'${text}': ${word ?? 'nothing'} where an integer from ${least} to ${most} is wanted`);
}
