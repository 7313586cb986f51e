import { waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ApiError, createApiClient } from '../system/api-client.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';

const readerCount = 200;
const disruptions = 20;
const patients = 10;
const exportPath = '/api/ehr/athenahealth/bulk-export';

let system: TestSystem;
let keys: readonly string[];
beforeAll(async () => {
  system = await startTestSystem({ ...onTestServers(), patients });
  const create = (index: number) =>
    system.store.apiKeys.create({ name: `reader-${index}`, role: 'client', now: new Date() });
  keys = await Promise.all(Array.from({ length: readerCount }, (_, index) => create(index)));
}, 120_000);
afterAll(() => system?.stop());

type Result = 'right' | 'unavailable' | 'cut' | `wrong: ${string}`;

/** Reads all Patients, as resources or as a table. Each has one line for each of them. */
async function read(key: string, isTable: boolean): Promise<Result> {
  const { baseUrl, connectionId } = system;
  const path = isTable ? 'tables/patient?format=ndjson&' : 'resources/Patient?';
  const headers = { authorization: `Bearer ${key}`, accept: isTable ? '*/*' : 'application/fhir+ndjson' };
  let text: string;
  let status: number;
  try {
    const response = await fetch(`${baseUrl}/api/ehr/athenahealth/${path}connectionId=${connectionId}`, { headers });
    ({ status } = response);
    text = await response.text();
  } catch {
    return 'cut';
  }
  if (status === 503 && JSON.parse(text).error.code === 'serving-unavailable') return 'unavailable';
  const lines = text.split('\n').filter((line) => line !== '').length;
  return status === 200 && lines === patients ? 'right' : `wrong: ${status}, ${lines} lines, ${text.slice(0, 200)}`;
}

test('exports complete and the API answers while serve is killed and frozen 20 times, and readers get no wrong answer', async () => {
  const { serve, connectionId, baseUrl } = system;
  const api = createApiClient(system);
  const statusOf = (id: string) => api<{ status: string }>('GET', `${exportPath}/${id}`);
  const startExport = async (types: readonly string[]) =>
    (await api<{ id: string }>('POST', exportPath, { connectionId, resourceTypes: types })).id;
  const completed = (id: string) =>
    waitFor(async () => (await statusOf(id)).status === 'COMPLETED', { timeoutMs: 60_000, what: 'the export' });
  await completed(await startExport(['Patient']));

  const results = new Map<Result, number>();
  let isOver = false;
  const readers = keys.map(async (key, index) => {
    while (!isOver) {
      const result = await read(key, index % 2 === 0);
      results.set(result, (results.get(result) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });
  const first = await startExport(['Observation', 'Condition', 'Encounter']);
  for (let index = 0; index < disruptions; index++) {
    const isFrozen = index % 2 === 0;
    const { ownExits } = serve;
    serve.signal(isFrozen ? 'SIGSTOP' : 'SIGKILL');
    expect((await fetch(`${baseUrl}/health`)).status).toBe(200);
    // Accepted, or refused because the same one still runs.
    const order = await startExport(['AllergyIntolerance']).catch((error: unknown) => (error as ApiError).code);
    expect(order).toMatch(/^job_|^export-already-running$/);
    if (isFrozen) serve.signal('SIGCONT');
    else await waitFor(() => serve.ownExits > ownExits, { what: 'the end of serve' });
    const isBack = async () => (await fetch(`${serve.url}/health`)).ok;
    await waitFor(isBack, { timeoutMs: 30_000, what: 'serve' });
    const right = () => results.get('right') ?? 0;
    const before = right();
    await waitFor(() => right() >= before + 10, { timeoutMs: 30_000, what: 'readers that are served again' });
  }
  isOver = true;
  await Promise.all(readers);
  await completed(first);
  const wrong = [...results.keys()].filter((result) => result.startsWith('wrong'));
  expect(wrong).toEqual([]);
  expect(system.api.ownExits).toBe(0);
  expect(results.get('unavailable')).toBeGreaterThan(0);
  const after = await Promise.all(keys.map((key, index) => read(key, index % 2 === 0)));
  expect(new Set(after)).toEqual(new Set(['right']));
}, 240_000);
