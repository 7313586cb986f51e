import { afterAll, expect, test } from '@jest/globals';
import type { createDocument } from 'zod-openapi';
import { createWholeDocument, endpoints, endpointsAt, type KeyedEndpointId } from '../testing/all-endpoints.ts';
import { toRequest } from '../testing/endpoint-requests.ts';
import { type PlantedConnection, plantConnection } from '../testing/plant-connection.ts';
import { type RequestOptions, startApi } from '../testing/start-api.ts';

const api = await startApi({
  env: { ATHENAHEALTH_REDIRECT_URI: 'https://bulkhead.example/api/ehr/callback', ATHENAHEALTH_CLIENT_ID: 'client' },
});
afterAll(() => api.stop());

const naming = endpoints
  .filter(({ responses }) => responses[201] !== undefined || responses[202] !== undefined)
  // These have `Content-Location`, as FHIR requires.
  .filter(({ errorFormat }) => errorFormat !== 'fhir')
  .map(({ id }) => id as KeyedEndpointId);

/** Requests that differ from the usual ones, because only these create or continue something. */
function changeOf(id: KeyedEndpointId, connectionId: string): RequestOptions & { readonly query?: string } {
  if (id === 'inviteToAuthorize') return { body: { practiceId: '195900' } };
  if (id === 'startEnhancedSync') return { body: { connectionId } };
  if (id === 'deleteConnection') return { query: '?data=purge' };
  return {};
}

async function send(id: KeyedEndpointId, planted: PlantedConnection) {
  // The planted connection has an export and a sync that are still held as active.
  const connectionId = await api.createConnection();
  const { query = '', ...change } = changeOf(id, connectionId);
  const named = id === 'erasePatient' ? { ...planted, connectionId } : planted;
  const { method, path, ...options } = toRequest(id, named);
  return api.request(method, `${path}${query}`, { ...options, ...change });
}

test.each(naming)('%s answers with the address of the record in Location, which exists', async (id) => {
  const { status, text, headers } = await send(id, await plantConnection(api.store));
  expect([id, [201, 202].includes(status) ? 201 : text]).toEqual([id, 201]);
  const location = headers.get('location') ?? '';
  expect(endpointsAt(location).map(({ method }) => method)).toContain('get');
  // This address can be opened once, and it leads to the EHR.
  if (id === 'inviteToAuthorize') return;
  expect([location, (await api.request('GET', location)).status]).toEqual([location, 200]);
});

test('the OpenAPI document has Location for every response 201 and 202', () => {
  const { paths = {} } = createWholeDocument() as ReturnType<typeof createDocument>;
  const responses = Object.values(paths).flatMap((operations) =>
    Object.values(
      operations as Record<string, { operationId: string; responses: Record<string, { headers?: object }> }>,
    ),
  );
  const named = responses.flatMap(({ operationId, responses: byStatus }) =>
    Object.entries(byStatus)
      .filter(([, { headers = {} }]) => 'Location' in headers)
      .map(([status]) => [operationId, status]),
  );
  const expected = endpoints
    .filter(({ errorFormat }) => errorFormat !== 'fhir')
    .flatMap(({ id, responses: byStatus }) =>
      Object.keys(byStatus)
        .filter((status) => status === '201' || status === '202')
        .map((status) => [id, status]),
    );
  expect(expected.length).toBeGreaterThan(15);
  expect(named.toSorted()).toEqual(expected.toSorted());
});
