import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { spreadOf } from './commands/new-schedule.ts';

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
  // Ids that are created at the same time start with the same characters.
  const id = () => `sched_01a20ebb${randomUUID().replaceAll('-', '').slice(8)}`;
  const spreads = Array.from({ length: 6000 }, () => spreadOf({ id: id(), cron }));
  expect(Math.min(...spreads)).toBeGreaterThan(0);
  expect(Math.max(...spreads)).toBeLessThan(mostMs);
  const slots = Map.groupBy(spreads, (spread) => Math.floor((spread / mostMs) * 12));
  expect(slots.size).toBe(12);
  // Each slot has 500 on average. The tolerance is seven standard deviations.
  for (const { length } of slots.values()) expect(Math.abs(length - 500)).toBeLessThan(150);
});
