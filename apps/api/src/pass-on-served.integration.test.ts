import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type HttpLimits, httpLimits, isServed } from '@bulkhead/http';
import { makeDocument } from '@bulkhead/records/testing';
import { endpointGroups as servedGroups } from '@bulkhead/serve';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { endpoints as ownEndpoints } from './endpoints/endpoints.ts';
import { plantConnection } from './testing/plant-connection.ts';
import { startApi } from './testing/start-api.ts';

const api = await startApi();
const { connectionId } = await plantConnection(api.store);
const resourceId = 'one';
await api.store.resourceWriter.write('Patient', [
  makeDocument({ resourceType: 'Patient', id: resourceId }, { connectionId }),
]);
afterAll(() => api.stop());
const searchPath = '/api/ehr/athenahealth/fhir/c/Patient/_search';
const search = `/api/ehr/athenahealth/resources/Patient?connectionId=${connectionId}`;

test('the paths that the API passes on are those of the endpoints of serve, and none of its own', () => {
  const served = servedGroups.flatMap((group) => group.endpoints.map(({ path }) => path));
  expect(served.filter((path) => !isServed(path))).toEqual([]);
  // `/documents/:id/retry` has no path of serve before it.
  const own = ownEndpoints.map(({ path }) => path).filter((path) => isServed(path));
  expect(own).toEqual([]);
});

/** A `serve` of the test behind an API of its own. */
async function startBehind(SERVE_URL: string, serverLimits?: HttpLimits) {
  return startApi({ env: { SERVE_URL }, serverLimits });
}

test('if serve is unavailable, its paths answer 503 with what to do, as JSON and as an OperationOutcome, and the API is ready', async () => {
  await using alone = await startBehind('http://127.0.0.1:9');
  const answer = await alone.request('GET', `/api/ehr/athenahealth/resources/Patient?connectionId=c`);
  expect(answer.refusal).toEqual([503, 'serving-unavailable']);
  expect(answer.body.error.message).toMatch(/Exports, syncs and the console continue.*SERVE_URL/);
  const fhir = await alone.request('GET', '/api/ehr/athenahealth/fhir/c/metadata', { authorization: null });
  expect([fhir.status, fhir.body.resourceType]).toEqual([503, 'OperationOutcome']);
  expect((await alone.request('GET', '/ready')).status).toBe(200);
  expect((await alone.request('GET', '/api/ehr/connections')).status).toBe(200);
  const { body } = await alone.request('GET', '/openapi.json', { authorization: null });
  expect([body.info.title, body.paths['/health'] !== undefined]).toEqual(['Bulkhead', true]);
});

test('a stored resource has its ETag, its gzip and its address from outside', async () => {
  const url = `/api/ehr/athenahealth/resources/Patient/${resourceId}?connectionId=${connectionId}`;
  const first = await api.request('GET', url);
  expect(first.status).toBe(200);
  const lines = await new Promise<IncomingMessage>((resolve) => {
    const headers = {
      authorization: `Bearer ${api.operatorKey}`,
      accept: 'application/fhir+ndjson',
      'accept-encoding': 'gzip',
      host: 'bulkhead.example',
    };
    httpRequest(api.baseUrl + search, { headers }, resolve).end();
  });
  expect(lines.headers['content-encoding']).toBe('gzip');
  const chunks: Buffer[] = [];
  for await (const chunk of lines) chunks.push(chunk);
  expect(gunzipSync(Buffer.concat(chunks)).toString()).toContain(resourceId);
  const page = await api.request('GET', search, { headers: { 'x-forwarded-host': 'evil.example' } });
  expect(page.body.link[0].url).toBe(`${api.baseUrl}${search}`);
});

/** Answers every connection with the same bytes. */
async function startRaw(answer: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

test.each([
  { what: 'no HTTP', answer: (socket: Socket) => socket.end('220 smtp ready\r\n') },
  {
    what: 'two lengths',
    answer: (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
  },
  {
    what: 'a length and chunks',
    answer: (socket: Socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  },
  { what: 'nothing', answer: (socket: Socket) => socket.destroy() },
])('serve that answers with $what is 503', async ({ answer }) => {
  using raw = await startRaw(answer);
  await using behind = await startBehind(raw.url);
  const { refusal } = await behind.request('GET', '/api/ehr/athenahealth/resources/Patient?connectionId=c');
  expect(refusal).toEqual([503, 'serving-unavailable']);
});

test.each([
  { what: 'chunks', head: 'Transfer-Encoding: chunked', part: '5\r\nabcde\r\n' },
  { what: 'a length', head: 'Content-Length: 100', part: 'abcde' },
])('a body with $what that serve does not end is cut for the client too, and never whole', async ({ head, part }) => {
  using raw = await startRaw((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${part}`, () => socket.destroy());
  });
  await using behind = await startBehind(raw.url);
  const read = async () => {
    const answer = await fetch(`${behind.baseUrl}/api/ehr/athenahealth/resources/Patient?connectionId=c`);
    return answer.text();
  };
  await expect(read()).rejects.toThrow(/terminated|fetch failed/);
});

test('a client gets the head of an answer whose body does not follow', async () => {
  using raw = await startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', () => socket.destroy());
  });
  await using behind = await startBehind(raw.url);
  const answer = await fetch(`${behind.baseUrl}/api/ehr/athenahealth/resources/Patient?connectionId=c`);
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow(/terminated/);
});

test('a client that leaves ends its request at serve, and one that serve refuses gets its refusal', async () => {
  const closed: string[] = [];
  const server = await startScriptedServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/fhir+ndjson' }).write('{}\n');
    response.once('close', () => closed.push(request.url));
  });
  await using behind = await startBehind(server.url);
  const left = httpRequest(`${behind.baseUrl}/api/ehr/athenahealth/fhir/c/Patient`).end();
  const [answer] = (await once(left, 'response')) as [IncomingMessage];
  await once(answer, 'data');
  left.destroy();
  await waitFor(() => closed.length === 1, { what: 'the end of the request at serve' });
  await server.stop();
  const refused = await api.request('GET', search, { authorization: 'Bearer bh_wrong' });
  expect(refused.refusal[0]).toBe(401);
});

test('a body without an end gets 408, and its request ends at serve too', async () => {
  let isReached = false;
  let isEnded = false;
  using raw = await startRaw((socket) => {
    isReached = true;
    socket.once('close', () => {
      isEnded = true;
    });
  });
  // Short, so that the test is fast.
  const limits = { ...httpLimits, headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 };
  await using behind = await startBehind(raw.url, limits);
  const { hostname, port } = new URL(behind.baseUrl);
  const socket = connect(Number(port), hostname);
  socket.write(`POST ${searchPath} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  expect(isReached).toBe(true);
  await waitFor(() => isEnded, { what: 'the end of the request at serve' });
});

test('answers of a `serve` of another version are passed on as they are, also such as this API does not know', async () => {
  const refusal = { error: { code: 'of-a-later-version', message: 'There is no such search.' } };
  const server = await startScriptedServer((_request, response) => {
    response.writeHead(422, { 'content-type': 'application/json', 'x-later': 'yes' }).end(JSON.stringify(refusal));
  });
  await using behind = await startBehind(server.url);
  const answer = await fetch(`${behind.baseUrl}/api/ehr/athenahealth/fhir/c/Patient?later=1`);
  expect([answer.status, answer.headers.get('x-later'), await answer.json()]).toEqual([422, 'yes', refusal]);
  // A path of a later `serve` is none of this API, which says so itself.
  expect((await behind.request('GET', '/api/ehr/athenahealth/later/c')).refusal[0]).toBe(404);
  expect((await behind.request('GET', '/ready')).status).toBe(200);
  await server.stop();
});

/** What a raw request to the API gets: its first line. */
async function sendRaw(baseUrl: string, text: string): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  await waitFor(() => answer.includes('\r\n') || socket.destroyed, { what: 'the answer' });
  socket.destroy();
  return answer.split('\r\n')[0] ?? '';
}

test('who the caller is cannot be said by a header, and requests that two servers could read differently are refused or passed on as they are', async () => {
  const seen: { readonly url: string; readonly headers: NodeJS.Dict<string | string[]> }[] = [];
  const server = await startScriptedServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    response.end('{}');
  });
  await using behind = await startBehind(server.url);
  const at = new URL(behind.baseUrl).host;
  const path = '/api/ehr/athenahealth/fhir/c/Patient';
  const forged =
    'X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 203.0.113.10\r\nForwarded: for=203.0.113.9\r\nX-Forwarded-Proto: https\r\n';
  expect(await sendRaw(behind.baseUrl, `GET ${path} HTTP/1.1\r\nHost: ${at}\r\n${forged}\r\n`)).toContain(' 200 ');
  expect(seen.at(-1)?.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
  expect(seen.at(-1)?.headers.forwarded).toBeUndefined();
  // Smuggled: the length and the chunks of one body disagree.
  const smuggled = 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n\r\n';
  expect(await sendRaw(behind.baseUrl, `POST ${path}/_search HTTP/1.1\r\nHost: ${at}\r\n${smuggled}`)).toContain(
    ' 400 ',
  );
  const twice = 'Content-Length: 1\r\nContent-Length: 2\r\n\r\nab';
  expect(await sendRaw(behind.baseUrl, `POST ${path}/_search HTTP/1.1\r\nHost: ${at}\r\n${twice}`)).toContain(' 400 ');
  const before = seen.length;
  // An upgrade is a plain request here.
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  expect(await sendRaw(behind.baseUrl, `GET ${path} HTTP/1.1\r\nHost: ${at}\r\n${upgrade}`)).toMatch(
    / (?:200|400|426) /,
  );
  // Which program gets a path is decided by what was sent.
  for (const odd of [
    '/api/ehr/athenahealth%2Ffhir/c/Patient',
    '/api/ehr/athenahealth/fh%69r/c/Patient',
    '/api//ehr/athenahealth/fhir/c/Patient',
    '/api/ehr/../ehr/athenahealth/fhir/c/Patient',
    '/API/ehr/athenahealth/fhir/c/Patient',
  ])
    expect([odd, await sendRaw(behind.baseUrl, `GET ${odd} HTTP/1.1\r\nHost: ${at}\r\n\r\n`)]).toEqual([
      odd,
      expect.stringMatching(/ 40[014] /),
    ]);
  expect(seen.slice(before).filter(({ url }) => url !== path)).toEqual([]);
  // Below a path of serve, dots and slashes reach it as they were sent.
  await sendRaw(behind.baseUrl, `GET ${path}/..%2f..%2fadmin HTTP/1.1\r\nHost: ${at}\r\n\r\n`);
  expect(seen.at(-1)?.url).toBe(`${path}/..%2f..%2fadmin`);
  await server.stop();
});
