import { expect, test } from '@jest/globals';
import { observeWaits, whileWaiting } from './waits.ts';

test('the waits of observed work are reported, also if they fail, and those of other work are not', async () => {
  const events: string[] = [];
  const observer = { begins: () => events.push('begins'), ends: () => events.push('ends') };
  await whileWaiting(async () => events.push('other'));
  await observeWaits(observer, async () => {
    await whileWaiting(async () => events.push('waits'));
    await whileWaiting(() => Promise.reject(new Error('refused'))).catch(() => events.push('refused'));
  });
  expect(events).toEqual(['other', 'begins', 'waits', 'ends', 'begins', 'ends', 'refused']);
});
