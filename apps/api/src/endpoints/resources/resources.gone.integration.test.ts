import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@bulkhead/base';
import type { ResourceService } from '@bulkhead/records/commands';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import express from 'express';
import { type EndpointDeps, endpointRouter } from '../../http/endpoint-router.ts';
import { answerError } from '../../http/errors/answer-error.ts';
import { DownloadSlots } from '../../http/limits/download-slots.ts';
import { setCaller } from '../../http/middleware/caller-of.ts';
import { searchResources } from './search-resources.endpoint.ts';

/** What the database notices: a stream that never ends, and a page that is never returned. */
function createEndlessResources() {
  const counts = { aborted: 0, closed: 0 };
  const resources = {
    async stream({ signal }: { signal: AbortSignal }) {
      signal.addEventListener('abort', () => counts.aborted++);
      const lines = (async function* () {
        try {
          for (;;) yield `${'x'.repeat(10_000)}\n`;
        } finally {
          counts.closed++;
        }
      })();
      return { lines, patients: [] };
    },
    async search({ signal }: { signal: AbortSignal }) {
      await once(signal, 'abort');
      counts.aborted++;
      throw new DOMException('This operation was aborted', 'AbortError');
    },
  };
  return { counts, resources: resources as unknown as ResourceService };
}

const { counts, resources } = createEndlessResources();
const deps = { services: { resources }, process: { downloads: new DownloadSlots() } } as unknown as EndpointDeps;
const logged: string[] = [];
const logger = createLogger({ name: 'api', level: 'silent' });
const server = createServer(
  express()
    .use((_request, response, next) => {
      const apiKey = { id: 'key_1', name: 'a', role: 'client', prefix: 'bh_', createdAt: new Date() } as const;
      setCaller({ response, apiKey, via: 'api-key' });
      next();
    })
    .use(endpointRouter({ endpoints: [searchResources], deps, base: '/api/ehr' }))
    .use(answerError({ ...logger, error: (message: string) => void logged.push(message) })),
).listen(0, '127.0.0.1');
afterAll(() => void server.close());

test('a client that leaves stops its search in the database, and causes no error', async () => {
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/athenahealth/resources/Patient?connectionId=c`;

  const stream = httpRequest(url, { headers: { accept: 'application/fhir+ndjson' } }).end();
  const [response] = await once(stream, 'response');
  await once(response, 'data');
  stream.destroy();
  await waitFor(() => counts.aborted === 1 && counts.closed === 1, { what: 'the end of the stream' });

  const page = httpRequest(url)
    .on('error', () => undefined)
    .end();
  await once(server, 'request');
  page.destroy();
  await waitFor(() => counts.aborted === 2, { what: 'the end of the search' });
  expect(logged).toEqual([]);
});
