import { gunzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import type { RawWire } from '../../testing/raw-http.ts';
import type { SimulatorClient } from '../../testing/simulator-client.ts';
import { type Check, type Checks, filesOf, lines, ndjson, patientUrl, statusesOf, truth, wire } from './probe.ts';

const cutBytes = 3000;
const zipped = { accept: 'application/fhir+ndjson', 'accept-encoding': 'gzip' };
const lastChunk = '0\r\n\r\n';

type Framing = ReturnType<typeof framingOf>;

function framingOf({ headers, body }: RawWire) {
  const isChunked = headers['transfer-encoding'] === 'chunked';
  return {
    length: headers['content-length'] === undefined ? undefined : Number(headers['content-length']),
    isChunked,
    hasLastChunk: isChunked && body.subarray(-lastChunk.length).toString() === lastChunk,
    bytes: isChunked ? dechunked(body).length : body.length,
  };
}

function dechunked(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, lineEnd).toString(), 16);
    if (lineEnd === -1 || size === 0) break;
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 4 + size;
  }
  return Buffer.concat(chunks);
}

interface CutInput {
  readonly headers?: Readonly<Record<string, string>>;
  readonly end?: RawWire['end'];
  readonly first: (wholeBytes: number) => Framing;
}

/** Expects the first read of the Patient file to be framed and cut in one way, and the second one to be complete. */
function cut({ headers = ndjson, end = 'closed', first }: CutInput): Check {
  return async (client) => {
    const url = await patientUrl(client);
    const wholeBytes = Buffer.byteLength(`${(await truth(client)).join('\n')}\n`);
    const received = await wire(client, url, headers);
    expect({ ...framingOf(received), end: received.end }).toEqual({ ...first(wholeBytes), end });
    expect(wholeBytes).toBeGreaterThan(2 * cutBytes);
    await isWhole(client, url);
  };
}

async function isWhole(client: SimulatorClient, url: string): Promise<void> {
  expect(lines(await client.text(url, ndjson))).toEqual(await truth(client));
}

const close: Framing = { length: undefined, isChunked: false, hasLastChunk: false, bytes: cutBytes };

/** Reads the cut Patient file and tries to resume it where it ended. */
async function resumed(client: SimulatorClient) {
  const url = await patientUrl(client);
  const before = await truth(client);
  const first = await wire(client, url);
  expect(first.body).toHaveLength(3000);
  const validator = first.headers.etag ? { 'if-range': first.headers.etag } : {};
  const second = await client.get(url, { ...ndjson, range: 'bytes=3000-', ...validator });
  return { before, first, second, text: await second.text() };
}

export const transferChecks = {
  'lost-connection': async (client) => {
    const url = await patientUrl(client);
    const { headers, body, end } = await wire(client, url);
    expect([body.length, end]).toEqual([cutBytes, 'reset']);
    const resume = { ...ndjson, range: `bytes=${cutBytes}-`, 'if-range': headers.etag ?? '' };
    const rest = await client.get(url, resume);
    expect(rest.status).toBe(206);
    const whole = Buffer.concat([body, Buffer.from(await rest.arrayBuffer())]).toString();
    expect(lines(whole)).toEqual(await truth(client));
  },
  'refused-connection': async (client) => {
    const url = await patientUrl(client);
    for (const _ of [1, 2]) expect(await wire(client, url)).toMatchObject({ status: 0, end: 'reset' });
    await isWhole(client, url);
  },
  'cut-before-content-length': cut({ first: (whole) => ({ ...close, length: whole }) }),
  'short-content-length': cut({ first: () => ({ ...close, length: cutBytes }) }),
  'cut-chunked': cut({ first: () => ({ ...close, isChunked: true }) }),
  'short-chunked': cut({ first: () => ({ ...close, isChunked: true, hasLastChunk: true }) }),
  'cut-gzip': async (client) => {
    const url = await patientUrl(client);
    const received = await wire(client, url, zipped);
    expect([received.headers['content-encoding'], framingOf(received)]).toEqual([
      'gzip',
      { ...close, bytes: 1000, isChunked: true, hasLastChunk: true },
    ]);
    expect(() => gunzipSync(dechunked(received.body))).toThrow();
    expect(gunzipSync(dechunked((await wire(client, url, zipped)).body)).length).toBeGreaterThan(cutBytes);
  },
  'close-delimited': cut({ first: (whole) => ({ ...close, bytes: whole }) }),
  'cut-close-delimited': cut({ first: () => close }),
  'cut-close-delimited-gzip': async (client) => {
    const url = await patientUrl(client);
    const received = await wire(client, url, zipped);
    expect([received.headers['content-encoding'], framingOf(received)]).toEqual(['gzip', { ...close, bytes: 1000 }]);
    expect(gunzipSync((await wire(client, url, zipped)).body).length).toBeGreaterThan(cutBytes);
  },
  'stalled-file': async (client) => {
    const url = await patientUrl(client);
    const response = await client.get(url, ndjson);
    const reader = response.body?.getReader();
    let bytes = 0;
    while (bytes < cutBytes) bytes += (await reader?.read())?.value?.length ?? cutBytes;
    expect(bytes).toBe(cutBytes);
    const next = await Promise.race([reader?.read(), new Promise((resolve) => setImmediate(resolve, 'nothing'))]);
    expect(next).toBe('nothing');
    await reader?.cancel();
    await isWhole(client, url);
  },
  'slow-files': async (client) => {
    const [file] = await filesOf(client, 'Practitioner');
    const start = performance.now();
    const text = await client.text(file?.url ?? '', ndjson);
    // The first piece is sent immediately.
    expect(Buffer.byteLength(text) / ((performance.now() - start) / 1000)).toBeLessThan(65_000);
    expect(lines(text)).toEqual(await truth(client, 'Practitioner'));
  },
  'split-characters': async (client) => {
    const url = await patientUrl(client);
    const { body } = await wire(client, url);
    expect(body.subarray(0, 3).toString()).toBe('7\r\n');
    expect(lines(dechunked(body).toString())).toEqual(await truth(client));
  },
  'failing-files': async (client) => {
    const url = await patientUrl(client);
    expect(await statusesOf(3, () => client.get(url, ndjson))).toEqual([503, 429, 200]);
  },
  'range-ignored': async (client) => {
    const { second, text, before } = await resumed(client);
    expect([second.status, lines(text)]).toEqual([200, before]);
  },
  'changed-file': async (client) => {
    const { first, second, text, before } = await resumed(client);
    expect(second.status).toBe(200);
    expect(second.headers.get('etag')).not.toBe(first.headers.etag);
    expect(lines(text)).not.toEqual(before);
    expect(lines(text)).toEqual(await truth(client));
    expect(second.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(text).toContain('"language":"x-changed-');
  },
  'weak-etag': async (client) => {
    const { first, second, text, before } = await resumed(client);
    expect([first.headers.etag, second.headers.get('etag')]).toEqual(['W/"patients"', 'W/"patients"']);
    expect([second.status, lines(text)]).toEqual([200, before]);
  },
  'no-etag': async (client) => {
    const { first, second, text } = await resumed(client);
    expect([first.headers.etag, first.headers['last-modified']]).toEqual([undefined, undefined]);
    expect([second.status, second.headers.get('etag'), text.length > 3000]).toEqual([206, null, true]);
  },
} satisfies Checks;
