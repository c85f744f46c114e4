import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { SerialPort } from 'serialport';

/** A serial port of this machine. */
export interface FoundPort {
  /** best one to configure: under /dev/serial/by-id, where the device has a number of its own */
  readonly path: string;
  readonly device: string;
  /** manufacturer and serial number as the driver tells them; empty for ports without USB */
  readonly description: string;
  /** whether this user may open it */
  readonly permitted: boolean;
}

const BY_ID = '/dev/serial/by-id';

/** @throws Error where ports cannot be listed: Linux needs udevadm for it */
export async function findPorts(): Promise<FoundPort[]> {
  const names = new Map<string, string>();
  if (existsSync(BY_ID)) {
    for (const name of readdirSync(BY_ID)) {
      const link = join(BY_ID, name);
      if (existsSync(link)) names.set(realpathSync(link), link);
    }
  }
  const ports = await SerialPort.list();
  return ports.map(({ path, manufacturer, serialNumber }) => ({
    path: names.get(path) ?? path,
    device: path,
    description: [manufacturer, serialNumber].filter((part) => part !== undefined).join(' '),
    permitted: isPermitted(path),
  }));
}

function isPermitted(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
