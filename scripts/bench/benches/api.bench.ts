import { randomBytes } from 'node:crypto';
import { spawnTethered } from '@bulkhead/embedded';
import { root } from '../../system/builds.ts';
import { nextFreePort } from '../../system/next-free-port.ts';
import { waitForHttp } from '../../system/wait-for-http.ts';
import type { Bench, BenchContext, BenchRow } from '../bench.ts';
import { medianRow } from '../compare.ts';
import { quantile } from '../report/median.ts';
import { type Load, offerLoad } from '../systems/offer-load.ts';
import { startApi } from '../systems/start-api.ts';
import { newDatabase, startWorkerProbe } from '../systems/start-worker-probe.ts';

const path = '/api/ehr/athenahealth/bulk-export';
/** A rate that two cores hardly carry, one at which they must answer quickly, and one that a whole hospital would hardly reach. */
const rates = [500, 200, 50] as const;

export const api: Bench = {
  name: 'api',
  about:
    'GET status and POST bulk-export at 500, 200 and 50 requests/s, p99; floor: bare BullMQ add and Express in one process',
  minutes: 5,
  async run(context) {
    const database = newDatabase();
    const origin = 'http://127.0.0.1:1';
    // This worker sends kick-offs without an EHR. A POST waits for the kick-off.
    await using worker = await startWorkerProbe(context, { entry: 'worker', database, origin });
    await using subject = await startApi({ context, database, origin });
    await using floor = await startFloor(context);
    await worker.measure('kick-off');
    const { baseUrl, headers, connectionId } = subject;
    let orders = 0;
    // Only one export of the same connection and request runs at a time, so each request differs.
    const body = () => {
      orders += 1;
      const since = new Date(Date.UTC(2020, 0, 1) + orders * 1000).toISOString();
      return JSON.stringify({ connectionId, exportType: 'Patient', resourceTypes: ['Patient'], since });
    };
    const first = await fetch(baseUrl + path, { method: 'POST', headers, body: body() });
    const { data } = (await first.json()) as { data: { id: string } };
    const post = { method: 'POST', headers, url: baseUrl + path, body } as const;
    const get = { method: 'GET', headers, url: `${baseUrl}${path}/${data.id}` } as const;
    const bare = { headers: { 'content-type': 'application/json' }, url: floor.url };
    const rows: BenchRow[] = [];
    for (const perSecond of rates) {
      for (const [name, load, floorLoad] of [
        ['GET status', get, { ...bare, method: 'GET' }],
        ['POST bulk-export', post, { ...bare, method: 'POST', body: () => '{}' }],
      ] as const) {
        rows.push(...(await measure({ context, name, perSecond, load, floorLoad })));
      }
    }
    return rows;
  },
};

type Requests = Pick<Load, 'method' | 'headers' | 'url' | 'body'>;

async function measure(options: {
  readonly context: BenchContext;
  readonly name: string;
  readonly perSecond: number;
  readonly load: Requests;
  readonly floorLoad: Requests;
}): Promise<BenchRow[]> {
  const { context, name, perSecond, load, floorLoad } = options;
  const seconds = context.size === 'short' ? 2 : 5;
  const runs: { value: number; floor: number }[] = [];
  for (let run = 0; run <= context.runs; run++) {
    context.print(`${name} at ${perSecond}/s, run ${run} of ${context.runs}`);
    const floor = await p99({ ...floorLoad, perSecond, seconds });
    const value = await p99({ ...load, perSecond, seconds });
    if (run > 0) runs.push({ value, floor });
  }
  const row = `api, ${name} at ${perSecond}/s`;
  const ofFloor = medianRow({ name: `${row}, of the floor`, unit: 'ms, p99', goal: { of: 'ratio', atMost: 3 }, runs });
  const { value, unit } = ofFloor;
  return [{ name: row, value, unit, goal: { of: 'value', atMost: 50 }, runs }, ofFloor];
}

async function p99(load: Load): Promise<number> {
  const { waitsMs, statuses } = await offerLoad(load);
  const odd = [...statuses].filter((status) => status !== 200 && status !== 202);
  if (odd.length > 0) throw new Error(`${load.method} was answered ${odd.join(', ')}`);
  return quantile(waitsMs, 0.99);
}

async function startFloor({ redisUrl }: BenchContext) {
  const port = await nextFreePort({ wanted: 8380 });
  const server = await spawnTethered({
    command: process.execPath,
    args: ['apps/api/src/bench/floor.probe.ts'],
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      REDIS_URL: redisUrl,
      PREFIX: `{${randomBytes(4).toString('hex')}}`,
    },
    cwd: root,
    output: 'ignore',
  });
  const url = `http://127.0.0.1:${port}/`;
  await waitForHttp({ url, what: 'the floor' });
  return { url, [Symbol.asyncDispose]: () => server.stop() };
}
