import { describe, expect, test } from '@jest/globals';
import { keepFor } from './repeated-reads.ts';

describe('an answer that is kept', () => {
  test('is one for all who ask meanwhile', async () => {
    let reads = 0;
    const read = keepFor({ keptMs: 60_000, read: async () => ++reads });
    expect(await Promise.all([read(), read()])).toEqual([1, 1]);
    expect(await read()).toBe(1);
  });

  test('is had anew when its time is over', async () => {
    let reads = 0;
    const read = keepFor({ keptMs: 0, read: async () => ++reads });
    expect([await read(), await read()]).toEqual([1, 2]);
  });

  test('is not kept where it was a failure', async () => {
    let reads = 0;
    const read = keepFor({
      keptMs: 60_000,
      read: async () => {
        reads += 1;
        if (reads === 1) throw new Error('away');
        return reads;
      },
    });
    await expect(read()).rejects.toThrow('away');
    expect(await read()).toBe(2);
  });
});
