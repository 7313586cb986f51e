import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../testing/start-api.ts';

let api: TestApi;
let connectionId: string;
beforeAll(async () => {
  api = await startApi();
  connectionId = await api.createConnection();
});
afterAll(() => api.stop());

describe('a quarantined line of which nothing is kept #quarantine', () => {
  test('is listed with its size and hash, and cannot be read or stored as it is', async () => {
    const place = { connectionId, exportId: 'job_1', fileId: 'job_1.1', line: 1, offset: 0, reason: 'invalid-json' };
    const line = { ...place, sizeBytes: 1000, keptBytes: 0, sha256: 'abc' };
    await api.store.quarantine.put({ lines: [line], now: new Date() });
    const { body } = await api.request('GET', '/api/ehr/quarantine?exportId=job_1');
    expect(body.data).toMatchObject([{ ...line, state: 'open', isTruncated: true, isCorrected: false }]);
    const at = `/api/ehr/quarantine/${body.data[0].id}`;
    expect(await api.request('GET', `${at}/line`)).toMatchObject({
      status: 410,
      body: { error: { code: 'line-not-kept' } },
    });
    expect(await api.request('POST', `${at}/replay`)).toMatchObject({
      status: 409,
      body: { error: { code: 'line-truncated' } },
    });
  });
});
