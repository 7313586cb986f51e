import { once } from 'node:events';
import { loseKeys, testServices, waitFor } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { budgetKeys, type RateBudget, type RequestPriority } from './budget.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';
import { readBudgets } from './read-budgets.ts';

const services = testServices();
const redis = new Redis(services.redisUrl);
let counter = 0;

/** A tenth of athenahealth's window, so that the tests take seconds. */
function makeBudget(change: Partial<RateBudget['rateLimit']> = {}): RateBudget {
  counter += 1;
  const id = `budget-${counter}`;
  return { id, name: id, rateLimit: { limit: 16, windowMs: 200, perDay: 100_000, guardMs: 20, ...change } };
}

/** Creates a limiter like that of another process. */
function makeLimiter(): RateLimiter {
  const created = createRateLimiter({ redis, prefix: services.prefix });
  limiters.push(created);
  return created;
}

const limiters: RateLimiter[] = [];
let limiter: RateLimiter;
beforeEach(() => {
  limiter = makeLimiter();
});
afterAll(() => {
  for (const limiter of limiters) limiter.close();
  redis.disconnect();
});

async function grantTimes(budget: RateBudget, count: number, priority: RequestPriority = 'download') {
  const times: number[] = [];
  const take = async () => {
    await limiter.acquire({ budget, priority });
    times.push(performance.now());
  };
  await Promise.all(Array.from({ length: count }, take));
  return times;
}

test('the rate limiter grants immediately after a loss of state if `coldStart` is `go`, and keeps the limit', async () => {
  // With `wait` each of these would take a minute.
  const budget = makeBudget({ limit: 2, windowMs: 60_000, coldStart: 'go' });
  await grantTimes(budget, 2);
  const third = limiter.acquire({ budget, priority: 'poll', signal: AbortSignal.timeout(300) });
  await expect(third).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('the rate limiter keeps a limit that is lowered while requests are sent and wait, and uses one that is raised', async () => {
  const budget = makeBudget({ limit: 64 });
  await grantTimes(budget, 64);
  const lowered = { ...budget, rateLimit: { ...budget.rateLimit, limit: 4, windowMs: 400 } };
  const times = await grantTimes(lowered, 12);
  for (let i = 4; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 4] ?? 0)).toBeGreaterThanOrEqual(400);
  const raised = { ...budget, rateLimit: { ...budget.rateLimit, limit: 64 } };
  const [first = 0, ...others] = await grantTimes(raised, 60);
  // By the limit before, the last one would be 5.6 s later.
  expect((others.at(-1) ?? 0) - first).toBeLessThan(3000);
});

test('the rate limiter grants no more than the limit in any window', async () => {
  const budget = makeBudget();
  const times = await grantTimes(budget, 80);
  for (let i = 16; i < times.length; i++) {
    expect((times[i] ?? 0) - (times[i - 16] ?? 0)).toBeGreaterThanOrEqual(200);
  }
});

test('the rate limiter waits one window before the first grant if there is no state in Redis', async () => {
  const budget = makeBudget();
  const startedAt = performance.now();
  await limiter.acquire({ budget, priority: 'poll' });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(199);
  await loseKeys(redis, services.prefix);
  const lostAt = performance.now();
  await limiter.acquire({ budget, priority: 'poll' });
  expect(performance.now() - lostAt).toBeGreaterThanOrEqual(199);
});

/** Moves all times in Redis ahead, as if its clock had gone back by an hour. */
async function setClockBack(budget: RateBudget): Promise<void> {
  const keys = budgetKeys({ prefix: services.prefix, budget });
  const hourMs = 3_600_000;
  for (const [field, value] of Object.entries(await redis.hgetall(keys.state)))
    if (/^(bornAt|lastGrant|pausedUntil|slowUntil)$/.test(field))
      await redis.hset(keys.state, field, String(Number(value) + hourMs));
  const log = await redis.zrange(keys.log, '0', '-1');
  for (const grant of log) await redis.zincrby(keys.log, String(hourMs), grant);
}

test('the rate limiter loses at most a window if the clock of Redis goes back, and keeps the limit', async () => {
  const budget = makeBudget();
  const before = await grantTimes(budget, 20);
  await setClockBack(budget);
  const setBackAt = performance.now();
  const otherLimiter = makeLimiter();
  const other = otherLimiter.acquire({ budget, priority: 'download' });
  const after = await grantTimes(budget, 20);
  await other;
  expect(after[0]).toBeGreaterThanOrEqual((before[4] ?? 0) + 200);
  // A window, half a window for which slots are reserved, and the guard. The rest is for a slow machine.
  expect((after[0] ?? 0) - setBackAt).toBeLessThan(5000);
  const times = [...before, ...after].toSorted((left, right) => left - right);
  for (let i = 16; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 16] ?? 0)).toBeGreaterThanOrEqual(199);
});

test('a pause lasts as long as it should if the clock of Redis goes back', async () => {
  const budget = makeBudget();
  await grantTimes(budget, 1);
  await limiter.pause({ budget, pauseMs: 1500, reason: 'too-many-requests' });
  await setClockBack(budget);
  const setBackAt = performance.now();
  await grantTimes(budget, 1);
  expect(performance.now() - setBackAt).toBeGreaterThanOrEqual(1400);
  expect(performance.now() - setBackAt).toBeLessThan(10_000);
});

test('the rate limiter grants an urgent request before waiting downloads, which still get their share', async () => {
  const budget = makeBudget();
  const order: string[] = [];
  const fourth = Promise.withResolvers<void>();
  const take = async (priority: RequestPriority) => {
    await limiter.acquire({ budget, priority });
    order.push(priority);
    if (order.length === 4) fourth.resolve();
  };
  const waiting = Array.from({ length: 30 }, () => take('download'));
  await fourth.promise;
  const polls = Array.from({ length: 3 }, () => take('poll'));
  await Promise.all([...waiting, ...polls]);
  expect(order.lastIndexOf('poll')).toBeLessThan(order.indexOf('poll') + 6);
  expect(order.indexOf('poll')).toBeLessThan(10);
});

test('the rate limiter delays downloads while another process waits for polls, but does not starve them', async () => {
  // The long guard keeps late slots from being given back, which would depend on chance.
  const budget = makeBudget({ limit: 4, guardMs: 400 });
  const otherLimiter = makeLimiter();
  const order: string[] = [];
  await limiter.acquire({ budget, priority: 'download' });
  const polls = Array.from({ length: 20 }, async () => {
    (await otherLimiter.acquire({ budget, priority: 'poll' })).settle();
    order.push('poll');
  });
  // A download that asks before the polls gets the next slot.
  await waitFor(async () => {
    const [state] = await readBudgets({ redis, prefix: services.prefix, budgets: [budget] });
    return state?.waiting.poll;
  });
  const download = limiter.acquire({ budget, priority: 'download' }).then(() => order.push('download'));
  await Promise.all([...polls, download]);
  expect(order.indexOf('download')).toBeGreaterThanOrEqual(6);
  expect(order.indexOf('download')).toBeLessThanOrEqual(12);
});

test('the rate limiter does not let the polls of a process starve its downloads', async () => {
  const budget = makeBudget({ guardMs: 400 });
  await limiter.acquire({ budget, priority: 'poll' });
  const granted: RequestPriority[] = [];
  const take = async (priority: RequestPriority) => {
    (await limiter.acquire({ budget, priority })).settle();
    granted.push(priority);
  };
  const waiting = [
    ...Array.from({ length: 60 }, () => take('poll')),
    ...Array.from({ length: 5 }, () => take('download')),
  ];
  await Promise.all(waiting);
  // One grant in eight: the five go among the first forty, but none of them before most of the first seven.
  expect(granted.lastIndexOf('download')).toBeLessThan(50);
  expect(granted.indexOf('download')).toBeGreaterThanOrEqual(6);
});

test('the rate limiter counts an answered request from its answer, and an unanswered one from its latest possible arrival', async () => {
  const latestArrivals = async (budget: RateBudget) => {
    const log = await redis.zrange(budgetKeys({ prefix: services.prefix, budget }).log, '0', '-1', 'WITHSCORES');
    return log.filter((_, index) => index % 2 === 1).map(Number);
  };
  const answered = makeBudget({ limit: 1, guardMs: 5000, coldStart: 'go' });
  (await limiter.acquire({ budget: answered, priority: 'poll' })).settle();
  await limiter.acquire({ budget: answered, priority: 'poll' });
  const [answeredAt = 0, latestAt = 0] = await latestArrivals(answered);
  expect(latestAt - answered.rateLimit.guardMs - answeredAt).toBeGreaterThanOrEqual(200);
  // If the request were not settled, it would be 5.2 s.
  expect(latestAt - answered.rateLimit.guardMs - answeredAt).toBeLessThan(5000);

  const unanswered = makeBudget({ limit: 1, guardMs: 400, coldStart: 'go' });
  await limiter.acquire({ budget: unanswered, priority: 'poll' });
  await limiter.acquire({ budget: unanswered, priority: 'poll' });
  const [first = 0, second = 0] = await latestArrivals(unanswered);
  expect(second - first).toBeGreaterThanOrEqual(600);
});

test('the rate limiter grants nothing during a pause', async () => {
  const budget = makeBudget();
  await limiter.acquire({ budget, priority: 'poll' });
  const startedAt = performance.now();
  await limiter.pause({ budget, pauseMs: 300, reason: '429 Too Many Requests' });
  await limiter.acquire({ budget, priority: 'interactive' });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290);
});

test('the rate limiter limits a pause to ten minutes, then halves the rate for a minute', async () => {
  const budget = makeBudget({ coldStart: 'go' });
  await limiter.pause({ budget, pauseMs: 3 * 3_600_000, reason: '429 Too Many Requests' });
  const [state] = await readBudgets({ redis, prefix: services.prefix, budgets: [budget] });
  expect(state?.pausedMs).toBeGreaterThan(590_000);
  expect(state?.pausedMs).toBeLessThanOrEqual(600_000);
  expect((state?.slowMs ?? 0) - (state?.pausedMs ?? 0)).toBe(60_000);
});

test('the rate limiter grants nothing after it was closed', async () => {
  const budget = makeBudget({ limit: 1, windowMs: 400, coldStart: 'go' });
  const closed = createRateLimiter({ redis, prefix: services.prefix });
  await closed.acquire({ budget, priority: 'poll' });
  let isGranted = false;
  void closed.acquire({ budget, priority: 'poll' }).then(() => {
    isGranted = true;
  });
  closed.close();
  // The second slot is a whole window after that of the waiting request.
  for (const _ of [1, 2]) await limiter.acquire({ budget, priority: 'poll' });
  expect(isGranted).toBe(false);
});

test('the rate limiter unsubscribes from pauses when it is closed', async () => {
  const budget = makeBudget({ coldStart: 'go' });
  const closed = createRateLimiter({ redis, prefix: services.prefix });
  const { state } = budgetKeys({ prefix: services.prefix, budget });
  const listeners = async () => (await redis.pubsub('NUMSUB', state))[1];
  await closed.acquire({ budget, priority: 'poll' });
  await waitFor(async () => (await listeners()) === 1);
  closed.close();
  await waitFor(async () => (await listeners()) === 0);
});

test('the rate limiter takes back the slots that other processes have reserved when a pause begins', async () => {
  const budget = makeBudget({ windowMs: 1600, guardMs: 400 });
  const otherLimiter = makeLimiter();
  const times: number[] = [];
  const take = async () => {
    (await otherLimiter.acquire({ budget, priority: 'download' })).settle();
    times.push(performance.now());
  };
  const waiting = Promise.all(Array.from({ length: 18 }, take));
  // Slots are a tenth of a second apart by now, and some are reserved.
  await waitFor(() => times.length >= 10);
  // It subscribes after the limiter, so it hears of the pause after it.
  const listener = redis.duplicate();
  await listener.subscribe(budgetKeys({ prefix: services.prefix, budget }).state);
  const heard = once(listener, 'message');
  const beganAt = performance.now();
  await limiter.pause({ budget, pauseMs: 1000, reason: '429 Too Many Requests' });
  await heard;
  const heardAt = performance.now();
  listener.disconnect();
  await waiting;
  expect(times.filter((time) => time > heardAt + 50 && time < beganAt + 990)).toEqual([]);
  expect(times).toHaveLength(18);
});

test('the rate limiter lets waiting processes take turns instead of competing for the same slot', async () => {
  const budget = makeBudget({ windowMs: 800, guardMs: 400 });
  const counted = new Redis(services.redisUrl);
  const evalsha = jest.spyOn(counted, 'evalsha');
  const processes = Array.from({ length: 6 }, () => createRateLimiter({ redis: counted, prefix: services.prefix }));
  await Promise.all(
    processes.flatMap((limiter) =>
      Array.from({ length: 8 }, async () => (await limiter.acquire({ budget, priority: 'crawl' })).settle()),
    ),
  );
  for (const limiter of processes) limiter.close();
  counted.disconnect();
  // If every waiting process asked for every slot, 48 requests would take about 200 commands. Batches of four take a dozen.
  expect(evalsha.mock.calls.length).toBeLessThan(48);
});

test('the rate limiter keeps the end of a day for ready files and for people, then rejects all with the time to wait', async () => {
  // With a long guard and a high limit no slot is given back, even on a busy machine.
  const budget = makeBudget({ limit: 200, perDay: 100, windowMs: 10, guardMs: 60_000, coldStart: 'go' });
  const refused = { code: 'daily-budget-used', retry: { afterMs: expect.any(Number) } };
  const isRefused = (priority: RequestPriority) =>
    expect(limiter.acquire({ budget, priority })).rejects.toMatchObject(refused);
  const acquireTimes = (priority: RequestPriority, count: number) =>
    Promise.all(Array.from({ length: count }, () => limiter.acquire({ budget, priority })));
  await acquireTimes('crawl', 94);
  await isRefused('crawl');
  await isRefused('kick-off');
  await acquireTimes('poll', 1);
  await isRefused('poll');
  await acquireTimes('download', 4);
  await isRefused('download');
  await acquireTimes('interactive', 1);
  await isRefused('interactive');
});

test('polls that find the day used up do not delay files that are ready', async () => {
  const budget = makeBudget({ limit: 200, perDay: 100, windowMs: 10, guardMs: 60_000, coldStart: 'go' });
  await grantTimes(budget, 95);
  const other = makeLimiter();
  const enter = (priority: RequestPriority, count: number) =>
    Promise.allSettled(
      [limiter, other].flatMap((asked) => Array.from({ length: count }, () => asked.acquire({ budget, priority }))),
    );
  const [polls, files] = await Promise.all([enter('poll', 20), enter('download', 2)]);
  expect(new Set(polls.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(new Set(files.map(({ status }) => status))).toEqual(new Set(['fulfilled']));
});

test('the rate limiter reports the use of the window and of the day, and the remaining pause', async () => {
  expect(await limiter.readUse()).toEqual([]);
  // With a long guard no slot is given back.
  const budget = makeBudget({ limit: 4, windowMs: 60_000, perDay: 10, guardMs: 60_000, coldStart: 'go' });
  await grantTimes(budget, 2);
  const used = { name: budget.name, dayRatio: 0.2, windowRatio: 0.5 };
  expect(await limiter.readUse()).toEqual([{ ...used, pausedMs: 0 }]);
  await limiter.pause({ budget, pauseMs: 30_000, reason: '429 Too Many Requests' });
  const [{ pausedMs = 0 } = {}] = await limiter.readUse();
  expect(pausedMs).toBeGreaterThan(20_000);
  expect(pausedMs).toBeLessThanOrEqual(30_000);
  // A limiter that was not used knows no budget.
  expect(await makeLimiter().readUse()).toEqual([]);
});

test('the rate limiter shows a budget to a process that does not use it: window, minute, day, pause, waiting requests', async () => {
  // With a long guard and prompt answers no slot is given back.
  const budget = makeBudget({ limit: 3, windowMs: 100, perDay: 1000, guardMs: 10_000, coldStart: 'go' });
  const read = async () => (await readBudgets({ redis, prefix: services.prefix, budgets: [budget] }))[0];
  const none = { interactive: 0, poll: 0, 'kick-off': 0, download: 0, crawl: 0 };
  const recent = Array.from({ length: 60 }, () => 0);
  const counts = { window: 0, minute: 0, day: 0, recent };
  const unused = { ...counts, pausedMs: 0, slowMs: 0, pauseReason: undefined, waiting: none };
  expect(await read()).toEqual({ budget, ...unused });
  await Promise.all(
    Array.from({ length: 7 }, async () => (await limiter.acquire({ budget, priority: 'poll' })).settle()),
  );
  // The window has passed, the minute has not.
  await waitFor(async () => (await read())?.window === 0);
  const used = await read();
  expect([used?.minute, used?.day]).toEqual([7, 7]);
  expect(used?.recent?.reduce((sum, count) => sum + count, 0)).toBe(7);
  expect(used?.recent?.slice(-10).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);

  await limiter.pause({ budget, pauseMs: 60_000, reason: '429 Too Many Requests' });
  await limiter.pause({ budget, pauseMs: 10, reason: '503 Service Unavailable' });
  const controller = new AbortController();
  const polls = [1, 2].map(() => limiter.acquire({ budget, priority: 'poll', signal: controller.signal }));
  const otherLimiter = makeLimiter();
  const elsewhere = otherLimiter.acquire({ budget, priority: 'poll', signal: controller.signal });
  await waitFor(async () => (await read())?.waiting.poll === 3);
  const paused = await read();
  expect(paused).toMatchObject({ pauseReason: '429 Too Many Requests', waiting: { ...none, poll: 3 } });
  expect(paused?.pausedMs).toBeGreaterThan(50_000);
  expect((paused?.slowMs ?? 0) - (paused?.pausedMs ?? 0)).toBe(60_000);
  controller.abort(new Error('cancelled'));
  await Promise.all([...polls, elsewhere].map((poll) => expect(poll).rejects.toThrow('cancelled')));
});

test('the rate limiter keeps only one window in the log of a rate above a hundred a second', async () => {
  const budget = makeBudget({ limit: 100, windowMs: 100 });
  await grantTimes(budget, 20);
  const [state] = await readBudgets({ redis, prefix: services.prefix, budgets: [budget] });
  expect([state?.minute, state?.recent]).toEqual([undefined, undefined]);
  await waitFor(async () => {
    await limiter.acquire({ budget, priority: 'poll' });
    return (await redis.zcard(budgetKeys({ prefix: services.prefix, budget }).log)) < 20;
  });
});

test('the rate limiter removes an aborted request from the queue', async () => {
  const budget = makeBudget();
  const controller = new AbortController();
  const aborted = limiter.acquire({ budget, priority: 'download', signal: controller.signal });
  controller.abort(new Error('cancelled'));
  await expect(aborted).rejects.toThrow('cancelled');
  await limiter.acquire({ budget, priority: 'download' });
});

test('the rate limiter lowers the requests of a day to what the EHR states, and does not raise them', async () => {
  const budget = makeBudget({ perDay: 1000 });
  const send = () => limiter.acquire({ budget, priority: 'interactive' });
  await send();
  limiter.learnDayLimit({ budget, perDay: 10 });
  limiter.learnDayLimit({ budget, perDay: 5000 });
  const isRefused = (error: unknown) => (error as { code?: string }).code === 'daily-budget-used';
  let granted = 1;
  await waitFor(async () => {
    const refused = await send().then(() => false, isRefused);
    if (!refused) granted += 1;
    return refused;
  });
  expect(granted).toBe(10);
  expect(await limiter.readUse()).toContainEqual(expect.objectContaining({ name: budget.name, dayRatio: 1 }));
});
