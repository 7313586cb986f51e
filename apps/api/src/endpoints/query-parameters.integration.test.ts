import { searchParameterNames } from '@bulkhead/fhir';
import type { Endpoint } from '@bulkhead/http';
import { afterAll, expect, test } from '@jest/globals';
import { gettingStarted } from '../openapi/getting-started.ts';
import { endpoints, type KeyedEndpointId } from '../testing/all-endpoints.ts';
import { endpointRequests, toRequest } from '../testing/endpoint-requests.ts';
import { plantConnection } from '../testing/plant-connection.ts';
import { startApi } from '../testing/start-api.ts';

const api = await startApi();
const planted = await plantConnection(api.store);
afterAll(() => api.stop());

/** Sends a request to an endpoint with a parameter that no endpoint has. */
function sendUnknown(endpoint: Endpoint) {
  return sendWith(endpoint, 'unknown=1');
}

function sendTwice(endpoint: Endpoint, name: string) {
  return sendWith(endpoint, `${name}=1&${name}=1`);
}

function sendWith({ id, ...endpoint }: Endpoint, query: string) {
  const { method, path, ...options } =
    id in endpointRequests
      ? toRequest(id as KeyedEndpointId, planted)
      : { method: endpoint.method.toUpperCase(), path: endpoint.path.replace(':provider', 'athenahealth') };
  return api.request(method, `${path}${path.includes('?') ? '&' : '?'}${query}`, options);
}

const refusing = endpoints.filter(({ request }) => request.ignoresOtherParameters === undefined);

test.each(refusing.map((endpoint) => ({ id: endpoint.id, endpoint })))(
  '$id refuses an unknown query parameter, and names the allowed ones',
  async ({ endpoint }) => {
    const { refusal, body } = await sendUnknown(endpoint);
    expect(refusal).toEqual([400, 'invalid-request']);
    const fault = faultsOf(body).find(({ path }) => path === 'unknown') ?? { message: '' };
    const { query, searchQuery } = endpoint.request;
    // The searches are for Patients, but for one. Tables have one list for all types.
    const isSearch = searchQuery?.shape._sort !== undefined;
    const searched = endpoint.path.endsWith('/Group') ? 'Group' : 'Patient';
    const names = isSearch ? searchParameterNames(searched) : Object.keys((query ?? searchQuery)?.shape ?? {});
    if (names.length === 0) expect(fault.message).toMatch(/no query parameters/);
    // Clients leave out the parameters that a refused kick-off names.
    if (!endpoint.path.endsWith('/$export')) for (const name of names) expect(fault.message).toContain(name);
  },
);

const repeatable = refusing.flatMap((endpoint) =>
  Object.keys(endpoint.request.query?.shape ?? {}).map((name) => ({ id: endpoint.id, name, endpoint })),
);

test.each(repeatable)('$id refuses $name if it is sent twice', async ({ name, endpoint }) => {
  const { refusal, body } = await sendTwice(endpoint, name);
  expect(refusal).toEqual([400, 'invalid-request']);
  expect(faultsOf(body).map(({ path }) => path)).toContain(name);
});

/** The faults of an error. An OperationOutcome has them as texts that begin with the parameter. */
function faultsOf(body: {
  readonly error?: { readonly details: readonly { path: string; message: string }[] };
  readonly issue?: readonly { readonly details: { readonly text: string } }[];
}) {
  const texts = (body.issue ?? []).map(({ details }) => details.text);
  return body.error?.details ?? texts.map((text) => ({ path: /^`(.+?)`/.exec(text)?.[1] ?? '', message: text }));
}

test('the introduction of the document shows the response to an unknown query parameter as it is', async () => {
  const shown = /returns\s+```json\n([\s\S]+?)```/.exec(gettingStarted)?.[1] ?? '';
  const { body } = await api.request('GET', '/api/ehr/schedules?connection=conn_1');
  expect(body).toEqual(JSON.parse(shown));
});

test('only addresses to which other programs add parameters ignore them', () => {
  const ignoring = endpoints.filter((endpoint) => !refusing.includes(endpoint));
  expect(ignoring.map(({ id }) => id)).toEqual([
    'launch',
    'authorizationCallback',
    'issueToken',
    'readCapabilityStatement',
  ]);
  for (const { request } of ignoring) expect(request.ignoresOtherParameters).toMatch(/\w+ .+\.$/);
});
