import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ByteBudget } from './byte-budget.ts';

test('claims of a byte budget take turns in their order, and only as many as fit are in use', async () => {
  const budget = new ByteBudget(10);
  const started: number[] = [];
  const claims = [6, 4, 6, 1].map((bytes, index) => {
    const claim = budget.claim(bytes);
    void claim.take().then(() => started.push(index));
    return claim;
  });
  await setImmediate();
  expect(started).toEqual([0, 1]);
  claims[1]?.release();
  await setImmediate();
  // The last one would fit, but does not pass the one that waits before it.
  expect(started).toEqual([0, 1]);
  claims[0]?.release();
  await setImmediate();
  expect(started).toEqual([0, 1, 2, 3]);
});

test('a claim of a byte budget takes its bytes once, and gives them back once', async () => {
  const budget = new ByteBudget(10);
  const claim = budget.claim(10);
  claim.release();
  await Promise.all([claim.take(), claim.take()]);
  claim.release();
  claim.release();
  const [first, second] = [budget.claim(10), budget.claim(10)];
  await first.take();
  let isSecondTaken = false;
  void second.take().then(() => {
    isSecondTaken = true;
  });
  await setImmediate();
  expect(isSecondTaken).toBe(false);
  first.release();
  await setImmediate();
  expect(isSecondTaken).toBe(true);
});

test('a byte budget makes room each time before a claim takes its bytes', async () => {
  let rooms = 0;
  const budget = new ByteBudget(10, () => rooms++);
  const [first, second] = [budget.claim(10), budget.claim(10)];
  await Promise.all([first.take(), first.take()]);
  const taken = second.take();
  expect(rooms).toBe(1);
  first.release();
  await taken;
  expect(rooms).toBe(2);
});
