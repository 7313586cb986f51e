import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDocument } from '@bulkhead/records/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import {
  type HostileRequest,
  hostileBodies,
  hostileReads,
  hostileRequests,
  largeRecord,
} from './hostile-callers.fixture.ts';
import { startParseTime } from './parse-time.fixture.ts';

/**
 * The rule for every request: the event loop is not held for as long as it takes to parse three large objects. An idle machine takes less than two,
 * half a second. Beside others, what does not fit into the processor's cache takes up to 2.4.
 */
const maxHoldParses = 3;
/** Refusals name what is wrong, and do not repeat the request. */
const maxRefusalBytes = 100_000;
const slowReaders = 24;
/** An engine continues for a while for each client that has left, so more of them show nothing else and take minutes. */
const clientsThatLeave = 4;
const leavesAfterMs = 50;
const binaryBytes = 12_000_000;
const root = join(import.meta.dirname, '..', '..');

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
}
const { paths } = JSON.parse(readFileSync(join(root, 'apps/api/openapi.json'), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const withBody = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([method, operation]) => {
    const [type] = Object.keys(operation.requestBody?.content ?? {});
    return type === undefined ? [] : [{ path, method: method.toUpperCase(), id: operation.operationId, type }];
  }),
);

interface Answer {
  readonly what: string;
  readonly status: number;
  readonly bytes: number;
}

let system: TestSystem;
let holds: string;
let endParseTime: () => number;
let requests: readonly HostileRequest[] = [];
const answers: Answer[] = [];
/** The probe of Kubernetes waits for as long (docker/kubernetes/base/api.yaml). */
const healthTimeoutMs = 5000;
const unanswered = 0;
/** What each of the two programs behind the address answers while the other, or it, is under the worst request. */
const healthStatuses = { api: [] as number[], serve: [] as number[] };
const programs = ['api', 'serve'] as const;

beforeAll(async () => {
  endParseTime = startParseTime();
  holds = mkdtempSync(join(tmpdir(), 'bulkhead-holds-'));
  system = await startTestSystem({
    patients: 20,
    inMemory: true,
    workerCount: 1,
    hasFastRate: true,
    env: { HOLDS_FOLDER: holds, WORKER_POLL_INTERVAL_MS: '250', API_REQUESTS_PER_MINUTE: '100000' },
    apiArgs: ['--import', join(import.meta.dirname, 'measure-holds.preload.ts')],
  });
  await storeData();
  const { connectionId } = system;
  requests = hostileRequests({ connectionId, assertion: 'not-an-assertion' });
  const watched = programs.map(watchHealth);
  try {
    for (const { endpoint, name, ...request } of requests) await send(`${endpoint}: ${name}`, request);
    for (const { path, method, id, type } of withBody) {
      const filled = path.replace('{provider}', 'athenahealth').replace('{connectionId}', connectionId);
      for (const [name, body] of Object.entries(hostileBodies))
        await send(`${id}: ${name}`, {
          method,
          path: filled.replace(/\{\w+\}/g, 'unknown'),
          body,
          headers: { 'content-type': type },
        });
    }
    for (const { endpoint, name, ...request } of hostileReads({ connectionId })) {
      await send(`${endpoint}: ${name}`, request);
      await leaveEarly(request);
    }
    await readSlowly();
  } finally {
    for (const watch of watched) await watch.stop();
  }
}, 900_000);
afterAll(async () => {
  await system?.stop();
  rmSync(holds, { recursive: true, force: true });
});

/** An export of the simulated practice, a patient with long lists, and contents that are nearly as large as a resource may be. */
async function storeData(): Promise<void> {
  const { connectionId, store } = system;
  const api = createApiClient(system);
  const body = { connectionId, exportType: 'Patient' };
  const { id } = await api<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', body);
  await pollUntil(
    async () => {
      const { status } = await api<{ status: string }>('GET', `/api/ehr/athenahealth/bulk-export/${id}`);
      return status === 'COMPLETED' || undefined;
    },
    { timeoutMs: 120_000, intervalMs: 250 },
  );
  const many = (element: object) => Array.from({ length: 300 }, () => element);
  const patient = { resourceType: 'Patient', id: 'long', name: many({ given: ['a'] }), telecom: many({ value: '1' }) };
  // Two of each are few enough for many rows of siblings. It comes before the one with long lists.
  const twice = (element: object) => [element, element];
  const siblings = {
    resourceType: 'Patient',
    id: 'a-two',
    name: twice({ given: ['a'] }),
    telecom: twice({ value: '1' }),
  };
  const { patientId, provenanceId, documents, documentBytes } = largeRecord;
  await store.prepareResourceTypes(['Patient', 'Binary', 'DocumentReference', 'Provenance']);
  const patients = [siblings, patient, { resourceType: 'Patient', id: patientId }].map((resource) =>
    makeDocument(resource, { connectionId }),
  );
  await store.resourceWriter.write('Patient', patients);
  const ids = Array.from({ length: documents }, (_, index) => `large-${index}`);
  for (const id of ids) {
    const content = [{ attachment: { contentType: 'text/plain', data: 'A'.repeat(documentBytes) } }];
    const document = { resourceType: 'DocumentReference', id, subject: { reference: `Patient/${patientId}` }, content };
    await store.resourceWriter.write('DocumentReference', [makeDocument(document, { connectionId })]);
  }
  const target = ids.map((id) => ({ reference: `DocumentReference/${id}` }));
  const provenance = { resourceType: 'Provenance', id: provenanceId, target };
  await store.resourceWriter.write('Provenance', [makeDocument(provenance, { connectionId })]);
  for (let index = 0; index < 6; index++) {
    const content = { resourceType: 'Binary', id: `b${index}`, data: 'A'.repeat(binaryBytes) };
    await store.resourceWriter.write('Binary', [makeDocument(content, { connectionId })]);
  }
}

async function send(
  what: string,
  request: Omit<HostileRequest, 'endpoint' | 'name' | 'method'> & { readonly method: string },
) {
  const { method, path, headers = {}, body } = request;
  const response = await fetch(system.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${system.apiKey}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  // A table that is refused after its first rows ends without the end of its body.
  const bytes = await response.arrayBuffer().then(
    ({ byteLength }) => byteLength,
    () => 0,
  );
  answers.push({ what, status: response.status, bytes });
}

/** Asks the same again and again, and leaves before the answer comes. */
async function leaveEarly({ path }: Pick<HostileRequest, 'path'>): Promise<void> {
  const headers = { authorization: `Bearer ${system.apiKey}` };
  for (let index = 0; index < clientsThatLeave; index++)
    await fetch(system.baseUrl + path, { headers, signal: AbortSignal.timeout(leavesAfterMs) }).catch(() => undefined);
}

/** Opens many downloads of large contents at once, and does not read them. */
async function readSlowly(): Promise<void> {
  const { connectionId, baseUrl, apiKey } = system;
  const leave = new AbortController();
  const headers = { authorization: `Bearer ${apiKey}`, accept: 'application/fhir+ndjson' };
  const table = `tables?connectionId=${connectionId}&format=csv`;
  const view = { resource: 'Binary', select: [{ column: [{ name: 'data', path: 'data', type: 'string' }] }] };
  const opened = Array.from({ length: slowReaders }, async (_, index) => {
    const isTable = index % 2 === 1;
    await fetch(
      `${baseUrl}/api/ehr/athenahealth/${isTable ? table : `resources/Binary?connectionId=${connectionId}`}`,
      { headers, signal: leave.signal, ...(isTable ? { method: 'POST', body: JSON.stringify(view) } : {}) },
    ).catch(() => undefined);
  });
  // The first of them have begun, and hold what they have read.
  await Promise.race(opened);
  const { DOWNLOADS_SECONDS = '8' } = process.env;
  await new Promise((resolve) => setTimeout(resolve, Number(DOWNLOADS_SECONDS) * 1000));
  leave.abort();
  await Promise.all(opened);
}

function watchHealth(program: (typeof programs)[number]) {
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const status = await fetch(`${system[program].url}/health`, {
        signal: AbortSignal.timeout(healthTimeoutMs),
      }).then(
        (response) => response.arrayBuffer().then(() => response.status),
        () => unanswered,
      );
      healthStatuses[program].push(status);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    async stop() {
      isDone = true;
      await watching;
    },
  };
}

test('every endpoint that reads a body of its own gets its worst request', () => {
  const own = withBody.filter(({ type }) => type !== 'application/json').map(({ id }) => id);
  expect(own.length).toBeGreaterThan(4);
  const attacked = new Set(requests.map(({ endpoint }) => endpoint));
  // A corrected line is parsed like a line of a file, which has its own tests.
  expect(own.filter((id) => !attacked.has(id) && id !== 'replayQuarantinedLine')).toEqual([]);
});

test('no request is answered with an error of the server', () => {
  expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
});

test('no refusal is long', () => {
  expect(answers.filter(({ status, bytes }) => status >= 400 && bytes > maxRefusalBytes)).toEqual([]);
});

test('no request holds the event loop of the API or serve for long', () => {
  const longest = readdirSync(holds).map((pid) => Number(readFileSync(join(holds, pid), 'utf8')));
  expect(longest.length).toBeGreaterThan(1);
  expect(Math.max(...longest)).toBeLessThan(maxHoldParses * endParseTime());
});

test.each(programs)('no request keeps %s from answering its health check', (program) => {
  const statuses = healthStatuses[program];
  expect(statuses.length).toBeGreaterThan(100);
  expect(statuses.filter((status) => status !== 200 && status !== unanswered)).toEqual([]);
  // Kubernetes ends a process after three without an answer. On a machine that is busy with other tests, one can be late.
  const inARow = statuses.filter((status, index) => status === unanswered && statuses[index + 1] === status);
  expect(inARow).toEqual([]);
});

test.each(programs)('no request makes %s need more than the memory that is shipped, or end', (program) => {
  const manifest = readFileSync(join(root, `docker/kubernetes/base/${program}.yaml`), 'utf8');
  const limit = Number(/limits: \{ memory: (\d+)Mi \}/.exec(manifest)?.[1]) * 1.048576;
  const status = readFileSync(`/proc/${system[program].pid}/status`, 'utf8');
  expect(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1000).toBeLessThan(limit);
  expect(system[program].ownExits).toBe(0);
});
