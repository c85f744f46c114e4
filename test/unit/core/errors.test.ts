import { describe, expect, it } from 'vitest';
import { DynabridgeError, ERROR_CODES, badInput } from '../../../src/core/index.js';

describe('DynabridgeError', () => {
  it('carries its exit code, its context and a JSON form', () => {
    const error = badInput('joint x is wrong', { joint: 'x' });
    expect(error.exitCode).toBe(2);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'BAD_INPUT',
      message: 'joint x is wrong',
      context: { joint: 'x' },
    });
    expect(error).toBeInstanceOf(Error);
  });

  it('keeps the cause', () => {
    const cause = new Error('below');
    expect(new DynabridgeError('INTERNAL', 'above', {}, { cause }).cause).toBe(cause);
  });
});

describe('ERROR_CODES', () => {
  it('gives every code an exit code of its own, none of them success', () => {
    const codes = Object.values(ERROR_CODES).map(({ exitCode }) => exitCode);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code).toBeGreaterThan(0);
  });
});
