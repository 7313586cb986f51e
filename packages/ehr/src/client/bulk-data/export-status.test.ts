import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { EhrSession, SessionRequest } from '../ehr-session.ts';
import { deleteExport, readExportStatus, readManifest } from './export-status.ts';

const baseUrl = 'https://ehr.example/fhir/r4/status';
const transactionTime = '2024-01-01T00:00:00Z';

/** Opens a session with a server that answers by the path below the status URL. */
function openSession(
  answer: (path: string) => { readonly status?: number; readonly headers?: object; readonly body: unknown },
) {
  const requests: SessionRequest[] = [];
  const send = async (request: SessionRequest) => {
    requests.push(request);
    const { status = 200, headers = {}, body } = answer(request.url.slice(baseUrl.length));
    const data = body instanceof Readable ? body : Readable.from([Buffer.from(JSON.stringify(body))]);
    return { status, headers, data, url: request.url };
  };
  return { session: { send, provider: {} } as unknown as EhrSession, requests };
}

const read = (session: EhrSession) => readExportStatus({ session, statusUrl: baseUrl });

/** Opens a session with a manifest of `count` pages, each with one file. */
function pagesOf(count: number) {
  return openSession((path) => {
    const page = Number(path.slice(1));
    const link = page + 1 < count ? [{ relation: 'next', url: `${baseUrl}/${page + 1}` }] : [];
    return { body: { transactionTime, output: [{ type: 'Patient', url: `/file/${page}` }], link } };
  });
}

test('a manifest in pages has the transaction time and the token rule of its first page and no link', async () => {
  const { session } = openSession((path) => ({
    body:
      path === ''
        ? { transactionTime, output: [], requiresAccessToken: false, link: [{ relation: 'next', url: `${baseUrl}/2` }] }
        : { transactionTime, output: [] },
  }));
  expect(await read(session)).toEqual({
    kind: 'complete',
    form: 'usual',
    manifest: {
      transactionTime,
      requiresAccessToken: false,
      entries: [],
      unreadableEntries: 0,
      statedErrors: [],
      hasDeletedList: false,
    },
  });
});

test('a manifest whose pages have different transaction times is refused', async () => {
  const { session } = openSession((path) => ({
    body: {
      transactionTime: path === '' ? transactionTime : '2024-01-01T00:00:01Z',
      output: [],
      link: path === '' ? [{ relation: 'next', url: `${baseUrl}/2` }] : [],
    },
  }));
  await expect(read(session)).rejects.toMatchObject({
    code: 'manifest-not-understood',
    message: expect.stringContaining('its pages have different transaction times'),
  });
});

test('status and delete requests are each sent once with the token and with a higher priority than downloads', async () => {
  const { session, requests } = pagesOf(2);
  const { signal } = new AbortController();
  await readExportStatus({ session, statusUrl: baseUrl, signal });
  await deleteExport({ session, statusUrl: baseUrl, signal });
  const status = {
    method: 'GET',
    headers: { accept: 'application/json, application/fhir+json;q=0.9' },
    priority: 'poll',
    retries: 0,
    sendToken: true,
  };
  expect(requests).toMatchObject([
    { ...status, url: baseUrl, signal },
    { ...status, url: `${baseUrl}/1`, signal },
    {
      method: 'DELETE',
      headers: { accept: 'application/fhir+json' },
      priority: 'kick-off',
      retries: 2,
      sendToken: true,
      signal,
    },
  ]);
});

test('an error of an unread body does not fail the status request', async () => {
  const body = new Readable({ read: () => body.destroy(new Error('connection lost')) });
  const { session } = openSession(() => ({ status: 202, body }));
  expect(await read(session)).toStrictEqual({ kind: 'in-progress', form: 'usual', retryAfterMs: undefined });
  expect(await new Promise((resolve) => body.once('close', () => resolve('closed')))).toBe('closed');
});

const failureOf = (text: string) =>
  readManifest(Readable.from([Buffer.from(text)]), baseUrl).catch((error: unknown) => error);

test.each([
  { what: 'plain text', text: 'down for maintenance', ehrText: 'down for maintenance' },
  { what: 'other JSON', text: '{"message":"not found"}', ehrText: '{"message":"not found"}' },
])('readManifest keeps $what instead of a manifest for operators', async ({ text, ehrText }) => {
  expect(await failureOf(text)).toMatchObject({ code: 'manifest-not-understood', ehrText });
});

test('readManifest keeps only the first 2,000 bytes for operators', async () => {
  const text = `<p>${' '.repeat(1990)}seen${'x'.repeat(3)}`;
  expect(await failureOf(`${text}not seen`)).toMatchObject({ ehrText: 'seenxxx' });
});

test.each([
  { fault: '`output` is not a list', manifest: { transactionTime } },
  { fault: '`output` is not a list', manifest: { transactionTime, output: { type: 'Patient', url: '/1' } } },
  { fault: '`deleted` is not a list', manifest: { transactionTime, output: [], deleted: 'none' } },
  { fault: '`error` is not a list', manifest: { transactionTime, output: [], error: { url: '/1' } } },
  { fault: '`outcome` is not a list', manifest: { transactionTime, output: [], outcome: {} } },
  { fault: 'no usable `transactionTime`', manifest: { output: [] } },
  { fault: 'no usable `transactionTime`', manifest: { transactionTime: 2024, output: [] } },
  { fault: '`link` is not a list', manifest: { transactionTime, output: [], link: { relation: 'next', url: '/2' } } },
  { fault: 'not a URL', manifest: { transactionTime, output: [], link: [{ relation: 'next', url: 7 }] } },
  { fault: 'not a JSON object', manifest: [] },
])('readManifest reports the fault: $fault', async ({ fault, manifest }) => {
  expect(await failureOf(JSON.stringify(manifest))).toMatchObject({
    code: 'manifest-not-understood',
    message: expect.stringContaining(fault),
  });
});

test('readManifest accepts a `link` or `outcome` that is null', async () => {
  const text = JSON.stringify({ transactionTime, output: [], link: null, outcome: null, error: null });
  expect(await failureOf(text)).toMatchObject({ entries: [], hasDeletedList: false });
});

test('a manifest in pages is read up to 10,000 pages and rejected with more', async () => {
  const most = await read(pagesOf(10_000).session);
  expect(most.kind === 'complete' && most.manifest.entries.length).toBe(10_000);
  const { session, requests } = pagesOf(10_001);
  await expect(read(session)).rejects.toMatchObject({ code: 'manifest-too-large', retry: 'never' });
  expect(requests).toHaveLength(10_000);
});
