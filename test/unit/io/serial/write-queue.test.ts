import { beforeEach, describe, expect, it } from 'vitest';
import { WriteQueue } from '../../../../src/io/serial/write-queue.js';

let queue: WriteQueue;
let sent: number[];
let done: () => void;

/** Ten bytes that begin with a number. */
const chunk = (number: number): Uint8Array => new Uint8Array(10).fill(number);
/** A line that takes a chunk, and the next one when `done` is called. */
function line(): void {
  queue.begin(([number], taken) => {
    sent.push(number!);
    done = taken;
  });
}

beforeEach(() => {
  queue = new WriteQueue(30);
  sent = [];
});

describe('the queue of writes', () => {
  it('gives a line that keeps up each chunk at once', () => {
    line();
    for (let i = 0; i < 100; i++) {
      queue.push(chunk(i));
      expect(sent.at(-1)).toBe(i);
      done();
    }
    expect(queue.dropped).toBe(0);
  });

  it('keeps the newest for a line that takes nothing, drops the oldest, and counts them', () => {
    line();
    for (let i = 0; i < 100; i++) queue.push(chunk(i));
    expect(sent).toEqual([0]); // it is with the driver
    expect(queue.dropped).toBe(96);
    for (let i = 0; i < 4; i++) done();
    expect(sent).toEqual([0, 97, 98, 99]);
  });

  it('drops what only an idle line is to be given, where it is not idle', () => {
    line();
    queue.push(chunk(1), true);
    queue.push(chunk(2), true);
    queue.push(chunk(3));
    done();
    expect(sent).toEqual([1, 3]);
    expect(queue.dropped).toBe(1);
  });

  it('drops what is written to no line, and keeps nothing for the next one', () => {
    queue.push(chunk(1));
    expect(queue.dropped).toBe(1);
    line();
    queue.push(chunk(2));
    queue.push(chunk(3));
    const late = done;
    queue.end();
    queue.push(chunk(4));
    line();
    late(); // of the line that is gone
    expect(sent).toEqual([2]);
    queue.push(chunk(5));
    expect(sent).toEqual([2, 5]);
  });
});
