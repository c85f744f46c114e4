import { beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../../src/compute/tf.js';
import { BufferPool, NativeData, NativeStorage } from '../../../src/compute/native/storage.js';

describe('BufferPool', () => {
  it('gives back an array of the same length, and no other', () => {
    const pool = new BufferPool();
    const array = pool.take(5);
    expect(array).toHaveLength(5);
    pool.give(array);
    expect(pool.take(4)).not.toBe(array);
    expect(pool.take(5)).toBe(array);
    expect(pool.take(5)).not.toBe(array);
  });

  it('counts the bytes that lie ready', () => {
    const pool = new BufferPool();
    const arrays = [pool.take(3), pool.take(3), pool.take(10)];
    expect(pool.bytes).toBe(0);
    for (const array of arrays) pool.give(array);
    expect(pool.bytes).toBe(4 * (3 + 3 + 10));
    pool.take(10);
    expect(pool.bytes).toBe(4 * (3 + 3));
    pool.clear();
    expect(pool.bytes).toBe(0);
  });

  it('keeps no more arrays of one length than its limit', () => {
    const pool = new BufferPool({ perLength: 2 });
    for (const array of [pool.take(3), pool.take(3), pool.take(3)]) pool.give(array);
    expect(pool.bytes).toBe(4 * (3 + 3));
  });

  it('never keeps more bytes than its limit, and starts anew for other lengths when it is full', () => {
    const pool = new BufferPool({ bytes: 100 });
    const old = [pool.take(10), pool.take(10)]; // 80 bytes
    for (const array of old) pool.give(array);
    const other = pool.take(9);
    pool.give(other); // 36 more
    expect(pool.bytes).toBe(36);
    expect(pool.take(9)).toBe(other);
    pool.give(pool.take(26)); // 104 bytes: never fits
    expect(pool.bytes).toBe(0);
  });

  it('keeps nothing of length 0', () => {
    const pool = new BufferPool();
    pool.give(pool.take(0));
    expect(pool.take(0)).toHaveLength(0);
    expect(pool.bytes).toBe(0);
  });
});

describe('NativeData', () => {
  it('is shared once its values were read or set, and not by reading its array', () => {
    const array = new Float32Array(2);
    const data = new NativeData(array, 'float32', 1, false);
    expect(data.array).toBe(array);
    expect(data.shared).toBe(false);
    expect(data.values).toBe(array);
    expect(data.shared).toBe(true);

    const other = new NativeData(array, 'float32', 1, false);
    other.values = new Float32Array(3);
    expect(other.array).toHaveLength(3);
    expect(other.shared).toBe(true);
  });
});

describe('NativeStorage', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('holds its own data ids and those of other backends, and counts both', () => {
    const storage = new NativeStorage(tf.backend(), tf.engine());
    const own = storage.add(new NativeData(new Float32Array(1), 'float32', 1, false));
    const foreign = { id: 12 };
    const moved = new NativeData(new Float32Array(2), 'float32', 1, true);
    storage.set(foreign, moved);
    expect(storage.get(own)).toBe(own);
    expect(storage.get(foreign)).toBe(moved);
    expect(storage.numDataIds()).toBe(2);
    expect(storage.delete(own)).toBe(true);
    expect(storage.has(own)).toBe(false);
    expect(storage.numDataIds()).toBe(1);
    storage.set(own, moved); // an own id that comes back from another backend
    expect(storage.get(own)).toBe(moved);
    expect(storage.delete(own)).toBe(true);
    expect(storage.delete(foreign)).toBe(true);
    expect(storage.numDataIds()).toBe(0);
  });
});
