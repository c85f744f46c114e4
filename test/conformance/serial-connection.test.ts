/** What is said of ports that cannot be opened, and that they are opened as soon as they can be. Real ports: pseudo-terminals. */
import { chmodSync, chownSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { SerialConnection } from '../../src/io/serial/index.js';
import { missingTools, PortPair } from './operator-device.js';

const missing = missingTools();
const NOBODY = 65534;
const DIALOUT_ON_DEBIAN = 20;
const isRoot = process.geteuid?.() === 0;

describe.skipIf(missing !== undefined)(`a serial port${missing ? `: ${missing}` : ''}`, () => {
  const closers: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  function connect(path: string, bytes: (chunk: Uint8Array) => void = () => {}) {
    const told: string[] = [];
    const connection = new SerialConnection(
      { path, backOffMs: { first: 20, longest: 100 } },
      {
        bytes,
        opened: () => told.push('opened'),
        closed: () => told.push('closed'),
        failed: ({ code, message }) => told.push(`${code} ${message}`),
      },
    );
    closers.unshift(() => connection.stop());
    connection.start();
    const tells = (what: RegExp) =>
      expect.poll(() => told, { timeout: 10_000 }).toContainEqual(expect.stringMatching(what));
    return { told, tells, connection };
  }
  async function somePort(): Promise<string> {
    const ports = await PortPair.open();
    closers.push(() => ports.unplug());
    return ports.bridge;
  }

  it('that is not permitted: names the group to join once, and is opened when it is permitted', async () => {
    const path = await somePort();
    const file = realpathSync(path);
    if (isRoot) chownSync(file, 0, DIALOUT_ON_DEBIAN);
    chmodSync(file, 0);
    if (isRoot) process.seteuid!(NOBODY); // root may open anything
    try {
      const { told, tells } = connect(path);
      await tells(
        /^UNAVAILABLE no permission for serial port .*sudo usermod -aG \w+ \$USER\) and log in again$/,
      );
      if (isRoot) process.seteuid!(0);
      chmodSync(file, 0o600);
      await tells(/^opened$/);
      expect(told).toHaveLength(2);
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  });

  it('that another has open: says how to find who, and is opened when it is free', async () => {
    const path = await somePort();
    const first = connect(path);
    await first.tells(/^opened$/);
    const second = connect(path);
    await second.tells(/^UNAVAILABLE serial port .* is in use by another process; find it with: fuser /);
    await first.connection.stop();
    await second.tells(/^opened$/);
    expect(second.told).toHaveLength(2);
  });

  it('that does not keep up: takes what is newest only where nothing waits, so that nothing of it comes late', async () => {
    const { tells, connection } = connect(await somePort()); // nobody reads at its other end
    await tells(/^opened$/);
    const isRefused = () => {
      const before = connection.droppedWrites;
      connection.write(Uint8Array.of(7), true);
      return connection.droppedWrites > before;
    };
    expect(isRefused()).toBe(false);
    let refused = 0; // in a row: a busy machine is late once, a port that is full stays full
    const fill = async () => {
      for (let i = 0; i < 50; i++) {
        connection.write(new Uint8Array(500).fill(7));
        await sleep(1);
      }
      await sleep(100);
      return (refused = isRefused() ? refused + 1 : 0);
    };
    await expect.poll(fill, { timeout: 50_000, interval: 1 }).toBe(3);
  }, 60_000);

  it('that is no port: says so', async () => {
    const { tells } = connect('/dev/null');
    await tells(/^UNAVAILABLE serial port \/dev\/null cannot be opened: /);
  });

  it('that takes nothing any more: the loop goes on, writes are dropped, and it is heard again', async () => {
    const ports = await PortPair.open();
    closers.push(() => ports.unplug());
    const writer = connect(ports.bridge);
    await writer.tells(/^opened$/);
    const lines = (number: number) => Buffer.from(`${String(number).padStart(63, ' ')}\n`);
    // nobody has the other end open: its buffer and all before it fill up
    const most = 10_000;
    for (let i = 0; i < most && writer.connection.droppedWrites < 100; i++) {
      writer.connection.write(lines(i));
      await sleep(0);
    }
    expect(writer.connection.droppedWrites).toBeGreaterThanOrEqual(100);
    expect(writer.connection.isOpen).toBe(true);
    let heard = '';
    const reader = connect(ports.device, (chunk) => (heard += Buffer.from(chunk).toString()));
    await reader.tells(/^opened$/);
    writer.connection.write(lines(most)); // in the queue, and the newest: it comes
    await expect.poll(() => heard, { timeout: 10_000 }).toContain(` ${most}\n`);
  });
});
