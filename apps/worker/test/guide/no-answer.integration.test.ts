import { startLocalServer } from '@bulkhead/embedded/local-server';
import { createHttpService } from '@bulkhead/sdk';
import { expect, test } from '@jest/globals';

test('a call of an API that does not answer throws an error with a code and what to do', async () => {
  const server = await startLocalServer(() => undefined);
  await server.stop();
  const service = createHttpService({ baseUrl: server.url, apiKey: 'bulkhead_1' });
  await expect(service.checkBulkExportStatus('job_1')).rejects.toMatchObject({
    code: 'no-answer',
    message: 'The API did not answer. Verify its URL and that it is running, and try again.',
  });
});

test('a call that a proxy answers instead of the API throws an error with a code and what to do', async () => {
  const server = await startLocalServer((_request, response) => {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>');
  });
  try {
    const service = createHttpService({ baseUrl: server.url, apiKey: 'bulkhead_1' });
    await expect(service.checkBulkExportStatus('job_1')).rejects.toMatchObject({
      code: 'no-answer',
      message: expect.stringContaining('Verify its URL and the proxies in front of it'),
      context: { status: 502 },
    });
  } finally {
    await server.stop();
  }
});
