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
  const [order] = await jsonOf(simulator.control('GET', '/faults'));
  expect(order).toMatchObject({ matched: 5, applied: 2, times: 2, after: 1, fault });
  await simulator.orderFault({ match: { path: 'E-1$' }, fault, times: 'always' });
  expect((await simulator.get(path)).status).toBe(503);
  expect((await simulator.get('/Patient/a-195900.E-2')).status).toBe(200);
  await simulator.control('DELETE', '/faults');
  expect((await simulator.get(path)).status).toBe(200);
});

test.each([
  [{ fault: { kind: 'nonsense' } }],
  [{ fault: { kind: 'latency' } }],
  [{ fault: { kind: 'latency', ms: 1, more: 1 } }],
  [{ fault: { kind: 'bom' }, match: { path: '(' } }],
  [{ fault: { kind: 'bom' }, times: 0 }],
])('the fault board rejects the fault order %j', async (order) => {
  expect((await simulator.control('POST', '/faults', order)).status).toBe(400);
});

test('the fault board gives every kind of fault a unique name', () => {
  expect(new Set(faultKinds.map(({ kind }) => kind)).size).toBe(faultKinds.length);
});

test('a connection fault delays the answer by the ordered latency', async () => {
  await simulator.orderFault({ fault: { kind: 'latency', ms: 80 } });
  const start = performance.now();
  expect((await simulator.get(path)).status).toBe(200);
  expect(performance.now() - start).toBeGreaterThan(75);
});

test('a connection fault answers with the ordered status and body, and sends Retry-After verbatim', async () => {
  const fault = {
    kind: 'status',
    status: 429,
    retryAfter: 'soon',
    body: '<html>busy</html>',
    contentType: 'text/html',
  };
  await simulator.orderFault({ fault });
  const response = await simulator.get(path);
  expect([response.status, response.headers.get('retry-after'), response.headers.get('content-type')]).toEqual([
    429,
    'soon',
    'text/html',
  ]);
  expect(await response.text()).toBe('<html>busy</html>');
});

test('a connection fault resets the connection before the answer or inside the body', async () => {
  await simulator.orderFault({ fault: { kind: 'reset' } });
  await expect(simulator.get(path)).rejects.toThrow();
  const { url } = await patientFile();
  await simulator.orderFault({ match: files, fault: { kind: 'reset', afterBytes: 1000 } });
  await expect(simulator.text(url, plain)).rejects.toThrow();
  expect((await simulator.get(path)).status).toBe(200);
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

test('a connection fault stalls before the answer or inside the body', async () => {
  await simulator.orderFault({ fault: { kind: 'stall' } });
  await expect(fetch(simulator.fhirEndpoint + path, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/);
  const { url } = await patientFile();
  await simulator.orderFault({ match: files, fault: { kind: 'stall', afterBytes: 500 } });
  const response = await simulator.get(url, plain);
  const reader = response.body?.getReader();
  const first = await reader?.read();
  expect(first?.value?.length).toBe(500);
  const next = await Promise.race([reader?.read(), new Promise((resolve) => setImmediate(resolve, 'nothing'))]);
  expect(next).toBe('nothing');
  await reader?.cancel();
});

test('a connection fault sends a complete body slowly or in small pieces', async () => {
  const { url, whole } = await patientFile();
  await simulator.orderFault({ match: files, fault: { kind: 'slow', bytesPerSecond: 100_000 } });
  const start = performance.now();
  expect(await simulator.text(url, plain)).toBe(whole);
  expect(performance.now() - start).toBeGreaterThan(100);
  await simulator.orderFault({ match: files, fault: { kind: 'small-chunks', bytes: 7 } });
  expect(await simulator.text(url, plain)).toBe(whole);
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

test('a connection fault sets and removes headers, and ignores Range', async () => {
  const { url, whole } = await patientFile();
  await simulator.orderFault({ match: files, fault: { kind: 'headers', set: { ETag: null, 'X-More': 'yes' } } });
  const bare = await simulator.get(url, plain);
  expect([bare.headers.get('etag'), bare.headers.get('x-more')]).toEqual([null, 'yes']);
  await bare.text();
  await simulator.orderFault({ match: files, fault: { kind: 'ignore-range' } });
  const response = await simulator.get(url, { ...plain, range: 'bytes=10-' });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(whole);
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

  test('a file fault writes half a line or raw control characters, which JSON.parse rejects', async () => {
    const { url } = await patientFile();
    for (const kind of ['corrupt-line', 'control-characters']) {
      await simulator.orderFault({ match: files, fault: { kind, line: 3 } });
      const lines = (await simulator.text(url, plain)).trimEnd().split('\n');
      expect(lines).toHaveLength(8);
      expect(() => JSON.parse(lines[2] ?? '')).toThrow();
      expect(() => JSON.parse(lines[3] ?? '')).not.toThrow();
    }
  });
});

describe('a fault of a document', () => {
  async function manifestWith(fault: object) {
    const kickedOff = await simulator.kickOff('/Patient/$export?_type=Patient,Encounter');
    const url = kickedOff.headers.get('content-location') ?? '';
    const json = { accept: 'application/json' };
    while ((await simulator.get(url, json)).status !== 200);
    await simulator.orderFault({ match: { path: '/bulkstatus/' }, fault, times: 'always' });
    const response = await simulator.get(url, json);
    return { response, manifest: await jsonOf(response) };
  }

  test('a document fault changes or removes the counts of a manifest', async () => {
    const { manifest } = await manifestWith({ kind: 'wrong-counts', by: -3 });
    expect(manifest.output[0].count).toBe(5);
    await simulator.control('DELETE', '/faults');
    expect('count' in (await manifestWith({ kind: 'wrong-counts', omit: true })).manifest.output[0]).toBe(false);
  });

  test('a document fault adds an error file and removes a type from the manifest', async () => {
    const { manifest } = await manifestWith({ kind: 'error-file', lostType: 'Encounter' });
    expect(manifest.output.map(({ type }: { type: string }) => type)).toEqual(['Patient']);
    expect(JSON.parse(await simulator.text(manifest.error[0].url)).issue[0]).toMatchObject({ severity: 'error' });
  });

  test('a document fault sends a partial manifest with 202 or with X-Export-Status', async () => {
    const early = await manifestWith({ kind: 'partial-manifest' });
    expect([early.response.status, early.manifest.output.length]).toEqual([202, 1]);
    await simulator.control('DELETE', '/faults');
    const odd = await manifestWith({ kind: 'partial-manifest', as: 'x-export-status', files: 0 });
    expect([odd.response.status, odd.response.headers.get('x-export-status')]).toEqual([200, 'in-progress']);
  });

  test('a document fault splits a manifest into pages', async () => {
    const { manifest } = await manifestWith({ kind: 'paged-manifest' });
    const next = await jsonOf(simulator.get(manifest.link[0].url, { accept: 'application/json' }));
    expect([manifest.output[0].type, next.output[0].type, next.link]).toEqual(['Patient', 'Encounter', undefined]);
  });

  test('a document fault removes scheme and host from URLs', async () => {
    const { manifest } = await manifestWith({ kind: 'relative-urls' });
    expect(manifest.output[0].url).toMatch(/^\/fhir\/r4\/bulkdata\//);
    await simulator.orderFault({ match: { path: '\\$export' }, fault: { kind: 'relative-urls' } });
    expect((await simulator.kickOff()).headers.get('content-location')).toMatch(/^\/fhir\/r4\/bulkstatus\//);
  });

  test('a document fault sends OperationOutcomes with string details or inside a Bundle', async () => {
    await simulator.orderFault({ fault: { kind: 'string-details' } });
    expect(typeof (await jsonOf(simulator.get('/Patient/none'))).issue[0].details).toBe('string');
    await simulator.orderFault({ fault: { kind: 'outcome-in-bundle' } });
    const response = await simulator.get('/Observation?patient=x&ah-practice=y');
    const { entry } = await jsonOf(response);
    expect([response.status, entry[0].search.mode, entry[0].resource.resourceType]).toEqual([
      200,
      'outcome',
      'OperationOutcome',
    ]);
  });

  test('a document fault expires the links and tokens that were issued so far', async () => {
    const { url } = await patientFile();
    await simulator.orderFault({ match: files, fault: { kind: 'expire-links' } });
    expect((await simulator.get(url, plain)).status).toBe(410);
    expect((await simulator.get((await patientFile()).url, plain)).status).toBe(200);
    await simulator.orderFault({ fault: { kind: 'expire-tokens' } });
    expect((await simulator.get(path)).status).toBe(401);
    expect((await simulator.get(path)).status).toBe(401);
  });
});
