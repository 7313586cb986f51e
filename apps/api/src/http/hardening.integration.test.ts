import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { httpLimits } from '@bulkhead/http';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../testing/start-api.ts';

// Short limits, so that the tests are fast.
const serverLimits = { ...httpLimits, headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 };
const api = await startApi({ serverLimits });
afterAll(() => api.stop());

const path = '/api/ehr/athenahealth/bulk-export';
const open = (): Socket => connect(Number(new URL(api.baseUrl).port), '127.0.0.1');

test.each([
  ...['/api/ehr/connections', '/api/ehr/api-keys', '/api/ehr/unknown', '/api/ehr/audit-events?limit=x'],
  ...['/api/ehr/athenahealth/fhir/none/Patient', '/api/ehr/athenahealth/tables?connectionId=none'],
])('the response to %s must not be cached', async (address) => {
  expect((await api.request('GET', address)).headers.get('cache-control')).toBe('no-store');
  expect((await api.request('GET', address, { authorization: null })).headers.get('cache-control')).toBe('no-store');
});

test('a client that never completes its headers gets 408 and is disconnected', async () => {
  const socket = open();
  socket.write('GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

test('a client that never completes its body gets 408 and is disconnected', async () => {
  const socket = open();
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.clientKey}\r\nContent-Length: 100\r\n\r\n`;
  socket.write(`${head}{"connectionId":`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

test('a client that sends headers over 16 KB gets 431', async () => {
  const socket = open();
  // The response is sent before all headers are read.
  socket.on('error', () => undefined);
  socket.write(`GET /health HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(await text(socket)).toMatch(
    /^HTTP\/1\.1 431 [\s\S]*"code":"unreadable-request","message":"The headers and the URL/,
  );
});

test('a client that does not send HTTP gets 400, and the process continues', async () => {
  const socket = open();
  socket.end('\u0016\u0003\u0001 hello\r\n\r\n');
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  expect((await api.request('GET', '/health')).status).toBe(200);
});

test('a client that sends non-ASCII characters in an address gets the reason', async () => {
  const socket = open();
  socket.end('GET /api/ehr/connections?id=conn_… HTTP/1.1\r\nHost: x\r\n\r\n');
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  for (const header of [
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    'Strict-Transport-Security: max-age=31536000; includeSubDomains',
    'X-Content-Type-Options: nosniff',
  ])
    expect(head).toContain(header);
  expect(JSON.parse(body)).toEqual({
    success: false,
    error: { code: 'unreadable-request', message: expect.stringContaining('Percent-encode') },
  });
});

test.each([
  { what: 'both a length and chunks', headers: 'Content-Length: 5\r\nTransfer-Encoding: chunked' },
  { what: 'two lengths', headers: 'Content-Length: 5\r\nContent-Length: 6' },
  { what: 'an unknown transfer coding', headers: 'Transfer-Encoding: xchunked' },
])(
  'a client that sends $what gets 400, so that a proxy and this server cannot split the bytes differently',
  async ({ headers }) => {
    const socket = open();
    socket.end(`POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n0\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  },
);

test('a client that sends TRACE gets 405, and its headers are not sent back', async () => {
  const socket = open();
  socket.end('TRACE /health HTTP/1.1\r\nHost: x\r\nCookie: planted\r\nConnection: close\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  expect(answer).not.toContain('planted');
});

test('a client that leaves in the middle of its request does not affect others', async () => {
  const socket = open();
  await once(socket, 'connect');
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{`);
  socket.destroy();
  expect((await api.request('GET', '/health')).status).toBe(200);
});

test('a body that is nested deeper than any request is refused before it is parsed', async () => {
  const body = `{"connectionId":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
  const answer = await api.request('POST', path, { body });
  expect(answer.status).toBe(400);
  expect(answer.body.error).toEqual({ code: 'not-json', message: expect.stringContaining('20 levels') });
  // Brackets inside a string do not count.
  const shallow = await api.request('POST', path, { body: { connectionId: `"\\${'['.repeat(50)}` } });
  expect(shallow.body.error.code).toBe('unknown-connection');
});

test('a body that ends inside a string returns 400 at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => api.request('POST', path, { body: `{"connectionId":"${'\\"'.repeat(49_000)}` })),
  );
  for (const { refusal } of answers) expect(refusal).toEqual([400, 'not-json']);
});

test.each([
  { what: 'a prototype', body: '{"__proto__":{"polluted":true},"connectionId":"c"}' },
  { what: 'a constructor', body: '{"constructor":{"prototype":{"polluted":true}},"connectionId":"c"}' },
  { what: 'an operator', body: '{"connectionId":{"$gt":""}}' },
  { what: 'an operator as a field', body: '{"connectionId":"c","$where":"sleep(1000)"}' },
  { what: 'a field with a dotted path', body: '{"connectionId":"c","request.exportType":"System"}' },
])('a body with $what is refused and changes nothing', async ({ body }) => {
  expect((await api.request('POST', path, { body })).refusal).toEqual([400, 'invalid-request']);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('a prototype or an operator in a field that accepts an object changes nothing', async () => {
  const send = (request: string) => {
    const body = `{"connectionId":"c","kind":"export","cron":"0 2 * * *","timeZone":"UTC","request":${request}}`;
    return api.request('POST', '/api/ehr/schedules', { body });
  };
  expect((await send('{"$set":{"role":"operator"}}')).body.error.code).toBe('invalid-request');
  // It is not a field of the parsed object, so the validation does not see it.
  expect((await send('{"__proto__":{"exportType":"System"}}')).body.error.code).toBe('unknown-connection');
  expect(({} as { exportType?: string }).exportType).toBeUndefined();
});

test.each([
  { what: 'an operator in its query', address: '/api/ehr/quarantine?connectionId[$ne]=x', code: 'invalid-request' },
  {
    what: 'a list instead of a string',
    address: '/api/ehr/quarantine?connectionId=a&connectionId=b',
    code: 'invalid-request',
  },
  { what: 'a path out of its folder', address: `${path}/..%2f..%2f..%2fetc%2fpasswd`, code: 'unknown-export' },
  { what: 'a null character in an id', address: `${path}/job_%00`, code: 'unknown-export' },
  {
    what: 'an operator instead of an id',
    address: '/api/ehr/connections/%7B%22$gt%22:%22%22%7D',
    code: 'unknown-connection',
  },
  {
    what: 'a prototype as a type',
    address: '/api/ehr/athenahealth/resources/__proto__?connectionId=c',
    code: 'unknown-connection',
  },
  { what: 'an incomplete percent encoding', address: `${path}/%E0%A4%A`, code: 'invalid-request' },
  // Latin-1. As a replaced character it would match nothing, and the answer would say that there is no such resource.
  {
    what: 'a query in another encoding than UTF-8',
    address: '/api/ehr/athenahealth/resources/Patient?connectionId=c&identifier=M%FCller',
    code: 'invalid-request',
  },
])('an address with $what returns $code', async ({ address, code }) => {
  const { status, body } = await api.request('GET', address);
  expect([status < 500, body.error.code]).toEqual([true, code]);
});

test('a method that an address does not support returns 405 with the supported methods', async () => {
  const { status, body, headers } = await api.request('PUT', '/api/ehr/schedules/s', { body: '{' });
  expect([status, body.error.code, headers.get('allow')]).toEqual([
    405,
    'method-not-allowed',
    'GET, PATCH, DELETE, HEAD, OPTIONS',
  ]);
  expect((await api.request('HEAD', '/health')).status).toBe(200);
  const options = await api.request('OPTIONS', '/health');
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
});

test('every response forbids frames, sniffing and foreign scripts, and does not reveal the server software', async () => {
  for (const address of ['/health', '/docs/', '/api/ehr/connections', '/nowhere']) {
    const { headers } = await api.request('GET', address);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(policy).toContain("object-src 'none'");
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

test('no response can be read by a page of another origin', async () => {
  for (const address of ['/health', '/openapi.json', '/api/ehr/connections', '/login']) {
    const { headers } = await api.request('GET', address, { headers: { origin: 'https://evil.example' } });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});

test('no error response contains a stack trace', async () => {
  const wrong = [
    api.request('POST', path, { body: '{' }),
    api.request('POST', path, { body: {} }),
    api.request('GET', '/%'),
    api.request('GET', '/nowhere'),
    api.request('PUT', '/api/ehr/connections/x', { body: {} }),
  ];
  for (const { text: answer } of await Promise.all(wrong))
    expect(answer).not.toMatch(/\bat .+\.ts:\d|node_modules|Error:/);
});
