import { connect } from 'node:net';
import { makeDocument } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { beforeAll, expect, test } from '@jest/globals';
import { describeInBrowser } from '../browser/describe-in-browser.fixture.ts';
import { type BrowsedSystem, openTimeoutMs, withoutCaused } from '../browser/open-system.ts';
import { type ApiError, createApiClient } from '../system/api-client.ts';

const readerCount = 200;
const disruptions = 20;
const patients = 10;
const exportPath = '/api/ehr/athenahealth/bulk-export';
const slowClients = 1000;
/** A connection takes some 10 MB between three processes before its sender has to wait. */
const contents = 6;
const contentBytes = 12_000_000;

type Result = 'right' | 'unavailable' | 'cut' | `wrong: ${string}`;

/** Reads all Patients, as resources or as a table. Each has one line for each of them. */
async function read(
  { baseUrl, connectionId }: BrowsedSystem['system'],
  key: string,
  isTable: boolean,
): Promise<Result> {
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

describeInBrowser('beside programs that end', (open) => {
  let browsed: BrowsedSystem;
  let keys: readonly string[];
  beforeAll(async () => {
    browsed = await open({ patients, env: { API_REQUESTS_PER_MINUTE: '100000' } });
    const create = (index: number) =>
      browsed.system.store.apiKeys.create({ name: `reader-${index}`, role: 'client', now: new Date() });
    keys = await Promise.all(Array.from({ length: readerCount }, (_, index) => create(index)));
  }, openTimeoutMs);

  async function startExport(resourceTypes: readonly string[]): Promise<string> {
    const { connectionId } = browsed.system;
    const api = createApiClient(browsed.system);
    return (await api<{ id: string }>('POST', exportPath, { connectionId, resourceTypes })).id;
  }

  function completed(id: string): Promise<unknown> {
    const api = createApiClient(browsed.system);
    const isCompleted = async () =>
      (await api<{ status: string }>('GET', `${exportPath}/${id}`)).status === 'COMPLETED';
    return waitFor(isCompleted, { timeoutMs: 60_000, what: 'the export' });
  }

  test('exports complete and the API and its console answer while serve is killed and frozen 20 times, and readers get no wrong answer', async () => {
    const { system } = browsed;
    const { serve, baseUrl } = system;
    const { page, complaints } = await browsed.open('/exports');
    await browsed.logIn(page);
    const listed = page.getByRole('table', { name: 'Bulk exports' }).getByRole('row');
    await completed(await startExport(['Patient']));

    const results = new Map<Result, number>();
    let isOver = false;
    const readers = keys.map(async (key, index) => {
      while (!isOver) {
        const result = await read(system, key, index % 2 === 0);
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
      // The list reads itself again every few seconds, and this is a new page without what the browser has kept.
      await page.reload();
      await listed.nth(1).waitFor();
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
    const after = await Promise.all(keys.map((key, index) => read(system, key, index % 2 === 0)));
    expect(new Set(after)).toEqual(new Set(['right']));
    expect(await page.getByText('Stored data cannot be read now').count()).toBe(0);
    expect(withoutCaused(complaints, [system.connectionId])).toEqual([]);
  }, 600_000);

  test('1,000 clients that do not read keep neither program from its work, and others from stored data', async () => {
    const { system } = browsed;
    const { connectionId, store, baseUrl, serve } = system;
    const exits = [system.api.ownExits, serve.ownExits];
    await store.prepareResourceTypes(['Binary']);
    for (let index = 0; index < contents; index++) {
      const content = { resourceType: 'Binary', id: `b${index}`, data: 'A'.repeat(contentBytes) };
      await store.resourceWriter.write('Binary', [makeDocument(content, { connectionId })]);
    }
    const { host, hostname, port } = new URL(baseUrl);
    const path = `/api/ehr/athenahealth/resources/Binary?connectionId=${connectionId}`;
    const sockets = Array.from({ length: slowClients }, (_, index) => {
      const socket = connect(Number(port), hostname).pause();
      socket.on('error', () => undefined);
      const authorization = `Authorization: Bearer ${keys[index % readerCount]}\r\nAccept: application/fhir+ndjson`;
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${authorization}\r\n\r\n`);
      return socket;
    });
    const ids = [await startExport(['Condition']), await startExport(['Encounter'])];
    for (const url of [baseUrl, serve.url]) expect((await fetch(`${url}/health`)).status).toBe(200);
    // A page of a search waits for no turn.
    const search = `${baseUrl}/api/ehr/athenahealth/resources/Patient?connectionId=${connectionId}`;
    const found = await fetch(search, { headers: { authorization: `Bearer ${keys[0]}` } });
    expect([found.status, ((await found.json()) as { entry: unknown[] }).entry.length]).toEqual([200, patients]);
    for (const id of ids) await completed(id);
    // A download is refused while 1,000 wait before it, and gets its turn when it asks again.
    const isRead = async () => (await read(system, system.apiKey, false)) === 'right';
    await waitFor(isRead, { timeoutMs: 120_000, what: 'a download beside those of clients that do not read' });
    for (const socket of sockets) socket.destroy();
    expect([system.api.ownExits, serve.ownExits]).toEqual(exits);
  }, 240_000);
});
