import { createHash } from 'node:crypto';
import type { PatientDocument } from '@bulkhead/documents';
import { toTombstone } from '@bulkhead/records';
import { documentContext, makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';
import { storeDocument } from '../../testing/store-document.ts';

const api = await startApi();
const connectionId = await api.createConnection();
afterAll(() => api.stopAndCheckAnswers());

const text = 'abcdefghijklmnopqrstuvwxyz';
const etag = `"${createHash('sha256').update(text).digest('hex')}"`;
let count = 0;

/** Inserts a record as a worker does. */
async function note(change: Partial<PatientDocument> = {}): Promise<string> {
  const id = `doc_${String(++count).padStart(4, '0')}`;
  const now = new Date();
  const resource = { type: 'DiagnosticReport', id: `report-${count}` };
  const document: PatientDocument = {
    id,
    connectionId,
    resource,
    patientId: 'p1',
    index: 0,
    url: 'https://user:pass@files.example/a?signature=planted',
    fingerprint: id,
    state: 'pending',
    notes: [],
    attempts: 0,
    createdAt: now,
    ...change,
  };
  await api.store.resourceWriter.write(document.resource.type, [resourceOf(document)]);
  await api.store.documents.note([document]);
  return id;
}

/** The resource of a document. */
function resourceOf({ resource, index, url }: PatientDocument, attachments = index + 1) {
  const presentedForm = Array.from({ length: attachments }, () => ({ url }));
  const content = presentedForm.map((attachment) => ({ attachment }));
  return makeDocument(
    {
      resourceType: resource.type,
      id: resource.id,
      ...(resource.type === 'DiagnosticReport' ? { presentedForm } : { content }),
    },
    { connectionId },
  );
}

async function store(storedType: string, change: Partial<PatientDocument> = {}): Promise<string> {
  const id = await note(change);
  await storeDocument(api.store, { connectionId, id, text, storedType });
  return id;
}

const at = (id: string, suffix = '') => `/api/ehr/athenahealth/documents/${id}${suffix}`;
const get = (id: string, headers: Record<string, string> = {}) => api.request('GET', at(id), { headers });

test('a document is returned at the FHIR base URL, where its attachment refers to', async () => {
  await store('text/plain', { url: 'Binary/b1' });
  await store('text/plain', { url: 'http://ehr.example:8080/fhir/r4/Binary/b2' });
  const base = `/api/ehr/athenahealth/fhir/${connectionId}/Binary`;
  for (const id of ['b1', 'b2']) {
    const { status, text: body, headers } = await api.request('GET', `${base}/${id}`, { accept: 'text/plain' });
    expect([id, status, body, headers.get('content-type')]).toEqual([id, 200, text, 'text/plain; charset=utf-8']);
  }
  const part = await api.request('GET', `${base}/b1`, { headers: { range: 'bytes=0-2' } });
  expect([part.status, part.text]).toEqual([206, 'abc']);
  const resource = await api.request('GET', `${base}/b1`, { accept: 'application/fhir+json' });
  expect(resource.refusal).toEqual([404, 'unknown-resource']);
  await note({ url: 'Binary/b3' });
  expect((await api.request('GET', `${base}/b3`)).refusal).toEqual([409, 'document-not-stored']);
  expect((await api.request('GET', `${base}/b4`)).refusal).toEqual([404, 'unknown-resource']);
});

test('a document whose attachment was removed, or whose resource was deleted, is gone with the name of the resource', async () => {
  const context = { ...documentContext, connectionId, observedAt: new Date('2027-01-01T00:00:00Z') };
  const later = { connectionId, observedAt: context.observedAt, isOfFullExport: true };
  const ids = { deleted: 'report-deleted', removed: 'report-removed' };
  for (const [what, id] of Object.entries(ids)) {
    const url = `Binary/of-${what}`;
    const documentId = await store('text/plain', { url, resource: { type: 'DiagnosticReport', id } });
    expect((await get(documentId)).status).toBe(200);
    const removed = makeDocument({ resourceType: 'DiagnosticReport', id, meta: { versionId: '2' } }, later);
    const next = what === 'deleted' ? toTombstone({ resourceId: id, context }) : removed;
    await api.store.resourceWriter.write('DiagnosticReport', [next]);
    const reference = `DiagnosticReport/${id}`;
    for (const answer of [await get(documentId), await get(documentId, { 'if-none-match': etag })]) {
      expect(answer.refusal).toEqual([410, 'document-deleted']);
      expect(answer.body.error.details).toEqual({ reference });
    }
    const binary = await api.request('GET', `/api/ehr/athenahealth/fhir/${connectionId}/${url}`);
    expect(binary.refusal).toEqual([410, 'document-deleted']);
    // Another resource has the attachment still.
    await store('text/plain', { url });
    expect((await api.request('GET', `/api/ehr/athenahealth/fhir/${connectionId}/${url}`)).status).toBe(200);
  }
});

test('a document is returned as it was received, as a download that browsers do not display', async () => {
  const id = await store('text/plain; charset=utf-8', { title: 'Jürgen’s "lab" 5/7.txt' });
  const { status, text: body, headers } = await get(id);
  expect([status, body]).toEqual([200, text]);
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '26',
    'content-disposition': expect.stringMatching(/^attachment; filename="[ -~]+"; filename\*=UTF-8''J%C3%BCrgen/),
    etag,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
  });
  const head = await api.request('HEAD', at(id));
  expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', '26']);
});

test.each(['text/html', 'image/svg+xml', 'application/xhtml+xml'])(
  'a document of type %s is returned as plain bytes that no program opens automatically',
  async (type) => {
    const { headers, text: body } = await get(await store(type, { title: 'page.html' }));
    expect(body).toBe(text);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toBe('attachment; filename=page.html.bin');
  },
);

test.each([
  { range: 'bytes=0-0', body: 'a', contentRange: 'bytes 0-0/26' },
  { range: 'bytes=5-14', body: 'fghijklmno', contentRange: 'bytes 5-14/26' },
  { range: 'bytes=20-', body: 'uvwxyz', contentRange: 'bytes 20-25/26' },
  { range: 'bytes=-3', body: 'xyz', contentRange: 'bytes 23-25/26' },
  { range: 'bytes=-99', body: text, contentRange: 'bytes 0-25/26' },
  { range: 'bytes=10-999', body: text.slice(10), contentRange: 'bytes 10-25/26' },
])('a document returns 206 and the requested bytes for $range', async ({ range, body, contentRange }) => {
  const answer = await get(await store('application/pdf'), { range });
  expect([answer.status, answer.text, answer.headers.get('content-range')]).toEqual([206, body, contentRange]);
  expect(answer.headers.get('content-length')).toBe(String(body.length));
});

test('a document is returned completely for anything but a single byte range, and returns 416 for a range after its end', async () => {
  const id = await store('application/pdf');
  for (const range of ['bytes=3-1', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-', 'nonsense']) {
    expect((await get(id, { range })).status).toBe(200);
  }
  for (const range of ['bytes=26-', 'bytes=-0', 'bytes=999999-']) {
    const { status, body, headers } = await get(id, { range });
    expect([status, body.error.code, headers.get('content-range')]).toEqual([
      416,
      'range-not-satisfiable',
      'bytes */26',
    ]);
  }
});

test('a document answers 304 for a matching ETag, and honours Range only if If-Range matches', async () => {
  const id = await store('application/pdf');
  for (const matching of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const { status, text: body } = await get(id, { 'if-none-match': matching });
    expect([status, body]).toEqual([304, '']);
  }
  expect((await get(id, { 'if-none-match': '"x"' })).status).toBe(200);
  expect((await get(id, { range: 'bytes=1-', 'if-range': etag })).status).toBe(206);
  expect((await get(id, { range: 'bytes=1-', 'if-range': '"x"' })).status).toBe(200);
});

test('a document returns 404 for an unknown id or another provider, and 409 with its state if it is not stored', async () => {
  const id = await note({ state: 'skipped', reason: 'too-large' });
  expect((await get('doc_none')).body.error.code).toBe('unknown-document');
  expect((await get('doc_none')).status).toBe(404);
  expect((await api.request('GET', `/api/ehr/unknown/documents/${id}`)).status).toBe(404);
  const { status, body } = await get(id);
  expect(status).toBe(409);
  expect(body.error).toEqual(
    expect.objectContaining({ code: 'document-not-stored', details: { state: 'skipped', reason: 'too-large' } }),
  );
  expect((await api.request('GET', at(id), { authorization: null })).status).toBe(401);
});

test('documents are listed by resource, patient and state, page by page, without the secrets of links', async () => {
  const ids = [];
  for (let number = 0; number < 3; number++) ids.push(await note({ patientId: 'pages' }));
  const list = `/api/ehr/athenahealth/documents?connectionId=${connectionId}`;
  const first = await api.request('GET', `${list}&patient=pages&limit=2`);
  expect(first.body.data.map(({ id }: PatientDocument) => id)).toEqual(ids.slice(0, 2));
  expect(first.body.data[0]).toMatchObject({ url: 'https://files.example/a', source: 'url', state: 'pending' });
  const second = await api.request('GET', `${list}&patient=pages&limit=2&cursor=${first.body.next}`);
  expect(second.body).toEqual({ success: true, data: [expect.objectContaining({ id: ids[2] })] });
  const { resource } = first.body.data[0];
  const byResource = `${list}&resourceType=${resource.type}&resourceId=${resource.id}&state=pending`;
  expect((await api.request('GET', byResource)).body.data).toHaveLength(1);
  expect((await api.request('GET', `${list}&resourceType=DocumentReference`)).body.data).toEqual([]);
  expect(first.text).not.toContain('planted');
  const { body } = await api.request('GET', at(ids[0] ?? '', '/metadata'));
  expect(body.data).toEqual(first.body.data[0]);
});

test('the record of a failed document shows what the EHR said to an operator and not to a client', async () => {
  const id = await note({ patientId: 'said' });
  const error = { code: 'ehr-not-found' as const, message: 'gone', ehrText: 'No document of Jane Doe' };
  await api.store.documents.fail({ id, error, now: new Date() });
  const list = `/api/ehr/athenahealth/documents?connectionId=${connectionId}&patient=said`;
  const textsFor = async (apiKey: string) => {
    const authorization = `Bearer ${apiKey}`;
    const answers = [at(id, '/metadata'), list, at(id)].map((path) => api.request('GET', path, { authorization }));
    return (await Promise.all(answers)).map(({ text: body }) => body.includes('Jane Doe'));
  };
  expect(await textsFor(api.clientKey)).toEqual([false, false, false]);
  expect(await textsFor(api.operatorKey)).toEqual([true, true, false]);
});

test.each([
  { query: '' },
  { query: 'connectionId=C&resourceType=Patient' },
  { query: 'connectionId=C&state=gone' },
  { query: 'connectionId=C&patient=Patient/p1' },
  { query: 'connectionId=C&resourceId=DiagnosticReport/r1' },
  { query: 'connectionId=C&limit=0' },
  { query: 'connectionId=C&connectionId=C' },
  { query: 'connectionId=C&other=1' },
  { query: 'connectionId[$ne]=x' },
])('listing documents returns 400 for "$query"', async ({ query }) => {
  const { refusal } = await api.request('GET', `/api/ehr/athenahealth/documents?${query}`);
  expect(refusal).toEqual([400, 'invalid-request']);
});

test('retrying a failed document makes it pending again, and returns 409 if there is nothing to retry', async () => {
  const id = await note();
  const claim = { id, claim: 'one' };
  await api.store.documents.claim(claim, new Date());
  await api.store.documents.fail({ id: claim.id, error: { code: 'ehr-not-found', message: 'gone' }, now: new Date() });
  expect((await get(id)).body.error.details).toMatchObject({ state: 'failed', error: { code: 'ehr-not-found' } });
  const retried = await api.request('POST', at(id, '/retry'));
  expect([retried.status, retried.body.data.state, retried.body.data.error]).toEqual([202, 'pending', undefined]);
  expect((await api.request('POST', at(id, '/retry'))).refusal).toEqual([409, 'nothing-to-retry']);
});

test('below the FHIR base URL an attachment has the URL of its content here once it is stored, everywhere the same', async () => {
  const url = 'https://files.example/scan.pdf';
  const ids = { stored: 'shown', waiting: 'waiting' };
  const resourceOfType = (id: string) => ({ type: 'DocumentReference', id });
  await note({ url, resource: resourceOfType(ids.waiting) });
  const fhir = `/api/ehr/athenahealth/fhir/${connectionId}`;
  const read = (id: string) => api.request('GET', `${fhir}/DocumentReference/${id}`);
  type Shown = { content: { attachment: { url: string; extension?: object[] } }[] };
  const attachmentOf = (resource: Shown) => resource.content[0]?.attachment;
  const waiting = await read(ids.waiting);
  expect(attachmentOf(waiting.body)).toEqual({ url });
  const documentId = await store('text/plain', { url, resource: resourceOfType(ids.stored) });
  const before = await api.request(
    'GET',
    `/api/ehr/athenahealth/resources/DocumentReference/${ids.stored}?connectionId=${connectionId}`,
  );
  expect(attachmentOf(before.body)).toEqual({ url });
  const expected = {
    url: `${api.baseUrl}${fhir}/Binary/${documentId.replace('_', '-')}`,
    extension: [{ url: 'urn:bulkhead:received-url', valueUrl: url }],
  };
  const shown = await read(ids.stored);
  expect(attachmentOf(shown.body)).toEqual(expected);
  expect(shown.headers.get('etag')).not.toBe(before.headers.get('etag'));
  const content = await api.request('GET', expected.url.slice(api.baseUrl.length), { accept: 'text/plain' });
  expect([content.status, content.text]).toEqual([200, text]);
  for (const path of [
    `/DocumentReference?_id=${ids.stored}`,
    `/DocumentReference/${ids.stored}/_history`,
    '/DocumentReference/_history?_count=1000',
    '/_history?_type=DocumentReference&_count=1000',
  ]) {
    const { entry } = (await api.request('GET', fhir + path)).body;
    const found = entry.find(({ resource }: { resource?: { id: string } }) => resource?.id === ids.stored);
    expect([path, attachmentOf(found.resource)]).toEqual([path, expected]);
  }
  for (const since of ['', '&_since=2020-01-01T00:00:00Z']) {
    const kickOff = `${fhir}/$export?_type=DocumentReference${since}`;
    const started = await api.request('GET', kickOff, {
      accept: 'application/fhir+json',
      headers: { prefer: 'respond-async' },
    });
    const manifest = await api.request(
      'GET',
      (started.headers.get('content-location') ?? '').slice(api.baseUrl.length),
    );
    const file = await api.request('GET', manifest.body.output[0].url.slice(api.baseUrl.length));
    const lines = file.text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(attachmentOf(lines.find(({ id }) => id === ids.stored))).toEqual(expected);
    expect(attachmentOf(lines.find(({ id }) => id === ids.waiting))).toEqual({ url });
    const table = `/api/ehr/athenahealth/tables/document_reference?connectionId=${connectionId}&format=json${since}`;
    const rows: { document_reference_id: string; url: string }[] = (await api.request('GET', table)).body;
    const urlOf = (id: string) => rows.find((row) => row.document_reference_id === id)?.url;
    expect([urlOf(ids.stored), urlOf(ids.waiting)]).toEqual([expected.url, url]);
  }
});
