import { simulatePolls } from '@bulkhead/imports/export';
import type { Bench, BenchContext, BenchRow } from '../bench.ts';
import { singleRow } from '../compare.ts';
import { type BenchSimulator, startSimulator } from '../systems/start-simulator.ts';
import { type Measurement, type Probe, startWorkerProbe } from '../systems/start-worker-probe.ts';

/** From the provider's registry entry: the number of ids in one search for the patients themselves. */
const idsPerRequest = 50;

/** The daily budget of the guide, and a company with this many practices on one client id. */
const dailyBudget = 100_000;
const practices = 100;
const patientsOfPractice = 2000;
/** One export of all data in a month. Exports of athenahealth take 5 to 6 h on average. Nothing is known of earlier ones here. */
const daysOfMonth = 30;
const pollsOfExport = simulatePolls({ durationMs: 5.5 * 60 * 60_000 }).polls;

export const crawl: Bench = {
  name: 'crawl',
  about:
    'requests of an enhanced sync, first and nightly, of an export, and what a day of 100 practices needs; floor: arithmetic',
  minutes: 2,
  async run(context) {
    const patients = context.size === 'short' ? 20 : 200;
    const env = { SIMULATOR_PATIENTS: String(patients) };
    await using simulator = await startSimulator(context.folder, env);
    const lines = await simulator.control.lines('Patient');
    const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id);
    const [first, nightly] = await measureSyncs({ context, simulator, ids });
    if (!first || !nightly) throw new Error('a sync was not measured');
    const byPatient = ({ types, furtherPages }: Omit<typeof first, 'requests'>, count: number) =>
      types * count + Math.ceil(count / idsPerRequest) + furtherPages;
    const nightlyOfPractice = byPatient({ ...nightly, furtherPages: 0 }, patientsOfPractice);
    return [
      toRow({ name: 'crawl, first', value: first.requests, floor: byPatient(first, patients) }),
      toRow({ name: 'crawl, nightly', value: nightly.requests, floor: byPatient(nightly, patients) }),
      toNight(nightlyOfPractice),
      ...toDay(await measureExport({ context, simulator })),
    ];
  },
};

interface Measuring {
  readonly context: BenchContext;
  readonly simulator: BenchSimulator;
}

/** Measures the first sync of all patients, and one at which nothing has changed. */
function measureSyncs(options: Measuring & { readonly ids: readonly string[] }) {
  const { context, ids } = options;
  return withWorker({ ...options, env: {} }, async ({ worker, countRequests }) => {
    const syncs = [];
    await worker.measure('work', ['sync']);
    for (const night of ['first', 'nightly']) {
      context.print(`${night} sync`);
      const { requests, details } = await countRequests(() => worker.measure('sync', ids));
      const { types = 0, furtherPages = 0 } = details;
      syncs.push({ requests, types, furtherPages });
    }
    return syncs;
  });
}

/** Measures the requests of an export besides its polls, which depend on the EHR. */
function measureExport(options: Measuring): Promise<number> {
  return withWorker({ ...options, env: { POLL_INTERVAL_MS: '500' } }, async ({ worker, countRequests }) => {
    await worker.measure('work', ['bulk-export', 'file-download']);
    options.context.print('an export');
    const { requests, details } = await countRequests(() => worker.measure('whole-export', []));
    return requests - (details.polls ?? 0);
  });
}

/** Starts a worker with its own database. `countRequests` adds the requests that the simulator got meanwhile to a measurement. */
async function withWorker<Result>(
  options: Measuring & { readonly env: Readonly<Record<string, string>> },
  work: (parts: {
    readonly worker: Probe;
    readonly countRequests: (
      measure: () => Promise<Measurement>,
    ) => Promise<Measurement & { readonly requests: number }>;
  }) => Promise<Result>,
): Promise<Result> {
  const { context, simulator, env } = options;
  await using worker = await startWorkerProbe(context, { entry: 'worker', origin: simulator.origin, env });
  const readCount = async () => (await simulator.control.stats()).requests;
  return await work({
    worker,
    async countRequests(measure) {
      const before = await readCount();
      const measured = await measure();
      return { ...measured, requests: (await readCount()) - before };
    },
  });
}

function toRow(row: { readonly name: string; readonly value: number; readonly floor: number }): BenchRow {
  return singleRow({ ...row, ratio: row.value / row.floor, unit: 'requests', goal: { of: 'ratio', atMost: 1.1 } });
}

/** The requests of an export, and of a day on which one practice in thirty is exported. */
function toDay(exported: number): BenchRow[] {
  const value = Math.ceil((practices / daysOfMonth) * (exported + pollsOfExport));
  const name = `a day of ${practices} practices: their exports of 5.5 h once a month`;
  return [
    // It has a request for each file, so it depends on the server.
    singleRow({ name: 'crawl, an export without its polls', value: exported, unit: 'requests', goal: { of: 'value' } }),
    singleRow({ name, value, unit: 'requests', goal: { of: 'value', atMost: dailyBudget } }),
  ];
}

/** A night without changes in all practices, as a part of the daily budget. */
function toNight(requestsOfPractice: number): BenchRow {
  const value = practices * requestsOfPractice;
  const name = `a night of ${practices} practices with ${patientsOfPractice} patients each`;
  return singleRow({ name, value, unit: 'requests', goal: { of: 'value' } });
}
