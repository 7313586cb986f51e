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

test('a call that waits for an export or a sync continues after the API was unavailable', async () => {
  const run = { id: 'run_1', url: '/api/ehr/athenahealth/enhanced-sync/run_1' };
  const answers = ['IN_PROGRESS', 'proxy', 'reset', 'unavailable', 'COMPLETED'];
  /** How many requests of each kind the API has received. */
  const received = { export: 0, sync: 0 };
  const server = await startLocalServer((request, response) => {
    const kind = request.url?.includes('enhanced-sync') ? 'sync' : 'export';
    const status = answers[received[kind]++];
    if (status === 'reset') return request.socket.destroy();
    if (status === 'proxy') return response.writeHead(502).end('<html>Bad Gateway</html>');
    const error = { code: 'unavailable', message: 'The API cannot accept requests.' };
    if (status === 'unavailable') return response.writeHead(503).end(JSON.stringify({ success: false, error }));
    return response.end(JSON.stringify({ success: true, data: { ...run, status } }));
  });
  try {
    const service = createHttpService({ baseUrl: server.url, apiKey: 'bulkhead_1' });
    const ended = await Promise.all([service.processBulkExportData('run_1'), service.enhancedSync('conn_1')]);
    expect(ended).toMatchObject([{ status: 'COMPLETED' }, { status: 'COMPLETED' }]);
    expect(received).toEqual({ export: answers.length, sync: answers.length });
  } finally {
    await server.stop();
  }
});
