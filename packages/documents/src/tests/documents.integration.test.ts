import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { readAttachments } from '@bulkhead/fhir';
import { attemptJob, firstAttempt, lastAttempt } from '@bulkhead/queues/testing';
import { toTombstone } from '@bulkhead/records';
import { documentContext, makeDocument } from '@bulkhead/records/testing';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import type { PatientDocument } from '../patient-document.record.ts';
import { fetchDocumentWork } from '../steps/fetch-document.job.ts';
import { documentWork } from '../steps/index.ts';
import { fileRoute, type ServedFile } from '../testing/file-route.ts';
import { startUseCases } from '../testing/start-use-cases.ts';

const cases = await startUseCases();
/** At another origin than the EHR, as attachments can be. */
const server = await startScriptedServer();
afterAll(async () => {
  await server.stop();
  await cases.stop();
});
beforeEach(async () => {
  await cases.control.cancelOrders();
  server.requests.length = 0;
});

const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('base64');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** More than four parts of the size that this test uses. */
const large = randomBytes(230_000);
let count = 0;

interface ReceivedReport {
  readonly id?: string;
  readonly versionId?: string;
  readonly lastUpdated?: string;
  readonly tag?: object[];
  readonly observedAt?: Date;
  readonly isOfFullExport?: boolean;
}

/** Stores a DiagnosticReport as the ingest of a line does. */
async function receive(presentedForm: unknown, change: ReceivedReport = {}) {
  const now = cases.deps.now();
  const { id = `report-${++count}`, versionId = '1', lastUpdated = '2024-05-01T00:00:00Z', tag } = change;
  const { observedAt = now, isOfFullExport = false } = change;
  const meta = { versionId, lastUpdated, ...(tag ? { tag } : {}) };
  const resource = { resourceType: 'DiagnosticReport', id, meta, subject: { reference: 'Patient/p1' }, presentedForm };
  const report = makeDocument(resource, { connectionId: cases.connection.id, observedAt, now, isOfFullExport });
  await cases.deps.store.resourceWriter.write('DiagnosticReport', [report]);
  return cases.deps.store.documents.list({
    filter: { connectionId: cases.connection.id, 'resource.id': id },
    limit: 2000,
  });
}

/** Stores all resources of these types, as an export of them does. */
async function receiveAll(resourceTypes: readonly string[]): Promise<void> {
  const now = cases.deps.now();
  const context = { connectionId: cases.connection.id, observedAt: now, now };
  for (const resourceType of resourceTypes) {
    const lines = await cases.control.lines(resourceType);
    const resources = lines.map((line) => makeDocument(line, context));
    await cases.deps.store.resourceWriter.write(resourceType, resources);
  }
}

async function receiveOne(attachment: object, change: ReceivedReport = {}): Promise<PatientDocument> {
  const [document] = await receive([attachment], change);
  if (!document) throw new Error('no document');
  return document;
}

const read = async (id: string): Promise<PatientDocument> => {
  const document = await cases.deps.store.documents.find(id);
  if (!document) throw new Error(`no document ${id}`);
  return document;
};

/** Runs one attempt of the job. */
async function attempt(id: string, { isLast = false, deps = cases.deps } = {}): Promise<PatientDocument> {
  const retryAt = isLast ? lastAttempt : firstAttempt;
  const signal = AbortSignal.timeout(20_000);
  await attemptJob(deps, fetchDocumentWork, { payload: { documentId: id }, retryAt, signal });
  return read(id);
}

async function contentOf({ connectionId, sha256: hash = '' }: PatientDocument): Promise<Buffer> {
  const content = await cases.deps.store.documentContents.find({ connectionId, sha256: hash });
  if (!content) throw new Error('no content');
  const range = { start: 0, end: content.sizeBytes };
  return buffer(cases.deps.store.documentContents.read(content, range));
}

const hasParts = (id: string, parts: number | undefined, etag?: string) =>
  waitFor(async () => {
    const { progress } = await read(id);
    return progress?.parts.length === parts && progress?.etag === etag;
  });
const countContents = () => cases.deps.store.documentContents.count();
const partFiles = async () => (await countContents()).parts;
const onServer = (path: string, file: ServedFile) => {
  server.answer({ [path]: fileRoute(file) });
  return `${server.url}${path}`;
};
const requestedRanges = () => server.requests.map(({ headers }) => headers.range);

test('documents are noted with their resources and downloaded intact, and an unchanged export notes none', async () => {
  await receiveAll(['DiagnosticReport', 'DocumentReference']);
  const { store } = cases.deps;
  const filter = { connectionId: cases.connection.id };
  const documents = await store.documents.list({ filter, limit: 1000 });
  let expected = 0;
  for (const resourceType of ['DiagnosticReport', 'DocumentReference']) {
    for await (const resource of store.resourceSearch.stream({ connectionId: cases.connection.id, resourceType })) {
      expected += readAttachments(resource as object).length;
    }
  }
  expect(documents.length).toBe(expected);
  expect(
    new Set(documents.map(({ url }) => (url === undefined ? 'inline' : url.split(':')[0]?.slice(0, 4)))).size,
  ).toBe(3);
  for (const { id } of documents) {
    const stored = await attempt(id);
    expect(stored).toMatchObject({ state: 'stored', notes: [], sizeBytes: stored.declaredSize });
    if (stored.declaredHash !== undefined) expect(sha1(await contentOf(stored))).toBe(stored.declaredHash);
  }
  // A PDF and a picture, each stored once.
  expect(await countContents()).toEqual({ contents: 2, parts: 0 });
  await receiveAll(['DiagnosticReport', 'DocumentReference']);
  expect(await store.documents.list({ filter: { ...filter, state: 'pending' }, limit: 1000 })).toEqual([]);
  expect(await cases.control.violations()).toMatchObject({ byKind: { token: 0 } });
});

test('an incomplete resource notes no documents, and malformed attachments are ignored', async () => {
  const tag = [{ code: 'SUBSETTED' }];
  expect(await receive([{ url: 'Binary/x' }], { tag })).toEqual([]);
  expect(await receive([null, 7, 'text', {}, [], { title: 'neither' }, { url: 5 }])).toEqual([]);
  expect(await receive({ url: 'Binary/x' })).toMatchObject([{ index: 0, url: 'Binary/x', patientId: 'p1' }]);
});

test('a resource has at most 1,000 documents, and one more that says that the others are left out', async () => {
  const documents = await receive(Array.from({ length: 3000 }, (_, index) => ({ url: `Binary/${index}` })));
  const [last] = documents.filter(({ reason }) => reason === 'too-many-attachments');
  expect([documents.length, last]).toEqual([1001, expect.objectContaining({ index: 1000, state: 'skipped' })]);
  expect(documents.filter(({ state }) => state === 'pending')).toHaveLength(1000);
  const second = await receive(Array.from({ length: 3000 }, (_, index) => ({ url: `Binary/${index}` })));
  expect(second).toHaveLength(1001);
});

test('a document at another origin is requested without a token', async () => {
  const url = onServer('/plain', { bytes: Buffer.from('plain'), type: 'text/plain; charset=UTF-8' });
  const stored = await attempt((await receiveOne({ url, contentType: 'text/plain' })).id);
  expect(stored).toMatchObject({ state: 'stored', storedType: 'text/plain; charset=utf-8', notes: [], sizeBytes: 5 });
  expect(server.requests.map(({ url }) => url)).toEqual(['/plain']);
  expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
});

test('an interrupted download continues after its last stored part, in the same or another worker', async () => {
  const [before, etag] = [await partFiles(), '"v1"'];
  const file = {
    bytes: large,
    etag,
    resets: [120_000, 60_000],
    beforeReset: () => hasParts(id, expected.shift(), etag),
  };
  const expected = [2, 3];
  const url = onServer('/large', file);
  const { id }: PatientDocument = await receiveOne({
    url,
    contentType: 'application/pdf',
    hash: sha1(large),
    size: large.length,
  });
  await expect(attempt(id)).rejects.toMatchObject({ code: 'document-interrupted' });
  const first = await read(id);
  expect(first).toMatchObject({ state: 'downloading', progress: { etag, partBytes: 50_000 } });
  expect(first.progress?.parts).toHaveLength(2);
  await expect(attempt(id)).rejects.toMatchObject({ code: 'document-interrupted' });
  expect((await read(id)).progress?.parts).toHaveLength(3);
  const stored = await attempt(id);
  expect(requestedRanges()).toEqual([undefined, 'bytes=99999-', 'bytes=149999-']);
  expect(stored).toMatchObject({ state: 'stored', sha256: sha256(large), sizeBytes: 230_000, attempts: 3 });
  expect(await contentOf(stored)).toEqual(large);
  // Five parts. The parts that were cut off are gone.
  expect(await partFiles()).toBe(before + 5);
});

test('a download starts again if the document changed or has no strong ETag', async () => {
  const parts = await partFiles();
  const [before, after] = [randomBytes(180_000), randomBytes(170_000)];
  const serve = (version: Pick<ServedFile, 'bytes' | 'etag'>) =>
    onServer('/changing', {
      ...version,
      resets: [120_000],
      beforeReset: () => hasParts(id, 2, version.etag),
    });
  const url = serve({ bytes: before, etag: '"v1"' });
  const { id }: PatientDocument = await receiveOne({ url, contentType: 'application/pdf' });
  await expect(attempt(id)).rejects.toMatchObject({ code: 'document-interrupted' });
  serve({ bytes: after, etag: '"v2"' });
  await expect(attempt(id)).rejects.toMatchObject({ code: 'document-interrupted' });
  serve({ bytes: after });
  await expect(attempt(id)).rejects.toMatchObject({ code: 'document-interrupted' });
  const stored = await attempt(id);
  expect(await contentOf(stored)).toEqual(after);
  expect(requestedRanges()).toEqual([undefined, 'bytes=99999-', 'bytes=99999-', undefined]);
  expect(stored.progress).toBeUndefined();
  // Four parts of the stored version, and none of the discarded ones.
  expect(await partFiles()).toBe(parts + 4);
});

test.each([
  { what: '404', fault: { kind: 'status', status: 404 }, code: 'ehr-not-found' },
  {
    what: 'a redirect to a metadata service',
    fault: { kind: 'redirect', to: 'http://169.254.169.254/latest' },
    code: 'egress-refused',
  },
])('a document that is answered with $what fails at once, and a retry makes it pending', async ({ fault, code }) => {
  await cases.inject('/Binary/', fault);
  const url = 'Binary/a-195900.pdf-1-1';
  const { id } = await receiveOne({ url, contentType: 'application/pdf' });
  await expect(attempt(id)).rejects.toMatchObject({ code });
  expect(await read(id)).toMatchObject({ state: 'failed', error: { code } });
  expect(await cases.deps.store.documents.retry(id)).toBe(true);
  expect(await attempt(id)).toMatchObject({ state: 'stored', attempts: 1 });
});

test('a Binary in FHIR JSON is decoded while it is downloaded', async () => {
  const data = large
    .toString('base64')
    .replaceAll('/', '\\/')
    .replace(/[A-Z]{4}/g, '$&\\r\\n');
  const json = `{"meta":{"tag":[{"data":"x"}]},"data":"${data}","resourceType":"Binary","contentType":"image/png"}`;
  const url = onServer('/fhir/Binary/1', { bytes: Buffer.from(json), type: 'application/fhir+json; charset=utf-8' });
  const stored = await attempt((await receiveOne({ url, contentType: 'application/pdf' })).id);
  expect(stored).toMatchObject({ state: 'stored', storedType: 'image/png', notes: ['type-differs'] });
  expect(await contentOf(stored)).toEqual(large);
  onServer('/fhir/Binary/2', { bytes: Buffer.from('{"resourceType":"Basic"}'), type: 'application/fhir+json' });
  const { id } = await receiveOne({ url: `${server.url}/fhir/Binary/2` });
  await expect(attempt(id)).rejects.toMatchObject({ code: 'document-not-understood' });
  expect((await read(id)).state).toBe('downloading');
});

test.each([
  { what: 'a scheme that is not HTTP', attachment: { url: 'urn:oid:1.2.3' }, reason: 'unusable-url' },
  { what: 'a fragment', attachment: { url: '#contained' }, reason: 'unusable-url' },
  { what: 'a declared size above the limit', attachment: { url: 'Binary/1', size: 2_000_001 }, reason: 'too-large' },
  { what: 'a recording', attachment: { url: 'Binary/1', contentType: 'video/mp4' }, reason: 'content-type' },
  { what: 'a program', attachment: { url: 'Binary/1', contentType: 'application/x-sh' }, reason: 'content-type' },
])('a document with $what is skipped without a request', async ({ attachment, reason }) => {
  const { id } = await receiveOne(attachment);
  expect(await attempt(id)).toMatchObject({ state: 'skipped', reason });
  expect(server.requests).toEqual([]);
});

test('a document that is found to be too large or of another type is skipped and leaves no parts', async () => {
  const before = await partFiles();
  const huge = onServer('/huge', { bytes: Buffer.alloc(2_000_001), etag: '"v1"' });
  expect(await attempt((await receiveOne({ url: huge })).id)).toMatchObject({ state: 'skipped', reason: 'too-large' });
  const json = `{"resourceType":"Binary","data":"${Buffer.alloc(2_000_001).toString('base64')}"}`;
  const binary = onServer('/Binary/huge', { bytes: Buffer.from(json), type: 'application/fhir+json' });
  expect((await attempt((await receiveOne({ url: binary, contentType: 'image/png' })).id)).reason).toBe('too-large');
  const program = onServer('/program', { bytes: Buffer.from('MZ'), type: 'application/x-msdownload' });
  const skipped = await attempt((await receiveOne({ url: program, contentType: 'application/pdf' })).id);
  expect(skipped).toMatchObject({ state: 'skipped', reason: 'content-type' });
  expect(await partFiles()).toBe(before);
});

test('a document with a different hash or size is downloaded again, and fails at the last attempt', async () => {
  const before = await partFiles();
  const bytes = randomBytes(60_000);
  const url = onServer('/other', { bytes, etag: '"v1"' });
  const { id } = await receiveOne({ url, contentType: 'application/pdf', hash: sha1(Buffer.from('other')) });
  await expect(attempt(id)).rejects.toMatchObject({ code: 'document-mismatch', retry: 'later' });
  expect((await read(id)).progress).toBeUndefined();
  await expect(attempt(id, { isLast: true })).rejects.toMatchObject({ code: 'document-mismatch' });
  expect(await read(id)).toMatchObject({ state: 'failed', error: { code: 'document-mismatch' } });
  const sized = await receiveOne({ url, contentType: 'application/pdf', size: 59_999 });
  await expect(attempt(sized.id)).rejects.toMatchObject({ code: 'document-mismatch' });
  expect(await partFiles()).toBe(before);
  const proven = await receiveOne({ url, contentType: 'application/pdf', size: 59_999, hash: sha1(bytes) });
  expect(await attempt(proven.id)).toMatchObject({ state: 'stored', notes: ['size-differs'] });
});

test('an inline document with a wrong declared size fails at once, because another attempt would read the same data', async () => {
  const { id } = await receiveOne({ data: large.toString('base64'), contentType: 'application/pdf', size: 1 });
  await expect(attempt(id)).rejects.toMatchObject({ code: 'document-mismatch', retry: 'never' });
  expect(await read(id)).toMatchObject({ state: 'failed', attempts: 1 });
});

test('an inline document is stored without a request, and its resource does not change', async () => {
  const data = large.toString('base64');
  const document = await receiveOne({ data, contentType: 'application/pdf', hash: sha1(large) });
  expect(JSON.stringify(document)).not.toContain(data.slice(0, 50));
  expect(await attempt(document.id)).toMatchObject({ state: 'stored', sha256: sha256(large) });
  const reference = { connectionId: cases.connection.id, resourceType: 'DiagnosticReport' };
  const resource = await cases.deps.store.resources.read({ ...reference, resourceId: document.resource.id });
  expect(JSON.stringify(resource)).toContain(data);
});

test('an inline document that is not base64 fails, and an empty one is stored', async () => {
  const bad = await receiveOne({ data: '?', contentType: 'application/pdf' });
  await expect(attempt(bad.id)).rejects.toMatchObject({ code: 'document-not-base64' });
  const empty = await receiveOne({ data: ' ', contentType: 'text/plain' });
  expect(await attempt(empty.id)).toMatchObject({ state: 'stored', sizeBytes: 0 });
});

test('equal content is stored once, also by two workers at the same time', async () => {
  const bytes = randomBytes(120_000);
  const before = await partFiles();
  const url = onServer('/same', { bytes, etag: '"v1"' });
  const otherUrl = onServer('/same-elsewhere', { bytes, type: 'image/png' });
  const documents = [await receiveOne({ url }), await receiveOne({ url: otherUrl })];
  await Promise.all(documents.map(({ id }) => attempt(id)));
  // The same document in two workers: the second one takes over.
  const twice = await receiveOne({ url });
  await Promise.all([attempt(twice.id), attempt(twice.id)]);
  for (const { id } of [...documents, twice]) {
    expect(await read(id)).toMatchObject({ state: 'stored', sha256: sha256(bytes) });
  }
  expect(await contentOf(await read(twice.id))).toEqual(bytes);
  expect(await partFiles()).toBe(before + 3);
});

test('a document becomes pending with a newer version of its resource, and not with an older one or the same', async () => {
  const url = onServer('/version', { bytes: Buffer.from('one'), type: 'text/plain' });
  const { id, resource } = await receiveOne({ url });
  await attempt(id);
  await receive([{ url }], { id: resource.id });
  await receive([{ url: `${url}?old` }], { id: resource.id, versionId: '0', lastUpdated: '2024-04-01T00:00:00Z' });
  expect(await read(id)).toMatchObject({ state: 'stored', url });
  onServer('/version', { bytes: Buffer.from('two'), type: 'text/plain' });
  await receive([{ url }], { id: resource.id, versionId: '2', lastUpdated: '2024-06-01T00:00:00Z' });
  const downloaded = await read(id);
  expect(downloaded).toMatchObject({ state: 'pending', attempts: 0 });
  expect(downloaded.sha256).toBeUndefined();
  expect((await contentOf(await attempt(id))).toString()).toBe('two');
});

test.each([
  { name: 'lower version', storedId: '2', lateId: '1' },
  { name: 'earlier observation', storedId: '1', lateId: '1' },
])(
  'a document keeps the attachment of its stored resource if a copy with the same time and a $name arrives late',
  async ({ storedId, lateId }) => {
    const id = `report-${++count}`;
    const receiveCopy = (path: string, change: ReceivedReport) =>
      receiveOne({ url: `${server.url}${path}` }, { id, lastUpdated: '2024-05-02T00:00:00Z', ...change });
    const stored = await receiveCopy('/signed', { versionId: storedId, observedAt: new Date('2024-05-04T00:00:00Z') });
    // Such as a line of an earlier export that is stored from the quarantine.
    const late = await receiveCopy('/draft', { versionId: lateId, observedAt: new Date('2024-05-03T00:00:00Z') });
    expect(late).toEqual(stored);
  },
);

test('a document is skipped while documents are disabled, and fetched once they are enabled', async () => {
  const switchTo = (enabled: boolean) => Object.assign(cases.deps.documents, { enabled });
  switchTo(false);
  const url = onServer('/off', { bytes: Buffer.from('off'), type: 'text/plain' });
  const [document] = await receive([{ url }]);
  expect(document).toMatchObject({ state: 'skipped', reason: 'documents-off' });
  await documentWork(cases.deps).ensureJobs();
  expect((await read(document?.id ?? '')).state).toBe('skipped');
  switchTo(true);
  await documentWork(cases.deps).ensureJobs();
  expect(await attempt(document?.id ?? '')).toMatchObject({ state: 'stored' });
});

test('a document whose connection was deleted is skipped, so that its job does not fail', async () => {
  const { id } = await receiveOne({ data: Buffer.from('late').toString('base64'), contentType: 'text/plain' });
  const { connections } = cases.deps.store;
  await connections.delete(cases.connection.id);
  expect(await attempt(id, { isLast: true })).toMatchObject({ state: 'skipped', reason: 'connection-gone' });
  await connections.insert(cases.connection);
});

test('a document is that of the stored version of its resource, whichever version its time says is later', async () => {
  const id = `set-back-${++count}`;
  const [first, second] = ['content of the first', 'content of the second'].map((text) => [
    { contentType: 'text/plain', data: Buffer.from(text).toString('base64') },
  ]);
  const [early, late] = ['2024-05-01T00:00:00Z', '2024-06-01T00:00:00Z'];
  const at = (minutes: number) => new Date(cases.deps.now().getTime() + minutes * 60_000);
  await receive(second, { id, versionId: '2', lastUpdated: late, observedAt: at(0) });
  // A full export shows the earlier version after the later one, as after a restored backup.
  const [setBack] = await receive(first, {
    id,
    versionId: '1',
    lastUpdated: early,
    observedAt: at(1),
    isOfFullExport: true,
  });
  expect(setBack).toMatchObject({ resource: { versionId: '1' }, state: 'pending' });
  // A copy that is not stored changes nothing.
  const [stale] = await receive(second, { id, versionId: '2', lastUpdated: late, observedAt: at(0) });
  expect(stale).toEqual(setBack);
  const deletion = toTombstone({
    resourceId: id,
    context: { ...documentContext, connectionId: cases.connection.id, observedAt: at(2) },
  });
  await cases.deps.store.resourceWriter.write('DiagnosticReport', [deletion]);
  const [recreated] = await receive(second, {
    id,
    versionId: '0',
    lastUpdated: '2024-01-01T00:00:00Z',
    observedAt: at(3),
  });
  expect(recreated).toMatchObject({ resource: { versionId: '0' } });
});

test('documents are those of the stored resources if several workers write other versions at the same time', async () => {
  const id = `raced-${++count}`;
  const versions = Array.from({ length: 12 }, (_, index) => ({
    form: [{ contentType: 'text/plain', data: Buffer.from(`content ${index}`).toString('base64') }],
    change: { id, versionId: String(index), lastUpdated: new Date(Date.UTC(2024, 0, 1 + (index % 5))).toISOString() },
  }));
  await Promise.all(versions.map(({ form, change }) => receive(form, change)));
  const reference = { connectionId: cases.connection.id, resourceType: 'DiagnosticReport', resourceId: id };
  const stored = await cases.deps.store.resources.read(reference);
  const filter = { connectionId: cases.connection.id, 'resource.id': id };
  expect(await cases.deps.store.documents.list({ filter, limit: 10 })).toMatchObject([
    { resource: { versionId: stored?.versionId } },
  ]);
});
