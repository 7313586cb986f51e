import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, BenchContext, BenchRow } from '../bench.ts';
import { singleRow } from '../compare.ts';
import { quantile } from '../report/median.ts';
import { readRedisUsage } from '../systems/redis-cost.ts';
import { serveStatuses } from '../systems/serve-statuses.ts';
import { newDatabase, startWorkerProbe } from '../systems/start-worker-probe.ts';

/**
 * Time runs four times as fast: intervals, the server's Retry-After and the limit's window are a quarter. So an hour
 * takes a quarter of an hour with the same polls in the same order. Processes, Redis and MongoDB keep their speed, so
 * this is harder for them than the real hour. At a much higher speed, the limiter's own answers would be the
 * bottleneck.
 */
const speed = 4;
const pollIntervalMs = 30_000 / speed;
/** 160 s, so that 1,000 exports need 6.25 of the budget's 8 polls per second. */
const retryAfterSeconds = 160 / speed;
const rateLimit = { limit: 16, windowMs: 2000 / speed, guardMs: 150 / speed, perDay: 100_000_000 };
/** The number that each queue keeps, see `packages/queues/src/job-options.ts`. */
const keptJobs = 5000;
const minutesInFlight = { short: 4, usual: 12, full: 60 } as const;

export const polling: Bench = {
  name: 'polling',
  about:
    '1,000 exports in flight and downloads that always wait, 12 minutes at four times the speed (--full: an hour); 5,000 at rest',
  minutes: 5,
  async run(context) {
    return [...(await fly(context, 1000)), await memoryRow(context, 5000)];
  },
};

async function fly(context: BenchContext, count: number): Promise<BenchRow[]> {
  await using server = await serveStatuses(retryAfterSeconds);
  const database = newDatabase();
  const { origin } = server;
  const files = Array.from({ length: keptJobs }, (_, index) => ({
    type: 'Patient',
    url: `${origin}/${index}.ndjson`,
    count: 2,
  }));
  await downloadAtOnce({ context, database, origin, files });
  const env = { AUTH: 'none', RATE_LIMIT: JSON.stringify(rateLimit), POLL_INTERVAL_MS: String(pollIntervalMs) };
  await using worker = await startWorkerProbe(context, { entry: 'worker', database, origin, env });
  await worker.measure('order', files);
  const before = await readRedisUsage(context.redisUrl);
  context.print(`ordering ${count} exports`);
  await worker.measure('fly-exports', count);
  await worker.measure('work', ['bulk-export', 'file-download']);
  // Every export has been polled once before the measurement starts.
  await delay(retryAfterSeconds * 1000 + 2 * pollIntervalMs);
  server.take();
  const atFirst = await readRedisUsage(context.redisUrl);
  const seconds = (minutesInFlight[context.size] * 60) / speed;
  context.print(`${minutesInFlight[context.size]} minutes in ${seconds} s`);
  await delay(seconds * 1000);
  const { polls, downloads, gapsMs } = server.take();
  // As many downloads wait as at first, and as many have ended. Any difference now is growth.
  await worker.measure('order', files.slice(0, downloads));
  const atLast = await readRedisUsage(context.redisUrl);
  const lateSeconds = gapsMs.map((gap) => ((gap - retryAfterSeconds * 1000) * speed) / 1000);
  const perExport = (atFirst.memoryBytes - before.memoryBytes) / count / 1000;
  const growth = atLast.memoryBytes / atFirst.memoryBytes;
  const name = `polling, ${count} exports`;
  const scaled = (requests: number) => requests / seconds / speed;
  return [
    // The scheduler runs every 30 s, so a poll is up to 30 s late by design.
    singleRow({
      name: `${name}: late, p99`,
      value: quantile(lateSeconds, 0.99),
      unit: 's',
      goal: { of: 'value', atMost: 60 },
    }),
    singleRow({ name: `${name}: polls`, value: scaled(polls), unit: 'requests/s', goal: { of: 'value' } }),
    singleRow({
      name: `${name}: downloads beside`,
      value: scaled(downloads),
      unit: 'requests/s',
      // At least one grant in eight.
      goal: { of: 'value', atLeast: 1 },
    }),
    singleRow({ name: `${name}: Redis`, value: perExport, unit: 'kB/export', goal: { of: 'value', atMost: 20 } }),
    singleRow({
      name: `${name}: Redis at the end, of the start`,
      value: growth,
      unit: '×',
      goal: { of: 'value', atMost: 1.05 },
    }),
  ];
}

/** Completes so many jobs that each further job replaces an old one, as on every day except the first. */
async function downloadAtOnce(options: {
  readonly context: BenchContext;
  readonly database: string;
  readonly origin: string;
  readonly files: readonly object[];
}): Promise<void> {
  const { context, files, ...where } = options;
  context.print(`${files.length} downloads before`);
  await using worker = await startWorkerProbe(context, { entry: 'worker', ...where, env: { AUTH: 'none' } });
  await worker.measure('work', ['file-download']);
  await worker.measure('export', files);
}

async function memoryRow(context: BenchContext, count: number): Promise<BenchRow> {
  context.print(`ordering ${count} exports`);
  await using worker = await startWorkerProbe(context, { entry: 'worker', origin: 'http://127.0.0.1:1' });
  const before = await readRedisUsage(context.redisUrl);
  await worker.measure('fly-exports', count);
  const after = await readRedisUsage(context.redisUrl);
  const value = (after.memoryBytes - before.memoryBytes) / count / 1000;
  return singleRow({
    name: `polling, ${count} exports: Redis`,
    value,
    unit: 'kB/export',
    goal: { of: 'value', atMost: 20 },
  });
}
