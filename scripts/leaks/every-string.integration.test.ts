import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ApiClient, createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { dumpRedis } from './dump-redis.fixture.ts';
import { patientIdOf } from './marked-answers.fixture.ts';
import { answerWithPlants, isShared, makePlants, type Plant, sharedPath } from './planting-ehr.fixture.ts';
import { readLogs, readMetrics } from './read-outputs.fixture.ts';

/** High, because requests wait most of the time. */
const atOnce = 24;
let system: TestSystem;
let ehr: ScriptedServer;
/** The plants whose marks were sent. */
const sent = new Set<Plant>();
let plants: readonly Plant[];
let logs: string;
let redis: string;
let metrics: string;
/** Whether every answer of a shared plant was processed. An attempt that is retried was. */
let areSharedProcessed = false;
/** The answers to a client key about each plant's records. */
const seenByClients = new Map<Plant, string>();

beforeAll(async () => {
  plants = makePlants('http://ehr.example');
  ehr = await startScriptedServer(answerWithPlants(plants, sent));
  const paths = [sharedPath, ...plants.keys()];
  const environments = paths.map((path) => [`e${path}`, { fhirEndpoint: `${ehr.url}/${path}` }]);
  const provider = {
    id: 'planting',
    name: 'A server that plants marks',
    defaultEnvironment: 'e0',
    defaultScope: 'system/*.read',
    environments: Object.fromEntries(environments),
    clientId: 'client',
    clientSecret: 'secret',
    // Each patient has its own searches, so that each search is answered by one plant.
    search: { idsPerRequest: 1 },
  };
  const env = (folder: string) => {
    const providersFile = join(folder, 'providers.json');
    writeFileSync(providersFile, JSON.stringify([provider]));
    return {
      BULKHEAD_PROVIDERS_FILE: providersFile,
      DEBUG: 'athenahealth:*',
      WORKER_DOCUMENTS: 'on',
      // Many exports run at once. Each poll is a job, and a sweep reads each export.
      WORKER_POLL_INTERVAL_MS: '1000',
      WORKER_SWEEP_INTERVAL_MS: '5000',
    };
  };
  system = await startTestSystem({ patients: 1, inMemory: true, env });
  const operator = createApiClient(system);
  const { key } = await operator<{ key: string }>('POST', '/api/ehr/api-keys', { name: 'client', role: 'client' });
  const client = createApiClient({ ...system, apiKey: key });
  const waiting = [...plants.entries()].filter(([, plant]) => !isShared(plant));
  await Promise.all([
    useShared({ operator, client }),
    ...Array.from({ length: atOnce }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        seenByClients.set(next[1], await use({ operator, client, plant: next[1], environment: `e${next[0]}` }));
    }),
  ]);
  redis = await dumpRedis(system.redis.url);
  metrics = await readMetrics(system);
  logs = readLogs(system.folder);
}, 300_000);
afterAll(async () => {
  await system?.stop();
  await ehr?.stop();
});

interface Clients {
  readonly operator: ApiClient;
  readonly client: ApiClient;
}

/** Exports and syncs all shared plants in one connection, and reads their documents. */
async function useShared({ operator, client }: Clients): Promise<void> {
  const { bulkExports, outputFiles, syncSteps, documents } = system.store;
  const connectionId = await createConnection(operator, `e${sharedPath}`);
  const patients = [...plants.entries()].filter(([, { variant }]) => variant.route === 'search');
  const exportPath = await startExport(client, connectionId);
  const exportId = exportPath.split('/').at(-1) ?? '';
  const processed = (condition: () => Promise<boolean>) =>
    pollUntil(async () => (await condition()) || undefined, { timeoutMs: 120_000, intervalMs: 250 });
  const areFilesProcessed = await processed(async () => {
    if ((await bulkExports.find(exportId))?.transactionTime === undefined) return false;
    const files = await outputFiles.listByExport(exportId);
    return files.every(({ state, retrying }) => retrying || (state !== 'pending' && state !== 'downloading'));
  });
  // Syncs need stored patients, which the export brings.
  const syncs: string[] = [];
  let areSearchesProcessed = true;
  for (const group of searchGroups(patients)) {
    const syncPath =
      (await startSync(
        client,
        connectionId,
        group.map(([index]) => patientIdOf(`${index}`)),
      )) ?? '';
    const runId = syncPath.split('/').at(-1) ?? '';
    const isProcessed = await processed(async () => {
      const run = await client<{ status: string; startedAt?: string }>('GET', syncPath);
      if (run.status !== 'IN_PROGRESS') return true;
      if (!group.every(([, plant]) => sent.has(plant))) return false;
      const retrying = await syncSteps.listRetrying({ runId, limit: group.length });
      return (await syncSteps.countUnsettled(runId)) <= retrying.length;
    });
    areSearchesProcessed &&= isProcessed === true;
    syncs.push(JSON.stringify(await client('GET', syncPath).catch(String)));
    await client('DELETE', syncPath).catch(() => undefined);
  }
  const areDocumentsProcessed = await processed(async () => {
    const ids = await documents.listUnsettledIds(plants.length);
    const unsettled = await Promise.all(ids.map((id) => documents.find(id)));
    // The second attempt begins after the first.
    return unsettled.every((document) => !document || document.attempts > 1);
  });
  areSharedProcessed = [areFilesProcessed, areSearchesProcessed, areDocumentsProcessed].every(Boolean);
  const paths = [exportPath, `${exportPath}/files`, `/api/ehr/connections/${connectionId}`];
  const seen = JSON.stringify([
    ...syncs,
    ...(await Promise.all(paths.map((path) => client('GET', path).catch(String)))),
  ]);
  for (const plant of plants.filter(isShared)) seenByClients.set(plant, seen);
  await client('DELETE', exportPath).catch(() => undefined);
}

type NumberedPlant = readonly [index: number, plant: Plant];

/** After five equal refusals of a type, a sync sends no more searches of it. */
const fewerThanRefusals = 4;

/** A few patients at a time. */
function searchGroups(patients: readonly NumberedPlant[]): readonly (readonly NumberedPlant[])[] {
  return patients.flatMap((_, index) =>
    index % fewerThanRefusals === 0 ? [patients.slice(index, index + fewerThanRefusals)] : [],
  );
}

async function createConnection(operator: ApiClient, environment: string): Promise<string> {
  const auth = { method: 'client_credentials' };
  const body = { provider: 'planting', environment, practiceId: 'p', schedule: false, auth };
  return (await operator<{ id: string }>('POST', '/api/ehr/connections', body)).id;
}

/**
 * Tests a connection, exports and syncs, as far as the plant's answer is used. @returns what a client key reads about
 * it
 */
async function use(options: Clients & { readonly plant: Plant; readonly environment: string }): Promise<string> {
  const { operator, client, plant, environment } = options;
  const connectionId = await createConnection(operator, environment);
  const isOfAll = ['discovery', 'token', 'metadata'].includes(plant.variant.route);
  if (isOfAll) await operator('POST', `/api/ehr/connections/${connectionId}/test`).catch(() => undefined);
  const read = (path: string) => client('GET', path).catch(String);
  const untilMoved = async (paths: readonly string[]) => {
    // On a busy machine this can take longer than all that follows.
    await pollUntil(async () => sent.has(plant) || undefined, { timeoutMs: 60_000, intervalMs: 1000 });
    await pollUntil(async () => ((await Promise.all(paths.map(read))).every(hasMoved) ? true : undefined), {
      timeoutMs: 10_000,
      intervalMs: 1000,
    });
  };
  const paths = [await startExport(client, connectionId)];
  const syncPath = isOfAll ? await startSync(client, connectionId, ['p1']) : undefined;
  if (syncPath !== undefined) paths.push(syncPath);
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

/** @returns the path of the started sync. Undefined if the patient is not stored */
async function startSync(
  client: ApiClient,
  connectionId: string,
  patients: readonly string[],
): Promise<string | undefined> {
  const url = '/api/ehr/planting/enhanced-sync';
  const body = { connectionId, patients, includeEnhanced: false };
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

test('every marked answer is sent and processed', () => {
  expect(plants.length).toBeGreaterThan(250);
  expect(plants.filter((plant) => !sent.has(plant)).map(({ name }) => name)).toEqual([]);
  expect(areSharedProcessed).toBe(true);
});

test('the marks that an EHR sends are in the system, and clients see only those in addresses and types', () => {
  const shownNames = [...seenByClients].filter(([{ mark }, text]) => text.includes(mark)).map(([{ name }]) => name);
  expect(shownNames.length).toBeGreaterThan(7);
  expect(shownNames.filter((name) => !shownToClients.some((pattern) => pattern.test(name)))).toEqual([]);
});

test('no string that an EHR sends is in a log', () => expect(plantsIn(logs)).toEqual([]));
test('no string that an EHR sends is in a metric', () => expect(plantsIn(metrics)).toEqual([]));
test('no string that an EHR sends is in Redis', () => expect(plantsIn(redis)).toEqual([]));
