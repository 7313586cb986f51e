import { type Script, type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { newExport } from '../commands.ts';
import { bulkRoutes } from '../testing/bulk-routes.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases } from '../testing/start-use-cases.ts';

const hourMs = 3_600_000;
let server: ScriptedServer;
afterEach(() => server.stop());

test('a deletion that a clock has dated before its resource is applied, unless the export contains the resource #deletions', async () => {
  server = await startScriptedServer(bulkRoutes({}));
  // In the past, because a request reads the real time.
  const start = Date.now() - 10 * hourMs;
  const createdAt = new Date(start);
  await using cases = await startUseCases({
    connection: { fhirEndpoint: server.url, auth: { method: 'none' }, createdAt },
  });
  const at = (hours: number) => new Date(start + hours * hourMs).toISOString();
  const patient = (id: string) => `${JSON.stringify({ resourceType: 'Patient', id, meta: { lastUpdated: at(-1) } })}\n`;
  const deletion = (id: string, hours: number) => {
    const entry = { request: { method: 'DELETE', url: `Patient/${id}` }, response: { lastModified: at(hours) } };
    return `${JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [entry] })}\n`;
  };
  const output = [{ type: 'Patient', url: '/patients' }];
  const deleted = [{ type: 'Bundle', url: '/deleted' }];
  const serve = (hours: number, lists: object, files: Script = {}) => {
    const manifest = { transactionTime: at(hours), requiresAccessToken: false, output: [], ...lists };
    server.answer({ '/status*': { body: manifest }, ...files });
  };
  const { deps, connection } = cases;
  const exportLast = async (hours: number) => {
    cases.clock.now = new Date(start + hours * hourMs);
    const { id: connectionId } = connection;
    const body = { connectionId, exportType: 'Patient' as const, resourceTypes: ['Patient'], since: 'last' };
    const { request } = await newExport({ store: deps.store, provider: { id: 'athenahealth' }, body });
    return runExport(cases, request);
  };
  const stored = () => deps.store.resources.listIds({ connectionId: connection.id, resourceType: 'Patient' });

  serve(0, { output }, { '/patients': patient('gone') + patient('back') });
  await exportLast(0);
  // The EHR's clock is 20 hours behind while one patient is deleted, and the other one is deleted and created again.
  serve(1 - 20, {});
  expect((await exportLast(1)).warnings.map(({ code }) => code)).toContain('ehr-clock-went-back');
  serve(2, { output }, { '/patients': patient('back') });
  const full = await exportLast(2);
  expect(full.request.since).toBeUndefined();
  expect(await stored()).toEqual(['back', 'gone']);

  serve(3, { output, deleted }, { '/deleted': deletion('gone', -19.5) + deletion('back', -19.4) });
  const changes = await exportLast(3);
  expect(changes.warnings).toEqual([]);
  expect(Date.parse(changes.request.since ?? '')).toBeLessThan(start - 19.5 * hourMs);
  expect(await stored()).toEqual(['back']);
});

test('an EHR that answers from an old copy of its data does not set newer versions back', async () => {
  // Google's test server answers a kick-off without `_since` from its earliest set of data:
  // https://github.com/google/bulk_fhir_tools/blob/master/cmd/test_server/main.go (`startExport`).
  const start = Date.now() - 10 * hourMs;
  const at = (hours: number) => new Date(start + hours * hourMs).toISOString();
  const patient = (hours: number) =>
    `${JSON.stringify({ resourceType: 'Patient', id: 'p', meta: { lastUpdated: at(hours) }, active: hours > -5 })}\n`;
  const serve = (hours: number) =>
    server.answer({
      '/status*': {
        body: {
          transactionTime: at(hours),
          requiresAccessToken: false,
          output: [{ type: 'Patient', url: '/patients' }],
        },
      },
      '/patients': patient(hours),
    });
  server = await startScriptedServer(bulkRoutes({}));
  await using cases = await startUseCases({ connection: { fhirEndpoint: server.url, auth: { method: 'none' } } });
  const { deps, connection } = cases;
  const exportAll = async (hours: number) => {
    cases.clock.now = new Date(start + hours * hourMs);
    return runExport(cases, {});
  };
  serve(-1);
  await exportAll(0);
  serve(-9);
  expect((await exportAll(1)).warnings.map(({ code }) => code)).toContain('ehr-clock-went-back');
  expect(await exportAll(2)).toMatchObject({ counts: { stale: 1, stored: 0 } });
  const read = () =>
    deps.store.resources.read({ connectionId: connection.id, resourceType: 'Patient', resourceId: 'p' });
  expect(await read()).toMatchObject({ lastUpdated: new Date(at(-1)) });
  // Its clock runs again, so what it has now counts.
  serve(-8);
  expect(await exportAll(3)).toMatchObject({ counts: { stored: 1 } });
});
