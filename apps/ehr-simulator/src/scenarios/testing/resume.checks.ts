import { expect } from '@jest/globals';
import type { SimulatorClient } from '../../testing/simulator-client.ts';
import type { Checks } from './check.ts';
import { lines, ndjson, patientUrl, truth, wire } from './probe.ts';

/** Reads the Patient file, which is cut, and tries to go on where it ended. */
async function resumed(client: SimulatorClient) {
  const url = await patientUrl(client);
  const before = await truth(client);
  const first = await wire(client, url);
  expect(first.body).toHaveLength(3000);
  const validator = first.headers.etag ? { 'if-range': first.headers.etag } : {};
  const second = await client.get(url, { ...ndjson, range: 'bytes=3000-', ...validator });
  return { before, first, second, text: await second.text() };
}

export const resumeChecks = {
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
