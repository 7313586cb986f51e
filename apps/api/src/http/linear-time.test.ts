import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { hasToken } from '@bulkhead/runtime';
import { findSuperlinear } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import express, { type Request } from 'express';
import { sessionCookie } from '../browser/session.ts';
import { readByteRange } from '../endpoints/documents/read-document.endpoint.ts';
import { parseJson } from './middleware/parse-json.ts';

/** A request with one header, since Node.js ends headers at 16 KB. */
function withHeader(text: string): Request {
  return { get: () => text, secure: true } as unknown as Request;
}

test.each([
  { name: 'Cookie', parse: (text: string) => sessionCookie.read(withHeader(text)) },
  { name: 'Authorization', parse: (authorization: string) => hasToken({ authorization, token: 'token' }) },
  {
    name: 'Authorization with a scheme',
    parse: (authorization: string) => hasToken({ authorization, token: 'token' }),
    wrap: (run: string) => `Bearer ${run}`,
  },
  { name: 'Range', parse: (header: string) => readByteRange({ header, sizeBytes: 10 }) },
  {
    name: 'Range with a unit',
    parse: (header: string) => readByteRange({ header, sizeBytes: 10 }),
    wrap: (run: string) => `bytes=${run}`,
  },
])('$name is read in time that grows no faster than its size', async ({ parse, wrap }) => {
  expect(await findSuperlinear({ parse, ...(wrap ? { wrap } : {}) })).toEqual([]);
});

test('a JSON body is read in time that grows no faster than its size', async () => {
  const app = express().use(parseJson());
  app.use((_request, response) => void response.end());
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const parse = async (body: string) =>
    (await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body })).arrayBuffer();
  // The largest body that the API reads has 100 KB.
  const smallestBytes = 24_000;
  try {
    expect(await findSuperlinear({ parse, smallestBytes })).toEqual([]);
    expect(await findSuperlinear({ parse, smallestBytes, wrap: (run) => `{"a":"${run}` })).toEqual([]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
