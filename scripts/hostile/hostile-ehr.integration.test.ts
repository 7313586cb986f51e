import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { goodAnswers } from '../leaks/marked-answers.fixture.ts';
import { answerByRoute, toAnswer } from '../leaks/planting-ehr.fixture.ts';
import { type ApiClient, createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import { memoryEnv, workerNodeArgs } from '../system/process-options.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { type HostileAnswer, hostileAnswers, kindOf } from './hostile-answers.fixture.ts';
import { startParseTime } from './parse-time.fixture.ts';

/**
 * The one rule for every answer: no process holds its event loop for as long as it takes to parse five large objects, a second on an idle
 * machine, or needs more than its shipped memory.
 */
const maxHoldParses = 5;
const root = join(import.meta.dirname, '..', '..');
const atOnce = 3;

let system: TestSystem;
let ehr: ScriptedServer;
let holds: string;
let endParseTime: () => number;
const sent = new Set<HostileAnswer>();
/** The results of exports of a good server, which must continue. */
const goodResults: string[] = [];

beforeAll(async () => {
  endParseTime = startParseTime();
  ehr = await startScriptedServer(answerHostilely);
  holds = mkdtempSync(join(tmpdir(), 'bulkhead-holds-'));
  const environments = [...hostileAnswers.keys(), 'good'].map((path) => [
    `e${path}`,
    { fhirEndpoint: `${ehr.url}/${path}` },
  ]);
  const provider = {
    id: 'hostile',
    name: 'A hostile server',
    defaultEnvironment: 'egood',
    defaultScope: 'system/*.read',
    environments: Object.fromEntries(environments),
    clientId: 'client',
    clientSecret: 'secret',
  };
  const env = (folder: string) => {
    const providersFile = join(folder, 'providers.json');
    writeFileSync(providersFile, JSON.stringify([provider]));
    const own = { BULKHEAD_PROVIDERS_FILE: providersFile, WORKER_DOCUMENTS: 'on', HOLDS_FOLDER: holds };
    return { ...own, ...memoryEnv, WORKER_POLL_INTERVAL_MS: '500' };
  };
  const workerArgs = [...workerNodeArgs, '--import', join(import.meta.dirname, 'measure-holds.preload.ts')];
  system = await startTestSystem({ patients: 1, inMemory: true, env, workerArgs });
  const api = createApiClient(system);
  const waiting = [...hostileAnswers.entries()];
  let isDone = false;
  const good = (async () => {
    for (let seen = sent.size; !isDone; seen = sent.size) {
      goodResults.push(await exportAll(api, 'egood'));
      await pollUntil(async () => isDone || sent.size >= seen + 10 || undefined, {
        timeoutMs: 900_000,
        intervalMs: 250,
      });
    }
  })();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await provoke(api, next);
    }),
  );
  isDone = true;
  await good;
}, 900_000);
afterAll(async () => {
  await system?.stop();
  await ehr?.stop();
  rmSync(holds, { recursive: true, force: true });
});

/** Answers each request of case `/3/…` well, except for those of its route. */
const answerHostilely = answerByRoute(({ route, first, origin }) => {
  const hostile = hostileAnswers[Number(first)];
  if (hostile?.route !== route) return toAnswer(goodAnswers[route](`${origin}/${first}`));
  sent.add(hostile);
  return hostile.answer(`${origin}/${first}`);
});

/** Lets the workers read an answer once. The work is then cancelled, so that retries do not fill the time. */
async function provoke(api: ApiClient, [index, hostile]: readonly [number, HostileAnswer]): Promise<void> {
  const auth = { method: 'client_credentials' };
  const body = { provider: 'hostile', environment: `e${index}`, practiceId: 'p', schedule: false, auth };
  const { id: connectionId } = await api<{ id: string }>('POST', '/api/ehr/connections', body);
  const isBeforeExport = ['discovery', 'token', 'metadata'].includes(hostile.route);
  if (isBeforeExport) await api('POST', `/api/ehr/connections/${connectionId}/test`).catch(() => undefined);
  const exportUrl = await start(api, { connectionId, path: 'bulk-export', more: { exportType: 'Patient' } });
  if (hostile.route === 'search') {
    await settled(api, exportUrl);
    const more = { patients: ['p1'], includeEnhanced: false };
    const syncUrl = await start(api, { connectionId, path: 'enhanced-sync', more });
    await moved(api, syncUrl, hostile);
  } else await moved(api, exportUrl, hostile);
}

async function start(
  api: ApiClient,
  { connectionId, path, more }: { readonly connectionId: string; readonly path: string; readonly more: object },
): Promise<string> {
  const url = `/api/ehr/hostile/${path}`;
  try {
    const { id } = await api<{ id: string }>('POST', url, { connectionId, ...more }, { prefer: 'respond-async' });
    return `/api/ehr/hostile/${path === 'enhanced-sync' ? 'sync-runs' : path}/${id}`;
  } catch (error) {
    return `${url}/${(error as { details?: { exportId?: string } }).details?.exportId}`;
  }
}

/** Waits until the answer was sent, and what it belongs to has ended or waits for another attempt. */
async function moved(api: ApiClient, url: string, hostile: HostileAnswer): Promise<void> {
  const options = { timeoutMs: 30_000, intervalMs: 250 };
  await pollUntil(async () => sent.has(hostile) || undefined, options).catch(() => undefined);
  await pollUntil(async () => {
    const { status, retrying } = await api<{ status?: string; retrying?: unknown }>('GET', url).catch(() => ({
      status: 'gone',
      retrying: undefined,
    }));
    return status !== 'IN_PROGRESS' || retrying !== undefined || undefined;
  }, options).catch(() => undefined);
  await api('DELETE', url).catch(() => undefined);
}

async function settled(api: ApiClient, url: string): Promise<string> {
  const status = await pollUntil(
    async () => {
      const record = await api<{ status: string }>('GET', url);
      return record.status === 'IN_PROGRESS' ? undefined : record.status;
    },
    { timeoutMs: 60_000, intervalMs: 250 },
  );
  return String(status);
}

async function exportAll(api: ApiClient, environment: string): Promise<string> {
  const body = { provider: 'hostile', environment, practiceId: 'p', schedule: false, force: true };
  const connection = { ...body, auth: { method: 'client_credentials' } };
  const { id: connectionId } = await api<{ id: string }>('POST', '/api/ehr/connections', connection);
  const url = await start(api, { connectionId, path: 'bulk-export', more: { exportType: 'Patient' } });
  const status = await settled(api, url);
  await api('DELETE', `/api/ehr/connections/${connectionId}`).catch(() => undefined);
  return status;
}

test('every kind of answer has a hostile answer, and every one was sent', () => {
  const rules = readFileSync(join(root, 'packages/ehr/src/client/answers/answer-rules.ts'), 'utf8');
  const kinds = [...rules.matchAll(/Answer: AnswerRules = \{\n {2}name: '([a-z -]+)'/g)].map(([, kind]) => kind);
  expect(kinds.length).toBeGreaterThan(7);
  const provoked = new Set([...hostileAnswers.map(({ route }) => kindOf[route]), 'deletion']);
  expect(kinds.filter((kind) => !provoked.has(kind ?? ''))).toEqual([]);
  expect(hostileAnswers.filter((hostile) => !sent.has(hostile)).map(({ route, name }) => `${route}: ${name}`)).toEqual(
    [],
  );
});

test('no answer holds the event loop of a worker for longer than it takes to parse five large objects', () => {
  const longest = readdirSync(holds).map((pid) => Number(readFileSync(join(holds, pid), 'utf8')));
  expect(longest.length).toBeGreaterThan(0);
  expect(Math.max(...longest)).toBeLessThan(maxHoldParses * endParseTime());
});

test('no answer makes a worker need more than the memory that is shipped', () => {
  const manifest = readFileSync(join(root, 'docker/kubernetes/base/worker/worker.yaml'), 'utf8');
  const limit = Number(/limits: \{ memory: (\d+)Mi \}/.exec(manifest)?.[1]) * 1.048576;
  const peaks = system.workers.map(
    ({ pid }) => Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000,
  );
  expect(Math.max(...peaks)).toBeLessThan(limit);
});

/** What an EHR's data are kept in. Each of the others is read whole by lists, by every request of a connection, or once a minute. */
const dataCollections = /^(?:[A-Z]|quarantine$|document_contents$|.*[.](?:files|chunks)$)/;
/** Fifty times what an ordinary record has. */
const longestRecordBytes = 100_000;

test('no answer makes a record large, which every reader of the record would pay for', async () => {
  await using client = await MongoClient.connect(system.mongodb.url);
  const database = client.db();
  const sizes = await Promise.all(
    (await database.listCollections({}, { nameOnly: true }).toArray()).map(async ({ name }) => {
      const sorted = [{ $project: { bytes: { $bsonSize: '$$ROOT' } } }, { $sort: { bytes: -1 } }, { $limit: 1 }];
      const [largest] = await database.collection(name).aggregate<{ bytes: number }>(sorted).toArray();
      return { name, bytes: largest?.bytes ?? 0 };
    }),
  );
  expect(sizes.some(({ name }) => name === 'connections')).toBe(true);
  expect(sizes.filter(({ name, bytes }) => bytes > longestRecordBytes && !dataCollections.test(name))).toEqual([]);
});

test('no answer ends a process or stops the work of another connection', () => {
  expect(system.workers.map(({ ownExits }) => ownExits)).toEqual(system.workers.map(() => 0));
  expect(goodResults.length).toBeGreaterThan(1);
  expect(goodResults.filter((status) => status !== 'COMPLETED')).toEqual([]);
});
