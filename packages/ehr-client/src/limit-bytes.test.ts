import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AppError } from '@bulkhead/domain';
import { expect, test } from '@jest/globals';
import { limitBytes } from './limit-bytes.ts';

const error = () => new AppError({ code: 'answer-too-large', message: 'Too large.', retry: 'never' });
const read = (maxBytes: number) =>
  buffer(limitBytes({ body: Readable.from([Buffer.from('abc'), Buffer.from('de')]), maxBytes, error }));

test('a body passes up to its limit, and fails with the error beyond it', async () => {
  expect((await read(5)).toString()).toBe('abcde');
  await expect(read(4)).rejects.toMatchObject({ code: 'answer-too-large' });
});

test('a body without a limit is passed on as it is', () => {
  const body = Readable.from([]);
  expect(limitBytes({ body, maxBytes: Number.POSITIVE_INFINITY, error })).toBe(body);
});
