import { describe, expect, it } from 'vitest';
import { Rng, philox4x32 } from '../../../src/core/index.js';

function block(counter: number[], key: number[]): string[] {
  const out = new Uint32Array(4);
  philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
  return Array.from(out, (word) => word.toString(16).padStart(8, '0'));
}

describe('philox4x32', () => {
  // Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
  it('gives the published blocks', () => {
    expect(block([0, 0, 0, 0], [0, 0])).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
    const ones = 0xffffffff;
    expect(block([ones, ones, ones, ones], [ones, ones])).toEqual([
      '408f276d',
      '41c83b0e',
      'a20bc7c6',
      '6d5451fd',
    ]);
    expect(block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      'd16cfe09',
      '94fdcceb',
      '5001e420',
      '24126ea1',
    ]);
  });
});

describe('Rng', () => {
  it('continues bit for bit from its state, from any position within a block', () => {
    for (let drawn = 0; drawn < 9; drawn++) {
      const rng = new Rng(7, 'stream');
      for (let i = 0; i < drawn; i++) rng.uint32();
      const restored = Rng.fromState(JSON.parse(JSON.stringify(rng.state)) as typeof rng.state);
      for (let i = 0; i < 20; i++) expect(restored.uint32()).toBe(rng.uint32());
    }
  });

  it('gives other numbers for another seed and for another stream', () => {
    const draw = (rng: Rng): number[] => Array.from({ length: 4 }, () => rng.uint32());
    expect(draw(new Rng(1))).toEqual(draw(new Rng(1)));
    expect(draw(new Rng(1))).not.toEqual(draw(new Rng(2)));
    expect(draw(new Rng(1, 'a'))).not.toEqual(draw(new Rng(1, 'b')));
  });

  it('has the moments of its distributions', () => {
    const rng = new Rng(3);
    const n = 200_000;
    let sum = 0;
    let squares = 0;
    let uniform = 0;
    for (let i = 0; i < n; i++) {
      const z = rng.normal(1, 2);
      sum += z;
      squares += (z - 1) ** 2;
      uniform += rng.uniform(-1, 3);
    }
    // five standard errors: 2 / sqrt(n), 4 sqrt(2 / n), (4 / sqrt(12)) / sqrt(n)
    expect(Math.abs(sum / n - 1)).toBeLessThan(5 * (2 / Math.sqrt(n)));
    expect(Math.abs(squares / n - 4)).toBeLessThan(5 * 4 * Math.sqrt(2 / n));
    expect(Math.abs(uniform / n - 1)).toBeLessThan((5 * 4) / Math.sqrt(12 * n));
  });

  it('shuffles every item to every place equally often', () => {
    const rng = new Rng(5);
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    const rounds = 8000;
    for (let i = 0; i < rounds; i++)
      rng.shuffle([0, 1, 2, 3]).forEach((item, place) => counts[item]![place]!++);
    const tolerance = 5 * Math.sqrt(rounds * 0.25 * 0.75);
    for (const row of counts)
      for (const count of row) expect(Math.abs(count - rounds / 4)).toBeLessThan(tolerance);
  });
});
