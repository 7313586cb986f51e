import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Answer, BudgetDesk } from './budget-desk.ts';
import { BudgetQueue } from './budget-queue.ts';
import type { Grant } from './grant.ts';
import type { RequestPriority } from './request-priority.ts';

type Question = Parameters<BudgetDesk['book']>[0];
type Report = Parameters<BudgetDesk['tell']>[0];
interface Script {
  /** When each place is ready, in ms after the answer. */
  readonly places?: readonly number[];
  readonly reason?: string;
  readonly waitMs?: number;
  /** How long the answer takes. */
  readonly afterMs?: number;
  readonly error?: Error;
}

/** A question may ask for four places. Places are 100 ms apart. */
const rateLimit = { limit: 16, windowMs: 1600, perDay: 100_000, guardMs: 150 };
const nothingNear: Script = { reason: 'window', waitMs: 9000 };
/** How much further the clock of the desk is. */
const aheadMs = 1000;

let startedAt: number;
let questions: Question[];
let reports: Report[];
/** The answers to the next questions. Later ones get `nothingNear`. */
let script: Script[];
let queue: BudgetQueue;
/** Who was granted, and when. */
let granted: string[];
let grants: Grant[];

const nowMs = () => performance.now() - startedAt;
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const told = (report: Partial<Report>): Report => ({ arrivals: [], late: [], unused: [], leavesRow: false, ...report });

beforeEach(() => {
  jest.useFakeTimers();
  startedAt = performance.now();
  [questions, reports, script, granted, grants] = [[], [], [], [], []];
  let places = 0;
  const desk: BudgetDesk = {
    async book(question): Promise<Answer> {
      questions.push(question);
      const { places: waits = [], reason = 'granted', waitMs = 0, afterMs = 0, error } = script.shift() ?? nothingNear;
      const now = performance.now() + aheadMs;
      if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
      if (error) throw error;
      return { now, reason, waitMs, places: waits.map((wait) => ({ grantId: `g${++places}`, waitMs: wait })) };
    },
    async tell(report) {
      reports.push(report);
    },
  };
  queue = new BudgetQueue({ desk, rateLimit });
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

/** A request whose refusal is not looked at. */
function enter(...args: Parameters<typeof request>): void {
  request(...args).catch(() => undefined);
}

describe('requests that wait for a budget', () => {
  test('are asked for in one question, for the most urgent, if they come at once', async () => {
    for (const priority of ['download', 'poll', 'download', 'crawl'] as const) enter(priority, priority);
    await pass(0);
    expect(questions).toEqual([{ priority: 'poll', waiting: [0, 1, 0, 2, 1], arrivals: [] }]);
  });

  test('are granted when the time of their place has come, in their order, without another question', async () => {
    script = [{ places: [100, 250] }];
    enter('first', 'poll');
    enter('second', 'poll');
    await pass(99);
    expect(granted).toEqual([]);
    await pass(60_000);
    expect(granted).toEqual(['first at 100', 'second at 250']);
    expect(questions).toHaveLength(1);
    expect(reports).toEqual([]);
  });

  test('are asked for again when the answer says, at least every ten seconds', async () => {
    script = [
      { reason: 'window', waitMs: 300 },
      { reason: 'closed', waitMs: 60_000 },
    ];
    enter('download', 'download');
    await pass(299);
    expect(questions).toHaveLength(1);
    await pass(1);
    expect(questions).toHaveLength(2);
    await pass(9999);
    expect(questions).toHaveLength(2);
    await pass(1);
    expect(questions).toHaveLength(3);
  });

  test('are asked for again when the answer says, although a place is ahead', async () => {
    script = [{ places: [700], reason: 'window', waitMs: 300 }];
    enter('first', 'poll');
    enter('second', 'poll');
    await pass(299);
    expect(questions).toHaveLength(1);
    await pass(1);
    expect(questions[1]).toMatchObject({ waiting: [0, 1, 0, 0, 0] });
  });

  test('wait half a second for Redis after an error', async () => {
    script = [{ error: new Error('connection lost') }, { places: [0] }];
    enter('poll', 'poll');
    await pass(499);
    expect(questions).toHaveLength(1);
    await pass(1);
    expect(granted).toEqual(['poll at 500']);
  });

  test.each([
    { reason: 'day', code: 'daily-budget-used', leaves: [] },
    { reason: 'closed', code: 'rate-paused', leaves: [told({ leavesRow: true })] },
  ])('are all refused if the wait ($reason) is longer than 15 minutes', async ({ reason, code, leaves }) => {
    const waitMs = 15 * 60_000 + 1;
    script = [{ reason, waitMs }];
    const waiting = [request('poll', 'poll'), request('crawl', 'crawl')];
    const refusals = waiting.map((one) =>
      expect(one).rejects.toMatchObject({ code, retry: { afterMs: waitMs }, context: { waitMs, reason } }),
    );
    await pass(60_000);
    await Promise.all(refusals);
    expect(questions).toHaveLength(1);
    expect(reports).toEqual(leaves);
  });

  test('wait on if it is 15 minutes', async () => {
    script = [{ reason: 'day', waitMs: 15 * 60_000 }, { places: [0] }];
    enter('poll', 'poll');
    await pass(10_000);
    expect(granted).toEqual(['poll at 10000']);
  });

  test('keep no listener on their signal once they are granted or refused', async () => {
    const { signal } = new AbortController();
    script = [{ places: [0] }, { reason: 'day', waitMs: 16 * 60_000 }];
    enter('granted', 'poll', signal);
    await pass(0);
    expect(granted).toEqual(['granted at 0']);
    const refused = request('refused', 'poll', signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await expect(refused).rejects.toMatchObject({ code: 'daily-budget-used' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a request that comes while others wait', () => {
  beforeEach(async () => {
    enter('download', 'download');
    await pass(100);
    expect(questions).toHaveLength(1);
  });

  test('is asked for at once if it is more urgent', async () => {
    script = [{ places: [0], reason: 'window', waitMs: 9000 }];
    enter('poll', 'poll');
    await pass(0);
    expect(granted).toEqual(['poll at 100']);
    expect(questions[1]).toMatchObject({ priority: 'poll', waiting: [0, 1, 0, 1, 0] });
  });

  test('is asked for as soon as the question that is under way is answered', async () => {
    script = [{ reason: 'window', waitMs: 9000, afterMs: 50 }, { places: [0] }];
    await pass(8900);
    enter('poll', 'poll');
    await pass(49);
    expect(questions).toHaveLength(2);
    await pass(1);
    expect(granted).toEqual(['poll at 9050']);
  });

  test.each(['download', 'crawl'] as const)('waits for the next question if it is a %s', async (priority) => {
    enter('next', priority);
    await pass(8899);
    expect(questions).toHaveLength(1);
    await pass(1);
    expect(questions[1]).toMatchObject({ priority: 'download' });
  });
});

describe('a place', () => {
  test('goes to the request that is most urgent when its time has come', async () => {
    script = [{ places: [500] }];
    enter('download', 'download');
    await pass(100);
    enter('poll', 'poll');
    await pass(400);
    expect(granted).toEqual(['poll at 500']);
    expect(questions[1]).toMatchObject({ priority: 'poll', waiting: [0, 1, 0, 0, 0] });
  });

  test('is used until half of the guard has passed since its question, and given back after that', async () => {
    script = [{ places: [0], afterMs: 75 }];
    enter('in time', 'poll');
    await pass(75);
    expect(granted).toEqual(['in time at 75']);
    script = [{ places: [0], afterMs: 76 }, { places: [20] }];
    enter('late', 'poll');
    await pass(76);
    expect(reports).toEqual([told({ unused: ['g2'] })]);
    await pass(20);
    expect(granted).toEqual(['in time at 75', 'late at 171']);
  });

  test('that is ahead is given back and asked for again if its answer came too late', async () => {
    script = [{ places: [100], afterMs: 76 }, { places: [0] }];
    enter('poll', 'poll');
    await pass(176);
    expect(reports).toEqual([told({ unused: ['g1'] })]);
    expect(granted).toEqual(['poll at 176']);
  });

  test('that is ahead may be used as late', async () => {
    script = [{ places: [100], afterMs: 75 }];
    enter('poll', 'poll');
    await pass(175);
    expect(granted).toEqual(['poll at 175']);
  });

  test('is given back if nothing waits for it any more', async () => {
    script = [{ places: [500] }];
    const controller = new AbortController();
    const entered = request('download', 'download', controller.signal);
    await pass(100);
    controller.abort(new Error('cancelled'));
    await expect(entered).rejects.toThrow('cancelled');
    await pass(399);
    expect(reports).toEqual([]);
    await pass(1);
    expect(reports).toEqual([told({ unused: ['g1'] })]);
    expect(questions).toHaveLength(1);
  });

  test('without its request does not count against requests of another priority', async () => {
    script = [{ places: [500] }];
    const controller = new AbortController();
    enter('download', 'download', controller.signal);
    await pass(100);
    controller.abort();
    enter('poll', 'poll');
    await pass(0);
    expect(questions[1]?.waiting).toEqual([0, 1, 0, 0, 0]);
  });
});

describe('while places are ahead', () => {
  beforeEach(async () => {
    script = [{ places: [300, 500] }, { places: [0, 0, 0, 0] }];
    enter('first', 'download');
    enter('second', 'download');
    await pass(100);
    enter('third', 'download');
    await pass(0);
  });

  test('the next question waits until the last of them is used, and half of the time between two', async () => {
    await pass(449);
    expect(questions).toHaveLength(1);
    await pass(1);
    expect(questions[1]).toMatchObject({ waiting: [0, 0, 0, 1, 0] });
    expect(granted).toEqual(['first at 300', 'second at 500', 'third at 550']);
  });

  test('requests are asked for at once if they are as many as one question serves', async () => {
    enter('fourth', 'download');
    enter('fifth', 'download');
    await pass(0);
    expect(questions).toHaveLength(1);
    enter('sixth', 'download');
    await pass(0);
    expect(questions[1]).toMatchObject({ waiting: [0, 0, 0, 4, 0] });
  });

  test('a request of another priority is asked for at once', async () => {
    enter('poll', 'poll');
    await pass(0);
    expect(questions[1]).toMatchObject({ priority: 'poll', waiting: [0, 1, 0, 1, 0] });
  });
});

describe('a request that is aborted', () => {
  test('before it comes is refused without a question', async () => {
    const entered = request('poll', 'poll', AbortSignal.abort(new Error('cancelled')));
    await expect(entered).rejects.toThrow('cancelled');
    await pass(0);
    expect(questions).toEqual([]);
  });

  test('leaves the row at once if it was the last that waits without a place', async () => {
    script = [{ places: [400], reason: 'window', waitMs: 9000 }];
    const controller = new AbortController();
    enter('first', 'download');
    const second = request('second', 'download', controller.signal);
    await pass(100);
    expect(reports).toEqual([]);
    controller.abort(new Error('cancelled'));
    await expect(second).rejects.toThrow('cancelled');
    await pass(0);
    expect(reports).toEqual([told({ leavesRow: true })]);
    await pass(20_000);
    expect(granted).toEqual(['first at 400']);
    expect([questions.length, reports.length]).toEqual([1, 1]);
  });

  test('keeps the row for the others', async () => {
    const controller = new AbortController();
    enter('first', 'download', controller.signal);
    enter('second', 'download');
    await pass(100);
    controller.abort();
    await pass(8899);
    expect(questions).toHaveLength(1);
    await pass(1);
    expect(reports).toEqual([]);
    expect(questions[1]).toMatchObject({ waiting: [0, 0, 0, 1, 0] });
  });
});

describe('requests behind more urgent ones', () => {
  const enterAll = (priority: RequestPriority, count: number) => {
    for (let number = 1; number <= count; number++) enter(`${priority} ${number}`, priority);
  };
  const asked = () => questions.map(({ priority }) => priority);

  test.each([
    { urgent: 6, next: 'poll' },
    { urgent: 7, next: 'download' },
  ])('are asked for after seven places of the more urgent: $next after $urgent', async ({ urgent, next }) => {
    script = [{ places: [0, 0, 0, 0] }, { places: Array.from({ length: urgent - 4 }, () => 0) }];
    enterAll('poll', 20);
    enterAll('download', 2);
    await pass(0);
    expect(asked()).toEqual(['poll', 'poll', next]);
  });

  test('get the place that was asked for them, and the next question is for the most urgent again', async () => {
    script = [{ places: [0, 0, 0, 0] }, { places: [0, 0, 0] }, { places: [0] }];
    enterAll('poll', 20);
    enterAll('download', 2);
    enterAll('crawl', 1);
    await pass(0);
    expect(asked()).toEqual(['poll', 'poll', 'download', 'poll']);
    expect(granted.at(-1)).toBe('download 1 at 0');
  });

  test('leave a place to the most urgent if they have gone', async () => {
    script = [{ places: [0, 0, 0, 0] }, { places: [0, 0, 0] }, { places: [100] }];
    const controller = new AbortController();
    enterAll('poll', 20);
    enter('download', 'download', controller.signal);
    await pass(50);
    controller.abort();
    await pass(50);
    expect(granted.at(-1)).toBe('poll 8 at 100');
  });

  test('wait for seven more if others of their kind had the turn', async () => {
    script = [{ places: [0, 0, 0, 0] }, { places: [0, 0, 0] }, { reason: 'yield', waitMs: 700 }];
    enterAll('poll', 20);
    enterAll('download', 2);
    await pass(0);
    expect(asked()).toEqual(['poll', 'poll', 'download', 'poll']);
  });

  test('are asked for again if no place is near at their turn', async () => {
    script = [{ places: [0, 0, 0, 0] }, { places: [0, 0, 0] }, { reason: 'window', waitMs: 700 }];
    enterAll('poll', 20);
    enterAll('download', 2);
    await pass(699);
    expect(asked()).toEqual(['poll', 'poll', 'download']);
    await pass(1);
    expect(asked()).toEqual(['poll', 'poll', 'download', 'download']);
  });
});

describe('a request that was answered', () => {
  test('is reported after half a window, by the clock of the desk, with others that were answered meanwhile', async () => {
    script = [{ places: [0, 20] }];
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
    expect(reports).toEqual([told({ arrivals })]);
    await pass(10_000);
    expect(reports).toHaveLength(1);
  });

  test('is reported by the next question if that comes earlier, and only once', async () => {
    script = [{ places: [0] }];
    enter('first', 'poll');
    await pass(0);
    grants[0]?.settle();
    await pass(100);
    enter('second', 'poll');
    await pass(5000);
    expect(questions[1]?.arrivals).toEqual([{ grantId: 'g1', at: startedAt + aheadMs }]);
    expect(reports).toEqual([]);
  });

  test.each([
    { what: 'a new connection, later than its place allows', madeConnection: true, afterMs: 76, isLate: true },
    { what: 'a new connection, in time', madeConnection: true, afterMs: 75, isLate: false },
    { what: 'a connection that was open', madeConnection: false, afterMs: 76, isLate: false },
    { what: 'a connection of which nothing is known', madeConnection: undefined, afterMs: 76, isLate: false },
  ])('by $what, is reported as late: $isLate', async ({ madeConnection, afterMs, isLate }) => {
    script = [{ places: [0] }];
    enter('poll', 'poll');
    await pass(afterMs);
    grants[0]?.settle(madeConnection === undefined ? undefined : { madeConnection });
    await pass(0);
    const arrival = { grantId: 'g1', at: startedAt + afterMs + aheadMs };
    expect(reports).toEqual(isLate ? [told({ late: [arrival] })] : []);
    await pass(800);
    expect(reports).toEqual([told(isLate ? { late: [arrival] } : { arrivals: [arrival] })]);
  });
});

describe('after a pause', () => {
  test('places that are ahead are given back, and asked for again', async () => {
    script = [{ places: [500, 600] }, { places: [2000, 2100] }];
    enter('first', 'download');
    enter('second', 'download');
    await pass(100);
    queue.giveBack();
    await pass(0);
    expect(reports).toEqual([told({ unused: ['g1', 'g2'] })]);
    expect(questions[1]).toMatchObject({ waiting: [0, 0, 0, 2, 0] });
    await pass(5000);
    expect(granted).toEqual(['first at 2100', 'second at 2200']);
  });

  test('requests that wait for the next question do not cause another one', async () => {
    script = [{ places: [500], reason: 'window', waitMs: 900 }];
    enter('first', 'download');
    enter('second', 'download');
    await pass(100);
    queue.giveBack();
    await pass(799);
    expect([questions.length, granted]).toEqual([1, []]);
    await pass(1);
    expect(questions[1]).toMatchObject({ waiting: [0, 0, 0, 2, 0] });
    await pass(0);
    expect(questions).toHaveLength(2);
  });

  test('nothing is reported if none was ahead', async () => {
    queue.giveBack();
    await pass(0);
    expect([questions, reports]).toEqual([[], []]);
  });
});

describe('a queue that is closed', () => {
  test('grants nothing and asks for nothing any more', async () => {
    script = [{ places: [500], reason: 'window', waitMs: 900 }];
    enter('first', 'download');
    enter('second', 'download');
    await pass(100);
    queue.close();
    await pass(0);
    expect(jest.getTimerCount()).toBe(0);
    await pass(20_000);
    expect([questions.length, granted, reports]).toEqual([1, [], []]);
  });

  test('reports nothing any more', async () => {
    script = [{ places: [0] }];
    enter('poll', 'poll');
    await pass(0);
    grants[0]?.settle();
    queue.close();
    await pass(20_000);
    expect(reports).toEqual([]);
  });
});

test('a report that Redis does not take is left out', async () => {
  const desk: BudgetDesk = {
    book: async () => ({ now: 0, reason: 'granted', waitMs: 0, places: [{ grantId: 'g', waitMs: 0 }] }),
    tell: async () => {
      throw new Error('connection lost');
    },
  };
  const unreachable = new BudgetQueue({ desk, rateLimit });
  const grant = await unreachable.enter({ priority: 'poll' });
  grant.settle();
  await pass(1600);
  await expect(unreachable.enter({ priority: 'poll' })).resolves.toBeDefined();
});
