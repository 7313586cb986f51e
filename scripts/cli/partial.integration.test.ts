import { type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { aliveRoute, runBulkhead } from './run-bulkhead.fixture.ts';

const warnings = [{ code: 'server-issues', message: 'The EHR reported errors for Observation.' }];
const record = { id: 'job_1', counts: { stored: 5, quarantined: 1 }, warnings };
const run = { id: 'sync_1', total: 5, skipped: [], warnings: [], errorMessage: 'Searches failed: Condition (2).' };

let server: ScriptedServer;
afterEach(() => server.stop());

/** Starts an API with prepared answers, by the last part of the path. Each stream of events reports its end at once. */
async function answer(answers: Readonly<Record<string, { readonly status: number; readonly body: object }>>) {
  const headers = { connection: 'close' };
  const routes = Object.entries(answers).map(([last, given]) => [`*/${last}`, { headers, ...given }]);
  server = await startScriptedServer({
    ...aliveRoute,
    '*/events': {
      headers: { ...headers, 'content-type': 'text/event-stream' },
      body: 'retry: 2000\n\nevent: end\ndata: {}\n\n',
    },
    ...Object.fromEntries(routes),
    '*': { status: 404, headers, body: {} },
  });
}

function bulkhead(...args: string[]) {
  return runBulkhead(args, { url: server.url, key: 'bh_1' });
}
const ok = (data: object, status = 200) => ({ status, body: { success: true, data } });
const incomplete = {
  success: false,
  error: { code: 'sync-incomplete', message: 'x', details: { syncRunId: 'sync_1' } },
};

test('bulkhead export watch exits with 7 and names the warnings if a completed export is partial', async () => {
  await answer({ job_1: ok({ ...record, status: 'COMPLETED', partial: true }), files: ok([]) });
  const { code, stdout, stderr } = await bulkhead('export', 'watch', 'job_1');
  expect(code).toBe(7);
  expect(stdout).toBe(
    'job_1  COMPLETED, partial  5 stored, 1 quarantined\nwarning  Server issues: The EHR reported errors for Observation.\n',
  );
  expect(stderr).toContain('something is missing');
});

test('bulkhead export watch prints a partial export as JSON and exits with 7', async () => {
  await answer({ job_1: ok({ ...record, status: 'COMPLETED', partial: true }), files: ok([]) });
  const { code, stdout } = await bulkhead('--json', 'export', 'watch', 'job_1');
  expect([code, JSON.parse(stdout)]).toEqual([7, { ...record, status: 'COMPLETED', partial: true }]);
});

test.each([
  { what: 'a complete export', answered: { status: 'COMPLETED', partial: false }, code: 0 },
  { what: 'an export of an API that does not know `partial`', answered: { status: 'COMPLETED' }, code: 0 },
  { what: 'a failed export', answered: { status: 'FAILED', partial: true, errorMessage: 'It broke.' }, code: 1 },
])('bulkhead export watch exits with $code for $what', async ({ answered, code }) => {
  await answer({ job_1: ok({ ...record, ...answered }), files: ok([]) });
  expect((await bulkhead('export', 'watch', 'job_1')).code).toBe(code);
});

test.each([
  { status: 'COMPLETED', code: 0, stdout: 'sync_1  5 resources\n' },
  { status: 'PARTIAL', code: 7, stdout: 'sync_1  PARTIAL  5 resources\n' },
  { status: 'FAILED', code: 1, stdout: 'sync_1  FAILED  5 resources\n' },
])('bulkhead sync watch exits with $code for a sync with the status $status', async ({ status, code, stdout }) => {
  await answer({ sync_1: ok({ ...run, status }) });
  const ended = await bulkhead('sync', 'watch', 'sync_1');
  expect(ended).toMatchObject({ code, stdout });
  if (code !== 0) expect(ended.stderr).toContain('Searches failed: Condition (2).');
});

test.each([
  { status: 'PARTIAL', code: 7 },
  { status: 'FAILED', code: 1 },
])('bulkhead sync start exits with $code if its run ends with the status $status', async ({ status, code }) => {
  await answer({ 'enhanced-sync': { status: 502, body: incomplete }, sync_1: ok({ ...run, status }) });
  const ended = await bulkhead('sync', 'start', '--connection', 'conn_1');
  expect(ended).toMatchObject({ code, stderr: expect.stringContaining('Condition (2)') });
});

test('bulkhead sync start --watch follows a running sync to its end', async () => {
  const started = { ...run, status: 'IN_PROGRESS', total: 0, url: '/x' };
  await answer({ 'enhanced-sync': ok(started, 202), sync_1: ok({ ...run, status: 'COMPLETED' }) });
  const ended = await bulkhead('sync', 'start', '--connection', 'conn_1', '--watch');
  expect(ended).toMatchObject({ code: 0, stdout: 'sync_1  5 resources\n' });
});

test('bulkhead sync start prints the command that follows a running sync', async () => {
  await answer({ 'enhanced-sync': ok({ ...run, status: 'IN_PROGRESS', total: 0, url: '/x' }, 202) });
  const ended = await bulkhead('sync', 'start', '--connection', 'conn_1');
  expect(ended).toMatchObject({
    code: 0,
    stdout: 'sync_1  still running. Follow it with: bulkhead sync watch sync_1\n',
  });
});
