import { describe, expect, it } from 'vitest';
import { History, type HistoryChange } from '../../../../src/io/rtps/history.js';

function change(sequenceNumber: number, instance = 0, isKey = false): HistoryChange {
  return {
    sequenceNumber,
    instance,
    isKey,
    payload: Buffer.alloc(4),
    inlineQos: undefined,
    sourceNs: 0n,
    audience: undefined,
  };
}

function numbers(history: History): number[] {
  return [...history].map((kept) => kept.sequenceNumber);
}

describe('History', () => {
  it('keeps the last samples', () => {
    const history = new History(3);
    for (let i = 1; i <= 5; i++) history.add(change(i));
    expect(numbers(history)).toEqual([3, 4, 5]);
    expect([history.first, history.last, history.get(2), history.get(4)?.sequenceNumber]).toEqual([
      3,
      5,
      undefined,
      4,
    ]);
  });

  it('says that an empty history starts behind its end', () => {
    expect([new History(1).first, new History(1).last]).toEqual([1, 0]);
  });

  it('keeps the last sample of each instance, and finds across gaps', () => {
    const history = new History(1, true);
    [1, 2, 1, 3].forEach((instance, i) => history.add(change(i + 1, instance)));
    expect(numbers(history)).toEqual([2, 3, 4]);
    history.add(change(5, 2));
    expect(numbers(history)).toEqual([3, 4, 5]);
    expect(history.get(5)?.instance).toBe(2);
  });

  it('drops disposals once they are acknowledged', () => {
    const history = new History(1, true);
    history.add(change(1, 1));
    history.add(change(2, 1, true));
    history.add(change(3, 2));
    history.dropDisposedUpTo(1);
    expect(numbers(history)).toEqual([2, 3]);
    history.dropDisposedUpTo(2);
    expect(numbers(history)).toEqual([3]);
  });
});
