import { expect, test } from '@jest/globals';
import { inParallel } from './in-parallel.ts';

const items = Array.from({ length: 100 }, (_, index) => index);

test('results are in the order of the items, and no more calls than allowed run at once', async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel(items, {
    limit: 7,
    async run(item) {
      most = Math.max(most, ++running);
      // Later items end earlier.
      for (let turns = items.length - item; turns > 0; turns--) await undefined;
      running--;
      return item * 2;
    },
  });
  expect([results, most]).toEqual([items.map((item) => item * 2), 7]);
});

test('after an error no item is begun, and the calls that are running end first', async () => {
  const ended: number[] = [];
  const run = async (item: number) => {
    if (item === 1) throw new Error('refused');
    for (let turns = 0; turns < 20; turns++) await undefined;
    ended.push(item);
  };
  await expect(inParallel(items, { limit: 3, run })).rejects.toThrow('refused');
  expect(ended).toEqual([0, 2]);
});
