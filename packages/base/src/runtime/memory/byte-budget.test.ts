import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ByteBudget } from './byte-budget.ts';

test('reservations of a byte budget take turns in their order, and only as many as fit are in use', async () => {
  const budget = new ByteBudget(10);
  const started: number[] = [];
  const reservations = [6, 4, 6, 1].map((bytes, index) => {
    const reservation = budget.reserve(bytes);
    void reservation.take().then(() => started.push(index));
    return reservation;
  });
  await setImmediate();
  expect(started).toEqual([0, 1]);
  reservations[1]?.release();
  await setImmediate();
  // The last one would fit, but does not pass the one that waits before it.
  expect(started).toEqual([0, 1]);
  reservations[0]?.release();
  await setImmediate();
  expect(started).toEqual([0, 1, 2, 3]);
});

test('a reservation of a byte budget takes its bytes once, and gives them back once', async () => {
  const budget = new ByteBudget(10);
  const reservation = budget.reserve(10);
  reservation.release();
  await Promise.all([reservation.take(), reservation.take()]);
  reservation.release();
  reservation.release();
  const [first, second] = [budget.reserve(10), budget.reserve(10)];
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

test('a byte budget makes room each time before a reservation takes its bytes', async () => {
  let rooms = 0;
  const budget = new ByteBudget(10, () => rooms++);
  const [first, second] = [budget.reserve(10), budget.reserve(10)];
  await Promise.all([first.take(), first.take()]);
  const taken = second.take();
  expect(rooms).toBe(1);
  first.release();
  await taken;
  expect(rooms).toBe(2);
});

test('a reservation whose signal is aborted leaves the queue, and those behind it continue', async () => {
  const budget = new ByteBudget(10);
  const first = budget.reserve(8);
  await first.take();
  const leaving = new AbortController();
  const left = budget.reserve(6, leaving.signal).take();
  const next = budget.reserve(2).take();
  leaving.abort(new Error('the client has left'));
  await expect(left).rejects.toThrow('the client has left');
  await next;
  first.release();
  // Nothing of the one that left is taken.
  await budget
    .reserve(8, leaving.signal)
    .take()
    .catch(() => undefined);
  await budget.reserve(8).take();
});
