import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../testing/start-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(async () => {
  api.expectNoSecretInAnswers();
  await api.stop();
});

const basic = (password: string) => `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;
const addresses = ['/admin/queues', '/admin/queues/', '/admin/queues/api/queues', '/ADMIN/queues/api/queues'];

describe('Bull Board', () => {
  test('is for operators: 401 for everybody else', async () => {
    const refused = [null, `Bearer ${api.operatorKey}`, basic('wrong'), basic(''), basic(api.clientKey), 'Basic ???'];
    for (const at of addresses) {
      for (const authorization of refused) {
        const { status, headers } = await api.request('GET', at, { authorization });
        expect(status).toBe(401);
        expect(headers.get('www-authenticate')).toMatch(/^Basic /);
      }
    }
    const retried = await api.request('PUT', '/admin/queues/api/queues/bulk-export/retry/all', { authorization: null });
    expect(retried.status).toBe(401);
  });

  test('shows an operator the queues, and no secret', async () => {
    const connectionId = await api.createConnection();
    await api.request('POST', '/api/ehr/athenahealth/bulk-export', { body: { connectionId } });
    const authorization = basic(api.operatorKey);
    const page = await api.request('GET', '/admin/queues/', { authorization });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    const { status, body } = await api.request('GET', '/admin/queues/api/queues', { authorization });
    expect(status).toBe(200);
    expect(body.queues.map(({ name }: { name: string }) => name).sort()).toEqual([
      'bulk-export',
      'connection',
      'document',
      'file-download',
      'maintenance',
      'sync',
      'webhook',
    ]);
  });
});
