import { compareWithSimulator } from '@bulkhead/records/testing';
import { expect, test } from '@jest/globals';
import { startRunningExports } from '../../testing/start-running-exports.ts';

const observations = { path: '/bulkdata/.*Observation' };
const status = { path: '/bulkstatus/', method: 'GET' };

function file(type: string, fault: object) {
  return { match: { path: `/bulkdata/.*${type}` }, fault };
}

/** Each fault affects its own file, so one export tests them all, and a difference shows the type. */
const fileFaults = [
  file('Observation', { kind: 'reset', afterBytes: 50_000 }),
  file('Encounter', { kind: 'truncate', afterBytes: 20_000 }),
  file('Condition', { kind: 'truncate', afterBytes: 20_000, clean: true }),
  file('Immunization', { kind: 'status', status: 503 }),
  file('Procedure', { kind: 'status', status: 429, retryAfter: '1' }),
  file('CarePlan', { kind: 'status', status: 401 }),
  file('Patient', { kind: 'bom' }),
  file('MedicationRequest', { kind: 'line-endings', style: 'crlf' }),
  file('DiagnosticReport', { kind: 'small-chunks', bytes: 7 }),
  file('DocumentReference', { kind: 'no-final-newline' }),
];

const protocolFaults = [
  { match: { path: 'export$' }, fault: { kind: 'status', status: 429, retryAfter: '1' } },
  { match: status, fault: { kind: 'status', status: 429, retryAfter: '1' } },
  { match: status, fault: { kind: 'status', status: 502, body: '<html>', contentType: 'text/html' } },
  { match: status, fault: { kind: 'relative-urls' }, times: 'always' },
];

test.concurrent('no resource is lost or stored twice with any of the faults of files', async () => {
  await using system = await startRunningExports({ simulator: { patients: 20 } });
  for (const fault of fileFaults) await system.control.order(fault);
  const ended = await system.settled(await system.startExport());
  expect((await compareWithSimulator(system)).differences).toEqual([]);
  expect(ended).toMatchObject({ status: 'COMPLETED', warnings: [], counts: { quarantined: 0, filesFailed: 0 } });
  expect(await system.control.violations()).toMatchObject({ total: 0 });
});

test.concurrent('no resource is lost or stored twice with any of the faults of the kick-off and the status', async () => {
  await using system = await startRunningExports();
  for (const fault of protocolFaults) await system.control.order(fault);
  const ended = await system.settled(await system.startExport());
  expect((await compareWithSimulator(system)).differences).toEqual([]);
  expect(ended).toMatchObject({ status: 'COMPLETED', warnings: [] });
  expect(await system.control.violations()).toMatchObject({ total: 0 });
});

test.concurrent('a line that is not a resource is quarantined with its place, and the export warns', async () => {
  await using system = await startRunningExports();
  await system.inject(observations, { kind: 'corrupt-line', line: 3 });
  const ended = await system.settled(await system.startExport());
  expect(ended.counts).toMatchObject({ quarantined: 1, stored: ended.counts.promised - 1 });
  expect(ended.warnings).toMatchObject([{ code: 'lines-quarantined' }]);
  const [line] = await system.store.quarantine.list({ filter: { runId: ended.id }, scope: 'all', limit: 10 });
  expect(line).toMatchObject({ line: 3, reason: 'invalid-json' });
});

test.concurrent('a file that is never served fails alone, and its watermark stays', async () => {
  await using system = await startRunningExports();
  await system.inject(observations, { kind: 'status', status: 410 }, { times: 'always' });
  const ended = await system.settled(await system.startExport());
  expect(ended).toMatchObject({
    status: 'COMPLETED',
    warnings: [{ code: 'files-failed' }, { code: 'watermarks-held' }],
  });
  const files = await system.store.outputFiles.listByExport(ended.id);
  expect(files.filter(({ state }) => state === 'failed')).toMatchObject([
    { type: 'Observation', error: { code: 'link-expired' } },
  ]);
  const types = await system.markedTypes();
  expect(types).toContain('Patient');
  expect(types).not.toContain('Observation');
});

test.concurrent.each([
  {
    name: 'an export that the server lost',
    fault: { match: status, fault: { kind: 'status', status: 410 } },
    code: 'export-gone',
    remedy: 'Retry the export',
  },
  {
    name: 'a kick-off that is refused',
    fault: { match: { path: 'export$' }, fault: { kind: 'status', status: 403 } },
    code: 'ehr-forbidden',
    remedy: 'Verify',
  },
])('$name fails with a cause and what to do', async ({ fault, code, remedy }) => {
  await using system = await startRunningExports();
  await system.control.order(fault);
  const ended = await system.settled(await system.startExport());
  expect(ended).toMatchObject({ status: 'FAILED', errorCode: code, errorMessage: expect.stringContaining(remedy) });
});
