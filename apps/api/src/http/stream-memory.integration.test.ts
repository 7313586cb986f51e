import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { toResourceDocument } from '@bulkhead/records';
import { programOf } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../testing/start-api.ts';

const count = 240;
const sizeBytes = 1_000_000;
const source = { exportId: 'job_1', fileId: 'job_1.1', line: 1 };

const api = await startApi();
const connectionId = await api.createConnection();
await api.store.prepareResourceTypes(['Media']);
// All with the same text, so that this process does not fill its own memory.
const note = 'x'.repeat(sizeBytes);
const now = new Date();
const context = { connectionId, source, observedAt: now, now };
for (let index = 0; index < count; index++) {
  const resource = { resourceType: 'Media', id: `m${index}`, note };
  const json = Buffer.from(resource.id);
  const document = toResourceDocument({ resource, json, hasExactNumbers: false, context });
  await api.store.resourceWriter.write('Media', [document]);
}
afterAll(() => api.stop());

/** Starts `serve` as a separate process, so that its memory can be measured. */
async function startProcess() {
  // V8 collects garbage only when it must. Without a limit its heap grows with all data that passes through.
  const args = ['--max-old-space-size=120', programOf('serve')];
  const child = spawn(process.execPath, args, { env: { ...api.env, SERVE_PORT: '0' } });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line);
    if (msg === 'serve started') return { child, baseUrl: `http://127.0.0.1:${port}` };
  }
  throw new Error('serve did not start');
}

test('a search of 240 MB is streamed to a slow client with bounded memory', async () => {
  const { child, baseUrl } = await startProcess();
  child.stdout.resume();
  const headers = { authorization: `Bearer ${api.operatorKey}` };
  const readMegabytes = async () => {
    const text = await (await fetch(`${baseUrl}/metrics`, { headers })).text();
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 1e6;
  };
  try {
    const before = await readMegabytes();
    const peaks: number[] = [];
    const url = `${baseUrl}/api/ehr/athenahealth/resources/Media?connectionId=${connectionId}`;
    const accept = { ...headers, accept: 'application/fhir+ndjson' };
    const [response] = (await once(httpRequest(url, { headers: accept }).end(), 'response')) as [IncomingMessage];
    let bytes = 0;
    let looked = 0;
    for await (const chunk of response) {
      bytes += chunk.length;
      // Nothing is read from the stream during the measurement. A server that reads ahead would fill its memory now.
      if (bytes < (looked * sizeBytes * count) / 20) continue;
      looked += 1;
      peaks.push(await readMegabytes());
    }
    expect(bytes).toBeGreaterThan(count * sizeBytes);
    // The sum of 120 MB of heap and the buffers of sockets. It is less than the data that was sent.
    expect(Math.max(...peaks) - before).toBeLessThan(200);
  } finally {
    child.kill();
    await once(child, 'close');
  }
});
