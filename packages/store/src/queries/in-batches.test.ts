import { beforeEach, expect, test } from '@jest/globals';
import { inBatches } from './in-batches.ts';

/** The items of each command so far, with the function that ends it. */
let commands: { readonly items: readonly string[]; readonly end: PromiseWithResolvers<readonly string[]> }[] = [];
const send = (maxBatch = 10) =>
  inBatches({
    maxBatch,
    run(items: readonly string[]) {
      const end = Promise.withResolvers<readonly string[]>();
      commands.push({ items, end });
      return end.promise;
    },
  });
const itemsOf = () => commands.map(({ items }) => items);
beforeEach(() => {
  commands = [];
});

test('a call is sent at once if no command runs', async () => {
  const call = send();
  const first = call('a');
  expect(itemsOf()).toEqual([['a']]);
  commands[0]?.end.resolve(['A']);
  expect(await first).toBe('A');
  void call('b');
  expect(itemsOf()).toEqual([['a'], ['b']]);
});

test('calls that arrive while a command runs share the next one, and each gets its own result', async () => {
  const call = send();
  const results = ['a', 'b', 'c'].map((item) => call(item));
  expect(itemsOf()).toEqual([['a']]);
  commands[0]?.end.resolve(['A']);
  await results[0];
  expect(itemsOf()).toEqual([['a'], ['b', 'c']]);
  commands[1]?.end.resolve(['B', 'C']);
  expect(await Promise.all(results)).toEqual(['A', 'B', 'C']);
});

test('a command gets at most maxBatch items', async () => {
  const call = send(2);
  const results = ['a', 'b', 'c', 'd'].map((item) => call(item));
  commands[0]?.end.resolve(['A']);
  await results[0];
  expect(itemsOf()).toEqual([['a'], ['b', 'c']]);
});

test('a failure reaches the calls of its command only, and the next command runs', async () => {
  const call = send();
  const first = call('a');
  const second = call('b');
  commands[0]?.end.reject(new Error('the database is unavailable'));
  await expect(first).rejects.toThrow('the database is unavailable');
  commands[1]?.end.resolve(['B']);
  expect(await second).toBe('B');
});
