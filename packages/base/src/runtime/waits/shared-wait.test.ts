import { describe, expect, jest, test } from '@jest/globals';
import { createSharedWait, waitUntil } from './repeated-reads.ts';

function createReader() {
  const stored = new Map<string, string>();
  const reads: (readonly string[])[] = [];
  const readReady = jest.fn(async (ids: readonly string[]) => {
    reads.push(ids);
    return new Map(ids.flatMap((id) => (stored.has(id) ? [[id, stored.get(id) as string] as const] : [])));
  });
  return { stored, reads, readReady };
}

/** Runs `work` on a wall clock that is set an hour ahead at the first read of its reader. */
async function withCorrectedClock(work: (correct: () => void) => Promise<void>): Promise<void> {
  const { now } = Date;
  try {
    await work(() => {
      Date.now = () => now() + 3_600_000;
    });
  } finally {
    Date.now = now;
  }
}

test('waitUntil waits as long as it was asked to if the clock is corrected meanwhile', async () => {
  await withCorrectedClock(async (correct) => {
    let reads = 0;
    const read = async () => {
      correct();
      reads += 1;
      return reads > 2 ? 'value' : undefined;
    };
    expect(await waitUntil(read, 5000)).toBe('value');
  });
});

describe('createSharedWait', () => {
  test('waits as long as it was asked to if the clock is corrected meanwhile', async () => {
    await withCorrectedClock(async (correct) => {
      const { stored, reads, readReady } = createReader();
      const wait = createSharedWait({
        readReady: async (ids) => {
          correct();
          if (reads.length > 1) stored.set('a', 'A');
          return readReady(ids);
        },
      });
      expect(await wait('a', 5000)).toBe('A');
    });
  });

  test('reads all records that are waited for at once', async () => {
    const { stored, reads, readReady } = createReader();
    const wait = createSharedWait({ readReady });
    const waits = Array.from({ length: 100 }, (_, index) => wait(`job_${index % 50}`, 5000));
    for (let index = 0; index < 50; index++) stored.set(`job_${index}`, `value ${index}`);
    expect(await Promise.all(waits)).toEqual(waits.map((_, index) => `value ${index % 50}`));
    expect(reads.map(({ length }) => length)).toEqual([50]);
  });

  test('reads again only the records that are not ready', async () => {
    const { stored, reads, readReady } = createReader();
    const wait = createSharedWait({ readReady });
    const waits = [wait('a', 5000), wait('b', 5000)];
    stored.set('a', 'A');
    expect(await waits[0]).toBe('A');
    stored.set('b', 'B');
    expect(await waits[1]).toBe('B');
    expect(reads.at(-1)).toEqual(['b']);
  });

  test('returns undefined for a record that is not ready in time, and stops reading', async () => {
    const { reads, readReady } = createReader();
    const wait = createSharedWait({ readReady });
    expect(await wait('a', 1)).toBeUndefined();
    expect(reads).toHaveLength(1);
    expect(await wait('b', 1)).toBeUndefined();
    expect(reads).toEqual([['a'], ['b']]);
  });

  test('fails the waits of a read that fails, and serves later ones', async () => {
    const { stored, readReady } = createReader();
    const wait = createSharedWait({ readReady });
    readReady.mockRejectedValueOnce(new Error('no database'));
    await expect(Promise.all([wait('a', 5000), wait('b', 5000)])).rejects.toThrow('no database');
    stored.set('a', 'A');
    expect(await wait('a', 5000)).toBe('A');
  });
});
