import { makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { endpoints, type KeyedEndpointId } from '../testing/all-endpoints.ts';
import { endpointRequests, toRequest } from '../testing/endpoint-requests.ts';
import { type PlantedConnection, plantConnection } from '../testing/plant-connection.ts';
import { startApi } from '../testing/start-api.ts';

const another = 'another';
const environments = { main: { fhirEndpoint: 'https://another.example/r4' } };
const api = await startApi({
  providers: [{ id: another, name: 'Another', environments, defaultEnvironment: 'main' }],
});
afterAll(() => api.stop());
const { apiKey, key } = await api.store.apiKeys.issue({ name: 'reader', role: 'client', now: new Date() });

/**
 * The records of runs, deliveries, quarantined lines and schedules outlive their connection, without its data. Workers delete those of a purged
 * connection.
 */
const ofRecords = /^(export|sync|webhook|quarantine|schedule)\./;

/** Every other endpoint for clients whose request names a connection. A new endpoint is in `endpointRequests`, or does not compile. */
const ofConnection = endpoints.flatMap(({ id, access, action }) => {
  const request = endpointRequests[id as KeyedEndpointId];
  const namesRecord = /\{\w+\}/.test(JSON.stringify(request ?? {}));
  return access === 'client' && namesRecord && !ofRecords.test(action?.name ?? '') ? [id as KeyedEndpointId] : [];
});

const send = (id: KeyedEndpointId, planted: PlantedConnection) => {
  const { method, path, ...options } = toRequest(id, planted);
  return api.request(method, path, { ...options, authorization: `Bearer ${key}` });
};

async function plant(): Promise<PlantedConnection> {
  const planted = await plantConnection(api.store, { clientId: apiKey.id });
  const { connectionId } = planted;
  for (const resource of [
    { resourceType: 'Patient', id: 'p1', meta: { versionId: '1' } },
    { resourceType: 'DocumentReference', id: 'd1', content: [{ attachment: { url: 'Binary/b1' } }] },
  ])
    await api.store.resourceWriter.write(resource.resourceType, [makeDocument(resource, { connectionId })]);
  return planted;
}

/** They are for one record, of which these tests have none. */
const notPlanted: readonly KeyedEndpointId[] = ['readFhirBinary'];

test('the requests find what they name while the connection exists', async () => {
  const planted = await plant();
  const reading = ofConnection.filter((id) => toRequest(id, planted).method === 'GET' && !notPlanted.includes(id));
  const missing: string[] = [];
  for (const id of reading) if ([404, 410].includes((await send(id, planted)).status)) missing.push(id);
  expect(missing).toEqual([]);
  expect(reading.length).toBeGreaterThan(20);
});

test.each(['keep', 'purge'])(
  'no endpoint for clients serves a connection that was deleted with data=%s',
  async (data) => {
    const planted = await plant();
    const deleted = await api.request('DELETE', `/api/ehr/connections/${planted.connectionId}?data=${data}`);
    expect(deleted.status).toBe(data === 'keep' ? 204 : 202);
    const served: object[] = [];
    for (const id of ofConnection) {
      const { status, refusal } = await send(id, planted);
      if (![404, 410].includes(status)) served.push({ id, refusal });
    }
    expect(served).toEqual([]);
  },
);

test('a served export is found by its id, whatever provider of the registry the URL has', async () => {
  const planted = await plant();
  for (const id of ['readServedExport', 'readServedFile', 'deleteServedExport'] as const) {
    const { method, path } = toRequest(id, planted);
    const other = path.replace('/athenahealth/', `/${another}/`);
    const { status } = await api.request(method, other, { authorization: `Bearer ${key}` });
    expect({ id, status }).toEqual({ id, status: id === 'deleteServedExport' ? 202 : 200 });
    const unknown = await api.request(method, path.replace('/athenahealth/', '/none/'), {
      authorization: `Bearer ${key}`,
    });
    expect({ id, refusal: unknown.refusal }).toEqual({ id, refusal: [404, 'unknown-provider'] });
  }
});
