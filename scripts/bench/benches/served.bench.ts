import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Bench, BenchContext } from '../bench.ts';
import { alternate, compare, medianRow, perSecond, singleRow } from '../compare.ts';
import { quantile } from '../report/median.ts';
import { keepBusy, offerLoad } from '../systems/offer-load.ts';
import { heapLimit, peakMegabytes } from '../systems/process-use.ts';
import { startApi } from '../systems/start-api.ts';
import { type Measurement, newDatabase, type Probe, startWorkerProbe } from '../systems/start-worker-probe.ts';

/** Nothing is requested from an EHR. */
const origin = 'http://127.0.0.1:9';
/** A file of an export has at most 100,000 resources, so the usual size has three files. */
const observationsOf = { short: 20_000, usual: 250_000, full: 1_000_000 } as const;
const kickOffsPerSecond = 100;
const kickOffConnections = 100;
/** Together fewer kick-offs than a client may send in a day. */
const secondsOf = { short: 2, usual: 6, full: 6 } as const;

export const served: Bench = {
  name: 'served',
  about:
    'an export of the store to one Bulk Data client (--full: 1 million Observations); floor: the bare cursor of the driver. Files side by side and compressed. Kick-offs, p99',
  minutes: 5,
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
      ...(await fileRows(context, { api: tiny.api, count: count / 100 })),
      ...(await fileRows(context, { api: small.api, count: count / 10 })),
      ...(await fileRows(context, { api, count })),
      await manifestRow({ name: 'a tenth of the resources', value: small.api, floor: tiny.api }),
      await manifestRow({ name: 'all resources', value: api, floor: small.api }),
      ...(await kickOffRows(context, api)),
      await everyTypeRow(context, started),
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

/** As many types as a practice of the simulator has. */
const storedTypes =
  'AllergyIntolerance Appointment Binary CarePlan CareTeam Condition Coverage Device DiagnosticReport DocumentReference Encounter EpisodeOfCare FamilyMemberHistory Goal Group Immunization Location Medication MedicationDispense MedicationRequest MedicationStatement Observation Organization Patient Practitioner PractitionerRole Procedure Provenance QuestionnaireResponse RelatedPerson ServiceRequest Specimen'.split(
    ' ',
  );
const resourcesOfTypes = { short: 3200, usual: 9600, full: 96_000 } as const;

/** What clients ask: everything, of a store with several connections. */
async function everyTypeRow(context: BenchContext, started: AsyncDisposableStack) {
  const start = async (count: number) => {
    const database = newDatabase();
    const probe = started.use(await startWorkerProbe(context, { entry: 'tables', origin, database }));
    context.print(`storing ${count} resources of ${storedTypes.length} types for each of three connections`);
    await probe.measure('fillTypes', { types: storedTypes, count });
    return startApi({ context, database, origin, nodeArgs: heapLimit });
  };
  await using large = await start(resourcesOfTypes[context.size]);
  await using small = await start(resourcesOfTypes[context.size] / 10);
  return await manifestRow({ name: 'no _type, 32 types, 3 connections', value: large, floor: small, query: '' });
}

type Api = Awaited<ReturnType<typeof startApi>>;

const kickOffHeaders = { accept: 'application/fhir+json', prefer: 'respond-async' };

const observationsOnly = '?_type=Observation';

const kickOffUrl = ({ baseUrl, connectionId }: Api, query = observationsOnly) =>
  `${baseUrl}/api/ehr/athenahealth/fhir/${connectionId}/$export${query}`;

/** Starts an export and reads its files to the end, one after the other or side by side. */
async function readExport(
  api: Api,
  units: number,
  order: 'in turn' | 'side by side' = 'in turn',
): Promise<Measurement> {
  const startedAt = performance.now();
  const { output } = await readManifest(api);
  const reads = output.map(
    ({ url }) =>
      () =>
        countLines(api, url),
  );
  const counts: number[] = [];
  if (order === 'side by side') counts.push(...(await Promise.all(reads.map((read) => read()))));
  else for (const read of reads) counts.push(await read());
  const lines = counts.reduce((sum, count) => sum + count, 0);
  if (lines !== units) throw new Error(`The export has ${lines} of ${units} resources.`);
  const seconds = (performance.now() - startedAt) / 1000;
  return { units, seconds, cpuSeconds: 0, details: { files: output.length } };
}

async function countLines({ headers }: Api, url: string): Promise<number> {
  const { body } = await fetch(url, { headers });
  let lines = 0;
  for await (const chunk of body ?? []) for (const byte of chunk as Uint8Array) lines += byte === 10 ? 1 : 0;
  return lines;
}

/** What several files of a type, and compression, give at one size of the store. */
async function fileRows(context: BenchContext, { api, count }: { readonly api: Api; readonly count: number }) {
  const read = await alternate({
    context,
    subject: () => readExport(api, count, 'side by side'),
    floor: () => readExport(api, count),
  });
  const files = read.subject[0]?.details.files;
  return [
    compare({
      name: `served, ${count} resources, files side by side (${files}); floor: one after the other`,
      measured: read,
      read: perSecond,
      unit: 'resources/s',
      // One process of the API encodes all files, so reading side by side gains only the waits for the database.
      goal: { of: 'ratio', atLeast: 0.9 },
    }),
    singleRow({
      name: `served, ${count} resources, gzip; floor: without`,
      ...(await compressedBytes(api)),
      unit: 'MB',
      goal: { of: 'ratio', atMost: 0.2 },
    }),
  ];
}

/** The bytes on the wire of all files, with gzip and without. */
async function compressedBytes(api: Api) {
  const { output } = await readManifest(api);
  const megabytes = async (encoding: 'gzip' | 'identity') => {
    let bytes = 0;
    for (const { url } of output) {
      // Unlike fetch, it does not decompress.
      const sent = get(url, { headers: { ...api.headers, 'accept-encoding': encoding } });
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      for await (const chunk of response) bytes += (chunk as Buffer).length;
    }
    return bytes / 1e6;
  };
  const value = await megabytes('gzip');
  const floor = await megabytes('identity');
  return { value, floor, ratio: value / floor };
}

async function readManifest(api: Api, query?: string) {
  const { headers } = api;
  const kickedOff = await fetch(kickOffUrl(api, query), { headers: { ...headers, ...kickOffHeaders } });
  const status = await fetch(kickedOff.headers.get('content-location') ?? '', { headers });
  return (await status.json()) as { readonly output: readonly { readonly url: string }[] };
}

const manifests = 20;

/** A manifest costs the number of types, so ten times the resources take as long. */
async function manifestRow({
  name,
  value,
  floor,
  query,
}: {
  readonly name: string;
  readonly value: Api;
  readonly floor: Api;
  readonly query?: string;
}) {
  const times: { value: number; floor: number }[] = [];
  // The first of a process reads which types are stored.
  for (const api of [value, floor]) await timeManifest(api, query);
  for (let run = 0; run < manifests; run++)
    times.push({ value: await timeManifest(value, query), floor: await timeManifest(floor, query) });
  return medianRow({
    name: `served, kick-off and manifest, ${name}; floor: a tenth of these`,
    unit: 'ms',
    goal: { of: 'ratio', atMost: 1.5 },
    runs: times,
  });
}

async function timeManifest(api: Api, query?: string): Promise<number> {
  const startedAt = performance.now();
  await readManifest(api, query);
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
