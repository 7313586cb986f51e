import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Grant, RequestPriority } from './budget.ts';
import type { BudgetClient, Reservation } from './budget-client.ts';
import { WaitQueue } from './wait-queue.ts';

type Report = Parameters<BudgetClient['report']>[0];
interface Script {
  /** When each slot is ready, in ms after the response. */
  readonly slots?: readonly number[];
  readonly reason?: string;
  readonly waitMs?: number;
  /** How long the response takes. */
  readonly afterMs?: number;
  readonly error?: Error;
}

/** A reservation asks for at most four slots. Slots are 100 ms apart. */
const rateLimit = { limit: 16, windowMs: 1600, perDay: 100_000, guardMs: 150 };
const nothingNear: Script = { reason: 'window', waitMs: 9000 };
/** How far Redis' clock is ahead. */
const aheadMs = 1000;

let startedAt: number;
let reservations: Parameters<BudgetClient['reserve']>[0][];
let reports: Report[];
/** The responses to the next reservations. Later ones get `nothingNear`. */
let script: Script[];
let queue: WaitQueue;
/** The requests that were granted, with their times. */
let granted: string[];
let grants: Grant[];

const nowMs = () => performance.now() - startedAt;
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const reported = (report: Partial<Report>): Report => ({
  arrivals: [],
  late: [],
  unused: [],
  leavesQueue: false,
  ...report,
});

beforeEach(() => {
  jest.useFakeTimers();
  startedAt = performance.now();
  [reservations, reports, script, granted, grants] = [[], [], [], [], []];
  let slots = 0;
  const client: BudgetClient = {
    async reserve(request): Promise<Reservation> {
      reservations.push(request);
      const { slots: waits = [], reason = 'granted', waitMs = 0, afterMs = 0, error } = script.shift() ?? nothingNear;
      const now = performance.now() + aheadMs;
      if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
      if (error) throw error;
      return { now, reason, waitMs, slots: waits.map((wait) => ({ grantId: `g${++slots}`, waitMs: wait })) };
    },
    async report(report) {
      reports.push(report);
    },
  };
  queue = new WaitQueue({ client, rateLimit: () => rateLimit });
});
afterEach(() => {
  queue.close();
  jest.useRealTimers();
});

async function request(name: string, priority: RequestPriority, signal?: AbortSignal): Promise<void> {
  const grant = await queue.enter({ priority, signal });
  granted.push(`${name} at ${nowMs()}`);
  grants.push(grant);
}

/** Enters a request and ignores its rejection. */
function enter(...args: Parameters<typeof request>): void {
  request(...args).catch(() => undefined);
}

test('waiting requests share one reservation, for the most urgent priority, if they enter in the same tick', async () => {
  for (const priority of ['download', 'poll', 'download', 'crawl'] as const) enter(priority, priority);
  await pass(0);
  expect(reservations).toEqual([{ priority: 'poll', waiting: [0, 1, 0, 2, 1], arrivals: [] }]);
});

test('waiting requests are granted in order at the time of each slot, without another reservation', async () => {
  script = [{ slots: [100, 250] }];
  enter('first', 'poll');
  enter('second', 'poll');
  await pass(99);
  expect(granted).toEqual([]);
  await pass(60_000);
  expect(granted).toEqual(['first at 100', 'second at 250']);
  expect(reservations).toHaveLength(1);
  expect(reports).toEqual([]);
});

test('waiting requests reserve again at the retry time, and at least every ten seconds', async () => {
  script = [
    { reason: 'window', waitMs: 300 },
    { reason: 'closed', waitMs: 60_000 },
  ];
  enter('download', 'download');
  await pass(299);
  expect(reservations).toHaveLength(1);
  await pass(1);
  expect(reservations).toHaveLength(2);
  await pass(9999);
  expect(reservations).toHaveLength(2);
  await pass(1);
  expect(reservations).toHaveLength(3);
});

test('waiting requests reserve again at the retry time, even if a slot is already reserved', async () => {
  script = [{ slots: [700], reason: 'window', waitMs: 300 }];
  enter('first', 'poll');
  enter('second', 'poll');
  await pass(299);
  expect(reservations).toHaveLength(1);
  await pass(1);
  expect(reservations[1]).toMatchObject({ waiting: [0, 1, 0, 0, 0] });
});

test('waiting requests reserve again half a second after a Redis error', async () => {
  script = [{ error: new Error('connection lost') }, { slots: [0] }];
  enter('poll', 'poll');
  await pass(499);
  expect(reservations).toHaveLength(1);
  await pass(1);
  expect(granted).toEqual(['poll at 500']);
});

test.each([
  { reason: 'day', code: 'daily-budget-used', leaves: [] },
  { reason: 'closed', code: 'rate-paused', leaves: [reported({ leavesQueue: true })] },
])(
  'waiting requests are all rejected with $code if the wait ($reason) is longer than 15 minutes',
  async ({ reason, code, leaves }) => {
    const waitMs = 15 * 60_000 + 1;
    script = [{ reason, waitMs }];
    const waiting = [request('poll', 'poll'), request('crawl', 'crawl')];
    const refusals = waiting.map((reservation) =>
      expect(reservation).rejects.toMatchObject({ code, retry: { afterMs: waitMs }, context: { waitMs, reason } }),
    );
    await pass(60_000);
    await Promise.all(refusals);
    expect(reservations).toHaveLength(1);
    expect(reports).toEqual(leaves);
  },
);

test('waiting requests that may use more of the day are not rejected with those that may not', async () => {
  script = [{ reason: 'day', waitMs: 1000 }, { slots: [0] }];
  const poll = expect(request('poll', 'poll')).rejects.toMatchObject({ code: 'daily-budget-used' });
  const crawl = expect(request('crawl', 'crawl')).rejects.toMatchObject({ code: 'daily-budget-used' });
  enter('download', 'download');
  await pass(100);
  await Promise.all([poll, crawl]);
  expect(granted).toEqual(['download at 0']);
});

test('waiting requests keep waiting if the wait is exactly 15 minutes', async () => {
  script = [{ reason: 'closed', waitMs: 15 * 60_000 }, { slots: [0] }];
  enter('poll', 'poll');
  await pass(10_000);
  expect(granted).toEqual(['poll at 10000']);
});

test('waiting requests remove their abort listener when they are granted or rejected', async () => {
  const { signal } = new AbortController();
  script = [{ slots: [0] }, { reason: 'day', waitMs: 16 * 60_000 }];
  enter('granted', 'poll', signal);
  await pass(0);
  expect(granted).toEqual(['granted at 0']);
  const refused = request('refused', 'poll', signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await expect(refused).rejects.toMatchObject({ code: 'daily-budget-used' });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

describe('the wait queue (entering requests)', () => {
  beforeEach(async () => {
    enter('download', 'download');
    await pass(100);
    expect(reservations).toHaveLength(1);
  });

  test('a request that enters while others wait causes a reservation immediately if it is more urgent', async () => {
    script = [{ slots: [0], reason: 'window', waitMs: 9000 }];
    enter('poll', 'poll');
    await pass(0);
    expect(granted).toEqual(['poll at 100']);
    expect(reservations[1]).toMatchObject({ priority: 'poll', waiting: [0, 1, 0, 1, 0] });
  });

  test('a request that enters while others wait causes a reservation as soon as the one in flight is answered', async () => {
    script = [{ reason: 'window', waitMs: 9000, afterMs: 50 }, { slots: [0] }];
    await pass(8900);
    enter('poll', 'poll');
    await pass(49);
    expect(reservations).toHaveLength(2);
    await pass(1);
    expect(granted).toEqual(['poll at 9050']);
  });

  test.each(['download', 'crawl'] as const)(
    'a request that enters while others wait is served by the next reservation if it is a %s',
    async (priority) => {
      enter('next', priority);
      await pass(8899);
      expect(reservations).toHaveLength(1);
      await pass(1);
      expect(reservations[1]).toMatchObject({ priority: 'download' });
    },
  );
});

test('a reserved slot goes to the request that is the most urgent at its time', async () => {
  script = [{ slots: [500] }];
  enter('download', 'download');
  await pass(100);
  enter('poll', 'poll');
  await pass(400);
  expect(granted).toEqual(['poll at 500']);
  expect(reservations[1]).toMatchObject({ priority: 'poll', waiting: [0, 1, 0, 0, 0] });
});

test('a reserved slot is used until half of the guard has passed since its reservation, and given back after that', async () => {
  script = [{ slots: [0], afterMs: 75 }];
  enter('in time', 'poll');
  await pass(75);
  expect(granted).toEqual(['in time at 75']);
  script = [{ slots: [0], afterMs: 76 }, { slots: [20] }];
  enter('late', 'poll');
  await pass(76);
  expect(reports).toEqual([reported({ unused: ['g2'] })]);
  await pass(20);
  expect(granted).toEqual(['in time at 75', 'late at 171']);
});

test('a reserved slot for the future is given back and reserved again if the response took more than half of the guard', async () => {
  script = [{ slots: [100], afterMs: 76 }, { slots: [0] }];
  enter('poll', 'poll');
  await pass(176);
  expect(reports).toEqual([reported({ unused: ['g1'] })]);
  expect(granted).toEqual(['poll at 176']);
});

test('a reserved slot for the future is used if the response took half of the guard', async () => {
  script = [{ slots: [100], afterMs: 75 }];
  enter('poll', 'poll');
  await pass(175);
  expect(granted).toEqual(['poll at 175']);
});

test('a reserved slot is given back if no request waits for it', async () => {
  script = [{ slots: [500] }];
  const controller = new AbortController();
  const entered = request('download', 'download', controller.signal);
  await pass(100);
  controller.abort(new Error('cancelled'));
  await expect(entered).rejects.toThrow('cancelled');
  await pass(399);
  expect(reports).toEqual([]);
  await pass(1);
  expect(reports).toEqual([reported({ unused: ['g1'] })]);
  expect(reservations).toHaveLength(1);
});

test('a reserved slot of an aborted request does not count as a slot for another priority', async () => {
  script = [{ slots: [500] }];
  const controller = new AbortController();
  enter('download', 'download', controller.signal);
  await pass(100);
  controller.abort();
  enter('poll', 'poll');
  await pass(0);
  expect(reservations[1]?.waiting).toEqual([0, 1, 0, 0, 0]);
});

describe('the wait queue (next reservation)', () => {
  beforeEach(async () => {
    script = [{ slots: [300, 500] }, { slots: [0, 0, 0, 0] }];
    enter('first', 'download');
    enter('second', 'download');
    await pass(100);
    enter('third', 'download');
    await pass(0);
  });

  test('while slots are reserved, the next reservation waits until half an interval after the last slot', async () => {
    await pass(449);
    expect(reservations).toHaveLength(1);
    await pass(1);
    expect(reservations[1]).toMatchObject({ waiting: [0, 0, 0, 1, 0] });
    expect(granted).toEqual(['first at 300', 'second at 500', 'third at 550']);
  });

  test('while slots are reserved, the next reservation is made immediately if enough requests wait to fill it', async () => {
    enter('fourth', 'download');
    enter('fifth', 'download');
    await pass(0);
    expect(reservations).toHaveLength(1);
    enter('sixth', 'download');
    await pass(0);
    expect(reservations[1]).toMatchObject({ waiting: [0, 0, 0, 4, 0] });
  });

  test('while slots are reserved, a request of another priority causes a reservation immediately', async () => {
    enter('poll', 'poll');
    await pass(0);
    expect(reservations[1]).toMatchObject({ priority: 'poll', waiting: [0, 1, 0, 1, 0] });
  });
});

test('an aborted request is rejected without a reservation if it was aborted before it entered', async () => {
  const entered = request('poll', 'poll', AbortSignal.abort(new Error('cancelled')));
  await expect(entered).rejects.toThrow('cancelled');
  await pass(0);
  expect(reservations).toEqual([]);
});

test('an aborted request leaves the queue in Redis immediately if it was the last one without a slot', async () => {
  script = [{ slots: [400], reason: 'window', waitMs: 9000 }];
  const controller = new AbortController();
  enter('first', 'download');
  const second = request('second', 'download', controller.signal);
  await pass(100);
  expect(reports).toEqual([]);
  controller.abort(new Error('cancelled'));
  await expect(second).rejects.toThrow('cancelled');
  await pass(0);
  expect(reports).toEqual([reported({ leavesQueue: true })]);
  await pass(20_000);
  expect(granted).toEqual(['first at 400']);
  expect([reservations.length, reports.length]).toEqual([1, 1]);
});

test('an aborted request leaves the other requests in the queue', async () => {
  const controller = new AbortController();
  enter('first', 'download', controller.signal);
  enter('second', 'download');
  await pass(100);
  controller.abort();
  await pass(8899);
  expect(reservations).toHaveLength(1);
  await pass(1);
  expect(reports).toEqual([]);
  expect(reservations[1]).toMatchObject({ waiting: [0, 0, 0, 1, 0] });
});

describe('the wait queue (priorities)', () => {
  const enterAll = (priority: RequestPriority, count: number) => {
    for (let number = 1; number <= count; number++) enter(`${priority} ${number}`, priority);
  };
  const reservedFor = () => reservations.map(({ priority }) => priority);

  test.each([
    { urgent: 6, next: 'poll' },
    { urgent: 7, next: 'download' },
  ])(
    'requests behind more urgent requests get every eighth slot: the slot after $urgent urgent ones is for a $next',
    async ({ urgent, next }) => {
      script = [{ slots: [0, 0, 0, 0] }, { slots: Array.from({ length: urgent - 4 }, () => 0) }];
      enterAll('poll', 20);
      enterAll('download', 2);
      await pass(0);
      expect(reservedFor()).toEqual(['poll', 'poll', next]);
    },
  );

  test('requests behind more urgent requests get the slot that was reserved for them, and the next reservation is for urgent requests again', async () => {
    script = [{ slots: [0, 0, 0, 0] }, { slots: [0, 0, 0] }, { slots: [0] }];
    enterAll('poll', 20);
    enterAll('download', 2);
    enterAll('crawl', 1);
    await pass(0);
    expect(reservedFor()).toEqual(['poll', 'poll', 'download', 'poll']);
    expect(granted.at(-1)).toBe('download 1 at 0');
  });

  test('requests behind more urgent requests leave their slot to an urgent request if they were aborted', async () => {
    script = [{ slots: [0, 0, 0, 0] }, { slots: [0, 0, 0] }, { slots: [100] }];
    const controller = new AbortController();
    enterAll('poll', 20);
    enter('download', 'download', controller.signal);
    await pass(50);
    controller.abort();
    await pass(50);
    expect(granted.at(-1)).toBe('poll 8 at 100');
  });

  test('requests behind more urgent requests wait for seven more slots if another process used theirs', async () => {
    script = [{ slots: [0, 0, 0, 0] }, { slots: [0, 0, 0] }, { reason: 'yield', waitMs: 700 }];
    enterAll('poll', 20);
    enterAll('download', 2);
    await pass(0);
    expect(reservedFor()).toEqual(['poll', 'poll', 'download', 'poll']);
  });

  test('requests behind more urgent requests reserve again at the retry time if no slot was near', async () => {
    script = [{ slots: [0, 0, 0, 0] }, { slots: [0, 0, 0] }, { reason: 'window', waitMs: 700 }];
    enterAll('poll', 20);
    enterAll('download', 2);
    await pass(699);
    expect(reservedFor()).toEqual(['poll', 'poll', 'download']);
    await pass(1);
    expect(reservedFor()).toEqual(['poll', 'poll', 'download', 'download']);
  });
});

test('an answered request is reported after half a window, on the clock of Redis, together with later ones', async () => {
  script = [{ slots: [0, 20] }];
  enter('first', 'poll');
  enter('second', 'poll');
  await pass(20);
  grants[0]?.settle();
  await pass(30);
  grants[1]?.settle();
  await pass(769);
  expect(reports).toEqual([]);
  await pass(1);
  const arrivals = [
    { grantId: 'g1', at: startedAt + 20 + aheadMs },
    { grantId: 'g2', at: startedAt + 50 + aheadMs },
  ];
  expect(reports).toEqual([reported({ arrivals })]);
  await pass(10_000);
  expect(reports).toHaveLength(1);
});

test('an answered request is reported once, by the next reservation if that is earlier', async () => {
  script = [{ slots: [0] }];
  enter('first', 'poll');
  await pass(0);
  grants[0]?.settle();
  await pass(100);
  enter('second', 'poll');
  await pass(5000);
  expect(reservations[1]?.arrivals).toEqual([{ grantId: 'g1', at: startedAt + aheadMs }]);
  expect(reports).toEqual([]);
});

test.each([
  { what: 'a new connection, later than its slot allows', madeConnection: true, afterMs: 76, isLate: true },
  { what: 'a new connection, in time', madeConnection: true, afterMs: 75, isLate: false },
  { what: 'a connection that was open', madeConnection: false, afterMs: 76, isLate: false },
  { what: 'a connection of which nothing is known', madeConnection: undefined, afterMs: 76, isLate: false },
])('an answered request on $what is reported as late: $isLate', async ({ madeConnection, afterMs, isLate }) => {
  script = [{ slots: [0] }];
  enter('poll', 'poll');
  await pass(afterMs);
  grants[0]?.settle(madeConnection === undefined ? undefined : { madeConnection });
  await pass(0);
  const arrival = { grantId: 'g1', at: startedAt + afterMs + aheadMs };
  expect(reports).toEqual(isLate ? [reported({ late: [arrival] })] : []);
  await pass(800);
  expect(reports).toEqual([reported(isLate ? { late: [arrival] } : { arrivals: [arrival] })]);
});

test('after a pause, reserved slots are given back and reserved again', async () => {
  script = [{ slots: [500, 600] }, { slots: [2000, 2100] }];
  enter('first', 'download');
  enter('second', 'download');
  await pass(100);
  queue.releaseReserved();
  await pass(0);
  expect(reports).toEqual([reported({ unused: ['g1', 'g2'] })]);
  expect(reservations[1]).toMatchObject({ waiting: [0, 0, 0, 2, 0] });
  await pass(5000);
  expect(granted).toEqual(['first at 2100', 'second at 2200']);
});

test('after a pause, requests that wait for the next reservation do not cause another one', async () => {
  script = [{ slots: [500], reason: 'window', waitMs: 900 }];
  enter('first', 'download');
  enter('second', 'download');
  await pass(100);
  queue.releaseReserved();
  await pass(799);
  expect([reservations.length, granted]).toEqual([1, []]);
  await pass(1);
  expect(reservations[1]).toMatchObject({ waiting: [0, 0, 0, 2, 0] });
  await pass(0);
  expect(reservations).toHaveLength(2);
});

test('after a pause, nothing is reported if no slot was reserved', async () => {
  queue.releaseReserved();
  await pass(0);
  expect([reservations, reports]).toEqual([[], []]);
});

test('a closed queue neither grants nor reserves, and gives its slots back', async () => {
  script = [{ slots: [500], reason: 'window', waitMs: 900 }];
  enter('first', 'download');
  enter('second', 'download');
  await pass(100);
  queue.close();
  await pass(0);
  expect(jest.getTimerCount()).toBe(0);
  await pass(20_000);
  const givenBack = { arrivals: [], late: [], unused: ['g1'], leavesQueue: false };
  expect([reservations.length, granted, reports]).toEqual([1, [], [givenBack]]);
});

test('a closed queue reports no arrivals', async () => {
  script = [{ slots: [0] }];
  enter('poll', 'poll');
  await pass(0);
  grants[0]?.settle();
  queue.close();
  await pass(20_000);
  expect(reports).toEqual([]);
});

test('a report that fails is ignored', async () => {
  const client: BudgetClient = {
    reserve: async () => ({ now: 0, reason: 'granted', waitMs: 0, slots: [{ grantId: 'g', waitMs: 0 }] }),
    report: async () => {
      throw new Error('connection lost');
    },
  };
  const unreachable = new WaitQueue({ client, rateLimit: () => rateLimit });
  const grant = await unreachable.enter({ priority: 'poll' });
  grant.settle();
  await pass(1600);
  await expect(unreachable.enter({ priority: 'poll' })).resolves.toBeDefined();
});
