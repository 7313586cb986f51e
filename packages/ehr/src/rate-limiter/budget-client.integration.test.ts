import { redisServer, startOwnServer, testServices, waitFor } from '@bulkhead/testing';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { budgetKeys, requestPriorities } from './budget.ts';
import { createBudgetClient } from './budget-client.ts';
import { readBudgets } from './read-budgets.ts';

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

test('a promoted replica, which lacks the latest requests, grants nothing for a window', async () => {
  await using primary = await startOwnServer(redisServer);
  await using replica = await startOwnServer(redisServer);
  await using opened = new DisposableStack();
  const open = (url: string) => opened.adopt(new Redis(url), (connection) => connection.disconnect());
  const [before, after] = [open(primary.url), open(replica.url)];
  const budget = {
    id: 'promoted',
    name: 'promoted',
    rateLimit: { ...rateLimit, windowMs: 500, coldStart: 'wait' },
  } as const;
  const reserve = async (connection: Redis) => {
    const client = createBudgetClient({ redis: connection, prefix, budget, processId: 'first' });
    const { slots, reason } = await client.reserve({ priority: 'poll', waiting: [0, 4, 0, 0, 0], arrivals: [] });
    return slots.length === 0 ? reason : 'granted';
  };
  await after.replicaof('127.0.0.1', new URL(primary.url).port);
  const granted = async () => (await reserve(before)) === 'granted';
  await waitFor(granted, { what: 'the end of the first wait' });
  await waitFor(async () => (await after.zcard(budgetKeys({ prefix, budget }).log)) > 0);

  await after.replicaof('NO', 'ONE');
  await waitFor(granted, { what: 'a request that the replica does not know' });
  expect(await reserve(after)).toBe('closed');
  await waitFor(async () => (await reserve(after)) === 'granted');
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
    const [first = 0, second = 0, third] = await arrivals();
    const reported = [
      { grantId: grants[0], at: first - 500.5 },
      { grantId: grants[1], at: second + 500 },
    ];
    await client.reserve({ priority: 'poll', waiting: [0, 1, 0, 0, 0], arrivals: reported });
    expect(await arrivals()).toEqual([first - 500.5, second, third]);
  });
});

describe('the budget client (the day)', () => {
  const hourMs = 3_600_000;
  const bucketMs = 600_000;
  const limits = { limit: 400, windowMs: 60_000, perDay: 100, guardMs: 1500, coldStart: 'go' } as const;

  /** The requests of a test must be in one bucket, or `age` would not know how old they are. */
  beforeEach(async () => {
    const isFarFromNext = async () => (Number((await redis.time())[0]) * 1000) % bucketMs < bucketMs - 10_000;
    await waitFor(isFarFromNext, { timeoutMs: 20_000 });
  });

  function openDay(id: string) {
    const budget = { id, name: id, rateLimit: limits };
    const client = createBudgetClient({ redis, prefix, budget, processId: 'first' });
    const keys = budgetKeys({ prefix, budget });
    const reserve = (count: number, priority: 'interactive' | 'crawl' = 'crawl') =>
      client.reserve({
        priority,
        waiting: requestPriorities.map((name) => (name === priority ? count : 0)),
        arrivals: [],
      });
    return {
      client,
      reserve,
      keys,
      /** Reserves until the part of the day that syncs may use is used up. @returns the grants */
      async useUp(): Promise<string[]> {
        const grants: string[] = [];
        for (let slots = (await reserve(50)).slots; slots.length > 0; slots = (await reserve(50)).slots)
          grants.push(...slots.map(({ grantId }) => grantId));
        return grants;
      },
      /** Moves what was counted into the past. */
      async age(ms: number): Promise<void> {
        const buckets = Object.entries(await redis.hgetall(keys.day));
        await redis.del(keys.day);
        const age = Math.floor(ms / bucketMs);
        for (const [bucket, count] of buckets) await redis.hset(keys.day, String(Number(bucket) - age), count);
        await redis.hincrby(keys.state, 'bucket', -age);
      },
      /** What the budget shows, and what the next reservation compares with the budget of the day. */
      async counted(): Promise<[shown: number | undefined, compared: number]> {
        const [state] = await readBudgets({ redis, prefix, budgets: [budget] });
        return [state?.day, Number(await redis.hget(keys.state, 'dayTotal'))];
      },
    };
  }
  const nothing = { arrivals: [], late: [], unused: [], leavesQueue: false };

  test('a request counts for a day, in each of its ten minutes, and no longer', async () => {
    const day = openDay('a-day');
    expect(await day.useUp()).toHaveLength(94);
    // A bucket of ten minutes counts until its last request is a day old.
    for (const ms of [bucketMs, 3 * hourMs, 20 * hourMs, 5 * bucketMs]) {
      await day.age(ms);
      expect(await day.reserve(1)).toMatchObject({ reason: 'day', slots: [] });
      expect(await day.counted()).toEqual([94, 94]);
    }
    await day.age(bucketMs);
    expect((await day.counted())[0]).toBe(0);
    expect((await day.reserve(1)).slots).toHaveLength(1);
    expect(await day.counted()).toEqual([1, 1]);
    expect(await redis.hlen(day.keys.day)).toBe(1);
  });

  test('a refusal for the day says when the oldest requests of it no longer count', async () => {
    const day = openDay('the-oldest');
    await day.reserve(50);
    await day.age(20 * hourMs);
    await day.useUp();
    const { waitMs } = await day.reserve(1);
    expect(Math.ceil(waitMs / bucketMs)).toBeGreaterThanOrEqual(24);
    expect(Math.ceil(waitMs / bucketMs)).toBeLessThanOrEqual(26);
  });

  test('what was counted in past and present minutes is one sum', async () => {
    const day = openDay('sum');
    await day.reserve(30);
    await day.age(2 * hourMs);
    await day.reserve(20);
    await day.age(2 * hourMs);
    await day.reserve(10);
    expect(await day.counted()).toEqual([60, 60]);
    expect(await day.useUp()).toHaveLength(34);
  });

  test('a grant that is given back is not counted for the day, and only once', async () => {
    const day = openDay('given-back');
    const grants = await day.useUp();
    await day.client.report({ ...nothing, unused: grants.slice(0, 5) });
    await day.client.report({ ...nothing, unused: [...grants.slice(0, 5), 'unknown'] });
    expect(await day.counted()).toEqual([89, 89]);
    expect(await day.useUp()).toHaveLength(5);
    expect(await day.counted()).toEqual([94, 94]);
  });

  test('a grant that is given back minutes after it was reserved leaves no other request uncounted', async () => {
    const day = openDay('given-back-later');
    const grants = await day.useUp();
    await day.client.report({ ...nothing, unused: grants.slice(0, 5) });
    await day.age(hourMs);
    await day.reserve(3);
    await day.age(23 * hourMs + bucketMs);
    // The first 89 no longer count, the later three do.
    await day.reserve(1);
    expect(await day.counted()).toEqual([4, 4]);
  });
});

test('nothing is sent for a window and the reserved time after the clock of Redis went back, and the day stays counted', async () => {
  const budget = { id: 'clock-back', name: 'clock-back', rateLimit };
  const { state, log } = budgetKeys({ prefix, budget });
  const client = createBudgetClient({ redis, prefix, budget, processId: 'first' });
  const reserve = () => client.reserve({ priority: 'poll', waiting: [0, 1, 0, 0, 0], arrivals: [] });
  const { slots, now } = await reserve();
  expect(slots).toHaveLength(1);
  // The last slot is further ahead than any slot is reserved.
  const lastGrant = now + rateLimit.windowMs;
  await redis.hset(state, 'lastGrant', String(lastGrant), 'slowUntil', String(lastGrant + 40_000));
  const after = await reserve();
  expect(after).toMatchObject({ reason: 'closed', slots: [] });
  const closedMs = rateLimit.windowMs * 1.5 + rateLimit.guardMs;
  const [read] = await readBudgets({ redis, prefix, budgets: [budget] });
  expect(Number(await redis.hget(state, 'pausedUntil'))).toBeCloseTo(after.now + closedMs, 1);
  // What remained of the time at half the rate still remains.
  expect(Number(await redis.hget(state, 'slowUntil'))).toBeCloseTo(after.now + 40_000, 1);
  expect(read?.day).toBe(1);
  expect(await redis.exists(log)).toBe(0);
});

test('slots are twice as far apart while the rate is halved', async () => {
  const budget = { id: 'halved', name: 'halved', rateLimit };
  const { state } = budgetKeys({ prefix, budget });
  const [seconds] = await redis.time();
  await redis.hset(state, 'slowUntil', String((Number(seconds) + 60) * 1000));
  const client = createBudgetClient({ redis, prefix, budget, processId: 'first' });
  const { slots } = await client.reserve({ priority: 'poll', waiting: [0, 4, 0, 0, 0], arrivals: [] });
  expect(slots.map(({ waitMs }) => waitMs)).toEqual([0, 2500, 5000, 7500]);
});

test('the next slot of a process is a window after the latest possible arrival of its last one', async () => {
  const budget = { id: 'guarded', name: 'guarded', rateLimit: { ...rateLimit, limit: 1 } };
  const client = createBudgetClient({ redis, prefix, budget, processId: 'first' });
  const { waitMs } = await client.reserve({ priority: 'poll', waiting: [0, 2, 0, 0, 0], arrivals: [] });
  // It asks when that slot is as near as slots are reserved ahead.
  const nearMs = (rateLimit.windowMs * 10) / 32;
  expect(waitMs).toBe(rateLimit.windowMs + rateLimit.guardMs - nearMs);
});
