import { createLogger } from '@bulkhead/base';
import { waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { fhirEndpoint, startApi } from '../../testing/start-api.ts';

const list = async (env: Record<string, string> = {}) => {
  await using api = await startApi({ env });
  return await api.request('GET', '/api/ehr/providers', { authorization: `Bearer ${api.clientKey}` });
};

test('GET /providers lists the choices for a new connection', async () => {
  const { status, body } = await list();
  expect(status).toBe(200);
  expect(body.data[0]).toEqual({
    id: 'athenahealth',
    name: 'athenahealth',
    environments: ['production', 'sandbox', 'preview'],
    defaultEnvironment: 'production',
    fhirEndpoints: expect.objectContaining({ production: fhirEndpoint }),
    authMethods: ['none', 'client_credentials', 'private_key_jwt'],
    hasClient: false,
    usesPracticeId: true,
  });
  const others = ['eclinicalworks', 'epic', 'modmed', 'nextgen', 'nextgen-office', 'oracle-health', 'payer'];
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual(['athenahealth', ...others]);
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

const openEhr = {
  id: 'open-ehr',
  name: 'Open EHR',
  environments: { main: { fhirEndpoint: 'https://fhir.open.example/r4' } },
  defaultEnvironment: 'main',
  endpointHosts: ['*.open.example'],
};
const at = (fhirEndpoint: string) => ({ provider: 'open-ehr', fhirEndpoint, auth: { method: 'none' }, force: true });

test('the file of providers is read again when it changes, and a file with a fault leaves what is used as it was', async () => {
  const faults: string[] = [];
  const logger = createLogger({
    name: 'api',
    level: 'error',
    destination: { write: (line) => void faults.push(line) },
  });
  await using api = await startApi({ providers: [], logger });
  const path = '/api/ehr/providers/open-ehr';
  const create = (body: object) => api.request('POST', '/api/ehr/connections', { body });
  expect((await api.request('GET', path)).refusal).toEqual([404, 'unknown-provider']);

  await api.writeProviders([openEhr]);
  await waitFor(async () => (await create(at('https://a.open.example/r4'))).status === 201);
  expect((await api.request('GET', path)).body.data.settings).toEqual(openEhr);

  await api.writeProviders([{ ...openEhr, clientSecret: 7, colour: 'planted' }]);
  await waitFor(() => faults.length > 0);
  expect(faults.join()).toContain('0.colour: is not a field of this object');
  expect(faults.join()).toContain('0.clientSecret: ');
  expect(faults.join()).not.toContain('planted');
  expect((await create(at('https://b.open.example/r4'))).status).toBe(201);

  await api.writeProviders([]);
  await waitFor(async () => (await api.request('GET', path)).status === 404);
  expect((await create(at('https://c.open.example/r4'))).refusal).toEqual([404, 'unknown-provider']);
});

test.each(['PUT', 'DELETE'])('no request changes a provider: %s is not an operation', async (method) => {
  await using api = await startApi();
  const body = method === 'PUT' ? openEhr : undefined;
  expect((await api.request(method, '/api/ehr/providers/open-ehr', { body })).status).toBe(405);
});
