import { createHttpService } from '@bulkhead/client';
import { startScriptedServer } from '@bulkhead/embedded/scripted-server';
import { expect, test } from '@jest/globals';

test('a call of an API that does not answer throws an error with a code and what to do', async () => {
  const server = await startScriptedServer(() => undefined);
  await server.stop();
  const service = createHttpService({ baseUrl: server.url, apiKey: 'bulkhead_1' });
  await expect(service.checkBulkExportStatus('job_1')).rejects.toMatchObject({
    code: 'no-answer',
    message: `${server.url} did not respond. Check the URL and the network, and that the API is running.`,
  });
});

test('a call that a proxy answers instead of the API throws an error with a code and what to do', async () => {
  const headers = { 'content-type': 'text/html' };
  const server = await startScriptedServer({ '*': { status: 502, headers, body: '<html>Bad Gateway</html>' } });
  try {
    const service = createHttpService({ baseUrl: server.url, apiKey: 'bulkhead_1' });
    await expect(service.checkBulkExportStatus('job_1')).rejects.toMatchObject({
      code: 'status-502',
      message: expect.stringContaining('Check the proxies in front of the API'),
      status: 502,
    });
  } finally {
    await server.stop();
  }
});

test('a call that a web page answers says that the address is not that of the API', async () => {
  const headers = { 'content-type': 'text/html' };
  const server = await startScriptedServer({ '*': { headers, body: '<html>Welcome</html>' } });
  try {
    const service = createHttpService({ baseUrl: server.url, apiKey: 'bulkhead_1' });
    await expect(service.checkBulkExportStatus('job_1')).rejects.toMatchObject({
      code: 'no-answer',
      message: `${server.url} returned a web page, so it is not the URL of Bulkhead's API. Check the URL.`,
    });
  } finally {
    await server.stop();
  }
});

test('a call that waits for an export or a sync continues after the API was unavailable', async () => {
  const run = { id: 'run_1' };
  const answers = ['IN_PROGRESS', 'proxy', 'reset', 'unavailable', 'COMPLETED'];
  /** How many requests of each kind the API has received. */
  const received = { export: 0, sync: 0 };
  const server = await startScriptedServer((request, response) => {
    const kind = /enhanced-sync|sync-runs/.test(request.path) ? 'sync' : 'export';
    const status = answers[received[kind]++];
    if (status === 'reset') return response.destroy();
    if (status === 'proxy') return { status: 502, body: '<html>Bad Gateway</html>' };
    const error = { code: 'unavailable', message: 'The API cannot accept requests.' };
    if (status === 'unavailable') return { status: 503, body: { success: false, error } };
    return { body: { success: true, data: { ...run, status } } };
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
