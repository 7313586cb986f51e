import { expect, test } from '@jest/globals';
import { fhirEndpoint, startApi } from '../../testing/start-api.ts';

const list = async (env: Record<string, string> = {}) => {
  await using api = await startApi({ env });
  return await api.request('GET', '/api/ehr/providers', { authorization: `Bearer ${api.clientKey}` });
};

test('GET /providers lists the choices for a new connection', async () => {
  const { status, body } = await list();
  expect(status).toBe(200);
  expect(body.data).toEqual([
    {
      id: 'athenahealth',
      name: 'athenahealth',
      environments: ['production', 'sandbox', 'preview'],
      defaultEnvironment: 'production',
      fhirEndpoints: expect.objectContaining({ production: fhirEndpoint }),
      authMethods: ['none', 'client_credentials', 'private_key_jwt'],
      hasClient: false,
      usesPracticeId: true,
    },
  ]);
});

test('GET /providers shows the settings of the deployment without its secret', async () => {
  const { body, text } = await list({
    ATHENAHEALTH_CLIENT_ID: 'planted-client-id',
    ATHENAHEALTH_CLIENT_SECRET: 'planted-secret',
    ATHENAHEALTH_REDIRECT_URI: 'https://bulkhead.example/api/ehr/callback',
  });
  expect(body.data[0]).toMatchObject({ hasClient: true, authMethods: expect.arrayContaining(['authorization_code']) });
  expect(text).not.toMatch(/planted/);
});
