import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pollUntil } from '../chaos/poll-until.ts';
import { type ChaosSystem, startChaosSystem } from '../chaos/system/start-chaos-system.ts';
import { type ApiClient, createApiClient } from '../system/api-client.ts';
import { dumpRedis } from './dump-redis.fixture.ts';
import { makePlants, type Plant, startPlantingEhr } from './planting-ehr.fixture.ts';
import { readLogs, readMetrics } from './read-outputs.fixture.ts';

/** High, because requests wait most of the time. */
const atOnce = 24;
let folder: string;
let system: ChaosSystem;
let ehr: Awaited<ReturnType<typeof startPlantingEhr>>;
let plants: readonly Plant[];
let logs: string;
let redis: string;
let metrics: string;
/** The plants whose sync was started. */
const syncedPlants = new Set<Plant>();
/** The answers to a client key about each plant's records. */
const seenByClients = new Map<Plant, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-every-string-'));
  plants = makePlants('http://ehr.example');
  ehr = await startPlantingEhr(plants);
  const providersFile = join(folder, 'providers.json');
  const environments = plants.map((_, index) => [`e${index}`, { fhirEndpoint: `${ehr.url}/${index}` }]);
  const provider = {
    ...{ id: 'planting', name: 'A server that plants marks', defaultEnvironment: 'e0', defaultScope: 'system/*.read' },
    ...{ environments: Object.fromEntries(environments), clientId: 'client', clientSecret: 'secret' },
  };
  writeFileSync(providersFile, JSON.stringify([provider]));
  const env = {
    ...{ BULKHEAD_PROVIDERS_FILE: providersFile, DEBUG: 'athenahealth:*', WORKER_DOCUMENTS: 'on' },
    // Many exports run at once. Each poll is a job, and a sweep reads each export.
    WORKER_POLL_INTERVAL_MS: '1000',
    WORKER_SWEEP_INTERVAL_MS: '5000',
  };
  system = await startChaosSystem({ folder, patients: 1, seed: 1, report: () => undefined, env });
  const operator = createApiClient(system);
  const { key } = await operator<{ key: string }>('POST', '/api/ehr/api-keys', { name: 'client', role: 'client' });
  const client = createApiClient({ ...system, apiKey: key });
  const waiting = [...plants.entries()];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        seenByClients.set(next[1], await use({ operator, client, plant: next[1], environment: `e${next[0]}` }));
    }),
  );
  redis = await dumpRedis(system.redis.url);
  metrics = await readMetrics(system);
  logs = readLogs(folder);
}, 300_000);
afterAll(async () => {
  await system?.stop();
  await ehr?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Tests a connection, exports and syncs, as far as the plant's answer is used. @returns what a client key reads about
 * it
 */
async function use(options: {
  readonly operator: ApiClient;
  readonly client: ApiClient;
  readonly plant: Plant;
  readonly environment: string;
}): Promise<string> {
  const { operator, client, plant, environment } = options;
  const { route } = plant.variant;
  const auth = { method: 'client_credentials' };
  const body = { provider: 'planting', environment, practiceId: 'p', schedule: false, auth };
  const { id: connectionId } = await operator<{ id: string }>('POST', '/api/ehr/connections', body);
  const isOfAll = ['discovery', 'token', 'metadata'].includes(route);
  if (isOfAll) await operator('POST', `/api/ehr/connections/${connectionId}/test`).catch(() => undefined);
  const read = (path: string) => client('GET', path).catch(String);
  const untilMoved = (paths: readonly string[]) =>
    pollUntil(async () => ((await Promise.all(paths.map(read))).every(hasMoved) ? true : undefined), {
      timeoutMs: 10_000,
      intervalMs: 1000,
    });
  const paths = [await startExport(client, connectionId)];
  // A sync needs a stored patient, which the export brings unless the plant has broken it.
  if (route === 'search') await untilStored(client, paths);
  const syncPath = isOfAll || route === 'search' ? await startSync(client, connectionId) : undefined;
  if (syncPath !== undefined) {
    syncedPlants.add(plant);
    paths.push(syncPath);
  }
  await untilMoved(paths);
  const files = paths.filter((path) => path.includes('bulk-export')).map((path) => `${path}/files`);
  const answers = await Promise.all([...paths, ...files, `/api/ehr/connections/${connectionId}`].map(read));
  // Many exports would never end by themselves, and each costs polls and retries until the system stops.
  await Promise.all(paths.map((path) => client('DELETE', path).catch(() => undefined)));
  return JSON.stringify(answers);
}

/** Whether it has ended, or an attempt has failed. */
function hasMoved(record: unknown): boolean {
  const { status, retrying, progress } = record as Partial<Record<'status' | 'retrying' | 'progress', unknown>>;
  return status !== 'IN_PROGRESS' || retrying !== undefined || progress !== undefined;
}

/** @returns the path of the started export, also if the API reports that it failed at once */
async function startExport(client: ApiClient, connectionId: string): Promise<string> {
  const url = '/api/ehr/planting/bulk-export';
  try {
    return `${url}/${(await client<{ id: string }>('POST', url, { connectionId, exportType: 'Patient' })).id}`;
  } catch (error) {
    return `${url}/${(error as { details?: { exportId?: string } }).details?.exportId}`;
  }
}

async function untilStored(client: ApiClient, [exportPath = '']: readonly string[]): Promise<void> {
  await pollUntil(
    async () => ((await client<{ status: string }>('GET', exportPath)).status === 'COMPLETED' ? true : undefined),
    { timeoutMs: 60_000, intervalMs: 1000 },
  );
}

/** @returns the path of the started sync. Undefined if the patient is not stored */
async function startSync(client: ApiClient, connectionId: string): Promise<string | undefined> {
  const url = '/api/ehr/planting/enhanced-sync';
  const body = { connectionId, patients: ['p1'], includeEnhanced: false };
  try {
    const { id } = await client<{ id: string }>('POST', url, body, { prefer: 'respond-async' });
    return `/api/ehr/planting/sync-runs/${id}`;
  } catch {
    return undefined;
  }
}

const plantsIn = (text: string) => plants.filter(({ mark }) => text.includes(mark)).map(({ name }) => name);

/**
 * Texts of the EHR that the API shows to clients: addresses, which are useless without a token, and the offered types.
 */
const shownToClients = [
  /^metadata answers: body rest\.0\.resource\.0\.type /,
  /^kick-off answers: header content-location /,
  /^status answers: body (output|deleted|error)\.0\.url /,
];

test('the answers to searches are read, with all their marks', () => {
  const ofSearches = plants.filter(({ variant }) => variant.route === 'search');
  expect(ofSearches.length).toBeGreaterThan(40);
  expect(ofSearches.filter((plant) => !syncedPlants.has(plant)).map(({ name }) => name)).toEqual([]);
});

test('the marks that an EHR sends are in the system, and clients see only those in addresses and types', () => {
  expect(plants.length).toBeGreaterThan(250);
  const shownNames = [...seenByClients].filter(([{ mark }, text]) => text.includes(mark)).map(([{ name }]) => name);
  expect(shownNames.length).toBeGreaterThan(8);
  expect(shownNames.filter((name) => !shownToClients.some((pattern) => pattern.test(name)))).toEqual([]);
});

test('no string that an EHR sends is in a log', () => expect(plantsIn(logs)).toEqual([]));
test('no string that an EHR sends is in a metric', () => expect(plantsIn(metrics)).toEqual([]));
test('no string that an EHR sends is in Redis', () => expect(plantsIn(redis)).toEqual([]));
