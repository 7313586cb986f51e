// usage: pnpm bench:comparison [--resources 100,1000,5000]
// Measures the guide's comparison table: the same resources by single reads, by an enhanced sync and by a bulk export,
// each under the real limits (16 requests in any 2 s), against the simulator. Prints requests and seconds. All three
// sizes take half an hour.
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createHttpService } from '@bulkhead/client';
import { createSimulatorControl } from '@bulkhead/embedded/simulator-control';
import { createSteps } from '../steps/steps.ts';
import { createApiClient } from '../system/api-client.ts';
import { openState } from '../system/kept-state.ts';
import { type RunningSystem, startSystem } from '../system/system.ts';

interface Measured {
  readonly requests: number;
  readonly seconds: number;
}

/** The number of resources of the simulator's generated data per patient, over all types. */
const resourcesPerPatient = 31.5;
/** The delay of the guide between two reads. It keeps to 16 requests in 2 s. */
const readEveryMs = 125;

const { values } = parseArgs({ options: { resources: { type: 'string', default: '100,1000,5000' } } });
const steps = createSteps({ stream: process.stdout });
const rows: string[] = [];
for (const resourceCount of values.resources.split(',').map(Number)) rows.push(await measure(resourceCount));
steps.print('\n| resources | single reads | enhanced sync | bulk export |\n| --- | --- | --- | --- |');
for (const row of rows) steps.print(row);
process.exit(0);

async function measure(resourceCount: number): Promise<string> {
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'bulkhead-comparison-'));
  const folder = temporary.path;
  const { state } = openState(folder);
  const patients = Math.max(Math.round(resourceCount / resourcesPerPatient), 1);
  const start = { once: true, dev: false, patients, dataDir: undefined, port: 3000 };
  const system = await startSystem({ folder, openState: () => state, start, steps, ephemeral: true });
  try {
    const { baseUrl, store } = system;
    const apiKey = await store.apiKeys.create({ name: 'bench', role: 'operator', now: new Date() });
    const connectionId = await connect({ baseUrl, apiKey });
    const service = createHttpService({ baseUrl, apiKey });
    const bulk = await count(system, async () => {
      const { id } = await service.initiateBulkExport(connectionId);
      await service.processBulkExportData(id);
    });
    const stored = await system.store.resources.countByType(connectionId);
    const total = Object.values(stored).reduce((sum, count) => sum + count, 0);
    const sync = await count(system, () => service.enhancedSync(connectionId).then(() => undefined));
    const reads = await idsOf(system, { connectionId, types: Object.keys(stored) });
    const single = await count(system, () => readAll(system, reads));
    return `| ${total} | ${show(single)} | ${show(sync)} | ${show(bulk)} |`;
  } finally {
    await system.stop();
  }
}

async function connect(access: { readonly baseUrl: string; readonly apiKey: string }): Promise<string> {
  const api = createApiClient(access);
  const body = {
    provider: 'athenahealth',
    practiceId: '195900',
    auth: { method: 'client_credentials', scopeVersion: 'v2' },
  };
  return (await api<{ id: string }>('POST', '/api/ehr/connections', body)).id;
}

async function idsOf(
  { store }: RunningSystem,
  scope: { readonly connectionId: string; readonly types: readonly string[] },
) {
  const { connectionId, types } = scope;
  const all = [];
  for (const type of types) {
    const ids = await store.resources.listIds({ connectionId, resourceType: type });
    all.push(...ids.map((id) => ({ type, id })));
  }
  return all;
}

/** Reads each resource at the EHR, as a program does that has no bulk export. */
async function readAll(
  { simulatorUrl, env }: RunningSystem,
  reads: readonly { readonly type: string; readonly id: string }[],
): Promise<void> {
  const { ATHENAHEALTH_CLIENT_ID, ATHENAHEALTH_CLIENT_SECRET } = env;
  const types = new Set(reads.map(({ type }) => `system/${type}.rs`));
  const credentials = Buffer.from(`${ATHENAHEALTH_CLIENT_ID}:${ATHENAHEALTH_CLIENT_SECRET}`).toString('base64');
  const granted = await fetch(`${simulatorUrl}/oauth2/v1/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: [...types].join(' ') }),
  });
  const { access_token: token } = (await granted.json()) as { readonly access_token: string };
  const waiting: Promise<void>[] = [];
  for (const { type, id } of reads) {
    waiting.push(read(`${simulatorUrl}/fhir/r4/${type}/${id}`, token));
    await setTimeout(readEveryMs);
  }
  await Promise.all(waiting);
}

async function read(url: string, token: string): Promise<void> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  await response.json();
}

/** Counts requests at the simulator, including the one for the token. */
async function count({ simulatorUrl }: RunningSystem, work: () => Promise<void>): Promise<Measured> {
  const { stats } = createSimulatorControl({ baseUrl: simulatorUrl });
  const { requests: before } = await stats();
  const startedAt = performance.now();
  await work();
  return { requests: (await stats()).requests - before, seconds: (performance.now() - startedAt) / 1000 };
}

function show({ requests, seconds }: Measured): string {
  return `${requests} requests, ${seconds.toFixed(1)} s`;
}
