// usage: pnpm bench:comparison [--resources 100,1000,5000]
// Measures the guide's comparison table: the same resources by single reads, by an enhanced sync and by a bulk export,
// each under the real limits (16 requests in any 2 s), against the simulator. Prints requests and seconds. All three
// sizes take half an hour.
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSimulatorControl } from '@bulkhead/embedded/simulator-control';
import { getAthenaHealthEnhancedService } from '@bulkhead/sdk';
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
/** The number of parallel reads: more than the limiter grants, so that it is never idle. */
const readers = 16;

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
  const service = getAthenaHealthEnhancedService(system.env);
  try {
    const connectionId = await connect(system);
    const bulk = await count(system, async () => {
      const { id } = await service.initiateBulkExport(connectionId);
      await service.processBulkExportData(id);
    });
    const stored = await system.store.resources.countByType(connectionId);
    const total = Object.values(stored).reduce((sum, count) => sum + count, 0);
    const sync = await count(system, () => service.enhancedSync(connectionId).then(() => undefined));
    const { fhirEndpoint, accessToken } = await service.getConnection(connectionId);
    const reads = await idsOf(system, { connectionId, types: Object.keys(stored) });
    const single = await count(system, () =>
      readAll(reads, ({ type, id }) =>
        service.fhirClient.searchResources(fhirEndpoint, accessToken, type, { _id: id }),
      ),
    );
    return `| ${total} | ${show(single)} | ${show(sync)} | ${show(bulk)} |`;
  } finally {
    await service.close();
    await system.stop();
  }
}

async function connect({ store, baseUrl }: RunningSystem): Promise<string> {
  const apiKey = await store.apiKeys.create({ name: 'bench', role: 'operator', now: new Date() });
  const api = createApiClient({ baseUrl, apiKey });
  const body = { provider: 'athenahealth', practiceId: '195900', auth: { method: 'client_credentials' } };
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

async function readAll<Read>(reads: readonly Read[], read: (item: Read) => Promise<unknown>): Promise<void> {
  const waiting = [...reads];
  const reader = async (): Promise<void> => {
    for (let item = waiting.pop(); item; item = waiting.pop()) await read(item);
  };
  await Promise.all(Array.from({ length: readers }, reader));
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
