import { expect, it } from 'vitest';
import { DynabridgeError, tellError, toldError } from '../../../src/core/index.js';

/** As a message crosses to another process. */
const across = (error: unknown): Error =>
  toldError(JSON.parse(JSON.stringify(tellError(error))) as ReturnType<typeof tellError>);

it('keeps code, message, context and stack of an expected error', () => {
  const thrown = new DynabridgeError('BAD_INPUT', 'the budget is too short', { budget: 5 });
  const told = across(thrown);
  expect(told).toBeInstanceOf(DynabridgeError);
  expect(told).toMatchObject({
    code: 'BAD_INPUT',
    exitCode: 2,
    message: thrown.message,
    context: { budget: 5 },
  });
  expect(told.stack).toBe(thrown.stack);
});

it('makes a defect of everything else, whose stack says where', () => {
  const thrown = new TypeError('x is undefined');
  const told = across(thrown);
  expect(told).not.toBeInstanceOf(DynabridgeError);
  expect(told.message).toBe('TypeError: x is undefined');
  expect(told.stack).toBe(thrown.stack);
  expect(across('thrown as text').message).toBe('thrown as text');
});
