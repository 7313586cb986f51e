import { randomBytes } from 'node:crypto';
import type { Bench, BenchContext, BenchRow } from '../bench.ts';
import { singleRow } from '../compare.ts';
import { redisCostOf, redisCostRows } from '../systems/redis-cost.ts';
import { type BenchSimulator, startSimulator } from '../systems/start-simulator.ts';
import { type Probe, startWorkerProbe } from '../systems/start-worker-probe.ts';

/** The guide's limit: 16 requests in any 2 seconds, 8 per second. */
const windowRequests = 16;
const windowSeconds = 2;
const allowedPerSecond = windowRequests / windowSeconds;

type Traffic = Awaited<ReturnType<typeof run>>;

export const limiter: Bench = {
  name: 'limiter',
  about:
    'processes that share the budget of 16 requests in any 2 s, counted by the server; floors: 8 requests/s, scripts that do nothing',
  minutes: 8,
  async run(context) {
    const seconds = context.size === 'short' ? 12 : 40;
    const rows: BenchRow[] = [];
    for (const processes of [4, 8, 16]) {
      context.print(`${processes} processes that always want to send`);
      const order = { seconds, priority: 'crawl', waiting: 4 };
      const orders = Array.from({ length: processes }, () => ['hammer', order] as const);
      const traffic = await run(context, orders);
      rows.push(...toRows(`limiter, ${processes} processes`, traffic));
    }
    context.print('100 budgets at once');
    rows.push(...(await manyBudgets(context, seconds)));
    context.print('bursts');
    const burst = { seconds, size: 24, everyMs: 2500 };
    const bursty = await run(
      context,
      Array.from({ length: 4 }, () => ['bursts', burst] as const),
    );
    rows.push(violationsRow('limiter, bursts', bursty));
    context.print('polls while downloads wait');
    const polls = { seconds, everyMs: 700 };
    const hammer = { seconds, priority: 'download', waiting: 8 };
    const mixed = await run(context, [['polls', polls], ...[1, 2, 3].map(() => ['hammer', hammer] as const)]);
    const p99 = mixed.answers[0]?.details.p99Ms ?? Number.NaN;
    const goal = { of: 'value', atMost: 1000 } as const;
    const waitRow = singleRow({ name: "limiter, a poll's wait, p99", value: p99, unit: 'ms', goal });
    return [...rows, violationsRow('limiter, with priorities', mixed), waitRow];
  },
};

/** Runs processes that all do the same at the same time, with a separate budget. */
async function run(context: BenchContext, orders: readonly (readonly [name: string, argument: unknown])[]) {
  const { redisUrl, folder } = context;
  await using simulator = await startSimulator(folder, { SIMULATOR_PATIENTS: '1', SIMULATOR_RATE_LIMIT: 'off' });
  await using started = new AsyncDisposableStack();
  const env = { PREFIX: `{${randomBytes(4).toString('hex')}}` };
  const shared = { entry: 'limiter', database: 'limiter', origin: simulator.origin, env };
  const probes: Probe[] = [];
  for (const _ of orders) probes.push(started.use(await startWorkerProbe(context, shared)));
  // A budget that is new to Redis grants no request for three seconds, which is not measured here.
  await probes[0]?.measure('polls', { seconds: 2.5, everyMs: 250 });
  const { answers, cost } = await redisCostOf(redisUrl, () =>
    Promise.all(probes.map((probe, index) => probe.measure(...(orders[index] ?? ['', {}])))),
  );
  return { ...(await countArrivals(simulator)), cost, answers };
}

/** Runs the same limiter for a hundred client ids, 800 requests per second, so that Redis is never idle. */
async function manyBudgets(context: BenchContext, seconds: number) {
  const { redisUrl } = context;
  const env = { PREFIX: `{${randomBytes(4).toString('hex')}}` };
  const shared = { entry: 'limiter', database: 'limiter', origin: 'http://127.0.0.1', env };
  await using first = await startWorkerProbe(context, shared);
  await using second = await startWorkerProbe(context, shared);
  const order = { seconds, budgets: 100, waiting: 4 };
  const { cost } = await redisCostOf(redisUrl, () =>
    Promise.all([first.measure('grants', order), second.measure('grants', order)]),
  );
  return redisCostRows('limiter, 100 budgets at once', cost);
}

/** The violations, and the requests per second under backlog, as the server counted them. */
async function countArrivals(simulator: BenchSimulator) {
  const { byKind } = await simulator.control.violations();
  const requests = await simulator.control.requests();
  const arrivals = requests.map(({ arrivedAtMs }) => arrivedAtMs).toSorted((left, right) => left - right);
  // The duration of each 16 requests, at best 2 s. The first 16 may come at once, and the last few have no backlog.
  const steps = arrivals.slice(windowRequests, -windowRequests).map((at, index) => at - (arrivals[index] ?? 0));
  const mean = steps.slice(windowRequests).reduce((sum, step) => sum + step, 0) / (steps.length - windowRequests);
  return { violations: byKind.rate + byKind.day, perSecond: (windowRequests / mean) * 1000 };
}

function toRows(name: string, traffic: Traffic): BenchRow[] {
  const { perSecond, cost } = traffic;
  const rate = { value: perSecond, floor: allowedPerSecond, ratio: perSecond / allowedPerSecond, unit: 'requests/s' };
  return [
    violationsRow(name, traffic),
    singleRow({ name: `${name}: rate`, ...rate, goal: { of: 'ratio', atLeast: 0.985 } }),
    ...redisCostRows(name, cost),
  ];
}

function violationsRow(name: string, { violations }: Pick<Traffic, 'violations'>): BenchRow {
  return singleRow({ name, value: violations, unit: 'violations', goal: { of: 'value', atMost: 0 } });
}
