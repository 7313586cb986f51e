import { testServices } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createBudgetDesk } from './budget-desk.ts';
import { budgetKeys } from './budget-keys.ts';
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

describe('a report of a process that still waits', () => {
  test('keeps its turn', async () => {
    const ask = openBudget('keeps-its-turn');
    await useNine(ask);
    expect(await ask('second', 4)).toBe(0);
    const budget = { id: 'keeps-its-turn', name: 'keeps-its-turn', rateLimit };
    const desk = createBudgetDesk({ redis, prefix, budget, processId: 'second' });
    await desk.tell({ arrivals: [], late: [], unused: ['another'], leavesRow: false });
    expect(await ask('later', 1)).toBe(0);
  });
});

describe('a report', () => {
  /** Three places of a budget of its own: when each arrives at the latest, by its grant. */
  async function takeThree(id: string) {
    const budget = { id, name: id, rateLimit };
    const desk = createBudgetDesk({ redis, prefix, budget, processId: 'first' });
    const { places } = await desk.book({ priority: 'poll', waiting: [0, 3, 0, 0, 0], arrivals: [] });
    const grants = places.map(({ grantId }) => grantId) as [string, string, string];
    const { log } = budgetKeys({ prefix, budget });
    const arrivals = async () =>
      Promise.all(grants.map(async (grant) => Number((await redis.zscore(log, grant)) ?? Number.NaN)));
    return { desk, grants, arrivals };
  }
  const nothing = { arrivals: [], late: [], unused: [], leavesRow: false };

  test('of an arrival lets it count from then, never from later than it was taken for', async () => {
    const { desk, grants, arrivals } = await takeThree('arrived');
    const [first = 0, second = 0, third] = await arrivals();
    const told = [
      { grantId: grants[0], at: first - 500.5 },
      { grantId: grants[1], at: second + 500 },
    ];
    await desk.tell({ ...nothing, arrivals: told });
    expect(await arrivals()).toEqual([first - 500.5, second, third]);
  });

  test('of a late arrival lets it count from then, never from earlier than it was taken for', async () => {
    const { desk, grants, arrivals } = await takeThree('late');
    const [first = 0, second = 0, third] = await arrivals();
    const late = [
      { grantId: grants[0], at: first - 500 },
      { grantId: grants[1], at: second + 500.5 },
    ];
    await desk.tell({ ...nothing, late });
    expect(await arrivals()).toEqual([first, second + 500.5, third]);
  });

  test('of an unused grant gives its place back', async () => {
    const { desk, grants, arrivals } = await takeThree('unused');
    const [first, , third] = await arrivals();
    await desk.tell({ ...nothing, unused: [grants[1]] });
    expect(await arrivals()).toEqual([first, Number.NaN, third]);
  });

  test('of a grant that the log has forgotten adds nothing to it', async () => {
    const { desk, arrivals } = await takeThree('forgotten');
    const before = await arrivals();
    const forgotten = [{ grantId: 'forgotten', at: Date.now() }];
    await desk.tell({ ...nothing, arrivals: forgotten, late: forgotten });
    expect(await arrivals()).toEqual(before);
    const { log } = budgetKeys({ prefix, budget: { id: 'forgotten', name: 'forgotten', rateLimit } });
    expect(await redis.zcard(log)).toBe(3);
  });

  test('with a question counts before its answer', async () => {
    const { desk, grants, arrivals } = await takeThree('with-a-question');
    const [first = 0, second, third] = await arrivals();
    const told = [{ grantId: grants[0], at: first - 500.5 }];
    await desk.book({ priority: 'poll', waiting: [0, 1, 0, 0, 0], arrivals: told });
    expect(await arrivals()).toEqual([first - 500.5, second, third]);
  });
});
