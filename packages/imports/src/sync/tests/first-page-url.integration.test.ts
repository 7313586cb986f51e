import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SyncRequest } from '../sync-run.record.ts';
import { sync } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

const resource = ['Patient', 'Condition'].map((type) => ({ type, interaction: [{ code: 'search-type' }] }));
const capabilityStatement = { resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', rest: [{ resource }] };
const emptyPage = { resourceType: 'Bundle', type: 'searchset', total: 0 };

let server: ScriptedServer;
let cases: UseCases;
beforeEach(async () => {
  const headers = { 'content-type': 'application/fhir+json' };
  server = await startScriptedServer({
    '/metadata': { headers, body: capabilityStatement },
    '*': { headers, body: emptyPage },
  });
  cases = await startUseCases({
    connection: { fhirEndpoint: server.url, auth: { method: 'none' } },
  });
});
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

/** Runs a sync. @returns the `_lastUpdated` of its search for Conditions */
async function requestedDay(change: Partial<SyncRequest> = {}): Promise<string | null | undefined> {
  server.requests.length = 0;
  const { phase } = await sync(cases, { includeEnhanced: false, patients: ['p1'], ...change });
  const searches = server.requests.filter(({ path }) => path === '/Condition');
  expect([phase, searches.length]).toEqual(['completed', 1]);
  return searches[0]?.query.get('_lastUpdated');
}

const mark = (at: string) =>
  cases.deps.store.crawlMarks.advance({
    connectionId: cases.connection.id,
    patientId: 'p1',
    resourceType: 'Condition',
    at: new Date(at),
  });

test('a search requests the changes since the day before the mark of its patient', async () => {
  await mark('2026-01-10T12:00:00Z');
  expect(await requestedDay()).toBe('ge2026-01-09');
});

test('a search requests everything if its patient has no mark', async () => {
  expect(await requestedDay()).toBeNull();
});

test('a search with `since` requests the changes since the day before, whatever the marks are', async () => {
  await mark('2026-01-01T12:00:00Z');
  expect(await requestedDay({ since: '2026-01-10T12:00:00Z' })).toBe('ge2026-01-09');
});
