import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { spreadOf } from './spread-of.ts';

const hourMs = 3_600_000;

test('the spread of an id is always the same, in whole seconds', () => {
  const spread = spreadOf({ id: 'sched_1', cron: '0 2 * * *' });
  expect(spreadOf({ id: 'sched_1', cron: '0 2 * * *' })).toBe(spread);
  expect(spread % 1000).toBe(0);
});

// Computed independently: FNV-1a of the id with the final mix, over the seconds of an hour or of half of the gap.
test.each([
  { id: 'sched_1', cron: '0 2 * * *', spreadMs: 133_000 },
  { id: 'sched_1', cron: '0 * * * *', spreadMs: 1_450_000 },
  { id: 'sched_1', cron: '*/15 * * * *', spreadMs: 237_000 },
  { id: 'sched_01a20ebb', cron: '0 2 * * *', spreadMs: 1_003_000 },
  { id: '\u{1f600}', cron: '0 2 * * *', spreadMs: 1_686_000 },
  { id: 'sched_264', cron: '*/15 * * * *', spreadMs: 1_000 },
  { id: 'sched_228', cron: '*/15 * * * *', spreadMs: 449_000 },
])('the spread of $id for $cron is the same in every version of the program', ({ id, cron, spreadMs }) => {
  expect(spreadOf({ id, cron })).toBe(spreadMs);
});

test.each([
  { cron: '0 2 * * *', mostMs: hourMs },
  { cron: '0 * * * *', mostMs: hourMs / 2 },
  { cron: '*/15 * * * *', mostMs: hourMs / 8 },
])('the spreads for $cron are less than $mostMs ms and evenly distributed', ({ cron, mostMs }) => {
  const counts = new Array<number>(12).fill(0);
  for (let index = 0; index < 6000; index++) {
    // Ids that are created at the same time start with the same characters.
    const spread = spreadOf({ id: `sched_01a20ebb${randomUUID().replaceAll('-', '').slice(8)}`, cron });
    expect(spread).toBeGreaterThan(0);
    expect(spread).toBeLessThan(mostMs);
    const slot = Math.floor((spread / mostMs) * 12);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  // Each slot has 500 on average. The tolerance is seven standard deviations.
  for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(150);
});
