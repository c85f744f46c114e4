import { existsSync, lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SerialConnection, VirtualPort } from '../../src/io/serial/index.js';
import { missingTools } from './operator-device.js';

const missing = missingTools();

describe.skipIf(missing !== undefined)(`virtual port${missing ? `: ${missing}` : ''}`, () => {
  let folder: string;
  let link: string;
  const heard: string[] = [];
  const events = {
    bytes: (chunk: Uint8Array) => heard.push(Buffer.from(chunk).toString()),
    failed: (error: Error) => heard.push(error.message),
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-pty-'));
    link = path.join(folder, 'port');
    heard.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Opens the port as the bridge does, says `text` and hears what is said there. */
  async function visit(port: VirtualPort, text: string): Promise<string> {
    let said = '';
    const connection = new SerialConnection(
      { path: link, backOffMs: { first: 20, longest: 20 } },
      { bytes: (chunk) => (said += Buffer.from(chunk).toString()), opened() {}, closed() {}, failed() {} },
    );
    connection.start();
    await expect.poll(() => connection.isOpen, { timeout: 5000 }).toBe(true);
    connection.write(Buffer.from(text));
    await expect.poll(() => heard.join(''), { timeout: 5000 }).toContain(text);
    port.write(Buffer.from(`not ${text}`));
    await expect.poll(() => said, { timeout: 5000 }).toContain(`not ${text}`);
    await connection.stop();
    return said;
  }

  it('is there again under the same path after each visitor, and brings nobody what was said before', async () => {
    const port = await VirtualPort.open(link, events);
    port.write(Buffer.from('to nobody'));
    expect(port.droppedWrites).toBe(1);
    expect(await visit(port, 'first')).toBe('not first');
    expect(await visit(port, 'second')).toBe('not second');
    await port.stop();
    expect(existsSync(link)).toBe(false);
  });

  it('replaces a link to a terminal that is gone, and nothing else', async () => {
    symlinkSync('/dev/pts/99999', link);
    const port = await VirtualPort.open(link, events);
    expect(existsSync(link)).toBe(true);
    await expect(VirtualPort.open(link, events)).rejects.toThrow('is there already; choose another path');
    await port.stop();
    writeFileSync(link, 'mine');
    await expect(VirtualPort.open(link, events)).rejects.toThrow('is there already; choose another path');
    expect(lstatSync(link).isFile()).toBe(true);
  });

  it('says why it cannot be made', async () => {
    const nowhere = path.join(folder, 'nowhere/port');
    await expect(VirtualPort.open(nowhere, events)).rejects.toThrow(
      /no serial port can be made at .*: .*No such file or directory/,
    );
    await expect(VirtualPort.open('/tmp/a,b', events)).rejects.toThrow("'/tmp/a,b' has characters");
    const { PATH } = process.env;
    process.env['PATH'] = folder;
    try {
      await expect(VirtualPort.open(link, events)).rejects.toThrow('install it: sudo apt-get install socat');
    } finally {
      process.env['PATH'] = PATH;
    }
  });
});
