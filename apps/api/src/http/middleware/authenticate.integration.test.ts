import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
afterAll(() => api.stop());

const mistyped = `${api.operatorKey.slice(0, -1)}${api.operatorKey.endsWith('0') ? '1' : '0'}`;

test.each([
  { what: 'no key', authorization: null, says: 'The request has no API key' },
  { what: 'a key without a scheme', authorization: api.operatorKey, says: 'does not have the form `Bearer <key>`' },
  { what: 'a mistyped key', authorization: `Bearer ${mistyped}`, says: 'is mistyped' },
  { what: 'a key that was never issued', authorization: 'Bearer unknown', says: 'No API key of this deployment' },
])('a request with $what is refused, and the message says that', async ({ authorization, says }) => {
  const { refusal, body } = await api.request('GET', '/api/ehr/connections', { authorization });
  expect(refusal).toEqual([401, 'unauthenticated']);
  expect(body.error.message).toContain(says);
});

test.each([
  {
    what: 'a time',
    body: { connectionId: 'conn_1', since: '01/01/2024' },
    message:
      '`since` must be a timestamp with a time zone, such as 2024-01-01T00:00:00Z, or "last". You sent "01/01/2024". Correct it and send the request again.',
  },
  {
    what: 'a type',
    body: { connectionId: 'conn_1', resourceTypes: ['Observatoin'] },
    message:
      '`resourceTypes.0` "Observatoin" is not a FHIR R4 resource type. Did you mean Observation? Correct it and send the request again.',
  },
])('the message about a single fault in $what names it', async ({ body, message }) => {
  const answer = await api.request('POST', '/api/ehr/athenahealth/bulk-export', { body });
  expect([answer.status, answer.body.error.message]).toEqual([400, message]);
});

test('a search of a misspelt type suggests the type', async () => {
  const connectionId = await api.createConnection();
  const { refusal, body } = await api.request(
    'GET',
    `/api/ehr/athenahealth/resources/Patinet?connectionId=${connectionId}`,
  );
  expect(refusal).toEqual([404, 'unknown-resource']);
  expect(body.error.message).toBe('"Patinet" is not a FHIR R4 resource type. Did you mean Patient? Verify the type.');
});
