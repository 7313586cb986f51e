import { testServices } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createBudgetDesk } from './budget-desk.ts';
import { requestPriorities } from './request-priority.ts';

const { redisUrl, prefix } = testServices();
const redis = new Redis(redisUrl);
afterAll(() => redis.disconnect());

/** The rule at ten times its time: nothing here depends on how long a question takes. */
const rateLimit = { limit: 16, windowMs: 20_000, perDay: 100_000, guardMs: 1500, coldStart: 'go' } as const;

/** Processes at a budget of their own, each with crawls that wait. @returns how many places a question brings. */
function openBudget(id: string) {
  const desks = new Map<string, ReturnType<typeof createBudgetDesk>>();
  return async (processId: string, waiting: number, priority: 'poll' | 'crawl' = 'crawl'): Promise<number> => {
    const options = { redis, prefix, budget: { id, name: id, rateLimit }, processId };
    const desk = desks.get(processId) ?? createBudgetDesk(options);
    desks.set(processId, desk);
    const counts = requestPriorities.map((name) => (name === priority ? waiting : 0));
    return (await desk.book({ priority, waiting: counts, arrivals: [] })).places.length;
  };
}

/** Nine of sixteen are used: the next place is three seconds away, near enough for whoever asks first. */
async function useNine(ask: ReturnType<typeof openBudget>): Promise<void> {
  expect([await ask('first', 9), await ask('first', 5), await ask('first', 1)]).toEqual([4, 4, 1]);
}

describe('a turn', () => {
  test('is all or none: who wants four, of which only some are near, takes none', async () => {
    const ask = openBudget('all-or-none');
    await useNine(ask);
    expect(await ask('second', 4)).toBe(0);
  });

  test('is nobody else’s: while somebody waits, who comes later takes no place that is near', async () => {
    const alone = openBudget('nobody-waits');
    await useNine(alone);
    expect(await alone('later', 1)).toBe(1);

    const ask = openBudget('somebody-waits');
    await useNine(ask);
    expect(await ask('second', 4)).toBe(0);
    expect(await ask('later', 1)).toBe(0);
  });

  test('holds no urgent request back', async () => {
    const ask = openBudget('urgent');
    await useNine(ask);
    expect(await ask('second', 4)).toBe(0);
    expect(await ask('later', 1, 'poll')).toBe(1);
  });

  test('of a process that has left the row holds nobody back', async () => {
    const ask = openBudget('left');
    await useNine(ask);
    expect(await ask('second', 4)).toBe(0);
    const desk = createBudgetDesk({
      redis,
      prefix,
      budget: { id: 'left', name: 'left', rateLimit },
      processId: 'second',
    });
    await desk.tell({ arrivals: [], late: [], unused: [], leavesRow: true });
    expect(await ask('later', 1)).toBe(1);
  });
});
