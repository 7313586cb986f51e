import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { ehrError } from '../errors.ts';
import { limitBody } from './decode-body.ts';

const error = () => ehrError('answer-too-large');
const refused = { code: 'answer-too-large' };

test('limitBody passes a body up to the limit of bytes and fails beyond it', async () => {
  const read = (maxBytes: number) => {
    const body = Readable.from([Buffer.from('abc'), Buffer.from('de')]);
    return buffer(limitBody({ body, received: body, maxBytes, error }));
  };
  expect((await read(5)).toString()).toBe('abcde');
  await expect(read(4)).rejects.toMatchObject(refused);
});

test('limitBody passes a body up to the limit of values and fails beyond it', async () => {
  const read = (maxValues: number) => {
    const body = Readable.from([Buffer.from('[1,'), Buffer.from('{}]')]);
    return buffer(limitBody({ body, received: body, maxBytes: 100, maxValues, error }));
  };
  expect((await read(3)).toString()).toBe('[1,{}]');
  await expect(read(2)).rejects.toMatchObject(refused);
});

test('limitBody returns the same stream for a body without a coding and a limit', () => {
  const body = Readable.from([]);
  expect(limitBody({ body, received: body, maxBytes: Number.POSITIVE_INFINITY, error })).toBe(body);
});

const megabyte = 1024 * 1024;

/** Reads a body of `bodyBytes`, of which `receivedBytes` came from the socket. @returns the number of bytes passed on */
async function read(options: { readonly receivedBytes: number; readonly bodyBytes: number }): Promise<number> {
  const received = Readable.from([Buffer.alloc(options.receivedBytes)]);
  const piece = Buffer.alloc(megabyte);
  async function* expand() {
    await once(received, 'end');
    let remainingBytes = options.bodyBytes;
    for (; remainingBytes > megabyte; remainingBytes -= megabyte) yield piece;
    yield piece.subarray(0, remainingBytes);
  }
  const body = Readable.from(expand());
  let sizeBytes = 0;
  for await (const chunk of limitBody({ body, received, maxBytes: Number.POSITIVE_INFINITY, error }))
    sizeBytes += (chunk as Buffer).length;
  return sizeBytes;
}

test.each([
  { name: '64 MB at any ratio', receivedBytes: 1000, bodyBytes: 64 * megabyte },
  { name: '250 times the received bytes', receivedBytes: 300_000, bodyBytes: 75_000_000 },
])('limitBody passes a compressed body up to $name and fails beyond it', async ({ receivedBytes, bodyBytes }) => {
  expect(await read({ receivedBytes, bodyBytes })).toBe(bodyBytes);
  await expect(read({ receivedBytes, bodyBytes: bodyBytes + 1 })).rejects.toMatchObject(refused);
});

test('limitBody passes on the error of a compressed body that breaks off', async () => {
  const received = Readable.from([Buffer.from('x')]);
  const body = new Readable({ read: () => body.destroy(new Error('cut')) });
  await expect(buffer(limitBody({ body, received, maxBytes: 100, error }))).rejects.toThrow('cut');
});

test('limitBody applies no ratio to a body that is not compressed', async () => {
  const piece = Buffer.alloc(1024 * 1024);
  const body = Readable.from(Array.from({ length: 65 }, () => piece));
  let sizeBytes = 0;
  for await (const chunk of limitBody({ body, received: body, maxBytes: 100 * 1024 * 1024, error }))
    sizeBytes += (chunk as Buffer).length;
  expect(sizeBytes).toBe(65 * 1024 * 1024);
});
