import { gzipSync } from 'node:zlib';
import { readCapabilitiesWork } from '@bulkhead/connections/steps';
import type { BulkExportRequest } from '@bulkhead/fhir';
import { attemptJob, firstAttempt, runJob } from '@bulkhead/queues/testing';
import { withMethods } from '@bulkhead/store/testing';
import { anyPhase, type Handler, type Script, type ScriptedServer, startScriptedServer } from '@bulkhead/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { newExport } from '../commands.ts';
import { discardExport } from '../finish/discard-export.job.ts';
import type { BulkExport, HoldReason } from '../index.ts';
import { kickOffWork } from '../kick-off/kick-off.job.ts';
import { replayFileLine } from '../steps.ts';
import { bulkRoutes, capabilities } from '../testing/bulk-routes.ts';
import { makeOutputFile } from '../testing/make-records.ts';
import { runExport } from '../testing/run-export.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// Answers of servers that the simulator does not have. Each of them once lost data, or hid a loss.

const line = (resourceType: string, id: string, change: object = {}) =>
  `${JSON.stringify({ resourceType, id, meta: { lastUpdated: '2024-01-01T00:00:00Z' }, ...change })}\n`;
const patients = line('Patient', 'p1') + line('Patient', 'p2');
const goals = line('Goal', 'g1') + line('Goal', 'g2');
const ndjson = { 'content-type': 'application/fhir+ndjson' };
const outcome = (severity: string, change: object = {}) =>
  `${JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity, code: 'exception', ...change }] })}\n`;

const patientFile = { type: 'Patient', url: '/patients' };
const goalFile = { type: 'Goal', url: '/goals' };
const manifest = (change: object = {}) => ({
  transactionTime: '2024-02-01T00:00:00Z',
  requiresAccessToken: false,
  output: [patientFile, goalFile],
  ...change,
});

let server: ScriptedServer;
let cases: UseCases;
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

interface Served {
  /** Other fields of the manifest. */
  readonly change?: object;
  /** Other routes. */
  readonly routes?: Script;
}

async function start({ change, routes }: Served = {}): Promise<void> {
  const files = { '/patients': patients, '/goals': goals };
  server = await startScriptedServer({ ...bulkRoutes(manifest(change)), ...files, ...routes });
  cases = await startUseCases({ connection: { fhirEndpoint: server.url, auth: { method: 'none' } } });
}

/** Starts a server with these routes and runs an export of what it has. */
async function exportFrom({ request, ...served }: Served & { readonly request?: Partial<BulkExportRequest> } = {}) {
  await start(served);
  return runExport(cases, request);
}

const files = ({ id }: BulkExport) => cases.deps.store.outputFiles.listByExport(id);
const isStored = async (resourceType: string, resourceId: string) => {
  const { id: connectionId } = cases.connection;
  const resource = await cases.deps.store.resources.read({ connectionId, resourceType, resourceId });
  return resource !== undefined && !resource.deleted;
};
const codes = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);
const reasonsFor = ({ watermarkDecisions = [] }: BulkExport, type: string): readonly HoldReason[] | undefined =>
  watermarkDecisions.find(({ resourceType }) => resourceType === type)?.reasons;
const deletions = () => server.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);

test.each([202, 204, 300, 304])(
  'a response with status %i never completes a file with no lines #answers',
  async (status) => {
    const ended = await exportFrom({ routes: { '/patients': { status } } });
    // 202 means later. The export waits for a day and then gives up the file.
    const code = status === 202 ? 'file-waited-too-long' : 'answer-unusable';
    expect(await files(ended)).toMatchObject([{ state: 'failed', error: { code } }, { state: 'completed' }]);
    expect(ended).toMatchObject({ phase: 'completed', isPartial: true });
    expect(await cases.markedTypes()).toEqual(['Goal']);
    expect(deletions()).toEqual([]);
  },
);

const page = (type: string) => ({ headers: { 'content-type': type }, body: '<p>Hello</p>' });

test('a response with a CSV file fails the file after one attempt and quotes it #answers #nonsense', async () => {
  const ended = await exportFrom({ routes: { '/patients': page('text/csv') } });
  const [file] = await files(ended);
  expect(file).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'answer-unusable' } });
  expect(file?.error?.message).toContain('not NDJSON');
  expect(file?.error?.ehrText).toBe('text/csv Hello');
  expect(await cases.markedTypes()).toEqual(['Goal']);
});

test('a file is complete after a gateway has answered its requests with a web page #answers', async () => {
  const ended = await exportFrom({
    routes: { '/patients': ({ count }) => (count <= 5 ? page('text/html') : patients) },
  });
  expect(await files(ended)).toMatchObject([{ state: 'completed', attempts: 6 }, { state: 'completed' }]);
  expect(await cases.markedTypes()).toEqual(['*', 'Goal', 'Patient']);
});

test('a file that is always a web page fails after the attempts of its job, and the page is quoted #answers', async () => {
  const ended = await exportFrom({ routes: { '/patients': page('text/html') } });
  const [file] = await files(ended);
  expect(file).toMatchObject({ state: 'failed', attempts: 10, error: { code: 'answer-unusable' } });
  expect(file?.error?.message).toContain('it is a web page');
  expect(file?.error?.ehrText).toContain('Hello');
  expect(await cases.markedTypes()).toEqual(['Goal']);
});

test('a file that is answered with 429 is requested later, and the wait is shown #waits #answers', async () => {
  const ended = await exportFrom({
    routes: {
      '/patients': ({ count }) => (count <= 60 ? { status: 429, headers: { 'retry-after': '60' } } : patients),
    },
  });
  // Sixty waits do not count as attempts.
  expect(await files(ended)).toMatchObject([{ state: 'completed', attempts: 1 }, { state: 'completed' }]);
  expect(await cases.markedTypes()).toEqual(['*', 'Goal', 'Patient']);
});

test('a file with only bad lines fails, and the watermark of its type stays #evidence', async () => {
  const ended = await exportFrom({ routes: { '/patients': '{"bad":\n{"worse":\n' } });
  expect(await files(ended)).toMatchObject([
    { state: 'failed', error: { code: 'no-valid-lines' } },
    { state: 'completed' },
  ]);
  expect(await cases.markedTypes()).toEqual(['Goal']);
});

test('a file with another count than promised is settled by two equal downloads, and its resources are stored #counts-reconcile #evidence', async () => {
  const ended = await exportFrom({ change: { output: [{ ...patientFile, count: 5 }, goalFile] } });
  expect(await files(ended)).toMatchObject([
    { state: 'completed', attempts: 2, promisedCount: 5, receivedCount: 2, checkpoint: { stored: 2 } },
    { state: 'completed' },
  ]);
  expect(server.requests.filter(({ path }) => path === '/patients')).toHaveLength(2);
  expect(ended).toMatchObject({ isPartial: true, counts: { stored: 4 } });
  expect(codes(ended)).toEqual(['count-mismatch', 'watermarks-held']);
  expect(ended.warnings[0]?.message).toMatch(/promises 5 .* had 2/);
  expect(await cases.markedTypes()).toEqual(['Goal']);
});

test('a file with more resources than promised is downloaded again, and the watermark of its type stays', async () => {
  const ended = await exportFrom({ change: { output: [{ ...patientFile, count: 1 }, goalFile] } });
  expect(await files(ended)).toMatchObject([{ attempts: 2, promisedCount: 1, receivedCount: 2 }, { attempts: 1 }]);
  expect(ended.warnings[0]?.message).toMatch(/promises 1 .* had 2/);
  expect(await cases.markedTypes()).toEqual(['Goal']);
});

test('a file that the server replaces during its download keeps no quarantined line of the first version', async () => {
  // More than a batch, so that the bad line is quarantined before the connection is cut.
  const first = `{"bad":\n${patients.repeat(100)}`;
  const cut: Handler = (_request, response) => {
    response.writeHead(200, { ...ndjson, etag: '"v1"', 'content-length': '100000' });
    response.write(first, () => response.destroy());
  };
  const replaced = { headers: { ...ndjson, etag: '"v2"' }, body: patients };
  const ended = await exportFrom({ routes: { '/patients': [cut, replaced] } });
  expect(await files(ended)).toMatchObject([{ attempts: 2, checkpoint: { stored: 2, quarantined: 0 } }, {}]);
  const quarantined = await cases.deps.store.quarantine.list({
    filter: { runId: ended.id },
    scope: 'all',
    limit: 10,
  });
  expect(quarantined).toEqual([]);
});

test('a file that is not NDJSON, and is rewritten, is read from its start again after a cut', async () => {
  const resources = Array.from({ length: 2000 }, (_, index) => line('Patient', `p${index}`).trim());
  const body = `[${resources.join(',\n')}]`;
  const headers = { ...ndjson, etag: '"v1"' };
  const cut: Handler = (_request, response) => {
    response.writeHead(200, { ...headers, 'content-length': String(body.length) });
    response.write(body.slice(0, -100), () => setTimeout(() => response.destroy(), 500));
  };
  const ended = await exportFrom({ routes: { '/patients': [cut, { headers, body }] } });
  expect(await files(ended)).toMatchObject([{ attempts: 2, checkpoint: { stored: 2000, quarantined: 0 } }, {}]);
  const requests = server.requests.filter(({ path }) => path === '/patients');
  expect(requests.map(({ headers: sent }) => sent.range)).toEqual([undefined, undefined]);
});

test('a file that is cut off at every attempt fails with the byte that was reached, and keeps what is stored', async () => {
  const cut: Handler = (_request, response) => {
    response.writeHead(200, { ...ndjson, 'content-length': '100000' });
    response.write(patients, () => response.destroy());
  };
  const ended = await exportFrom({ routes: { '/patients': cut } });
  const [file] = await files(ended);
  expect(file).toMatchObject({ state: 'failed', error: { code: 'connection-lost' } });
  expect(file?.error?.message).toMatch(/after byte \d+/);
  expect(ended).toMatchObject({ isPartial: true });
});

test.each([
  { resourceTypes: ['Patient', 'Goal'], own: 'Goal' },
  { resourceTypes: [], own: '*' },
])(
  'a full export that has no file of a stored type leaves the watermark of $own, and the next one confirms that there are none #evidence',
  async ({ resourceTypes, own }) => {
    const first = await exportFrom({ request: { resourceTypes } });
    const { store } = cases.deps;
    const { id: connectionId } = cases.connection;
    const markOf = async (type: string) =>
      (await store.watermarks.list({ connectionId })).find(({ resourceType }) => resourceType === type)?.exportId;
    const lacking = (day: string) =>
      server.answer({ '/status*': { body: manifest({ transactionTime: `${day}T00:00:00Z`, output: [patientFile] }) } });
    lacking('2024-02-02');
    const second = await runExport(cases, { resourceTypes });
    expect([reasonsFor(second, 'Goal'), reasonsFor(second, 'Patient')]).toEqual([['type-missing'], []]);
    expect(reasonsFor(second, own)).toEqual(['type-missing']);
    expect(second.isPartial).toBe(true);
    expect(second.warnings.at(-1)?.message).toMatch(/^Resources of this type are stored.*Goal.* again/);
    expect(await Promise.all(['Patient', own].map(markOf))).toEqual([second.id, first.id]);

    // From then on it is no doubt, until an export has had the type again.
    for (const day of ['2024-02-03', '2024-02-04']) {
      lacking(day);
      const next = await runExport(cases, { resourceTypes });
      expect([next.isPartial, codes(next).includes('watermarks-held')]).toEqual([false, false]);
      expect(await markOf(own)).toBe(next.id);
    }
    server.answer({ '/status*': { body: manifest({ transactionTime: '2024-02-05T00:00:00Z' }) } });
    await runExport(cases, { resourceTypes });
    lacking('2024-02-06');
    expect(reasonsFor(await runExport(cases, { resourceTypes }), own)).toEqual(['type-missing']);
  },
);

test('a type without a file is no doubt in an export of the changes, of another level, or of a type whose resources are deleted #evidence', async () => {
  const types = { resourceTypes: ['Patient', 'Goal'] };
  await exportFrom({ request: types });
  const without = { transactionTime: '2024-02-02T00:00:00Z', output: [patientFile] };
  server.answer({ '/status*': { body: manifest(without) } });
  const changes = await runExport(cases, { ...types, since: '2024-01-01T00:00:00Z' });
  const otherLevel = await runExport(cases, { ...types, exportType: 'System' });
  expect([changes, otherLevel].map((ended) => reasonsFor(ended, 'Goal'))).toEqual([[], []]);
  const gone = `${JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: ['g1', 'g2'].map((id) => ({ request: { method: 'DELETE', url: `Goal/${id}` } })) })}\n`;
  const deleted = [{ type: 'Bundle', url: '/deleted' }];
  server.answer({ '/status*': { body: manifest({ ...without, deleted }) }, '/deleted': gone });
  await runExport(cases, { ...types, since: '2024-01-01T00:00:00Z' });
  server.answer({ '/status*': { body: manifest(without) } });
  expect(reasonsFor(await runExport(cases, types), 'Goal')).toEqual([]);
});

test('a file without a type stores each resource by its own type #mixed-files', async () => {
  const ended = await exportFrom({ change: { output: [{ url: '/mixed' }] }, routes: { '/mixed': patients + goals } });
  expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 4 } });
  expect(await isStored('Goal', 'g1')).toBe(true);
  expect(await cases.markedTypes()).toEqual(['*', 'Goal', 'Patient']);
});

test.each(['patient', 'Foo'])(
  'a file with the type %s is read by the types of its lines #mixed-files',
  async (type) => {
    const ended = await exportFrom({
      change: { output: [{ type, url: '/patients' }] },
      request: { resourceTypes: ['Patient'] },
    });
    expect(await isStored('Patient', 'p1')).toBe(true);
    expect(codes(ended)).toEqual(['types-unknown']);
    expect(await cases.markedTypes()).toEqual(['Patient']);
  },
);

test('a failed file of unknown type holds every watermark #evidence', async () => {
  const ended = await exportFrom({
    change: { output: [goalFile, { type: 'patient', url: '/gone' }] },
    request: { resourceTypes: ['Patient', 'Goal'] },
  });
  expect(reasonsFor(ended, 'Patient')).toEqual(['files-failed']);
  expect(await cases.markedTypes()).toEqual([]);
});

test('a file that is listed for several types is downloaded once #mixed-files #file-identity', async () => {
  const entries = ['Patient', 'Goal'].map((type) => ({ type, url: '/mixed' }));
  const ended = await exportFrom({ change: { output: entries }, routes: { '/mixed': patients + goals } });
  expect(ended).toMatchObject({ counts: { files: 1, stored: 4, quarantined: 0 } });
  expect(server.requests.filter(({ path }) => path === '/mixed')).toHaveLength(1);
});

test('a file of several gzip members is stored completely #encodings', async () => {
  const members = Buffer.concat([gzipSync(line('Patient', 'p1')), gzipSync(line('Patient', 'p2'))]);
  const encoded = { headers: { ...ndjson, 'content-encoding': 'gzip' }, body: members };
  expect(await exportFrom({ routes: { '/patients': encoded } })).toMatchObject({
    phase: 'completed',
    counts: { stored: 4 },
  });
});

describe('errors that the EHR reports', () => {
  const errors = { error: [{ type: 'OperationOutcome', url: '/errors' }] };

  test('a reported error without a type holds every watermark, and the export is partial #evidence #partial-success', async () => {
    const details = { text: 'Out of\u0007disk' };
    const ended = await exportFrom({ change: errors, routes: { '/errors': outcome('error', { details }) } });
    expect(ended).toMatchObject({ phase: 'completed', isPartial: true });
    expect(reasonsFor(ended, 'Patient')).toEqual(['errors-reported']);
    expect(codes(ended)).toEqual(['reported-by-ehr', 'watermarks-held']);
    expect(await cases.deps.store.outputFiles.sumIssues(ended.id)).toEqual([
      { severity: 'error', code: 'exception', count: 1, ehrText: 'Out of disk' },
    ]);
    expect(await cases.markedTypes()).toEqual([]);
  });

  test('a reported error holds the watermark of its type and that of every type #evidence', async () => {
    await exportFrom({ change: errors, routes: { '/errors': outcome('fatal', { expression: ['Patient.name'] }) } });
    expect(await cases.markedTypes()).toEqual(['Goal']);
  });

  test('a reported error holds the watermark of a requested type that is missing #evidence', async () => {
    const ended = await exportFrom({
      change: { ...errors, output: [goalFile] },
      routes: { '/errors': outcome('error', { diagnostics: 'The Patient file failed.' }) },
      request: { resourceTypes: ['Patient', 'Goal'] },
    });
    expect(reasonsFor(ended, 'Patient')).toEqual(['errors-reported']);
    expect(await cases.markedTypes()).toEqual([]);
  });

  test('a reported warning holds no watermark, unless its code says that something is missing', async () => {
    await exportFrom({ change: errors, routes: { '/errors': outcome('warning', { code: 'suppressed' }) } });
    expect(await cases.markedTypes()).toEqual(['*', 'Goal', 'Patient']);
  });

  test('a warning that something could not be exported holds every watermark', async () => {
    await exportFrom({ change: errors, routes: { '/errors': outcome('warning', { code: 'incomplete' }) } });
    expect(await cases.markedTypes()).toEqual([]);
  });

  test.each([
    { name: 'is empty', answer: '' },
    { name: 'answers 204', answer: { status: 204 } },
    { name: 'cannot be read', answer: '{"resourceType":' },
    { name: 'is missing', answer: { status: 404 } },
  ])('an error file that $name counts as an error for any type #evidence', async ({ answer }) => {
    const ended = await exportFrom({ change: errors, routes: { '/errors': answer } });
    expect(ended.isPartial).toBe(true);
    expect(reasonsFor(ended, 'Goal')).toEqual(['errors-unread']);
    expect(await cases.markedTypes()).toEqual([]);
  });

  test('an error among the resources of a file is reported and not stored #mixed-files #evidence', async () => {
    const ended = await exportFrom({ routes: { '/patients': patients + outcome('error') } });
    expect(ended).toMatchObject({ counts: { stored: 4, quarantined: 0 } });
    expect(reasonsFor(ended, 'Patient')).toEqual(['errors-reported']);
    expect(await cases.markedTypes()).toEqual([]);
  });
});

describe('a deletion', () => {
  const deleted = { deleted: [{ type: 'Bundle', url: '/deleted' }] };
  const bundle = (...entry: object[]) => `${JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })}\n`;
  const remove = (url: string) => bundle({ request: { method: 'DELETE', url } });

  test('a conditional deletion deletes nothing and holds every watermark #deletions #evidence', async () => {
    const url = 'Observation?subject=https://ehr.example/fhir/Patient/p1';
    const ended = await exportFrom({ change: deleted, routes: { '/deleted': remove(url) } });
    expect(await isStored('Patient', 'p1')).toBe(true);
    expect(reasonsFor(ended, 'Patient')).toEqual(['deletions-unread']);
    expect(await cases.markedTypes()).toEqual([]);
  });

  test.each([
    { name: 'is empty', answer: '' },
    { name: 'answers 204', answer: { status: 204 } },
    { name: 'has a Bundle without entries', answer: bundle() },
    { name: 'has a whole resource', answer: patients },
  ])('a deletion file that $name holds every watermark #deletions #evidence', async ({ answer }) => {
    const ended = await exportFrom({ change: deleted, routes: { '/deleted': answer } });
    expect(reasonsFor(ended, 'Patient')).toEqual(['deletions-unread']);
    expect(await cases.markedTypes()).toEqual([]);
  });

  test('a deletion file with the announced count 0 holds no watermark', async () => {
    const announced = { deleted: [{ type: 'Bundle', url: '/deleted', count: 0 }] };
    await exportFrom({ change: announced, routes: { '/deleted': '' } });
    expect(await cases.markedTypes()).toEqual(['*', 'Goal', 'Patient']);
  });

  test('a deletion removes a line that was replayed from an export with a time in the future #deletions', async () => {
    const future = { transactionTime: '2099-01-01T00:00:00Z', output: [patientFile] };
    await start({ change: future, routes: { '/patients': `${patients}{"resourceType"\n` } });
    const { quarantine } = cases.deps.store;
    const { id: exportId } = await runExport(cases);
    const [entry] = await quarantine.list({ filter: { runId: exportId }, scope: 'all', limit: 1 });
    const id = entry?.id ?? '';
    await quarantine.saveCorrection({ id, bytes: Buffer.from(line('Patient', 'p3')) });
    const corrected = await quarantine.find(id);
    if (corrected) await replayFileLine(cases.deps, corrected);
    expect(await isStored('Patient', 'p3')).toBe(true);
    const later = new Date(cases.clock.now.getTime() + 1000).toISOString();
    server.answer({
      '/status*': { body: manifest({ transactionTime: later, output: [], ...deleted }) },
      '/deleted': remove('Patient/p3'),
    });
    await runExport(cases, { since: '2024-02-01T00:00:00Z' });
    expect(await isStored('Patient', 'p3')).toBe(false);
  });

  test('a deletion does not remove a resource that was created again in the same export', async () => {
    await exportFrom({ change: deleted, routes: { '/deleted': remove('Patient/p1') } });
    expect(await isStored('Patient', 'p1')).toBe(true);
  });

  test('an export of changes warns if the server lists no deletions', async () => {
    await exportFrom();
    const ended = await runExport(cases, { since: '2024-02-01T00:00:00Z' });
    expect(codes(ended)).toContain('deletions-not-listed');
  });
});

test.each([
  { correction: line('Patient', 'p3'), state: 'replayed', counts: { stored: 5, quarantined: 0 } },
  { correction: '{', state: 'dismissed', counts: { stored: 4, quarantined: 1 } },
])('a line that is dismissed while it is replayed is $state afterwards #quarantine', async (given) => {
  const { id: runId } = await exportFrom({ routes: { '/patients': `${patients}{"resourceType"\n` } });
  const { quarantine } = cases.deps.store;
  const [{ id = '' } = {}] = await quarantine.list({ filter: { runId }, scope: 'all', limit: 1 });
  await quarantine.saveCorrection({ id, bytes: Buffer.from(given.correction) });
  const dismissing = withMethods(quarantine, {
    async readLine(lineId) {
      const bytes = await quarantine.readLine(lineId);
      expect(await quarantine.dismiss({ filter: { id: lineId }, scope: 'all' })).toBe(1);
      return bytes;
    },
  });
  const entry = await quarantine.find(id);
  if (!entry) throw new Error('No line was quarantined.');
  await replayFileLine({ ...cases.deps, store: { ...cases.deps.store, quarantine: dismissing } }, entry);
  expect(await isStored('Patient', 'p3')).toBe(given.state === 'replayed');
  expect(await quarantine.find(id)).toMatchObject({ state: given.state, replay: { at: expect.any(Date) } });
  expect(await cases.read(runId)).toMatchObject({ counts: given.counts });
});

test.each([
  { name: 'no `output`', change: { output: undefined } },
  { name: 'an `output` that is an object', change: { output: { patientFile } } },
  { name: 'a `link` that is an object', change: { link: { relation: 'next', url: '/status/2' } } },
])(
  'a manifest with $name fails the export after three reads, and no watermark advances #nonsense',
  async ({ change }) => {
    const ended = await exportFrom({ change });
    expect(ended).toMatchObject({ phase: 'failed', error: { code: 'manifest-not-understood' } });
    expect(server.requests.filter(({ path }) => path === '/status/1')).toHaveLength(3);
    expect(await cases.markedTypes()).toEqual([]);
  },
);

test('a manifest with a transaction time in the future stores the resources and holds every watermark #evidence', async () => {
  const ended = await exportFrom({ change: { transactionTime: '2099-01-01T00:00:00Z' } });
  expect(await isStored('Patient', 'p1')).toBe(true);
  expect(reasonsFor(ended, 'Patient')).toEqual(['time-implausible']);
  expect(codes(ended)).toContain('time-implausible');
  expect(await cases.markedTypes()).toEqual([]);
});

test('a manifest without resources for a Group export warns that the group may not exist #evidence', async () => {
  const ended = await exportFrom({
    change: { output: [] },
    request: { exportType: 'Group', resourceTypes: ['Patient'] },
  });
  expect(codes(ended)).toContain('nothing-received');
  expect(ended.warnings.find(({ code }) => code === 'nothing-received')?.message).toContain('group');
  expect(await cases.markedTypes()).toEqual([]);
});

test('a manifest that is read again in another order gives each file its own link #file-identity #fresh-links', async () => {
  const signed = (read: number) => {
    const output = ['a', 'b', 'c'].map((name) => ({ type: 'Patient', count: 1, url: `/${name}?signature=${read}` }));
    return manifest({ output: read === 1 ? output : output.toReversed() });
  };
  const expiring =
    (id: string): Handler =>
    ({ query }) =>
      query.get('signature') === '1' ? { status: 403 } : line('Patient', id);
  const ended = await exportFrom({
    routes: {
      '/status*': ({ count }) => ({ body: signed(count) }),
      '/a': expiring('a'),
      '/b': expiring('b'),
      '/c': expiring('c'),
    },
  });
  expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 3, unchanged: 0 } });
  expect(await Promise.all(['a', 'b', 'c'].map((id) => isStored('Patient', id)))).toEqual([true, true, true]);
});

test('new links of another snapshot fail the files, and nothing of that snapshot is stored', async () => {
  const ofSnapshot = (read: number) =>
    manifest({
      transactionTime: `2024-02-0${read}T00:00:00Z`,
      output: [{ type: 'Patient', count: 1, url: `/snapshot-${read}` }],
    });
  const otherLine = line('Patient', 'of-another-snapshot');
  const ended = await exportFrom({
    routes: {
      '/status*': ({ count }) => ({ body: ofSnapshot(count) }),
      '/snapshot-1': { status: 410 },
      '/snapshot-2': otherLine,
      '/snapshot-3': otherLine,
    },
  });
  expect(await files(ended)).toMatchObject([{ state: 'failed', error: { code: 'export-gone' } }]);
  expect(await isStored('Patient', 'of-another-snapshot')).toBe(false);
  expect(await cases.markedTypes()).toEqual([]);
});

test('new links that cannot be assigned fail the files with an error #file-identity', async () => {
  const newCase = (read: number) => {
    const output = [1, 2].map((place) => ({ type: 'Patient', count: 1, url: `/${read}-${place}` }));
    return manifest({ output });
  };
  const refused = { status: 403 };
  const ended = await exportFrom({
    routes: { '/status*': ({ count }) => ({ body: newCase(count) }), '/1-1': refused, '/1-2': refused },
  });
  expect((await files(ended)).map(({ error }) => error?.code)).toEqual(['link-ambiguous', 'link-ambiguous']);
});

test('a half-written ledger loses no file if the manifest has another order after a crash #file-identity #crash', async () => {
  await start();
  const exportId = await cases.exporting({ request: { exportType: 'Patient', resourceTypes: [] } });
  const { store } = cases.deps;
  // The half that a crashed process wrote: one of its files, and one of a manifest that the server no longer serves.
  const { id: connectionId } = cases.connection;
  const half = ['/patients', '/stale'].map((path) =>
    makeOutputFile({ exportId, connectionId, url: server.url + path, requiresAccessToken: false }),
  );
  await store.outputFiles.insertMissing(half);
  server.answer({ '/status*': { body: manifest({ output: [goalFile, patientFile] }) } });
  const ended = await runExport(cases, {}, exportId);
  expect((await files(ended)).map(({ url }) => url)).toEqual([`${server.url}/goals`, `${server.url}/patients`]);
  expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 4 } });
});

describe('the watermark of every type', () => {
  const kickedOffSince = () => server.requests.filter(({ path }) => path.endsWith('/$export')).length;

  test('the watermark of every type is not used once the server offers another type #evidence #since-last', async () => {
    await exportFrom({ routes: { '/metadata': capabilities('Patient', 'Goal') } });
    expect(await cases.markedTypes()).toEqual(['*', 'Goal', 'Patient']);
    server.answer({ '/metadata': capabilities('Patient', 'Goal', 'Coverage') });
    // The CapabilityStatement is read again after a day.
    cases.clock.now = new Date(cases.clock.now.getTime() + 25 * 3_600_000);
    const ended = await runExport(cases, { since: '2024-02-01T00:00:00Z', sinceLast: true });
    expect(codes(ended)).toContain('since-last-full');
    expect(ended.request.since).toBeUndefined();
    expect(kickedOffSince()).toBe(2);
  });

  test.each([
    { name: 'every type', resourceTypes: [] },
    { name: 'that type', resourceTypes: ['Patient', 'Coverage'] },
  ])(
    'a type that the server offers only after the kick-off of an export of $name is exported from its beginning #evidence #since-last',
    async ({ resourceTypes }) => {
      await start({ routes: { '/metadata': capabilities('Patient', 'Goal') } });
      const exportId = await cases.exporting({ request: { exportType: 'Patient', resourceTypes } });
      // The server is upgraded while it prepares the files, and another job reads its CapabilityStatement again.
      server.answer({ '/metadata': capabilities('Patient', 'Goal', 'Coverage') });
      const { deps, connection, clock } = cases;
      await runJob(deps, readCapabilitiesWork, { connectionId: connection.id });
      await runExport(cases, {}, exportId);

      const body = { connectionId: connection.id, exportType: 'Patient', resourceTypes, since: 'last' } as const;
      const { request } = await newExport({ store: deps.store, provider: { id: 'athenahealth' }, body });
      const next = await cases.exporting({ id: 'job_next', request, createdAt: clock.now });
      expect((await cases.read(next)).request.since).toBeUndefined();
    },
  );

  test('the watermark of every type is used while the server offers the same types', async () => {
    await exportFrom({ routes: { '/metadata': capabilities('Patient', 'Goal') } });
    const ended = await runExport(cases, { since: '2024-02-01T00:00:00Z', sinceLast: true });
    expect(ended.request.since).toBe('2024-02-01T00:00:00Z');
  });
});

describe('an export since the last one that has nothing new', () => {
  const many = Array.from({ length: 60 }, (_, index) => line('Patient', `p${index}`)).join('');
  /** Exports everything, then the same again since a time. */
  async function repeatSince(since: Date): Promise<BulkExport> {
    await exportFrom({ routes: { '/patients': many }, change: { output: [patientFile] } });
    const transactionTime = new Date(since.getTime() + 1000).toISOString();
    server.answer({ '/status*': { body: manifest({ output: [patientFile], transactionTime }) } });
    return runExport(cases, { since: since.toISOString(), sinceLast: true });
  }

  test('reports that the server ignores _since if the resources were stored before that time', async () => {
    const afterwards = new Date(Date.now() + 60_000);
    expect(codes(await repeatSince(afterwards))).toContain('since-ignored');
  });

  test('reports nothing if the resources were stored since that time, as those of the last minutes that Bulkhead serves again', async () => {
    const before = new Date();
    const ended = await repeatSince(before);
    expect(ended.counts).toMatchObject({ stored: 60, unchanged: 60 });
    expect(codes(ended)).not.toContain('since-ignored');
  });
});

test('a later version that is incomplete is not stored, and is reported with its type', async () => {
  const meta = { lastUpdated: '2024-01-15T00:00:00Z', tag: [{ code: 'SUBSETTED' }] };
  const incomplete = ['p1', 'p2', 'p3'].map((id) => line('Patient', id, { meta })).join('');
  await exportFrom({ routes: { '/patients': [patients, incomplete] } });
  const ended = await runExport(cases, { since: '2024-01-01T00:00:00Z' });
  const [warning] = ended.warnings.filter(({ code }) => code === 'versions-incomplete');
  expect(warning?.message).toContain('2 Patient');
  expect(ended.counts).toMatchObject({ stored: 3, stale: 2 });
});

test('an orphan is deleted at the server if the export failed during its kick-off #orphans', async () => {
  await start();
  const { store } = cases.deps;
  server.answer({
    '*/$export': async () => {
      const [record] = await store.bulkExports.listActive();
      if (record)
        await store.bulkExports.transition({
          from: anyPhase(record),
          to: 'failed',
          change: { completedAt: new Date() },
        });
      return { status: 202, headers: { 'content-location': '/status/1' } };
    },
  });
  const exportId = await cases.exporting();
  expect(await cases.read(exportId)).toMatchObject({ phase: 'failed', orphans: [`${server.url}/status/1`] });
});

test('an orphan is remembered until the server has answered its deletion #orphans', async () => {
  await start();
  const { id: exportId } = await cases.insertExport({ phase: 'failed', completedAt: new Date() });
  const statusUrl = `${server.url}/status/orphan`;
  const { store } = cases.deps;
  await store.bulkExports.addOrphan({ id: exportId, statusUrl });
  const discard = () =>
    discardExport(cases.deps, { exportId, signal: AbortSignal.timeout(20_000), retryAt: firstAttempt });
  server.answer({ 'DELETE /status*': { status: 503 } });
  await expect(discard()).rejects.toThrow();
  const refused = deletions().length;
  expect((await store.bulkExports.listDiscardable()).map(({ orphans }) => orphans)).toEqual([[statusUrl]]);
  server.answer({ 'DELETE /status*': { status: 202 } });
  await discard();
  expect(deletions().slice(refused)).toEqual(['/status/orphan']);
  expect((await cases.read(exportId)).orphans).toEqual([]);
});

test('an export that the server no longer has is deleted, although it answers the deletion with 500 #orphans', async () => {
  await start();
  const { id: exportId } = await cases.insertExport({ phase: 'failed', completedAt: new Date() });
  const { store } = cases.deps;
  await store.bulkExports.addOrphan({ id: exportId, statusUrl: `${server.url}/status/orphan` });
  const discard = () =>
    discardExport(cases.deps, { exportId, signal: AbortSignal.timeout(20_000), retryAt: firstAttempt });
  server.answer({ 'DELETE /status*': { status: 500 }, '/status*': { status: 500 } });
  await expect(discard()).rejects.toMatchObject({ status: 500 });
  server.answer({ '/status*': { status: 404 } });
  await discard();
  expect(await cases.read(exportId)).toMatchObject({ orphans: [], warnings: [] });
});

test('an export that the EHR reports as failed is deleted at the server #orphans', async () => {
  const headers = { 'content-type': 'application/fhir+json' };
  const ended = await exportFrom({ routes: { '/status*': { status: 413, headers, body: outcome('fatal') } } });
  expect(ended).toMatchObject({ phase: 'failed', error: { code: 'export-failed-at-ehr' } });
  expect(deletions()).toEqual(['/status/1']);
});

test('the old export is deleted at the server once a retry has started another #orphans #retry', async () => {
  await start();
  server.answer({ '/status*': { status: 404 } });
  const failed = await runExport(cases);
  expect(failed.error?.code).toBe('export-gone');
  server.answer({ '/status*': { body: manifest() } });
  const reopened = await cases.deps.store.bulkExports.reopen({
    record: failed,
    resumption: { from: 'failed', to: 'queued' },
    now: cases.clock.now,
  });
  expect(reopened?.orphans).toEqual([`${server.url}/status/1`]);
  const ended = await runExport(cases, {}, failed.id);
  expect(ended).toMatchObject({ phase: 'completed' });
  expect(deletions().toSorted()).toEqual(['/status/1', '/status/2']);
  expect((await cases.read(failed.id)).orphans).toEqual([]);
});

test('a type that a token did not cover is exported from its beginning once the scope is wider #evidence #since-last', async () => {
  server = await startScriptedServer();
  cases = await startUseCases({ scope: 'system/Patient.read' });
  const first = await runExport(cases);
  expect(await cases.markedTypes()).toContain('*');
  const scope = 'system/Patient.read system/Observation.read';
  const auth = { ...cases.connection.auth, scope } as typeof cases.connection.auth;
  await cases.deps.store.connections.saveAuth({ id: cases.connection.id, auth });
  const since = first.transactionTime ?? '';
  const ended = await runExport(cases, { since, sinceLast: true });
  expect(codes(ended)).toContain('since-last-full');
  expect(ended.request.since).toBeUndefined();
});

test('an export shows why its kick-off is not accepted, and when the next attempt is due', async () => {
  await start({
    routes: { '*/$export': { status: 429, headers: { 'retry-after': '90' }, body: 'One export at a time' } },
  });
  const record = await cases.insertExport();
  const attempt = { payload: { exportId: record.id }, retryAt: firstAttempt, signal: AbortSignal.timeout(9000) };
  await expect(attemptJob(cases.deps, kickOffWork, attempt)).rejects.toThrow();
  expect((await cases.read(record.id)).retrying).toMatchObject({
    state: 'waiting',
    code: 'ehr-throttled',
    ehrText: 'One export at a time',
    nextAttemptAt: expect.any(Date),
  });
});

test('an export shows the last error of its status requests, and when the next one is due', async () => {
  await start({ routes: { '/status*': { status: 502, body: 'Bad gateway' } } });
  const exportId = await cases.exporting();
  const { pollOnce } = cases;
  await pollOnce(exportId);
  await pollOnce(exportId);
  expect((await cases.read(exportId)).retrying).toMatchObject({
    state: 'retrying',
    code: 'ehr-unavailable',
    ehrText: 'Bad gateway',
    attempts: 2,
    nextAttemptAt: expect.any(Date),
  });
  server.answer({ '/status*': { body: manifest() } });
  await pollOnce(exportId);
  expect(await cases.read(exportId)).toMatchObject({ phase: 'downloading' });
  expect((await cases.read(exportId)).retrying).toBeUndefined();
});

test('a wait that a status response asks for does not count as an error, however often #waits', async () => {
  await start({ routes: { '/status*': { status: 429, headers: { 'retry-after': '5' } } } });
  const exportId = await cases.exporting();
  for (let poll = 0; poll < 40; poll++) await cases.pollOnce(exportId);
  expect(await cases.read(exportId)).toMatchObject({
    phase: 'exporting',
    pollErrors: 0,
    retrying: { state: 'waiting', code: 'ehr-throttled', attempts: 40 },
  });
});
