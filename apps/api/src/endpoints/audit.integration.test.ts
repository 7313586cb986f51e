import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import { makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { endpoints, type KeyedEndpointId } from '../testing/all-endpoints.ts';
import { endpointRequests, toRequest } from '../testing/endpoint-requests.ts';
import { type PlantedConnection, plantConnection } from '../testing/plant-connection.ts';
import { type ApiAnswer, startApi } from '../testing/start-api.ts';

/** These endpoints change nothing, and show neither patient data nor links to it nor who has read it. */
const unrecorded = new Set<KeyedEndpointId>([
  'getSession',
  'listProviders',
  'listCohorts',
  'getProvider',
  'countConnections',
  'listConnections',
  'getConnection',
  'listWatermarks',
  'countConnectionData',
  'listErasures',
  'getErasure',
  'listRetention',
  'getCapabilities',
  'readProbe',
  'listBulkExports',
  'watchBulkExports',
  // The export of these requests has failed. A test below reads an export with links to files.
  'getBulkExport',
  'listExportEvents',
  'listSyncEvents',
  'listSyncRuns',
  'getSyncRun',
  'watchSyncRun',
  'listSchedules',
  'getSchedule',
  'listQuarantinedLines',
  'listQuarantineGroups',
  'getQuarantinedLine',
  'listWebhookDeliveries',
  'listWebhookReceivers',
  'getWebhookDelivery',
  'listSigningKeys',
  'getSigningKey',
  'listRateBudgets',
  'watchRateBudgets',
  'listPlans',
  'spreadSchedules',
  'listQueues',
  'listProcesses',
  'getHealthReport',
  'getHistory',
  'listApiKeys',
  'getApiKey',
  'listTables',
  'listClients',
  'getClient',
  'listSessions',
]);
/** The patients in the event of each endpoint that shows patient data. */
const patients: Readonly<Partial<Record<KeyedEndpointId, readonly string[]>>> = {
  searchResources: ['p1'],
  getCohort: ['p1'],
  readTable: ['*'],
  readViewTable: ['*'],
  runView: ['*'],
  runViewOfType: ['*'],
  runSql: ['*'],
  runSqlByGet: ['*'],
  readResource: ['p1'],
  listResourceSources: ['p1'],
  readFhirResource: ['p1'],
  readFhirVersion: ['p1'],
  readFhirInstanceHistory: ['p1'],
  readChanges: ['p1'],
  readResourceHistory: ['p1'],
  readFhirTypeHistory: ['p1'],
  readFhirHistory: ['p1'],
  searchFhir: ['p1'],
  searchFhirByPost: ['p1'],
  searchFhirRecord: ['p1'],
  readFhirEverything: ['p1'],
  listDocuments: ['p1'],
  readDocument: ['p1'],
  getDocument: ['p1'],
  retryDocument: ['p1'],
  readQuarantinedLine: ['*'],
  countPatientData: ['p1'],
  erasePatient: ['p1'],
  letPatientIn: ['p1'],
  setCohort: ['p1'],
  changeCohort: ['p1'],
};

const api = await startApi();
afterAll(() => api.stop());

async function plant(): Promise<PlantedConnection> {
  const planted = await plantConnection(api.store);
  const { connectionId, exportId } = planted;
  await store(connectionId, { resourceType: 'Patient', id: 'p1' });
  await api.store.outputFiles.insertMissing([
    makeOutputFile({ exportId, state: 'completed', completedAt: new Date() }),
  ]);
  return planted;
}

/** Stores a resource from a line, as a worker does. */
async function store(connectionId: string, resource: { readonly resourceType: string; readonly id: string }) {
  await api.store.resourceWriter.write(resource.resourceType, [makeDocument(resource, { connectionId })]);
}

function send(id: KeyedEndpointId, planted: PlantedConnection, authorization = `Bearer ${api.operatorKey}`) {
  const { method, path, ...options } = toRequest(id, planted);
  return api.request(method, path, { ...options, authorization });
}

/** Reads from the database, because a request for events would be an event too. */
async function eventsOf({ headers }: ApiAnswer) {
  const events = await api.store.auditEvents.list({ filter: {}, limit: 50 });
  return events.filter(({ requestId }) => requestId === headers.get('x-request-id')).reverse();
}

const keyed = endpoints
  .filter(({ id }) => id in endpointRequests)
  .map(({ id, method, action }) => ({ id: id as KeyedEndpointId, method, action: action?.name }));

test('every endpoint that changes something is audited', () => {
  const changing = keyed.filter(({ method }) => method !== 'get');
  expect(changing.length).toBeGreaterThan(20);
  expect(changing.filter(({ id }) => unrecorded.has(id))).toEqual([]);
});

test.each(keyed.filter(({ id }) => unrecorded.has(id)))('$id is not audited', async ({ id }) => {
  expect(await eventsOf(await send(id, await plant()))).toEqual([]);
});

test.each(keyed.filter(({ id }) => !unrecorded.has(id)))(
  '$id records an event with actor, action and target',
  async ({ id, action }) => {
    const planted = await plant();
    const answer = await send(id, planted);
    const events = await eventsOf(answer);
    expect(events).toHaveLength(1);
    const [event] = events;
    expect(event).toMatchObject({
      action,
      actor: { kind: 'api-key', name: 'operator', role: 'operator' },
      outcome: expect.stringMatching(answer.status < 400 ? /^(success|unchanged)$/ : /^(refused|failed)$/),
      address: '127.0.0.1',
    });
    expect(event?.patients).toEqual(patients[id]);
    // The target has every id of the address and the body, except the filter of quarantined lines.
    const request = JSON.stringify(toRequest(id, planted));
    const ids = Object.values(planted).filter((value) => new RegExp(`[/="]${value}(?![\\w.])`).test(request));
    const namedIds = id === 'replayQuarantinedLines' ? [] : ids;
    expect(Object.values(event?.target ?? {})).toEqual(expect.arrayContaining(namedIds));
    if (patients[id]) expect(event?.target.connectionId).toBe(planted.connectionId);
    const isSearch = ['searchResources', 'listDocuments'].includes(id);
    if (isSearch) expect(event?.parameters ?? []).toEqual([]);
  },
);

const athena = '/api/ehr/athenahealth';
const observation = (id: string, of: object) => ({ resourceType: 'Observation', id, ...of });
const subject = (patient: string) => ({ subject: { reference: `Patient/${patient}` } });
const { connectionId } = await plantConnection(api.store);
await store(connectionId, { resourceType: 'Patient', id: 'p1' });
await store(connectionId, observation('o1', subject('p1')));
await store(connectionId, observation('o2', { ...subject('p2'), performer: [{ reference: 'Patient/p3' }] }));
await store(connectionId, observation('o3', { subject: { display: 'a person without an id' } }));
await store(connectionId, { resourceType: 'Practitioner', id: 'd1' });
const read = async (path: string, accept?: string) => {
  const address = `${athena}/resources/${path}${path.includes('?') ? '&' : '?'}connectionId=${connectionId}`;
  return eventsOf(await api.request('GET', address, accept === undefined ? {} : { accept }));
};

test.each([
  { what: 'the patient of a resource', path: 'Observation/o1', patients: ['p1'] },
  { what: 'every patient of a resource', path: 'Observation/o2', patients: ['p2', 'p3'] },
  { what: 'any patient, if the resource names none', path: 'Observation/o3', patients: ['*'] },
  { what: 'the Patient itself', path: 'Patient/p1', patients: ['p1'] },
  { what: 'a Patient that is not stored', path: 'Patient/p9', patients: ['p9'] },
  { what: 'no patient, if the resource is not about a patient', path: 'Practitioner/d1', patients: undefined },
  { what: 'the requested patients', path: 'Observation?patient=p9,Patient/p8', patients: ['p8', 'p9'] },
  { what: 'Patients that were requested by id', path: 'Patient?_id=p1,p9', patients: ['p1', 'p9'] },
  {
    what: 'the patients on the page, if none was requested',
    path: 'Observation?_count=2',
    patients: ['p1', 'p2', 'p3'],
  },
  {
    what: 'the patients on the page as well as the requested ones',
    path: 'Observation?patient=p2',
    patients: ['p2', 'p3'],
  },
])('a read of resources records $what', async ({ path, patients: expected }) => {
  const [event, ...moreEvents] = await read(path);
  expect(event?.patients).toEqual(expected);
  expect(moreEvents).toEqual([]);
});

test('a read of all resources as NDJSON records that it may have shown any patient', async () => {
  expect(await read('Observation', 'application/fhir+ndjson')).toMatchObject([
    { action: 'resource.search', outcome: 'success', patients: ['*'], target: { connectionId, type: 'Observation' } },
  ]);
});

test('a read of a patient’s NDJSON also records the other patients of its resources', async () => {
  const events = await read('Observation?patient=p2', 'application/fhir+ndjson');
  expect(events.map(({ patients, parameters }) => ({ patients, parameters }))).toEqual(
    expect.arrayContaining([
      { patients: ['p2'], parameters: ['patient'] },
      { patients: ['p3'], parameters: ['patient'] },
    ]),
  );
  expect(events).toHaveLength(2);
});

test('a search records the names of its parameters', async () => {
  const [event] = await read('Observation?date=ge2024&_lastUpdated=ge2024&patient=p1&_count=1');
  expect(event?.parameters).toEqual(['_count', '_lastUpdated', 'date', 'patient']);
});

test('the audit log finds reads of a patient, and reads that may have shown the patient', async () => {
  const answer = await api.request('GET', `/api/ehr/audit-events?patient=p3&connectionId=${connectionId}&limit=1000`);
  const events = answer.body.data as { patients: string[]; target: { connectionId: string } }[];
  expect(events.length).toBeGreaterThan(4);
  expect(events.filter((event) => !event.patients.some((patient) => ['p3', '*'].includes(patient)))).toEqual([]);
  expect(events.filter(({ target }) => target.connectionId !== connectionId)).toEqual([]);
  // The search for these events is also an event about the patient.
  const all = await api.request('GET', '/api/ehr/audit-events?patient=p3&limit=1');
  expect(all.body.data).toMatchObject([
    { action: 'audit-event.list', patients: ['p3'], parameters: ['limit', 'patient'] },
  ]);
  expect((await api.request('GET', '/api/ehr/audit-events?patient=Patient/p3')).status).toBe(400);
});

test('a read of the status of an export is audited if it shows links to files', async () => {
  const record = makeBulkExport({
    connectionId,
    provider: 'athenahealth',
    phase: 'completed',
    completedAt: new Date(),
  });
  await api.store.bulkExports.insert({ record, requestKey: record.id });
  const path = `${athena}/bulk-export/${record.id}`;
  expect(await eventsOf(await api.request('GET', path))).toEqual([]);
  await api.store.outputFiles.insertMissing([makeOutputFile({ exportId: record.id })]);
  const answer = await api.request('GET', path);
  expect(answer.body.data.outputUrls).toHaveLength(1);
  expect(await eventsOf(answer)).toMatchObject([{ action: 'export.read', target: { connectionId, jobId: record.id } }]);
});

const changed = await plantConnection(api.store);
const asClient = async (method: string, path: string, options = {}) => {
  const answer = await api.request(method, `/api/ehr${path}`, { authorization: `Bearer ${api.clientKey}`, ...options });
  return (await eventsOf(answer)).map(({ action, outcome }) => `${action} ${outcome}`);
};
const exportPath = '/athenahealth/bulk-export';

test('starting, cancelling or retrying an export a second time is recorded as unchanged', async () => {
  const { connectionId } = changed;
  const options = { body: { connectionId }, headers: { 'idempotency-key': 'again' } };
  expect(await asClient('POST', exportPath, options)).toEqual(['export.create success']);
  expect(await asClient('POST', exportPath, options)).toEqual(['export.create unchanged']);
  const id = (await api.store.bulkExports.listActive()).find((running) => running.connectionId === connectionId)?.id;
  expect(await asClient('POST', `${exportPath}/${id}/retry`)).toEqual(['export.retry unchanged']);
  expect(await asClient('DELETE', `${exportPath}/${id}`)).toEqual(['export.cancel success']);
  expect(await asClient('DELETE', `${exportPath}/${id}`)).toEqual(['export.cancel unchanged']);
  expect(await asClient('DELETE', `${exportPath}/${changed.exportId}`)).toEqual(['export.cancel refused']);
});

test('a repeated request with the same Idempotency-Key is recorded as unchanged, and names the record', async () => {
  const { connectionId } = changed;
  const body = { connectionId, kind: 'export', cron: '0 2 * * *', timeZone: 'UTC' };
  const send = () => api.request('POST', '/api/ehr/schedules', { body, headers: { 'idempotency-key': 'audited' } });
  const first = await send();
  const events = [await eventsOf(first), await eventsOf(await send())].flat();
  expect(events).toMatchObject(
    ['success', 'unchanged'].map((outcome) => ({
      action: 'schedule.create',
      outcome,
      target: { id: first.body.data.id, connectionId },
    })),
  );
});

test('retrying or cancelling a sync a second time is recorded as unchanged', async () => {
  const run = `/athenahealth/sync-runs/${changed.syncRunId}`;
  expect(await asClient('POST', `${run}/retry`)).toEqual(['sync.retry success']);
  expect(await asClient('POST', `${run}/retry`)).toEqual(['sync.retry unchanged']);
  expect(await asClient('DELETE', run)).toEqual(['sync.cancel success']);
  expect(await asClient('DELETE', run)).toEqual(['sync.cancel unchanged']);
});

test('pausing a schedule a second time is recorded as unchanged, and deleting it a second time as refused', async () => {
  const schedule = `/schedules/${changed.scheduleId}`;
  const pause = { body: { paused: true } };
  expect(await asClient('PATCH', schedule, pause)).toEqual(['schedule.change success']);
  expect(await asClient('PATCH', schedule, pause)).toEqual(['schedule.change unchanged']);
  expect(await asClient('DELETE', schedule)).toEqual(['schedule.delete success']);
  expect(await asClient('DELETE', schedule)).toEqual(['schedule.delete refused']);
});

test('removing a webhook a second time is recorded as unchanged', async () => {
  const webhook = `/connections/${changed.connectionId}/webhook`;
  expect(await asClient('PUT', webhook, { body: {} })).toEqual(['webhook.set success']);
  expect(await asClient('DELETE', webhook)).toEqual(['webhook.remove success']);
  expect(await asClient('DELETE', webhook)).toEqual(['webhook.remove unchanged']);
});

test('revoking a key a second time, and retrying no lines, are recorded as unchanged', async () => {
  const { id } = (await api.request('POST', '/api/ehr/api-keys', { body: { name: 'x', role: 'client' } })).body.data;
  const asOperator = { authorization: `Bearer ${api.operatorKey}` };
  expect(await asClient('DELETE', `/api-keys/${id}`, asOperator)).toEqual(['api-key.revoke success']);
  expect(await asClient('DELETE', `/api-keys/${id}`, asOperator)).toEqual(['api-key.revoke unchanged']);
  // A run without quarantined entries.
  const replay = { body: { runId: (await plant()).syncRunId }, ...asOperator };
  expect(await asClient('POST', '/quarantine/replay', replay)).toEqual(['quarantine.replay unchanged']);
});

test('the chain of audit events is intact after all these requests, and is checked page by page', async () => {
  const check = async (query: string) =>
    (await api.request('GET', `/api/ehr/audit-events/verification?${query}`)).body.data;
  const verification = await check('');
  expect(verification).toMatchObject({ isIntact: true, oldest: { sequence: 1 } });
  expect(verification.checked).toBe(verification.last.sequence);
  expect(verification).not.toHaveProperty('next');
  const first = await check('limit=10');
  expect([first.checked, first.next]).toEqual([10, `10:${first.last.hash}`]);
  expect(await check(`cursor=${first.next}&limit=10`)).toMatchObject({ checked: 10, oldest: { sequence: 11 } });
  expect(await check(`expectedHead=10:${first.last.hash}`)).toMatchObject({ isIntact: true });
  expect(await check(`expectedHead=10:${verification.last.hash}`)).toMatchObject({
    isIntact: false,
    fault: { code: 'other-head', sequence: 10, message: expect.stringContaining('Another event') },
  });
  expect((await api.request('GET', '/api/ehr/audit-events/verification?expectedHead=10')).status).toBe(400);
});
