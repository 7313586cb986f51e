import { createProviderRegistry } from '@bulkhead/ehr/providers';
import { expect, test } from '@jest/globals';
import { toConnectionView } from './connection-view.ts';
import { newConnection } from './new-connection.ts';

const create = async (auth: Record<string, unknown>) =>
  toConnectionView(
    (await newConnection(
      {
        provider: 'athenahealth',
        practiceId: '195900',
        schedule: false,
        auth: { method: 'client_credentials', clientId: 'c', clientSecret: 's', ...auth },
      } as never,
      createProviderRegistry({}).get('athenahealth'),
    )) as never,
  );

test.each([
  // OpenEMR, https://github.com/openemr/openemr/blob/master/FHIR_README.md ("Bulk FHIR Exports").
  'system/Patient.$export system/*.$bulkdata-status system/Binary.read',
  'api://11111111-2222-3333-4444-555555555555/.default',
  'bcda-api',
])('a connection with the scopes %s of a form that SMART does not know is created, with a warning', async (scope) => {
  expect(await create({ scope })).toMatchObject({
    auth: { scope },
    warnings: [expect.stringContaining(scope.split(' ')[0] ?? '')],
  });
});

test('a connection with another audience of its assertions is created, with a warning', async () => {
  const audience = 'https://login.example.org/';
  const view = await create({ method: 'private_key_jwt', clientSecret: undefined, scope: 'system/*.rs', audience });
  expect(view).toMatchObject({ auth: { audience }, warnings: [expect.stringContaining(audience)] });
});

test('a connection with the scopes of SMART has no warnings', async () => {
  expect(await create({ scope: 'system/*.rs' })).not.toHaveProperty('warnings');
});
