import { afterEach, expect, test } from 'vitest';
import { LineChild } from '../../../bench/compute/child.js';

const children: LineChild[] = [];

function child(program: string): LineChild {
  const started = new LineChild('peer', process.execPath, ['-e', program]);
  children.push(started);
  return started;
}

afterEach(() => children.splice(0).forEach((one) => one.kill()));

const ECHO = `
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { value } = JSON.parse(line);
    console.log(JSON.stringify(value < 0 ? { error: 'below zero' } : { value }));
  });`;

test('answers come back in the order of the questions, and an error is thrown', async () => {
  const peer = child(ECHO);
  const answers = await Promise.all([1, 2].map((value) => peer.request<{ value: number }>({ value })));
  expect(answers).toEqual([{ value: 1 }, { value: 2 }]);
  await expect(peer.request({ value: -1 })).rejects.toThrow('below zero');
  expect(await peer.request({ value: 3 })).toEqual({ value: 3 });
});

test('a child that ends rejects what waits, with its last words', async () => {
  const peer = child(`console.error('no such library'); process.exit(3)`);
  await expect(peer.request({})).rejects.toThrow('peer ended with exit code 3: no such library');
  await expect(peer.request({})).rejects.toThrow('exit code 3');
});

test('a program that is not there rejects', async () => {
  const peer = new LineChild('peer', '/nonexistent/python3', []);
  await expect(peer.request({})).rejects.toThrow('ENOENT');
});

test('a stopped child rejects what waits', async () => {
  const peer = child('setInterval(() => {}, 1000)');
  const waiting = peer.request({});
  peer.kill();
  await expect(waiting).rejects.toThrow('peer was stopped');
});
