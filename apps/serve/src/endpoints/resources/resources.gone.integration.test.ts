import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createLogger } from '@bulkhead/base';
import { answerError, DownloadSlots, type EndpointDeps, endpointRouter, setCaller } from '@bulkhead/http';
import type { ResourceService } from '@bulkhead/records/commands';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import express from 'express';
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
const app = express()
  .use((_request, response, next) => {
    const apiKey = { id: 'key_1', name: 'a', role: 'client', prefix: 'bh_', createdAt: new Date() } as const;
    setCaller({ response, apiKey, via: 'api-key' });
    next();
  })
  .use(endpointRouter({ endpoints: [searchResources], deps, base: '/api/ehr' }))
  .use(answerError({ ...logger, error: (message: string) => void logged.push(message) }));
const server = await startScriptedServer((_request, response) => void app(response.req, response));
afterAll(() => server.stop());

test('a client that leaves stops its search in the database, and causes no error', async () => {
  const url = `${server.url}/athenahealth/resources/Patient?connectionId=c`;

  const stream = httpRequest(url, { headers: { accept: 'application/fhir+ndjson' } }).end();
  const [response] = await once(stream, 'response');
  await once(response, 'data');
  stream.destroy();
  await waitFor(() => counts.aborted === 1 && counts.closed === 1, { what: 'the end of the stream' });

  const page = httpRequest(url)
    .on('error', () => undefined)
    .end();
  await waitFor(() => server.requests.length === 2, { what: 'the request' });
  page.destroy();
  await waitFor(() => counts.aborted === 2, { what: 'the end of the search' });
  expect(logged).toEqual([]);
});
