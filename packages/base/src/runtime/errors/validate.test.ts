import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { validate } from './validate.ts';

const method = z.discriminatedUnion('method', [
  z.object({ method: z.literal('none') }),
  z.object({ method: z.literal('key') }),
]);

test.each([
  { schema: z.string(), value: undefined, message: 'is required' },
  { schema: z.string(), value: 7, message: 'must be a string' },
  { schema: z.coerce.number(), value: 'x', message: 'must be a number' },
  { schema: z.int(), value: 1.5, message: 'must be a whole number' },
  { schema: z.boolean(), value: 'true', message: 'must be true or false' },
  { schema: z.array(z.string()), value: 'Patient', message: 'must be a list' },
  { schema: z.object({}), value: [], message: 'must be an object' },
  { schema: z.record(z.string(), z.string()), value: 1, message: 'must be an object' },
  { schema: z.enum(['export', 'sync']), value: 'x', message: 'must be one of: export, sync' },
  { schema: z.literal('none'), value: 'x', message: 'must be none' },
  { schema: method, value: { method: 'x' }, message: 'must be one of: none, key' },
  { schema: z.union([z.string(), z.int()]), value: true, message: 'has none of the allowed forms' },
  { schema: z.string().min(1), value: '', message: 'must be at least 1 character long' },
  { schema: z.string().max(3), value: 'abcd', message: 'must be at most 3 characters long' },
  { schema: z.array(z.string()).max(2), value: ['a', 'b', 'c'], message: 'must be at most 2 entries long' },
  { schema: z.int().min(1), value: 0, message: 'must be at least 1' },
  { schema: z.url(), value: 'x', message: 'must be a URL' },
  { schema: z.string().regex(/a/), value: 'b', message: 'has the wrong format' },
  { schema: z.string().refine(() => false), value: 'b', message: 'is not valid' },
])('validate describes the fault of $value with "$message"', ({ schema, value, message }) => {
  expect(validate(schema, value)).toMatchObject({ isValid: false, faults: [{ message }] });
});

test('validate keeps the message that a schema has for a fault', () => {
  const schema = z.string().min(1, 'names no type');
  expect(validate(schema, '')).toEqual({ isValid: false, faults: [{ path: '', message: 'names no type' }] });
});

test('validate reports each unknown field with its path', () => {
  const schema = z.strictObject({ request: z.strictObject({}) });
  expect(validate(schema, { request: { from: 1, to: 2 } })).toEqual({
    isValid: false,
    faults: [
      { path: 'request.from', message: 'is not a field of this object' },
      { path: 'request.to', message: 'is not a field of this object' },
    ],
  });
});
