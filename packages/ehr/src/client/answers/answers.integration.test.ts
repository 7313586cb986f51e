import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type ScriptedServer, startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deleteExport, readExportStatus } from '../bulk-data/export-status.ts';
import { kickOffExport } from '../bulk-data/kick-off.ts';
import { openFile } from '../bulk-data/open-file.ts';
import { readSearchPage } from '../search/search.ts';
import { createTestClient, type TestClient } from '../testing/create-test-client.ts';
import { toBodyError } from './accept-answer.ts';
import { resourceAnswer } from './answer-rules.ts';

let ehr: TestClient;
let server: ScriptedServer;
beforeEach(async () => {
  server = await startScriptedServer();
  ehr = createTestClient(server.url);
});
afterEach(async () => {
  ehr.close();
  await server.stop();
});

const answerWith = (status: number, headers: Record<string, string> = {}, body: string | Buffer = '') =>
  server.answer({ '*': { status, headers, body } });

const readPage = () => readSearchPage({ session: ehr.session, url: `${server.url}/Patient` });
const readStatus = () => readExportStatus({ session: ehr.session, statusUrl: `${server.url}/status` });
const open = (resume?: { readonly offset: number; readonly etag: string }) =>
  openFile({ session: ehr.session, url: `${server.url}/file`, requiresAccessToken: false, resume });
const readFile = async () => (await buffer((await open()).body)).toString();

const lines = '{"resourceType":"Patient","id":"1"}\n{"resourceType":"Patient","id":"2"}\n';
const page = JSON.stringify({ resourceType: 'Bundle', type: 'searchset', entry: [{ resource: { id: '1' } }] });
const manifest = JSON.stringify({ transactionTime: '2024-01-01T00:00:00Z', output: [{ type: 'Patient', url: '/1' }] });

const codings = [
  { coding: 'gzip', encode: gzipSync },
  { coding: 'x-gzip', encode: gzipSync },
  { coding: 'deflate', encode: deflateSync },
  { coding: 'br', encode: brotliCompressSync },
  { coding: 'zstd', encode: zstdCompressSync },
  { coding: 'gzip, br', encode: (text: string) => brotliCompressSync(gzipSync(text)) },
];

test.each(codings)('a search page that comes as $coding is decoded #encodings', async ({ coding, encode }) => {
  answerWith(200, { 'content-encoding': coding }, encode(page));
  expect((await readPage()).entries).toMatchObject([{ content: { id: '1' } }]);
});

test.each([
  { clock: 'right', date: () => new Date(Date.now() - 60_000), isTaken: true },
  { clock: 'nine minutes ahead', date: () => new Date(Date.now() + 540_000), isTaken: false },
  { clock: 'not given', date: () => 'Thursday', isTaken: false },
])(
  'a search page was served when its server says so, but never later than now, if its clock is $clock',
  async ({ date, isTaken }) => {
    const value = date();
    const text = value instanceof Date ? value.toUTCString() : value;
    answerWith(200, { date: text }, page);
    const before = Date.now();
    const { servedAt } = await readPage();
    if (isTaken) expect(servedAt).toEqual(new Date(text));
    else expect([servedAt.getTime() >= before, servedAt.getTime() <= Date.now()]).toEqual([true, true]);
  },
);

test.each(codings)('a manifest that comes as $coding is decoded #encodings', async ({ coding, encode }) => {
  answerWith(200, { 'content-encoding': coding }, encode(manifest));
  expect(await readStatus()).toMatchObject({ kind: 'complete', manifest: { entries: [{ type: 'Patient' }] } });
});

test.each(codings)('a file that comes as $coding is decoded #encodings', async ({ coding, encode }) => {
  answerWith(200, { 'content-encoding': coding }, encode(lines));
  expect(await readFile()).toBe(lines);
});

test('a file of several gzip members is read completely', async () => {
  const [first = '', second = ''] = lines.trimEnd().split('\n');
  const members = Buffer.concat([gzipSync(`${first}\n`), gzipSync(''), gzipSync(`${second}\n`)]);
  answerWith(200, { 'content-encoding': 'gzip' }, members);
  expect(await readFile()).toBe(lines);
});

test.each([
  { name: 'zeros between two gzip members', coding: 'gzip', body: [gzipSync(lines), Buffer.alloc(3), gzipSync(lines)] },
  { name: 'megabytes of zeros after a gzip member', coding: 'gzip', body: [gzipSync(lines), Buffer.alloc(3_000_000)] },
  { name: 'two Brotli streams', coding: 'br', body: [brotliCompressSync(lines), brotliCompressSync(lines)] },
  { name: 'two zlib streams', coding: 'deflate', body: [deflateSync(lines), deflateSync(lines)] },
])('a file with $name is refused, not cut off', async ({ coding, body }) => {
  answerWith(200, { 'content-encoding': coding }, Buffer.concat(body));
  await expect(readFile()).rejects.toMatchObject({ code: 'answer-unusable', retry: 'briefly' });
});

test('a file of several zstd frames is read completely', async () => {
  answerWith(200, { 'content-encoding': 'zstd' }, Buffer.concat([zstdCompressSync(lines), zstdCompressSync(lines)]));
  expect(await readFile()).toBe(`${lines}${lines}`);
});

test('a file that is stored as gzip and sent without a content coding is decoded', async () => {
  answerWith(200, { 'content-type': 'application/gzip' }, gzipSync(lines));
  expect(await readFile()).toBe(lines);
});

describe('a file whose bytes are not what its headers say', () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html: an object keeps the type and coding with which it was put.
  const stored = { 'content-type': 'application/fhir+ndjson', etag: '"v1"' };

  test.each([
    { name: 'gzip without a header', headers: stored, body: gzipSync(lines) },
    {
      name: 'twice gzip, named once',
      headers: { ...stored, 'content-encoding': 'gzip' },
      body: gzipSync(gzipSync(lines)),
    },
    { name: 'twice gzip without a header', headers: stored, body: gzipSync(gzipSync(lines)) },
    { name: 'plain and named gzip', headers: { ...stored, 'content-encoding': 'gzip' }, body: lines },
  ])('reads a file that is $name, and does not resume it at a byte #encodings', async ({ headers, body }) => {
    answerWith(200, headers, body);
    const file = await open();
    expect((await buffer(file.body)).toString()).toBe(lines);
    expect(file.etag).toBeUndefined();
  });

  test('refuses a file that is gzip three times, and names the cause', async () => {
    answerWith(200, stored, gzipSync(gzipSync(gzipSync(lines))));
    await expect(open()).rejects.toMatchObject({
      code: 'answer-unusable',
      message: expect.stringContaining('content coding'),
    });
  });

  test('fails for a file that is gzip without a header and is cut off', async () => {
    const whole = gzipSync(lines);
    answerWith(200, stored, whole.subarray(0, whole.length - 9));
    await expect(readFile()).rejects.toThrow();
  });

  test('refuses an expansion between two codings that the headers do not name', async () => {
    answerWith(200, stored, gzipSync(gzipSync(Buffer.alloc(200 * 1024 * 1024, ' '))));
    await expect(readFile()).rejects.toMatchObject({ code: 'answer-too-large' });
  });
});

describe('a file in another charset than UTF-8', () => {
  const named = lines.replaceAll('"id":"1"', '"id":"1","name":[{"family":"Müller-Lüdenscheidt €"}]');
  const latin = named.replace(' €', '');
  const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

  test.each([
    { name: 'UTF-16 with its mark', type: '', body: Buffer.from(`\uFEFF${named}`, 'utf16le'), text: named },
    { name: 'UTF-16 of the other order', type: '', body: utf16be(`\uFEFF${named}`), text: named },
    { name: 'UTF-16 without a mark', type: '', body: Buffer.from(named, 'utf16le'), text: named },
    { name: 'ISO-8859-1 by its type', type: '; charset=ISO-8859-1', body: Buffer.from(latin, 'latin1'), text: latin },
    { name: 'UTF-8 in spite of its type', type: '; charset=ISO-8859-1', body: Buffer.from(named), text: named },
    { name: 'UTF-8 with an unknown type', type: '; charset=x-unknown', body: Buffer.from(named), text: named },
  ])('reads a file that is $name, in chunks of any size #encodings', async ({ type, body, text }) => {
    for (const sizeBytes of [1, 7, body.length]) {
      server.answer((_request, response) => {
        response.writeHead(200, { 'content-type': `application/fhir+ndjson${type}` });
        for (let at = 0; at < body.length; at += sizeBytes) response.write(body.subarray(at, at + sizeBytes));
        response.end();
      });
      expect(await readFile()).toBe(text);
    }
  });

  test('a file that was converted has no validator, because a range counts other bytes', async () => {
    answerWith(200, { etag: '"v1"' }, Buffer.from(`\uFEFF${named}`, 'utf16le'));
    const file = await open();
    file.body.resume();
    expect(file.etag).toBeUndefined();
  });
});

test('an answer in a coding that was not requested is rejected with this fault', async () => {
  answerWith(200, { 'content-encoding': 'rot13' }, lines);
  await expect(open()).rejects.toMatchObject({ code: 'answer-unusable', retry: 'briefly' });
  await expect(readPage()).rejects.toMatchObject({ code: 'answer-unusable' });
});

test.each([
  { name: 'search page', read: readPage },
  { name: 'manifest', read: readStatus },
])('a $name that decompresses to more than 64 MB is refused #encodings', async ({ read }) => {
  answerWith(200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(80 * 1024 * 1024, ' ')));
  await expect(read()).rejects.toMatchObject({ code: 'answer-too-large', retry: 'never' });
});

test.each([
  { name: 'search page', read: readPage },
  { name: 'manifest', read: readStatus },
])('a $name with millions of values is refused, however small it is on the wire #encodings', async ({ read }) => {
  const values = Buffer.from(`{"output":[${'{},'.repeat(2_100_000)}{}]}`);
  answerWith(200, { 'content-encoding': 'gzip' }, gzipSync(values));
  await expect(read()).rejects.toMatchObject({ code: 'answer-too-large', retry: 'never' });
});

test('a file that is expanded more than 250 times is rejected', async () => {
  answerWith(200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(80 * 1024 * 1024, ' ')));
  await expect(readFile()).rejects.toMatchObject({ code: 'answer-too-large' });
});

test.each([
  { name: 'three', coding: 'gzip, gzip, gzip' },
  { name: '5,000', coding: Array.from({ length: 5000 }, () => 'br').join() },
])('a response in $name codings is refused before anything is decoded #encodings', async ({ coding }) => {
  answerWith(200, { 'content-encoding': coding }, gzipSync(gzipSync(gzipSync(page))));
  await expect(readPage()).rejects.toMatchObject({ code: 'answer-unusable' });
  await expect(open()).rejects.toMatchObject({ code: 'answer-unusable' });
  answerWith(503, { 'content-encoding': coding }, gzipSync(gzipSync(gzipSync('please wait'))));
  await expect(readPage()).rejects.toMatchObject({ status: 503, ehrText: undefined });
});

describe('a response that is expanded between two codings and decodes to nothing', () => {
  const emptyMember = gzipSync('');
  /** 200 MB of empty gzip files, in 200 kB. */
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, emptyMember));
  const headers = { 'content-encoding': 'gzip, gzip' };

  test.each([
    { name: 'search page', read: readPage },
    { name: 'manifest', read: readStatus },
    { name: 'file', read: readFile },
  ])('a $name is refused #encodings', async ({ read }) => {
    answerWith(200, headers, bomb);
    await expect(read()).rejects.toMatchObject({ code: 'answer-too-large', retry: 'never' });
  });

  test('the text of an error is not read to its end', async () => {
    answerWith(503, headers, bomb);
    const before = process.cpuUsage();
    await expect(readPage()).rejects.toMatchObject({ status: 503 });
    const { user } = process.cpuUsage(before);
    const whole = process.cpuUsage();
    gunzipSync(bomb);
    expect(user).toBeLessThan(process.cpuUsage(whole).user);
  });
});

test('a response that arrives too slowly ends as a lost connection, and may arrive in time', async () => {
  const read = (maxMs: number) =>
    ehr.session.send({
      method: 'GET',
      url: `${server.url}/metadata`,
      headers: {},
      priority: 'crawl',
      retries: 0,
      sendToken: false,
      answer: { ...resourceAnswer, maxMs },
    });
  server.answer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/fhir+json' });
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  });
  await expect(read(300)).rejects.toMatchObject({ code: 'connection-lost', retry: 'later' });
  answerWith(200, {}, '{}');
  expect(await read(300)).toMatchObject({ data: {} });
});

test('the connection is closed if a body is not needed and does not end', async () => {
  let sentBytes = 0;
  let isClosed = false;
  server.answer((_request, response) => {
    response.on('close', () => {
      isClosed = true;
    });
    response.writeHead(202, { 'content-location': '/status' });
    const send = () => {
      while (!isClosed && response.write(Buffer.alloc(64 * 1024))) sentBytes += 64 * 1024;
      if (!isClosed) response.once('drain', send);
    };
    send();
  });
  await kickOffExport({ session: ehr.session, request: { exportType: 'System', resourceTypes: [] } });
  await waitFor(() => isClosed, { what: 'the end of the connection' });
  expect(sentBytes).toBeLessThan(16 * 1024 * 1024);
});

describe('a server that stops sending and keeps the connection open', () => {
  /** Sends these bytes of a body and nothing more. */
  const stopAfter = async (start: string | Buffer, status = 200, headers: Record<string, string> = {}) => {
    ehr.close();
    ehr = createTestClient(server.url, { idleTimeoutMs: 200 });
    server.answer((_request, response) => void response.writeHead(status, headers).write(start));
  };

  test.each([
    { what: 'a file', read: readFile, start: lines, headers: {} },
    { what: 'a compressed file', read: readFile, start: gzipSync(lines), headers: { 'content-encoding': 'gzip' } },
    { what: 'a search page', read: readPage, start: '{"resourceType":', headers: {} },
    { what: 'a manifest', read: readStatus, start: '{"transactionTime":', headers: {} },
  ])('$what of a server that stops sending fails as lost', async ({ read, start, headers }) => {
    await stopAfter(start, 200, headers);
    expect(await read().catch(toBodyError)).toMatchObject({ code: 'connection-lost', retry: 'later' });
  });

  test('an error response whose text does not end is reported with the text so far', async () => {
    await stopAfter('please wait', 503);
    const request = { exportType: 'System', resourceTypes: [] } as const;
    await expect(kickOffExport({ session: ehr.session, request })).rejects.toMatchObject({
      status: 503,
      ehrText: 'please wait',
    });
  });

  test('a file that was received is read to its end, however slowly it is stored', async () => {
    await stopAfter('');
    const file = Buffer.alloc(1024 * 1024, lines);
    answerWith(200, {}, file);
    const { body } = await open();
    await delay(500);
    expect((await buffer(body)).equals(file)).toBe(true);
  });
});

test('a gzip file that is cut off at any byte fails instead of ending', async () => {
  const compressed = gzipSync(lines);
  for (let length = 1; length < compressed.length; length += 7) {
    const headers = { 'content-encoding': 'gzip', 'content-length': String(length) };
    answerWith(200, headers, compressed.subarray(0, length));
    await expect(readFile()).rejects.toThrow();
  }
});

test.each([201, 203, 204, 205, 206, 207, 226, 300, 304])(
  'an answer with status %i is not a file, even if it is empty #answers',
  async (status) => {
    answerWith(status);
    await expect(open()).rejects.toMatchObject({ code: 'answer-unusable', retry: 'briefly', context: { status } });
  },
);

test.each([
  { status: 202, headers: { 'retry-after': '7' }, afterMs: 7000 },
  { status: 202, headers: {}, afterMs: 30_000 },
  { status: 429, headers: { 'retry-after': '9' }, afterMs: 9000 },
  { status: 503, headers: { 'retry-after': '11' }, afterMs: 11_000 },
])(
  'a file with status $status and the headers $headers is requested again later',
  async ({ status, headers, afterMs }) => {
    answerWith(status, headers as Record<string, string>);
    await expect(open()).rejects.toMatchObject({ retry: { afterMs } });
  },
);

test.each([
  // A gateway sends such a page during a maintenance or before a login, as another one sends a 503.
  { contentType: 'text/html', body: '<p>Please log in</p>', retry: 'later' },
  { contentType: 'application/xhtml+xml', body: '<?xml version="1.0"?><p>Please log in</p>', retry: 'later' },
  { contentType: 'application/fhir+ndjson', body: '<!DOCTYPE html><p>Please log in</p>', retry: 'later' },
  { contentType: 'application/xml', body: '<?xml version="1.0"?><p>Please log in</p>', retry: 'never' },
  { contentType: 'text/csv', body: 'Please log in,1', retry: 'never' },
  { contentType: 'application/pdf', body: '%PDF-1.7 Please log in', retry: 'never' },
  { contentType: 'application/vnd.unknown', body: '[{"text":"Please log in"}]', retry: 'never' },
  { contentType: 'not a type', body: `${'\n'.repeat(70_000)}Please log in`, retry: 'never' },
])(
  'a file with the content type $contentType that is not NDJSON fails, quotes its start and is retried $retry',
  async ({ contentType, body, retry }) => {
    answerWith(200, { 'content-type': contentType }, body);
    const error = await open().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'answer-unusable', retry });
    const { ehrText = '', message } = error as { readonly ehrText?: string; readonly message: string };
    expect(ehrText).toContain('Please log in');
    expect(ehrText).toContain(contentType);
    expect(ehrText.length).toBeLessThanOrEqual(500);
    expect(message).toMatch(/NDJSON|web page/);
    expect(message).not.toContain('Please log in');
  },
);

test.each([
  'application/fhir+ndjson',
  'Application/NDJSON; fhirVersion=4.0',
  'text/plain',
  'binary/octet-stream',
  'application/ndjson+fhir',
  'application/vnd.unknown',
  'text/html',
  'not a type',
])('a file with the content type %s is read if its first line begins a JSON object', async (contentType) => {
  answerWith(200, { 'content-type': contentType }, lines);
  expect(await readFile()).toBe(lines);
  answerWith(200, { 'content-type': contentType, 'content-encoding': 'gzip' }, gzipSync(`\uFEFF \r\n${lines}`));
  expect(await readFile()).toBe(`\uFEFF \r\n${lines}`);
});

test.each(['', '\n\n', ' '.repeat(200_000)])(
  'a file without any line is read as it is, whatever its type is',
  async (body) => {
    answerWith(200, { 'content-type': 'application/vnd.unknown' }, body);
    expect(await readFile()).toBe(body);
  },
);

test('a file whose first line has 16 MB is recognised by its first bytes', async () => {
  const line = `{"resourceType":"Patient","id":"${'1'.repeat(16 * 1024 * 1024)}"}\n`;
  answerWith(200, { 'content-type': 'application/vnd.unknown' }, line);
  expect((await buffer((await open()).body)).length).toBe(line.length);
});

test('a file with an unusable first line is read if its type is NDJSON, so that the line is quarantined', async () => {
  answerWith(200, { 'content-type': 'application/fhir+ndjson' }, `oops\n${lines}`);
  expect(await readFile()).toBe(`oops\n${lines}`);
});

test.each([
  { name: 'a content length', headers: { 'content-length': String(Buffer.byteLength(lines)) }, isProven: true },
  { name: 'chunked encoding', headers: { 'transfer-encoding': 'chunked' }, isProven: true },
  { name: 'compression', headers: { 'content-encoding': 'gzip' }, body: gzipSync(lines), isProven: true },
  { name: 'only the end of the connection', headers: {}, isProven: false },
  { name: 'the identity coding', headers: { 'content-encoding': 'identity' }, isProven: false },
])('the end of a file with $name is proven: $isProven', async ({ headers, body = lines, isProven }) => {
  server.answer((_request, response) => {
    // Otherwise Node.js uses chunked encoding if there is no length.
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { 'content-type': 'application/fhir+ndjson', connection: 'close', ...headers });
    response.write(body);
    response.end();
  });
  const file = await open();
  expect(file).toMatchObject({ endIsProven: isProven, contentType: 'application/fhir+ndjson' });
  expect((await buffer(file.body)).toString()).toBe(lines);
});

test.each([
  { headers: { 'content-length': '72' }, contentLength: 72 },
  { headers: { 'transfer-encoding': 'chunked' }, contentLength: undefined },
])('a file with $headers reports a length of $contentLength bytes', async ({ headers, contentLength }) => {
  answerWith(200, headers as Record<string, string>, lines);
  const file = await open();
  file.body.resume();
  expect(file).toMatchObject({ contentLength });
});

test.each([
  { compressed: true, coding: 'gzip' },
  { compressed: false, coding: 'identity' },
])('a file is requested with the coding $coding if compression is $compressed', async ({ compressed, coding }) => {
  answerWith(200, {}, lines);
  const file = await openFile({
    session: ehr.session,
    url: `${server.url}/file`,
    requiresAccessToken: false,
    compressed,
  });
  file.body.resume();
  expect(server.requests).toMatchObject([{ headers: { 'accept-encoding': coding } }]);
});

describe('a resumed file', () => {
  const etag = '"v1"';
  const offset = 36;
  const size = Buffer.byteLength(lines);
  const rest = lines.slice(offset - 1);

  /** Sends a 206 for a range, and the whole file for a following request without a range. */
  const answerRange = (headers: Record<string, string | number>, body: string | Buffer = rest) =>
    server.answer((request) =>
      request.headers.range === undefined ? { headers: { etag }, body: lines } : { status: 206, headers, body },
    );
  const resume = async () => {
    const file = await open({ offset, etag });
    return { startOffset: file.startOffset, text: (await buffer(file.body)).toString() };
  };
  const good = { etag, 'content-range': `bytes ${offset - 1}-${size - 1}/${size}` };

  test('a resumed file continues at the byte if the range is exactly the rest #ranges', async () => {
    answerRange(good);
    expect(await resume()).toEqual({ startOffset: offset, text: lines.slice(offset) });
  });

  test.each([
    // The body has the length of the range. Only its position is wrong.
    {
      name: 'starts one byte later',
      headers: { ...good, 'content-range': `bytes ${offset}-${size - 1}/${size}` },
      body: rest.slice(1),
    },
    {
      name: 'ends before the file',
      headers: { ...good, 'content-range': `bytes ${offset - 1}-${size - 9}/${size}` },
      body: rest.slice(0, -8),
    },
    { name: 'does not say the total', headers: { ...good, 'content-range': `bytes ${offset - 1}-${size - 1}/*` } },
    { name: 'has no range', headers: { etag } },
    { name: 'has a range and more', headers: { ...good, 'content-range': `${good['content-range']} x` } },
    { name: 'has a range after something else', headers: { ...good, 'content-range': `x ${good['content-range']}` } },
    {
      name: 'is empty',
      headers: { etag, 'content-range': `bytes ${offset - 1}-${offset - 2}/${offset - 1}` },
      body: '',
    },
    { name: 'is of another version', headers: { ...good, etag: '"v2"' } },
    { name: 'has no ETag', headers: { 'content-range': good['content-range'] } },
    { name: 'is compressed', headers: { ...good, 'content-encoding': 'gzip' }, body: gzipSync(rest) },
    { name: 'has another length', headers: { ...good, 'content-length': rest.length - 5 }, body: rest.slice(5) },
  ])('a resumed file is read again from the start if the 206 $name #ranges', async ({ headers, body }) => {
    answerRange(headers as Record<string, string>, body);
    expect(await resume()).toEqual({ startOffset: 0, text: lines });
    expect(server.requests).toHaveLength(2);
  });

  test('a resumed file is read completely with the same request if the server ignores ranges', async () => {
    answerWith(200, { etag }, lines);
    expect(await resume()).toEqual({ startOffset: 0, text: lines });
    expect(server.requests).toMatchObject([
      { headers: { range: `bytes=${offset - 1}-`, 'if-range': etag, 'accept-encoding': 'identity' } },
    ]);
  });

  test.each([404, 410, 500])('a resumed file is not read from the start if the server returns %i', async (status) => {
    answerWith(status);
    await expect(resume()).rejects.toMatchObject({ status });
    expect(server.requests).toHaveLength(1);
  });

  test('a resumed file is not read from the start if the connection is reset before the answer', async () => {
    server.answer((_request, response) => void response.destroy());
    await expect(resume()).rejects.toMatchObject({ code: 'ehr-unreachable' });
    expect(server.requests).toHaveLength(1);
  });

  test('a resumed file fails while it is read if the server sends fewer bytes than the range has', async () => {
    answerWith(206, { ...good, 'transfer-encoding': 'chunked' }, rest.slice(0, -5));
    await expect(resume()).rejects.toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });

  test('a resumed file fails after one restart if the server answers every request with 206 #loops #ranges', async () => {
    answerWith(206, { 'content-range': 'bytes 5-9/10' }, '12345');
    await expect(resume()).rejects.toMatchObject({ code: 'answer-unusable', context: { status: 206 } });
    expect(server.requests).toHaveLength(2);
  });
});

describe('a manifest in pages', () => {
  test('a manifest fails after a few requests if its pages never end and list nothing new #loops', async () => {
    server.answer(({ count }) => {
      const link = [{ relation: 'next', url: `/status?page=${count}` }];
      return { body: { ...JSON.parse(manifest), link } };
    });
    await expect(readStatus()).rejects.toMatchObject({
      code: 'manifest-not-understood',
      message: expect.stringContaining('no file that is new'),
    });
    expect(server.requests.length).toBeLessThan(15);
  });

  test('a manifest in pages fails if its pages form a circle #loops', async () => {
    const pageBefore = (url: string) => ({ body: { ...JSON.parse(manifest), link: [{ relation: 'next', url }] } });
    server.answer({ '/status': pageBefore('/2'), '/2': pageBefore('/status') });
    await expect(readStatus()).rejects.toMatchObject({
      code: 'manifest-not-understood',
      message: expect.stringContaining('circle'),
      retry: 'briefly',
    });
    expect(server.requests).toHaveLength(2);
  });

  const answerPages = (...pages: readonly object[]) =>
    server.answer(({ path }) => {
      const place = path === '/status' ? 0 : Number(path.slice(1));
      const link = place + 1 < pages.length ? [{ relation: 'next', url: `/${place + 1}` }] : [];
      return { body: { transactionTime: '2024-01-01T00:00:00Z', output: [], link, ...pages[place] } };
    });
  const readPages = async () => {
    const status = await readStatus();
    return status.kind === 'complete' ? status.manifest : undefined;
  };

  test('a manifest in pages counts unusable entries and finds a list of deletions on any page', async () => {
    answerPages({ output: [null] }, { output: [null, {}], deleted: [] }, { output: [{ type: 'Goal', url: '/g' }] });
    expect(await readPages()).toMatchObject({
      unreadableEntries: 3,
      hasDeletedList: true,
      entries: [{ type: 'Goal' }],
    });
    answerPages({ deleted: [] }, {});
    expect(await readPages()).toMatchObject({ unreadableEntries: 0, statedErrors: [], hasDeletedList: true });
    answerPages({}, {});
    expect(await readPages()).toMatchObject({ hasDeletedList: false });
  });

  test('a manifest in pages is read up to 50,000 files and rejected with more', async () => {
    const files = (count: number) => ({ output: Array.from({ length: count }, () => ({ url: '/f' })) });
    answerPages(files(30_000), files(20_000), {});
    expect((await readPages())?.entries).toHaveLength(50_000);
    answerPages(files(30_000), files(20_001));
    await expect(readPages()).rejects.toMatchObject({ code: 'manifest-too-large', retry: 'never' });
    answerPages(files(50_001), {});
    await expect(readPages()).rejects.toMatchObject({ code: 'manifest-too-large' });
    expect(server.requests.at(-1)?.path).toBe('/status');
  });

  test('a manifest in pages fails if a page has another transaction time', async () => {
    server.answer({
      '/status': { body: { ...JSON.parse(manifest), link: [{ relation: 'next', url: '/2' }] } },
      '/2': { body: { transactionTime: '2024-01-02T00:00:00Z', output: [] } },
    });
    await expect(readStatus()).rejects.toMatchObject({
      code: 'manifest-not-understood',
      message: expect.stringContaining('different transaction times'),
    });
  });
});

describe('a kick-off', () => {
  const request = { exportType: 'Patient', resourceTypes: [] } as const;
  const start = () => kickOffExport({ session: ehr.session, request });

  test('a kick-off is accepted by its headers even if the connection breaks off in the body #orphans', async () => {
    server.answer((_request, response) => {
      response.writeHead(202, { 'content-location': '/status/1', 'content-length': '1000' });
      response.write('{', () => response.destroy());
    });
    expect((await start()).statusUrl).toBe(`${server.url}/status/1`);
  });

  test.each([200, 202, 204])(
    'a kick-off fails without a retry if status %i has no Content-Location',
    async (status) => {
      answerWith(status);
      await expect(start()).rejects.toMatchObject({ code: 'kick-off-not-understood', retry: 'never' });
      expect(server.requests).toHaveLength(1);
    },
  );
});

describe('the text of an error response', () => {
  const outcome = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'exception', details: { text: 'Out of disk' }, diagnostics: 'volume\u0007 7' }],
  };
  test.each([
    { name: 'an OperationOutcome', body: JSON.stringify(outcome), ehrText: 'error exception: Out of disk: volume 7' },
    { name: 'an OAuth error', body: '{"error":"x","error_description":"No such app"}', ehrText: 'x: No such app' },
    { name: 'other JSON', body: '{"status":7}', ehrText: '{"status":7}' },
    { name: 'a web page', body: '<html><h1>Down</h1> until noon</html>', ehrText: 'Down until noon' },
    { name: 'plain text', body: 'No such practice\r\n', ehrText: 'No such practice' },
    { name: 'an empty body', body: '', ehrText: undefined },
  ])('the text of $name is kept for operators, but not in the message and the context', async ({ body, ehrText }) => {
    answerWith(500, {}, body);
    const error = await readStatus().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 500, ehrText });
    const { message, context } = error as Error & { readonly context: object };
    if (ehrText !== undefined) expect(JSON.stringify([message, context])).not.toContain(ehrText);
  });

  test('a compressed error response is decoded', async () => {
    answerWith(500, { 'content-encoding': 'gzip' }, gzipSync('No such practice'));
    await expect(readStatus()).rejects.toMatchObject({ ehrText: 'No such practice' });
  });
});

test.each([200, 202, 204])('a deletion accepts status %i', async (status) => {
  answerWith(status);
  await deleteExport({ session: ehr.session, statusUrl: `${server.url}/status` });
});

test('a search page whose connection breaks off is retried', async () => {
  server.answer((_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write(page, () => response.destroy());
  });
  await expect(readPage()).rejects.toMatchObject({ code: 'connection-lost', retry: 'later' });
});
