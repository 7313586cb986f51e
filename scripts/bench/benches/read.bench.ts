import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Bench, BenchRow } from '../bench.ts';
import { alternate, compare, perSecond, singleRow } from '../compare.ts';
import { quantile } from '../report/median.ts';
import { makeData } from '../systems/make-data.ts';
import { type BenchApi, startApi } from '../systems/start-api.ts';
import { type Measurement, newDatabase, type Probe, startWorkerProbe } from '../systems/start-worker-probe.ts';

const perPatient = 100;
const searches = 300;
/** The number of warm-ups of both sides, because new processes compile their code first. */
const warmUps = 100;
/** The page size of a user. The probe reads one more, as the API does to detect a next page. */
const pageSize = 20;

export const read: Bench = {
  name: 'read',
  about:
    'NDJSON of a type over HTTP, floor: the bare driver cursor; a page of 20 by patient among 100,000 documents (--full: a million)',
  minutes: 3,
  async run(context) {
    const { folder, size, print } = context;
    const documents = { short: 10_000, usual: 100_000, full: 1_000_000 }[size];
    const database = newDatabase();
    const origin = 'http://127.0.0.1:1';
    await using probe = await startWorkerProbe(context, { entry: 'read', database, origin });
    await using api = await startApi({ context, database, origin });
    const data = await makeData(folder, 50);
    const samplesOf = (resourceType: string) => {
      const { path = '' } = data.find(({ type }) => type === resourceType) ?? {};
      return gunzipSync(readFileSync(path)).toString('utf8').split('\n').filter(Boolean);
    };
    print(`storing ${documents} documents`);
    const condition = { resourceType: 'Condition', count: 20_000, perPatient, samples: samplesOf('Condition') };
    await probe.measure('fill', condition);
    await probe.measure('fill', {
      ...condition,
      resourceType: 'Observation',
      count: documents,
      samples: samplesOf('Observation'),
    });
    const measured = await alternate({
      context,
      subject: () => streamAll(api, 'Condition'),
      floor: () => probe.measure('cursor', 'Condition'),
    });
    const stream = { name: 'read, stream of a type', measured, read: perSecond, unit: 'resources/s' };
    print('searching');
    return [
      compare({ ...stream, goal: { of: 'ratio', atLeast: 1.3 } }),
      await searchRow({ api, probe, patients: documents / perPatient }),
    ];
  },
};

async function streamAll({ baseUrl, headers, connectionId }: BenchApi, type: string): Promise<Measurement> {
  const startedAt = performance.now();
  const response = await fetch(`${baseUrl}/api/ehr/athenahealth/resources/${type}?connectionId=${connectionId}`, {
    headers: { ...headers, accept: 'application/fhir+ndjson' },
  });
  let units = 0;
  for await (const chunk of response.body ?? []) for (const byte of chunk) if (byte === 0x0a) units += 1;
  const seconds = (performance.now() - startedAt) / 1000;
  if (!response.ok || units === 0) throw new Error(`the API answered ${response.status} with ${units} lines`);
  return { units, seconds, cpuSeconds: Number.NaN, details: {} };
}

async function searchRow(options: {
  readonly api: BenchApi;
  readonly probe: Probe;
  readonly patients: number;
}): Promise<BenchRow> {
  const { baseUrl, headers, connectionId } = options.api;
  // The patients are spread over all of them in a mixed order. 7919 is prime.
  const patients = Array.from({ length: warmUps + searches }, (_, index) => `p-${(index * 7919) % options.patients}`);
  const { details } = await options.probe.measure('searches', { patients, warmUps });
  const waitsMs: number[] = [];
  for (const patient of patients) {
    const query = new URLSearchParams({ connectionId, patient, _count: String(pageSize) });
    const startedAt = performance.now();
    const response = await fetch(`${baseUrl}/api/ehr/athenahealth/resources/Observation?${query}`, { headers });
    const { entry = [] } = (await response.json()) as { entry?: unknown[] };
    waitsMs.push(performance.now() - startedAt);
    if (entry.length === 0) throw new Error(`${patient} has no Observation: ${response.status}`);
  }
  waitsMs.splice(0, warmUps);
  const [value, floor] = [quantile(waitsMs, 0.99), details.p99Ms ?? Number.NaN];
  const goal = { of: 'value', atMost: 20 } as const;
  return singleRow({ name: 'read, search by patient, p99', value, floor, ratio: value / floor, unit: 'ms', goal });
}
