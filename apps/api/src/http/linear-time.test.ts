import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { hasToken, validate } from '@bulkhead/base';
import { parseJson, readQuery, sessionCookie } from '@bulkhead/http';
import { desiredConnectionSchema } from '@bulkhead/system';
import { findSuperlinear } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import express, { type Request } from 'express';
import { endpoints } from '../testing/all-endpoints.ts';

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

/** The largest body that the API reads has 100 KB. */
const smallestBodyBytes = 24_000;
const bodies = endpoints.flatMap(({ id, request }) =>
  request?.body?.schema ? [{ id, schema: request.body.schema }] : [],
);

const entry = { id: 'an entry of planConnections', schema: desiredConnectionSchema };

test.each([...bodies, entry])(
  'the body of $id is validated in time that grows no faster than its size',
  async ({ schema }) => {
    const validated = (text: string) => validate(schema, JSON.parse(text));
    // Each member of the body in turn is a long list, many keys or deep nesting.
    const names = Object.keys((schema as { readonly shape?: object }).shape ?? {});
    for (const wrap of [(value: string) => value, ...names.map((name) => (value: string) => `{"${name}":${value}}`)])
      expect(
        await findSuperlinear({
          parse: validated,
          wrap,
          listElements: ['"Patient"'],
          smallestBytes: smallestBodyBytes,
        }),
      ).toEqual([]);
  },
);

test('a query of many parameters is read in time that grows no faster than their number', async () => {
  const [endpoint] = endpoints.filter(({ id }) => id === 'listConnections');
  const parse = (text: string) => readQuery(endpoint as never, JSON.parse(text));
  expect(await findSuperlinear({ parse, listElements: [], smallestBytes: smallestBodyBytes })).toEqual([]);
});
