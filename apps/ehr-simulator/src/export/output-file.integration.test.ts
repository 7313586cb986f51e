import { gunzipSync } from 'node:zlib';
import { waitFor } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { rawGet } from '../testing/raw-http.ts';
import { jsonOf, manualClock, type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';

let simulator: SimulatorClient;
afterEach(() => simulator.stop());

const accept = { accept: 'application/fhir+ndjson' };
const identity = { ...accept, 'accept-encoding': 'identity' };

async function fileUrl(type: string): Promise<string> {
  const { output } = await simulator.export(`/Patient/$export?_type=${type}`);
  return output[0]?.url ?? '';
}

test('an output file can be resumed at any byte, even inside a character and far after the first checkpoint', async () => {
  simulator = await startSimulatorClient({ patients: 700 });
  const url = await fileUrl('Observation');
  const response = await simulator.get(url, identity);
  const etag = response.headers.get('etag') ?? '';
  const whole = Buffer.from(await response.arrayBuffer());
  expect(whole.length).toBeGreaterThan(10_000_000);
  expect(response.headers.get('content-length')).toBe(String(whole.length));
  expect(response.headers.get('content-type')).toBe('application/fhir+ndjson');
  const firstWide = whole.findIndex((byte) => byte > 0xc0) + 1;
  for (const first of [0, firstWide, 4_194_304, 9_999_999, whole.length - 1]) {
    const part = await simulator.get(url, { ...accept, range: `bytes=${first}-`, 'if-range': etag });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes ${first}-${whole.length - 1}/${whole.length}`);
    expect(part.headers.get('content-encoding')).toBeNull();
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(first))).toBe(true);
  }
  const middle = await simulator.get(url, { ...accept, range: 'bytes=5000000-5000009' });
  expect(Buffer.from(await middle.arrayBuffer()).equals(whole.subarray(5_000_000, 5_000_010))).toBe(true);
  const changed = await simulator.get(url, { ...identity, range: 'bytes=5-', 'if-range': '"other"' });
  expect([changed.status, changed.headers.get('content-length')]).toEqual([200, String(whole.length)]);
  expect((await simulator.get(url, { ...accept, range: `bytes=${whole.length}-` })).status).toBe(416);
});

test('an output file is compressed if the client accepts gzip', async () => {
  simulator = await startSimulatorClient({ requiresAccessToken: false });
  const url = await fileUrl('Patient');
  const plain = await rawGet(url, accept);
  const zipped = await rawGet(url, { ...accept, 'accept-encoding': 'gzip' });
  expect([plain.headers['content-encoding'], zipped.headers['content-encoding']]).toEqual([undefined, 'gzip']);
  expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
  expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
});

test('an output file has a link that expires and is then replaced in the manifest', async () => {
  const clock = manualClock();
  simulator = await startSimulatorClient({ clock });
  await simulator.orderFault({ fault: { kind: 'settings', set: { fileExpirySeconds: 60 } } });
  const statusUrl = (await simulator.kickOff()).headers.get('content-location') ?? '';
  const read = async () => simulator.get(statusUrl, { accept: 'application/json' });
  const { output } = await waitFor(async () => {
    const response = await read();
    return response.status === 200 && jsonOf(response);
  });
  const url = output[0]?.url ?? '';
  expect((await simulator.get(url, accept)).status).toBe(200);
  clock.advance(60_000);
  expect((await simulator.get(url, accept)).status).toBe(410);
  const secondAnswer = await read();
  expect(secondAnswer.headers.get('expires')).toBe(new Date(clock.now() + 60_000).toUTCString());
  expect((await simulator.get((await jsonOf(secondAnswer)).output[0].url, accept)).status).toBe(200);
  expect((await simulator.get(url.replace(/signature=.../, 'signature=xyz'), accept)).status).toBe(403);
});

test('an output file of 400 MB is streamed without holding it in memory', async () => {
  simulator = await startSimulatorClient({ patients: 22_000, requiresAccessToken: false, resourcesPerFile: 1_000_000 });
  const url = await fileUrl('Observation');
  const startBytes = process.memoryUsage().rss;
  let peakBytes = 0;
  let received = 0;
  const response = await fetch(url, { headers: identity });
  for await (const chunk of response.body ?? []) {
    received += chunk.length;
    peakBytes = Math.max(peakBytes, process.memoryUsage().rss - startBytes);
  }
  expect(received).toBe(Number(response.headers.get('content-length')));
  expect(received).toBeGreaterThan(380_000_000);
  expect(peakBytes).toBeLessThan(150_000_000);
  // It takes about four seconds on an idle machine.
});
