import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
afterAll(() => api.stop());

test('setting a webhook without a body sets no address, as the OpenAPI document says', async () => {
  const path = `/api/ehr/connections/${await api.createConnection()}/webhook`;
  const { status, body } = await api.request('PUT', path);
  expect([status, body.data]).toEqual([200, { secret: expect.stringMatching(/^whsec_/) }]);
});

test('setting a webhook with a body that is not a JSON object is refused', async () => {
  const path = `/api/ehr/connections/${await api.createConnection()}/webhook`;
  const { refusal } = await api.request('PUT', path, { body: ['https://client.example'] });
  expect(refusal).toEqual([400, 'invalid-request']);
});

describe('the address of a webhook', () => {
  const report = (callsPrivateNetwork: boolean) => {
    const now = new Date();
    const worker = { id: randomUUID(), kind: 'worker' as const, host: 'worker-1', pid: 7, isStopped: false };
    const state = { ...worker, startedAt: now, reportedAt: now, down: [], counts: [], callsPrivateNetwork };
    return api.store.processStates.save(state);
  };
  const set = async (url: string) => {
    const path = `/api/ehr/connections/${await api.createConnection()}/webhook`;
    return api.request('PUT', path, { body: { url } });
  };
  const start = async (callbackUrl: string) => {
    const body = { connectionId: await api.createConnection(), callbackUrl };
    return api.request('POST', '/api/ehr/athenahealth/bulk-export', { body });
  };

  test('is refused if no worker will call it, with the reason and the setting that allows it', async () => {
    // While no worker has reported, nothing is known about their network.
    expect((await set('http://10.0.0.7/hook')).status).toBe(200);
    await report(false);
    for (const [url, reason] of [
      ['http://client.example/hook', 'it is not https'],
      ['https://192.168.1.1/hook', 'the address belongs to a private network'],
      ['https://[::1]/hook', 'the address belongs to a private network'],
      ['https://localhost:8443/hook', 'it is this host'],
      ['https://169.254.169.254/hook', 'no EHR can have this address'],
    ] as const) {
      const { status, body } = await set(url);
      expect([status, body.error.code]).toEqual([400, 'invalid-request']);
      expect(body.error.message).toContain(`\`url\` must be a public https URL`);
      expect(body.error.message).toContain(reason);
      expect(body.error.message).toContain('WORKER_WEBHOOK_PRIVATE_NETWORK=true');
      expect((await start(url)).body.error.details).toEqual([
        { path: 'callbackUrl', message: expect.stringContaining(reason) },
      ]);
    }
    expect((await set('https://client.example/hook')).status).toBe(200);
  });

  test('may be private if a running worker calls private addresses, except those that no setting allows', async () => {
    await report(true);
    expect((await set('http://127.0.0.1:9000/hook')).status).toBe(200);
    const { status, body } = await set('http://169.254.169.254/hook');
    expect(status).toBe(400);
    expect(body.error.message).not.toContain('WORKER_WEBHOOK_PRIVATE_NETWORK');
  });
});
