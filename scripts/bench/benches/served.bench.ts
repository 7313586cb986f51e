import type { Bench, BenchContext } from '../bench.ts';
import { alternate, compare, medianRow, perSecond, singleRow } from '../compare.ts';
import { quantile } from '../report/median.ts';
import { keepBusy, offerLoad } from '../systems/offer-load.ts';
import { heapLimit, peakMegabytes } from '../systems/peak-megabytes.ts';
import { startApi } from '../systems/start-api.ts';
import { type Measurement, newDatabase, type Probe, startWorkerProbe } from '../systems/start-worker-probe.ts';

/** Nothing is requested from an EHR. */
const origin = 'http://127.0.0.1:9';
const observationsOf = { short: 20_000, usual: 100_000, full: 1_000_000 } as const;
const kickOffsPerSecond = 100;
const kickOffConnections = 100;
/** Together fewer kick-offs than a client may send in a day. */
const secondsOf = { short: 2, usual: 6, full: 6 } as const;

export const served: Bench = {
  name: 'served',
  about:
    'an export of the store to one Bulk Data client (--full: 1 million Observations); floor: the bare cursor of the driver. Kick-offs, p99',
  minutes: 3,
  async run(context) {
    await using started = new AsyncDisposableStack();
    const count = observationsOf[context.size];
    const tiny = await startServer({ context, started, count: count / 100 });
    const small = await startServer({ context, started, count: count / 10 });
    const { api, cursor } = await startServer({ context, started, count });
    for (let run = 0; run <= context.runs; run++) await readExport(small.api, count / 10);
    const read = await alternate({
      context,
      subject: () => readExport(api, count),
      floor: () => cursor.measure('cursor'),
    });
    return [
      compare({
        name: 'served, an export to one client',
        measured: read,
        read: perSecond,
        unit: 'resources/s',
        goal: { of: 'ratio', atLeast: 0.6 },
      }),
      medianRow({
        name: 'served, memory of the API, of a tenth of the resources',
        unit: 'MB',
        goal: { of: 'ratio', atMost: 1.3 },
        runs: [{ value: peakMegabytes(api.pid), floor: peakMegabytes(small.api.pid) }],
      }),
      await manifestRow({ name: 'a tenth of the resources', value: small.api, floor: tiny.api }),
      await manifestRow({ name: 'all resources', value: api, floor: small.api }),
      ...(await kickOffRows(context, api)),
    ];
  },
};

/** Starts an API over a database of its own with so many Observations. */
async function startServer(options: {
  readonly context: BenchContext;
  readonly started: AsyncDisposableStack;
  readonly count: number;
}) {
  const { context, started, count } = options;
  const database = newDatabase();
  const cursor: Probe = started.use(await startWorkerProbe(context, { entry: 'tables', origin, database }));
  context.print(`storing ${count} Observations`);
  await cursor.measure('fill', count);
  const api = started.use(await startApi({ context, database, origin, nodeArgs: heapLimit }));
  return { api, cursor };
}

type Api = Awaited<ReturnType<typeof startApi>>;

const kickOffHeaders = { accept: 'application/fhir+json', prefer: 'respond-async' };

const kickOffUrl = ({ baseUrl, connectionId }: Api) =>
  `${baseUrl}/api/ehr/athenahealth/fhir/${connectionId}/$export?_type=Observation`;

/** Starts an export and reads its files to the end. */
async function readExport(api: Api, units: number): Promise<Measurement> {
  const { headers } = api;
  const startedAt = performance.now();
  const { output } = await readManifest(api);
  let lines = 0;
  for (const { url } of output) {
    const { body } = await fetch(url, { headers });
    for await (const chunk of body ?? []) for (const byte of chunk as Uint8Array) lines += byte === 10 ? 1 : 0;
  }
  if (lines !== units) throw new Error(`The export has ${lines} of ${units} resources.`);
  return { units, seconds: (performance.now() - startedAt) / 1000, cpuSeconds: 0, details: {} };
}

async function readManifest(api: Api) {
  const { headers } = api;
  const kickedOff = await fetch(kickOffUrl(api), { headers: { ...headers, ...kickOffHeaders } });
  const status = await fetch(kickedOff.headers.get('content-location') ?? '', { headers });
  return (await status.json()) as { readonly output: readonly { readonly url: string }[] };
}

const manifests = 20;

/** A manifest costs the number of types, so ten times the resources take as long. */
async function manifestRow({
  name,
  value,
  floor,
}: {
  readonly name: string;
  readonly value: Api;
  readonly floor: Api;
}) {
  const times: { value: number; floor: number }[] = [];
  // The first of a process reads which types are stored.
  for (const api of [value, floor]) await timeManifest(api);
  for (let run = 0; run < manifests; run++)
    times.push({ value: await timeManifest(value), floor: await timeManifest(floor) });
  return medianRow({
    name: `served, kick-off and manifest, ${name}; floor: a tenth of these`,
    unit: 'ms',
    goal: { of: 'ratio', atMost: 1.5 },
    runs: times,
  });
}

async function timeManifest(api: Api): Promise<number> {
  const startedAt = performance.now();
  await readManifest(api);
  return performance.now() - startedAt;
}

/** Kick-offs of independent clients, and of clients that send one after the other. */
async function kickOffRows(context: BenchContext, api: Api) {
  const load = {
    method: 'GET' as const,
    headers: { ...api.headers, ...kickOffHeaders },
    url: kickOffUrl(api),
    seconds: secondsOf[context.size],
  };
  const measured = {
    [`${kickOffsPerSecond}/s`]: () => offerLoad({ ...load, perSecond: kickOffsPerSecond }),
    [`${kickOffConnections} connections`]: () => keepBusy({ ...load, connections: kickOffConnections }),
  };
  const rows = [];
  for (const [what, measure] of Object.entries(measured)) {
    context.print(`kick-offs, ${what}`);
    const { waitsMs, statuses } = await measure();
    if ([...statuses].join() !== '202') throw new Error(`Kick-offs were answered ${[...statuses].join(', ')}.`);
    rows.push(
      singleRow({
        name: `served, kick-offs, ${what}`,
        value: quantile(waitsMs, 0.99),
        unit: 'ms, p99',
        goal: { of: 'value', atMost: 200 },
      }),
    );
  }
  return rows;
}
