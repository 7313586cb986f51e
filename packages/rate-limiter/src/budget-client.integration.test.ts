import { testServices } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { budgetKeys, requestPriorities } from './budget.ts';
import { createBudgetClient } from './budget-client.ts';

const { redisUrl, prefix } = testServices();
const redis = new Redis(redisUrl);
afterAll(() => redis.disconnect());

/** Ten times athenahealth's window, so that nothing here depends on how long a command takes. */
const rateLimit = { limit: 16, windowMs: 20_000, perDay: 100_000, guardMs: 1500, coldStart: 'go' } as const;

/** Creates a new budget. @returns a function that reserves slots for a process and returns how many it got */
function openBudget(id: string) {
  const clients = new Map<string, ReturnType<typeof createBudgetClient>>();
  return async (processId: string, waiting: number, priority: 'poll' | 'crawl' = 'crawl'): Promise<number> => {
    const options = { redis, prefix, budget: { id, name: id, rateLimit }, processId };
    const client = clients.get(processId) ?? createBudgetClient(options);
    clients.set(processId, client);
    const counts = requestPriorities.map((name) => (name === priority ? waiting : 0));
    return (await client.reserve({ priority, waiting: counts, arrivals: [] })).slots.length;
  };
}

/** Uses nine of sixteen slots. The next slot is three seconds away, near enough for the first process that asks. */
async function useNine(reserve: ReturnType<typeof openBudget>): Promise<void> {
  expect([await reserve('first', 9), await reserve('first', 5), await reserve('first', 1)]).toEqual([4, 4, 1]);
}

test('a waiting process that wants four slots takes none if only some of them are near', async () => {
  const reserve = openBudget('all-or-none');
  await useNine(reserve);
  expect(await reserve('second', 4)).toBe(0);
});

test('a waiting process keeps later processes from taking a near slot', async () => {
  const alone = openBudget('no-process-waits');
  await useNine(alone);
  expect(await alone('later', 1)).toBe(1);

  const reserve = openBudget('a-process-waits');
  await useNine(reserve);
  expect(await reserve('second', 4)).toBe(0);
  expect(await reserve('later', 1)).toBe(0);
});

test('a waiting process does not delay urgent requests of other processes', async () => {
  const reserve = openBudget('urgent');
  await useNine(reserve);
  expect(await reserve('second', 4)).toBe(0);
  expect(await reserve('later', 1, 'poll')).toBe(1);
});

test('a waiting process that has left the queue delays no other process', async () => {
  const reserve = openBudget('left');
  await useNine(reserve);
  expect(await reserve('second', 4)).toBe(0);
  const client = createBudgetClient({
    redis,
    prefix,
    budget: { id: 'left', name: 'left', rateLimit },
    processId: 'second',
  });
  await client.report({ arrivals: [], late: [], unused: [], leavesQueue: true });
  expect(await reserve('later', 1)).toBe(1);
});

test('a report of a waiting process does not change its position in the queue', async () => {
  const reserve = openBudget('keeps-its-position');
  await useNine(reserve);
  expect(await reserve('second', 4)).toBe(0);
  const budget = { id: 'keeps-its-position', name: 'keeps-its-position', rateLimit };
  const client = createBudgetClient({ redis, prefix, budget, processId: 'second' });
  await client.report({ arrivals: [], late: [], unused: ['another'], leavesQueue: false });
  expect(await reserve('later', 1)).toBe(0);
});

describe('the budget client (reports)', () => {
  /** Reserves three slots of a new budget. `arrivals` reads the latest possible arrival of each. */
  async function reserveThree(id: string) {
    const budget = { id, name: id, rateLimit };
    const client = createBudgetClient({ redis, prefix, budget, processId: 'first' });
    const { slots } = await client.reserve({ priority: 'poll', waiting: [0, 3, 0, 0, 0], arrivals: [] });
    const grants = slots.map(({ grantId }) => grantId) as [string, string, string];
    const { log } = budgetKeys({ prefix, budget });
    const arrivals = async () =>
      Promise.all(grants.map(async (grant) => Number((await redis.zscore(log, grant)) ?? Number.NaN)));
    return { client, grants, arrivals };
  }
  const nothing = { arrivals: [], late: [], unused: [], leavesQueue: false };

  test('a report of an arrival moves it to an earlier time, never to a later one', async () => {
    const { client, grants, arrivals } = await reserveThree('arrived');
    const [first = 0, second = 0, third] = await arrivals();
    const reported = [
      { grantId: grants[0], at: first - 500.5 },
      { grantId: grants[1], at: second + 500 },
    ];
    await client.report({ ...nothing, arrivals: reported });
    expect(await arrivals()).toEqual([first - 500.5, second, third]);
  });

  test('a report of a late arrival moves it to a later time, never to an earlier one', async () => {
    const { client, grants, arrivals } = await reserveThree('late');
    const [first = 0, second = 0, third] = await arrivals();
    const late = [
      { grantId: grants[0], at: first - 500 },
      { grantId: grants[1], at: second + 500.5 },
    ];
    await client.report({ ...nothing, late });
    expect(await arrivals()).toEqual([first, second + 500.5, third]);
  });

  test('a report of an unused grant frees its slot', async () => {
    const { client, grants, arrivals } = await reserveThree('unused');
    const [first, , third] = await arrivals();
    await client.report({ ...nothing, unused: [grants[1]] });
    expect(await arrivals()).toEqual([first, Number.NaN, third]);
  });

  test('a report of a grant that is no longer in the log adds nothing', async () => {
    const { client, arrivals } = await reserveThree('forgotten');
    const before = await arrivals();
    const forgotten = [{ grantId: 'forgotten', at: Date.now() }];
    await client.report({ ...nothing, arrivals: forgotten, late: forgotten });
    expect(await arrivals()).toEqual(before);
    const { log } = budgetKeys({ prefix, budget: { id: 'forgotten', name: 'forgotten', rateLimit } });
    expect(await redis.zcard(log)).toBe(3);
  });

  test('a report is applied before the reservation that carries it', async () => {
    const { client, grants, arrivals } = await reserveThree('with-a-reservation');
    const [first = 0, second, third] = await arrivals();
    const reported = [{ grantId: grants[0], at: first - 500.5 }];
    await client.reserve({ priority: 'poll', waiting: [0, 1, 0, 0, 0], arrivals: reported });
    expect(await arrivals()).toEqual([first - 500.5, second, third]);
  });
});
