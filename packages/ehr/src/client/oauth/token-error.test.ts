import { expect, test } from '@jest/globals';
import type { EhrConnection } from '../../providers/index.ts';
import { toTokenError } from './token-error.ts';

const connection: EhrConnection = {
  id: 'conn_1',
  provider: 'athenahealth',
  environment: 'production',
  fhirEndpoint: 'https://ehr.example/fhir/r4',
  auth: { method: 'client_credentials', clientId: 'c', clientSecret: 's', scope: 'system/*.read' },
};
const errorFor = (body: string) =>
  toTokenError({ connection, cause: new Error('not a token'), answer: { status: 200, body: Buffer.from(body) } });

test.each([
  JSON.stringify({ access_token: 'planted', token_type: 'unknown' }),
  JSON.stringify({ refresh_token: 'planted' }),
  JSON.stringify({ id_token: 'planted' }),
  'access_token=planted&token_type=bearer',
])('the error for an unusable answer does not repeat its tokens: %s', async (body) => {
  const error = await errorFor(body);
  expect(error.code).toBe('token-not-understood');
  expect(JSON.stringify([error.message, error.context, error.ehrText ?? null])).not.toContain('planted');
});

test('the error for an answer without tokens shows what the server said', async () => {
  expect((await errorFor('<h1>Maintenance</h1> until 6 pm')).ehrText).toBe('Maintenance until 6 pm');
});
