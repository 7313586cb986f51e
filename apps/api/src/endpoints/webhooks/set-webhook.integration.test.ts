import { afterAll, expect, test } from '@jest/globals';
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
