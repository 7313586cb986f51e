import { expect, test } from '@jest/globals';
import { keepFor } from './repeated-reads.ts';

test('callers get the same kept value', async () => {
  let reads = 0;
  const read = keepFor(60_000, async () => ++reads);
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  expect(await read()).toBe(1);
});

test('a value is read again after its time is over', async () => {
  let reads = 0;
  const read = keepFor(0, async () => ++reads);
  expect([await read(), await read()]).toEqual([1, 2]);
});

test('a failed read is not kept', async () => {
  let reads = 0;
  const read = keepFor(60_000, async () => {
    reads += 1;
    if (reads === 1) throw new Error('unavailable');
    return reads;
  });
  await expect(read()).rejects.toThrow('unavailable');
  expect(await read()).toBe(2);
});
