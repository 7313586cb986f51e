import { makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const [connectionId, other] = [await api.createConnection(), await api.createConnection()];
const base = `/api/ehr/athenahealth/fhir/${connectionId}`;
const run = '$viewdefinition-run';
afterAll(() => api.stopAndCheckAnswers());

await api.store.prepareResourceTypes(['Patient', 'Observation']);
const patient = (id: string, family: string, connection = connectionId) =>
  makeDocument(
    { resourceType: 'Patient', id, name: [{ family }], meta: { lastUpdated: `2026-01-0${family.length}T00:00:00Z` } },
    { connectionId: connection, observedAt: new Date('2026-02-01T00:00:00Z') },
  );
await api.store.resourceWriter.write('Patient', [
  patient('a', 'Doe'),
  patient('b', 'Dupont'),
  patient('c', 'X', other),
]);

interface Parameter {
  readonly name: string;
  readonly [field: string]: unknown;
}
const post = (path: string, parameter: readonly Parameter[], options: object = {}) =>
  api.request('POST', `${base}/${path}`, { body: { resourceType: 'Parameters', parameter }, ...options });
const canonical = 'https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition';
const names = {
  resourceType: canonical,
  name: 'names',
  status: 'active',
  resource: 'Patient',
  select: [
    { column: [{ name: 'id', path: 'getResourceKey()' }] },
    { forEach: 'name', column: [{ name: 'family', path: 'family' }] },
  ],
};
const viewResource = { name: 'viewResource', resource: names };
const format = (valueCode: string) => ({ name: '_format', valueCode });

test.each([run, `ViewDefinition/${run}`])(
  '%s runs a view of the body, in the form of each version of SQL on FHIR',
  async (path) => {
    for (const resourceType of [canonical, 'ViewDefinition', undefined]) {
      const resource = { ...names, resourceType };
      const { status, headers, text } = await post(path, [format('csv'), { name: 'viewResource', resource }]);
      expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
      expect(text.split('\n').toSorted()).toEqual(['', 'a,Doe', 'b,Dupont', 'id,family']);
    }
  },
);

const subjectResource = { ...viewResource, name: 'subjectResource' };

test('$sql-run runs a view of the body, or a published one by GET', async () => {
  const { status, text } = await post('$sql-run', [format('csv'), subjectResource]);
  expect([status, text.split('\n').toSorted()]).toEqual([200, ['', 'a,Doe', 'b,Dupont', 'id,family']]);
  const byGet = (query: string) => api.request('GET', `${base}/$sql-run?${query}`);
  const published = await byGet('subjectReference=ViewDefinition/patient&_format=json&patient=Patient/a&patient=b');
  expect([published.status, published.body.length]).toEqual([200, 2]);
  expect((await byGet('subjectReference=ViewDefinition/patient&patient=a')).text.split('\n')).toHaveLength(2);
  expect((await byGet('_format=csv')).text).toContain('`subjectResource` must be there, or `subjectReference`');
  expect((await byGet('viewReference=ViewDefinition/patient')).text).toContain('`viewReference` is not supported');
  const library = await post('$sql-run', [{ name: 'subjectResource', resource: { resourceType: 'Library' } }]);
  expect([library.status, library.text]).toEqual([422, expect.stringContaining('resourceType')]);
});

test('a Bundle among the resources of a request stands for its resources', async () => {
  const resource = (id: string) => ({ resourceType: 'Patient', id, name: [{ family: id }] });
  const bundle = {
    resourceType: 'Bundle',
    entry: [{ resource: resource('x') }, {}, null, { resource: resource('y') }],
  };
  const parameters = [...[resource('z'), bundle].map((each) => ({ name: 'resource', resource: each })), format('csv')];
  for (const [path, view] of [
    [run, viewResource],
    ['$sql-run', subjectResource],
  ] as const) {
    const { text } = await post(path, [view, ...parameters]);
    expect(text).toBe('id,family\nz,z\nx,x\ny,y\n');
  }
});

test('a published view is run by a reference, with the columns of the view only', async () => {
  const reference = { name: 'viewReference', valueReference: { reference: 'ViewDefinition/patient' } };
  const answers = [await post(run, [format('ndjson'), reference])];
  for (const { status, text } of answers) {
    expect(status).toBe(200);
    const [row] = text.split('\n');
    expect(Object.keys(JSON.parse(row ?? ''))[0]).toBe('patient_id');
  }
});

test('the parameters of the operation choose rows and their format', async () => {
  const idsOf = async (...parameters: Parameter[]) =>
    (await post(run, [viewResource, format('json'), ...parameters])).body
      .map(({ id }: { id: string }) => id)
      .toSorted();
  expect(await idsOf()).toEqual(['a', 'b']);
  expect(await idsOf({ name: 'patient', valueReference: { reference: 'Patient/b' } })).toEqual(['b']);
  expect(await idsOf({ name: 'group', valueReference: { reference: `Group/${connectionId}` } })).toEqual(['a', 'b']);
  expect(await idsOf({ name: '_since', valueInstant: '2026-01-05T00:00:00Z' })).toEqual(['b']);
  expect((await idsOf({ name: '_limit', valueInteger: 1 })).length).toBe(1);
  expect(await idsOf({ name: 'patient', valueReference: { reference: 'Patient/none' } })).toEqual([]);
  const csv = await post(`${run}?_format=csv`, [viewResource, { name: 'header', valueBoolean: false }]);
  expect(csv.text.split('\n').toSorted()).toEqual(['', 'a,Doe', 'b,Dupont']);
  const byAccept = await post(run, [viewResource], { headers: { accept: 'text/csv' } });
  expect(byAccept.text).toContain('id,family\n');
  const parquet = await post(run, [viewResource, format('application/vnd.apache.parquet')]);
  expect(parquet.text.slice(0, 4)).toBe('PAR1');
});

test('resources of the request are transformed instead of stored ones, with the digits of their numbers', async () => {
  const view = {
    resource: 'Observation',
    select: [{ column: [{ name: 'value', path: 'value.ofType(Quantity).value', type: 'decimal' }] }],
  };
  const parameter = [
    { name: 'viewResource', resource: view },
    { name: 'resource', resource: { resourceType: 'Observation', valueQuantity: { value: 0 } } },
  ];
  const body = JSON.stringify({ resourceType: 'Parameters', parameter }).replace('"value":0', '"value":1.50');
  const answer = await fetch(`${api.baseUrl}${base}/${run}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.operatorKey}` },
    body,
  });
  expect(await answer.text()).toBe('{"value":1.50}\n');
});

test.each([
  { what: 'no view', parameters: [], refusal: [400, 'invalid'], says: /`viewResource` must be there/ },
  { what: 'two views', parameters: [viewResource, viewResource], refusal: [400, 'invalid'], says: /once/ },
  {
    what: 'an unknown view',
    parameters: [{ name: 'viewReference', valueReference: { reference: 'ViewDefinition/x' } }],
    refusal: [404, 'not-found'],
    says: /No view has this name/,
  },
  {
    what: 'an unknown parameter',
    parameters: [viewResource, { name: 'source', valueString: 's3' }],
    refusal: [400, 'invalid'],
    says: /`source` is not supported\. Supported parameters: viewResource, resource, viewReference, _format/,
  },
  {
    what: 'an unknown format',
    parameters: [viewResource, format('xlsx')],
    refusal: [400, 'invalid'],
    says: /must be one of parquet, csv, ndjson, json/,
  },
  {
    what: 'a foreign group',
    parameters: [viewResource, { name: 'group', valueReference: { reference: 'Group/x' } }],
    refusal: [404, 'not-found'],
    says: /The group of all patients is/,
  },
  {
    what: 'a wrong view',
    parameters: [
      { name: 'viewResource', resource: { resource: 'Patient', select: [{ column: [{ name: '1', path: 'id' }] }] } },
    ],
    refusal: [422, 'invalid'],
    says: /select\.0\.column\.0\.name/,
  },
  {
    what: 'a parameter without a value',
    parameters: [viewResource, { name: '_format' }],
    refusal: [400, 'invalid'],
    says: /must have one value/,
  },
  {
    what: 'another type of view',
    parameters: [{ name: 'viewResource', resource: { ...names, resourceType: 'Patient' } }],
    refusal: [422, 'invalid'],
    says: /resourceType/,
  },
])('a request with $what is refused with an OperationOutcome', async ({ parameters, refusal, says }) => {
  const { status, body } = await post(run, parameters as Parameter[]);
  expect([status, body.resourceType]).toEqual([refusal[0], 'OperationOutcome']);
  expect(JSON.stringify(body).replaceAll('\\"', '"')).toMatch(says);
});

test('a token runs views of the types of its scopes only, and a key those of its connections', async () => {
  const body = { name: 'etl', usesSecret: true, connectionIds: [connectionId] };
  const { id } = (await api.request('POST', '/api/ehr/clients', { body })).body.data;
  const { secret } = (await api.request('POST', `/api/ehr/clients/${id}/secrets`)).body.data;
  const form = {
    grant_type: 'client_credentials',
    scope: 'system/Observation.rs',
    client_id: id,
    client_secret: secret,
  };
  const token = await api.request('POST', '/api/ehr/oauth/token', {
    authorization: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  const authorization = `Bearer ${token.body.access_token}`;
  const refused = await post(run, [viewResource], { authorization });
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('do not cover Patient')]);
  const observations = { resource: 'Observation', select: names.select.slice(0, 1) };
  expect((await post(run, [{ name: 'viewResource', resource: observations }], { authorization })).status).toBe(200);
  const foreign = { body: { resourceType: 'Parameters', parameter: [viewResource] }, authorization };
  expect((await api.request('POST', `/api/ehr/athenahealth/fhir/${other}/${run}`, foreign)).status).toBe(404);
});

test('a run leaves an event in the audit log, and the CapabilityStatement lists the operation', async () => {
  await post(run, [viewResource]);
  const [event] = await api.store.auditEvents.list({ filter: { action: 'table.search', connectionId }, limit: 1 });
  expect(event).toMatchObject({ outcome: 'success', patients: ['*'] });
  const { rest } = (await api.request('GET', `${base}/metadata`)).body;
  expect(rest[0].operation).toContainEqual({
    name: 'viewdefinition-run',
    definition: 'http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run',
  });
  expect(rest[0].operation).toContainEqual(expect.objectContaining({ name: 'sql-run' }));
});
