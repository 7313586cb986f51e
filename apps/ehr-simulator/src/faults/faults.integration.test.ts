import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rawGet } from '../testing/raw-http.ts';
import { jsonOf, type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';
import { faultKinds } from './fault-order.ts';

let simulator: SimulatorClient;
beforeEach(async () => {
  simulator = await startSimulatorClient();
});
afterEach(() => simulator.stop());

const path = '/Patient/a-195900.E-1';
const files = { path: '/bulkdata/' };
const plain = { accept: 'application/fhir+ndjson', 'accept-encoding': 'identity' };

async function patientFile(): Promise<{ url: string; whole: string }> {
  const { output } = await simulator.export('/Patient/$export?_type=Patient');
  const url = output[0]?.url ?? '';
  return { url, whole: await simulator.text(url, plain) };
}

test('the fault board matches requests by method, path and type, skips and repeats faults, and lists and cancels them', async () => {
  const fault = { kind: 'status', status: 503 };
  await simulator.orderFault({ match: { method: 'GET', type: 'Patient' }, fault, times: 2, after: 1 });
  const statuses = [];
  for (let index = 0; index < 5; index += 1) statuses.push((await simulator.get(path)).status);
  expect(statuses).toEqual([200, 503, 503, 200, 200]);
  const [order] = await jsonOf(simulator.control('GET', '/orders'));
  expect(order).toMatchObject({ matched: 5, applied: 2, times: 2, after: 1, fault });
  await simulator.orderFault({ match: { path: 'E-1$' }, fault, times: 'always' });
  expect((await simulator.get(path)).status).toBe(503);
  expect((await simulator.get('/Patient/a-195900.E-2')).status).toBe(200);
  await simulator.control('DELETE', '/orders');
  expect((await simulator.get(path)).status).toBe(200);
});

test.each([
  [{ fault: { kind: 'nonsense' } }],
  [{ fault: { kind: 'latency' } }],
  [{ fault: { kind: 'latency', ms: 1, more: 1 } }],
  [{ fault: { kind: 'bom' }, match: { path: '(' } }],
  [{ fault: { kind: 'bom' }, times: 0 }],
])('the fault board rejects the fault order %j', async (order) => {
  expect((await simulator.control('POST', '/orders', order)).status).toBe(400);
});

test('the fault board gives every kind of fault a unique name', () => {
  expect(new Set(faultKinds.map(({ kind }) => kind)).size).toBe(faultKinds.length);
});

test('a connection fault sends Retry-After verbatim', async () => {
  await simulator.orderFault({ fault: { kind: 'status', status: 429, retryAfter: 'soon' } });
  const response = await simulator.get(path);
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, 'soon']);
});

test('a connection fault truncates a body before its length, or ends it as if it were complete', async () => {
  const { url, whole } = await patientFile();
  await simulator.orderFault({ match: files, fault: { kind: 'truncate', afterBytes: 1000 } });
  await expect(simulator.text(url, plain)).rejects.toThrow();
  await simulator.orderFault({ match: files, fault: { kind: 'truncate', afterBytes: 1000, clean: true } });
  const short = await simulator.get(url, plain);
  expect(short.headers.get('content-length')).toBeNull();
  expect(Buffer.from(await short.arrayBuffer()).equals(Buffer.from(whole).subarray(0, 1000))).toBe(true);
  await simulator.orderFault({ match: files, fault: { kind: 'truncate', afterBytes: 1000 } });
  const authorization = simulator.authorization;
  const { body } = await rawGet(url, { authorization, 'accept-encoding': 'gzip' });
  expect(body).toHaveLength(1000);
  expect(() => gunzipSync(body)).toThrow();
});

test('a connection fault stalls before the answer', async () => {
  await simulator.orderFault({ fault: { kind: 'stall' } });
  await expect(fetch(simulator.fhirEndpoint + path, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/);
});

test('a connection fault redirects to the same path on another origin, where a token is a violation', async () => {
  await simulator.orderFault({ fault: { kind: 'redirect', status: 302 } });
  const response = await simulator.get(`${path}?a=b`);
  const location = new URL(response.headers.get('location') ?? '');
  expect([response.status, location.pathname + location.search]).toEqual([302, `/fhir/r4${path}?a=b`]);
  expect(location.origin).not.toBe(simulator.baseUrl);
  await simulator.get(location.href);
  expect((await simulator.violations()).violations.map(({ reason }) => reason)).toEqual([
    'token sent to another origin',
  ]);
});

test('a connection fault sets and removes headers by names in any case', async () => {
  await simulator.orderFault({ fault: { kind: 'headers', set: { ETag: null, 'X-More': 'yes' } } });
  const bare = await simulator.get(path);
  expect([bare.headers.get('etag'), bare.headers.get('x-more')]).toEqual([null, 'yes']);
});

describe('a fault of a file', () => {
  const cases: [fault: object, expected: (lines: string[]) => string | RegExp][] = [
    [{ kind: 'corrupt-line', line: 2, with: '{"x' }, (lines) => `${lines.with(1, '{"x').join('\n')}\n`],
    [{ kind: 'line-endings', style: 'crlf' }, (lines) => lines.map((line) => `${line}\r\n`).join('')],
    [{ kind: 'line-endings', style: 'trailing-space' }, (lines) => lines.map((line) => `${line} \n`).join('')],
    [{ kind: 'line-endings', style: 'blank-line' }, (lines) => lines.map((line) => `${line}\n\n`).join('')],
    [{ kind: 'duplicate-lines' }, (lines) => lines.map((line) => `${line}\n${line}\n`).join('')],
    [{ kind: 'no-final-newline' }, (lines) => lines.join('\n')],
  ];

  test.each(cases)('a file fault changes the lines of a file once by %j', async (fault, expected) => {
    const { url, whole } = await patientFile();
    await simulator.orderFault({ match: { type: 'Patient', ...files }, fault });
    expect(await simulator.text(url, plain)).toBe(expected(whole.trimEnd().split('\n')));
    expect(await simulator.text(url, plain)).toBe(whole);
  });

  test('a file fault adds a byte order mark, also to a compressed file', async () => {
    const { url, whole } = await patientFile();
    await simulator.orderFault({ match: files, fault: { kind: 'bom' } });
    const bytes = Buffer.from(await (await simulator.get(url, { 'accept-encoding': 'gzip' })).arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(bytes.subarray(3).toString()).toBe(whole);
  });
});

test('a document fault changes the counts of all types of a manifest', async () => {
  await simulator.orderFault({
    match: { path: '/bulkstatus/' },
    fault: { kind: 'wrong-counts', by: -3 },
    times: 'always',
  });
  expect((await simulator.export('/Patient/$export?_type=Patient')).output[0]?.count).toBe(5);
});
