import { closeSync, openSync, writeSync } from 'node:fs';
import type { CommandMessage } from './twin.js';

/**
 * One line of the file. `atNs` is monotonic [ns], a number since 2^53 ns are 104 days of uptime.
 * command: values as they arrived (m), of a trajectory those of its last point. state: measured positions (n).
 */
export type TraceLine =
  | { readonly kind: 'command'; readonly atNs: number; readonly values: readonly number[] }
  | { readonly kind: 'state'; readonly atNs: number; readonly positions: readonly number[] };

/** Every command that the twin received and every state that it published, as JSON lines that can be followed while it runs. */
export class TwinTrace {
  private readonly fd: number;

  /** @param path an older file is replaced */
  constructor(path: string) {
    this.fd = openSync(path, 'w');
  }

  received(message: CommandMessage, atNs: bigint): void {
    this.write({ kind: 'command', atNs: Number(atNs), values: valuesOf(message) });
  }

  published(positions: ArrayLike<number>, atNs: bigint): void {
    this.write({ kind: 'state', atNs: Number(atNs), positions: Array.from(positions) });
  }

  close(): void {
    closeSync(this.fd);
  }

  private write(line: TraceLine): void {
    writeSync(this.fd, `${JSON.stringify(line)}\n`);
  }
}

function valuesOf(message: CommandMessage): number[] {
  if ('data' in message) return Array.from(message.data);
  if ('name' in message) return [...message.position, ...message.velocity, ...message.effort];
  const last = message.points.at(-1);
  if (last === undefined) return [];
  return Array.from(last.velocities.length > 0 ? last.velocities : last.positions);
}
