import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AppError } from '@bulkhead/domain';
import { expect, test } from '@jest/globals';
import { limitBody } from './limit-body.ts';

const error = () => new AppError({ code: 'answer-too-large', message: 'Too large.', retry: 'never' });
const refused = { code: 'answer-too-large' };

test('a body passes up to its limit of bytes, and fails with the error beyond it', async () => {
  const read = (maxBytes: number) => {
    const body = Readable.from([Buffer.from('abc'), Buffer.from('de')]);
    return buffer(limitBody({ body, received: body, maxBytes, error }));
  };
  expect((await read(5)).toString()).toBe('abcde');
  await expect(read(4)).rejects.toMatchObject(refused);
});

test('a body passes up to its limit of values, and fails with the error beyond it', async () => {
  const read = (maxValues: number) => {
    const body = Readable.from([Buffer.from('[1,'), Buffer.from('{}]')]);
    return buffer(limitBody({ body, received: body, maxBytes: 100, maxValues, error }));
  };
  expect((await read(3)).toString()).toBe('[1,{}]');
  await expect(read(2)).rejects.toMatchObject(refused);
});

test('a body without a coding and without a limit is passed on as it is', () => {
  const body = Readable.from([]);
  expect(limitBody({ body, received: body, maxBytes: Number.POSITIVE_INFINITY, error })).toBe(body);
});
