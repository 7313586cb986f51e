import { firstAttempt } from '@bulkhead/queues/testing';
import { type ScriptedServer, startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { downloadFile } from '../download/download-file.job.ts';
import { bulkRoutes } from '../testing/bulk-routes.ts';
import { makeOutputFile } from '../testing/make-records.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let server: ScriptedServer;
let cases: UseCases;
afterEach(async () => {
  await cases.stop();
  await server.stop();
});

test('a download whose server stops sending ends soon after its export was cancelled', async () => {
  let isStalled = false;
  let isClosed = false;
  server = await startScriptedServer({
    ...bulkRoutes({}),
    '/patients': (_request, response) => {
      response.on('close', () => {
        isClosed = true;
      });
      response.writeHead(200, { 'content-type': 'application/fhir+ndjson' });
      response.write('{"resourceType":"Patient","id":"p1"}\n', () => {
        isStalled = true;
      });
    },
  });
  cases = await startUseCases({ connection: { fhirEndpoint: server.url, auth: { method: 'none' } } });
  const { deps } = cases;
  const { outputFiles } = deps.store;
  const exportId = await cases.exporting();
  const file = makeOutputFile({ exportId, url: `${server.url}/patients`, requiresAccessToken: false });
  await outputFiles.insertMissing([file]);
  const download = downloadFile(deps, {
    fileId: file.id,
    retryAt: firstAttempt,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  await waitFor(() => isStalled, { what: 'the stall' });
  await outputFiles.cancelUnsettled({ exportId, now: cases.clock.now });
  await download;
  await waitFor(() => isClosed, { what: 'the end of the connection' });
  expect(await outputFiles.find(file.id)).toMatchObject({ state: 'cancelled' });
});
