import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Services } from '@bulkhead/embedded';
import { createStore, type Store } from '@bulkhead/system';
import { type ReceivedRequest, type ScriptedServer, startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { backUpAndRestore } from '../backup/back-up.fixture.ts';
import { type RestoredSystem, startRestored } from '../backup/start-restored.fixture.ts';
import { dumpMongodb } from '../leaks/dump-mongodb.fixture.ts';
import { dumpRedis } from '../leaks/dump-redis.fixture.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { commandsOf, runShell } from './run-shell.fixture.ts';

const athena = '/api/ehr/athenahealth';
const brokenLine = '{"resourceType":"Condition","note":"a line that is not a resource"';
const documentText = 'The content of a document.';
const types = ['Patient', 'Condition', 'DocumentReference', 'Observation'];

let newFolder: string;
let system: TestSystem;
let services: Services;
let restored: RestoredSystem;
let store: Store;
/** A client that is down until the restored system runs. */
let receiver: ScriptedServer;
let webhookSecret: string;

let connectionId: string;
let completed: string;
let downloading: string;
let exporting: string;
let scheduleId: string;
let before: ReadonlyMap<string, string>;
let after: ReadonlyMap<string, string>;
let redisAfter: string;
let withWrongKey: unknown;
/** The phases of the two exports before the restored system was started. */
let phases: readonly (string | undefined)[];

async function send(baseUrl: string, path: string, body?: object, method = body ? 'POST' : 'GET') {
  const response = await fetch(baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${system.apiKey}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${answer}`);
  return answer;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the route.
const data = async (baseUrl: string, path: string, body?: object): Promise<any> =>
  JSON.parse(await send(baseUrl, path, body)).data;

async function startExport(resourceTypes: readonly string[], callbackUrl?: string): Promise<string> {
  const body = { connectionId, exportType: 'Patient', resourceTypes, ...(callbackUrl ? { callbackUrl } : {}) };
  return (await data(system.baseUrl, `${athena}/bulk-export`, body)).id;
}

/** Waits until an export has the expected state. */
const until = (baseUrl: string, id: string, is: (status: { status: string; phase: string }) => boolean) =>
  waitFor(
    async () => {
      const status = await data(baseUrl, `${athena}/bulk-export/${id}`);
      return is(status) ? status : undefined;
    },
    { timeoutMs: 60_000, what: `export ${id}` },
  );

/** Creates work of each kind: completed, in progress, and pending. */
async function useSystem(): Promise<void> {
  const { baseUrl, simulator } = system;
  const auth = { method: 'client_credentials', clientId: 'simulator-client', clientSecret: 'simulator-secret' };
  const body = { provider: 'athenahealth', practiceId: '195900', force: true, auth };
  connectionId = (await data(baseUrl, '/api/ehr/connections', body)).id;
  const cron = { connectionId, kind: 'export', cron: '0 2 * * *', timeZone: 'UTC', request: { exportType: 'Patient' } };
  scheduleId = (await data(baseUrl, '/api/ehr/schedules', cron)).id;
  const webhook = await send(baseUrl, `/api/ehr/connections/${connectionId}/webhook`, {}, 'PUT');
  webhookSecret = JSON.parse(webhook).data.secret;
  const attachment = { contentType: 'text/plain', data: Buffer.from(documentText).toString('base64') };
  const resource = { resourceType: 'DocumentReference', id: 'kept', status: 'current', content: [{ attachment }] };
  await simulator.put('DocumentReference/kept', JSON.stringify(resource));
  await simulator.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1, with: brokenLine });
  await receiver.stop();
  completed = await startExport(['Condition', 'DocumentReference'], `${receiver.url}/hook`);
  await until(baseUrl, completed, ({ status }) => status === 'COMPLETED');
  await waitFor(() => readDocument(baseUrl), { what: 'the document' });
  await waitFor(async () => (await system.store.webhookDeliveries.listPendingIds()).length > 0);

  await simulator.inject('bulkdata/.*Observation', { kind: 'status', status: 503 }, { times: 'always' });
  downloading = await startExport(['Patient', 'Observation']);
  await waitFor(async () => {
    const files = await system.store.outputFiles.listByExport(downloading);
    return files.some(({ state }) => state === 'completed') && files.some(({ retrying }) => retrying !== undefined);
  });
  await simulator.inject('export$', { kind: 'export-fate', end: 'completes', polls: 40 });
  exporting = await startExport(['Immunization']);
  await until(baseUrl, exporting, ({ phase }) => phase === 'exporting');
}

async function readDocument(baseUrl: string): Promise<string | undefined> {
  const query = `connectionId=${connectionId}&resourceId=kept&state=stored`;
  const [document] = await data(baseUrl, `${athena}/documents?${query}`);
  return document && send(baseUrl, `${athena}/documents/${document.id}`);
}

beforeAll(async () => {
  newFolder = mkdtempSync(join(tmpdir(), 'bulkhead-backup-'));
  receiver = await startScriptedServer();
  const settings = { WORKER_DOCUMENTS: 'on', WORKER_WEBHOOK_PRIVATE_NETWORK: 'true' };
  system = await startTestSystem({ patients: 6, env: settings, workerCount: 1, hasFastRate: true });
  await useSystem();
  await Promise.all([system.api, ...system.workers].map((app) => app.stop()));
  before = await dumpMongodb(system.mongodb.url);

  services = await backUpAndRestore(system, newFolder);
  after = await dumpMongodb(services.mongodb.url);
  redisAfter = await dumpRedis(services.redis.url);
  const env = {
    REDIS_URL: services.redis.url,
    MONGODB_URI: services.mongodb.url,
    BULKHEAD_PREFIX: system.prefix,
    BULKHEAD_ENCRYPTION_KEY: system.encryptionKey,
    ATHENAHEALTH_FHIR_ENDPOINT: system.simulator.fhirEndpoint,
  };
  const migrate = 'node_modules/.bin/node apps/api/dist/migrate.js';
  const wrong = { ...env, BULKHEAD_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  withWrongKey = await runShell({ commands: migrate, folder: newFolder, env: wrong }).catch((error: unknown) => error);
  await runShell({ commands: migrate, folder: newFolder, env });
  store = createStore({ uri: env.MONGODB_URI, encryptionKey: Buffer.from(system.encryptionKey, 'base64') });
  await store.connect();
  phases = [await store.bulkExports.find(downloading), await store.bulkExports.find(exporting)].map(
    (record) => record?.phase,
  );
  // The secret must then be decrypted to get a new token.
  await store.accessTokens.delete(connectionId);
  await system.simulator.cancelOrders();
  receiver = await startScriptedServer({ '/hook': { status: 204 } }, { port: Number(new URL(receiver.url).port) });
  restored = await startRestored(newFolder, env);
}, 180_000);

afterAll(async () => {
  await restored?.stop();
  await store?.close();
  await services?.stop();
  await system?.stop();
  await receiver?.stop();
  rmSync(newFolder, { recursive: true, force: true });
});

const sorted = (dump: ReadonlyMap<string, string>) =>
  Object.fromEntries(
    [...dump].filter(([, text]) => text !== '').map(([name, text]) => [name, text.split('\n').toSorted()]),
  );

test('a restored database has every document of the one that was backed up', () => {
  expect(before.get('DocumentReference')).toContain('"kept"');
  expect(sorted(after)).toEqual(sorted(before));
});

test('the Redis of the restored system was empty', () => {
  expect(redisAfter).toBe('');
});

test('a restored system refuses to start with another encryption key', () => {
  expect(String(withWrongKey)).toContain(
    'This process was started with a key other than the one that encrypted the data.',
  );
});

test('the backup contains exports in progress', () => {
  expect(phases).toEqual(['downloading', 'exporting']);
});

test('an export that was downloading completes after the restore, with every resource', async () => {
  const { status, counts } = await until(restored.baseUrl, downloading, ({ status }) => status !== 'IN_PROGRESS');
  expect({ status, ...counts }).toMatchObject({ status: 'COMPLETED', filesFailed: 0, quarantined: 0 });
  for (const resourceType of types) {
    const served = (await system.simulator.lines(resourceType)).map((line) => JSON.parse(line).id as string);
    const stored = await store.resources.listIds({ connectionId, resourceType });
    // One line is in quarantine.
    const missing = resourceType === 'Condition' ? 1 : 0;
    expect({ resourceType, stored: stored.length }).toEqual({ resourceType, stored: served.length - missing });
    expect(served).toEqual(expect.arrayContaining(stored));
  }
});

test('an export that the EHR was still preparing completes after the restore', async () => {
  const { status, counts } = await until(restored.baseUrl, exporting, ({ status }) => status !== 'IN_PROGRESS');
  const { length } = await system.simulator.lines('Immunization');
  expect({ status, stored: counts.stored }).toEqual({ status: 'COMPLETED', stored: length });
});

test('quarantined lines and documents can be read after the restore', async () => {
  const [line] = await data(restored.baseUrl, `/api/ehr/quarantine?connectionId=${connectionId}`);
  expect(await send(restored.baseUrl, `/api/ehr/quarantine/${line.id}/line`)).toContain(brokenLine);
  expect(await readDocument(restored.baseUrl)).toBe(documentText);
});

test('the secret of a connection fetches a token after the restore', async () => {
  await send(restored.baseUrl, `/api/ehr/connections/${connectionId}/test`, {});
  const { token } = await store.accessTokens.read({ connectionId, credentialsVersion: 0 });
  expect(token?.accessToken).toBeTruthy();
});

test('an undelivered webhook event is delivered after the restore', async () => {
  const idOf = ({ headers }: ReceivedRequest) => String(headers['webhook-id']);
  const delivered = () => receiver.requests.find((request) => idOf(request).includes(completed));
  const delivery = await waitFor(delivered, { what: 'the webhook' });
  // Signed with the secret that the connection had.
  const key = Buffer.from(webhookSecret.replace('whsec_', ''), 'base64');
  const signed = `${idOf(delivery)}.${delivery.headers['webhook-timestamp']}.${delivery.body}`;
  const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  expect(delivery.headers['webhook-signature']).toBe(signature);
});

test('the job of a schedule is recreated after the restore, and the audit log has its events', async () => {
  expect(await store.schedules.find(scheduleId)).toMatchObject({ cron: '0 2 * * *', paused: false });
  await waitFor(async () => (await dumpRedis(services.redis.url)).includes(scheduleId), { what: 'the job' });
  const events = await data(restored.baseUrl, '/api/ehr/audit-events');
  expect(JSON.stringify(events)).toContain(completed);
});

test('bulkhead doctor reports no fault of the restored system', async () => {
  const page = await commandsOf('docs/how-to/back-up.md');
  const doctor = page.split('\n').filter((line) => line.startsWith('bulkhead '));
  const env = { BULKHEAD_URL: restored.baseUrl, BULKHEAD_API_KEY: system.apiKey };
  const printed = await runShell({ commands: doctor.join('\n'), folder: newFolder, env });
  expect(printed).toMatch(/^ok +.*\bMongoDB\b/m);
});
