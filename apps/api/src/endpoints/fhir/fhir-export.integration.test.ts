import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { httpLimits } from '@bulkhead/http';
import { connectRedis } from '@bulkhead/queues';
import { toTombstone } from '@bulkhead/records';
import { ageChanges, documentContext, makeDocument } from '@bulkhead/records/testing';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi({ env: { API_CLIENT_KEYS_PRIVATE_NETWORK: 'true' } });
const [connectionId, other] = [await api.createConnection(), await api.createConnection()];
const base = `/api/ehr/athenahealth/fhir/${connectionId}`;
const types = ['Patient', 'Observation', 'Practitioner'];
afterAll(() => api.stopAndCheckAnswers());

await api.store.prepareResourceTypes(types);
const write = (resource: { resourceType: string; id: string; [element: string]: unknown }, connection = connectionId) =>
  api.store.resourceWriter.write(resource.resourceType, [makeDocument(resource, { connectionId: connection })]);
const age = () => ageChanges({ mongodbUri: api.env.MONGODB_URI ?? '', resourceTypes: types });
const observation = (id: string, patient: string, code = 'a') => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }] },
  subject: { reference: `Patient/${patient}` },
  valueQuantity: { value: 1.5 },
});
for (const id of ['p1', 'p2']) await write({ resourceType: 'Patient', id, active: true });
await write(observation('o1', 'p1'));
await write(observation('o2', 'p2', 'b'));
await write({ resourceType: 'Practitioner', id: 'd1' });
await write({ resourceType: 'Patient', id: 'foreign' }, other);
await age();

const kickOffHeaders = { prefer: 'respond-async' };
const accept = 'application/fhir+json';
interface Options {
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const kickOff = (path: string, options: Options = {}) =>
  api.request('GET', base + path, { accept, headers: kickOffHeaders, ...options });
const toPathOf = ({ baseUrl }: { readonly baseUrl: string }, url: string | null) => (url ?? '').slice(baseUrl.length);
const toPath = (url: string | null) => toPathOf(api, url);

/** Reads an export to its end. */
async function readExport(path: string, options: Options = {}) {
  const started = await kickOff(path, options);
  expect([started.status, started.text]).toEqual([202, '']);
  return { status: toPath(started.headers.get('content-location')), ...(await readManifest(started.headers, options)) };
}

async function readManifest(headers: Headers, { authorization }: Options = {}) {
  const sent = authorization === undefined ? {} : { authorization };
  const { status, body } = await api.request('GET', toPath(headers.get('content-location')), {
    accept: 'application/json',
    ...sent,
  });
  expect(status).toBe(200);
  const read = async (files: readonly { type: string; url: string }[]) => {
    const lines: Record<string, unknown>[] = [];
    for (const { url } of files) {
      const file = await api.request('GET', toPath(url), { accept: 'application/fhir+ndjson', ...sent });
      expect([file.status, file.headers.get('content-type')]).toEqual([200, expect.stringMatching(/ndjson/)]);
      lines.push(
        ...file.text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      );
    }
    return lines;
  };
  const output = await read(body.output);
  return {
    manifest: body,
    ids: output.map(({ resourceType, id }) => `${resourceType}/${id}`).toSorted(),
    output,
    deleted: (await read(body.deleted)).flatMap(({ entry }) =>
      (entry as { request: { method: string; url: string } }[]).map(
        ({ request }) => `${request.method} ${request.url}`,
      ),
    ),
    errors: (await read(body.error)).map(({ issue }) => (issue as { details: { text: string } }[])[0]?.details.text),
  };
}

const everything = ['Observation/o1', 'Observation/o2', 'Patient/p1', 'Patient/p2', 'Practitioner/d1'];

test.each(['/$export', '/Patient/$export', `/Group/${connectionId}/$export`])(
  'GET %s exports everything of the connection, and nothing of another one',
  async (path) => {
    const { manifest, ids, deleted } = await readExport(path);
    expect(ids).toEqual(everything);
    expect(manifest).toMatchObject({
      request: `${api.baseUrl}${base}${path}`,
      requiresAccessToken: true,
      deleted: [],
      error: [],
    });
    expect(deleted).toEqual([]);
  },
);

test('an export has what was stored a moment ago, also after its kick-off, and the next one has it again', async () => {
  const first = await readExport('/$export?_type=Patient,Observation');
  const since = first.manifest.transactionTime;
  expect((await readExport(`/$export?_since=${since}`)).manifest).toMatchObject({ output: [], deleted: [] });
  await write({ resourceType: 'Patient', id: 'p3' });
  await write({ resourceType: 'Practitioner', id: 'd2' });
  const context = { ...documentContext, connectionId, observedAt: new Date('2027-01-01T00:00:00Z') };
  await api.store.resourceWriter.write('Practitioner', [toTombstone({ resourceId: 'd2', context })]);
  const next = await readExport(`/$export?_since=${since}`);
  expect([next.ids, next.deleted]).toEqual([['Patient/p3'], ['DELETE Practitioner/d2']]);
  expect(Date.parse(next.manifest.transactionTime)).toBeLessThanOrEqual(Date.now() - 120_000);
  expect((await readExport(`/$export?_since=${next.manifest.transactionTime}`)).ids).toEqual(['Patient/p3']);
  const [full] = first.manifest.output.filter(({ type }: { type: string }) => type === 'Patient');
  expect((await api.request('GET', toPath(full.url))).text).toContain('"p3"');
  const [changed] = next.manifest.output;
  await write({ resourceType: 'Patient', id: 'p3', meta: { versionId: '2' }, active: true });
  expect((await api.request('GET', toPath(changed.url))).text).toContain('"active":true');
});

test('an export without _type lists the deletion and the erasure of the last resources of a type', async () => {
  const [erased, deleted] = ['Flag', 'Goal'];
  await api.store.prepareResourceTypes([erased, deleted]);
  const since = (await readExport('/$export?_type=Patient')).manifest.transactionTime;
  await write({ resourceType: erased, id: 'f1', subject: { reference: 'Patient/p9' } });
  await write({ resourceType: deleted, id: 'g1' });
  expect((await readExport('/$export')).ids).toEqual(expect.arrayContaining(['Flag/f1', 'Goal/g1']));
  const context = { ...documentContext, connectionId, observedAt: new Date('2027-01-01T00:00:00Z') };
  await api.store.resourceWriter.write(deleted, [toTombstone({ resourceId: 'g1', context })]);
  const pass = { connectionId, patientId: 'p9', signal: AbortSignal.timeout(60_000), now: new Date() };
  const callbacks = { onFound: async () => undefined, onDeleted: async () => undefined };
  for (const feature of api.store.features)
    await feature.erasePatient({ ...pass, ...callbacks, found: { binaryIds: [], documentIds: [] } });
  const next = await readExport(`/$export?_since=${since}`);
  expect(next.deleted).toEqual(expect.arrayContaining(['DELETE Flag/f1', 'DELETE Goal/g1']));
  expect(next.manifest.output.map(({ type }: { type: string }) => type)).not.toContain(erased);
});

test('an export whose deletions are no longer all known is refused instead of read without them', async () => {
  const id = await api.createConnection();
  await write({ resourceType: 'Practitioner', id: 'known' }, id);
  const since = new Date(Date.now() - 60_000).toISOString();
  const path = `/api/ehr/athenahealth/fhir/${id}`;
  const started = await api.request('GET', `${path}/$export?_since=${since}`, { accept, headers: kickOffHeaders });
  const status = toPath(started.headers.get('content-location'));
  const file = `${status.replace('bulkstatus', 'bulkdata')}/deleted.ndjson`;
  for (const url of [status, file]) expect((await api.request('GET', url)).status).toBe(200);
  await api.store.retention.tombstone({ now: new Date(), olderThan: new Date(), limit: 10 });
  for (const url of [status, file]) expect((await api.request('GET', url)).refusal).toEqual([410, 'history-expired']);
});

test.each([
  { query: '_type=Patient', ids: ['Patient/p1', 'Patient/p2'] },
  { query: '_type=Practitioner,Condition', ids: ['Practitioner/d1'] },
  { query: '_typeFilter=Observation%3Fcode%3Da&_type=Observation', ids: ['Observation/o1'] },
  {
    query: '_typeFilter=Observation%3Fcode%3Da,Observation%3Fpatient%3Dp2&_type=Observation',
    ids: ['Observation/o1', 'Observation/o2'],
  },
  {
    query: '_typeFilter=Observation%3Fcode%3Da&_typeFilter=Observation%3Fcode%3Db&_type=Observation',
    ids: ['Observation/o1', 'Observation/o2'],
  },
  { query: '_type=Patient&_outputFormat=ndjson', ids: ['Patient/p1', 'Patient/p2'] },
])('an export with $query has $ids', async ({ query, ids }) => {
  const exported = await readExport(`/Patient/$export?${query}`);
  expect(exported.ids.filter((id) => !['Patient/p3', 'Practitioner/d2'].includes(id))).toEqual(ids);
});

test('_elements leaves the mandatory elements, and tags the resources', async () => {
  const { output } = await readExport(
    '/$export?_type=Observation&_elements=id,Observation.valueQuantity&_typeFilter=Observation%3Fcode%3Da',
  );
  const tag = [{ system: expect.any(String), code: 'SUBSETTED' }];
  const { code } = observation('o1', 'p1');
  expect(output).toEqual([
    { resourceType: 'Observation', id: 'o1', meta: { tag }, status: 'final', code, valueQuantity: { value: 1.5 } },
  ]);
});

test('a kick-off by POST takes patients, and reads only their resources', async () => {
  const parameter = [
    { name: 'patient', valueReference: { reference: 'Patient/p1' } },
    { name: '_type', valueString: 'Patient' },
    { name: '_type', valueString: 'Observation' },
  ];
  const body = { resourceType: 'Parameters', parameter };
  const started = await api.request('POST', `${base}/Patient/$export`, { accept, headers: kickOffHeaders, body });
  expect(started.status).toBe(202);
  expect((await readManifest(started.headers)).ids).toEqual(['Observation/o1', 'Patient/p1']);
  // A filter narrows the resources of the patients. It does not replace them.
  for (const query of ['Observation?code=a,b', 'Observation?patient=p2', 'Observation?_id=o2']) {
    const narrowed = [...parameter, { name: '_typeFilter', valueString: query }];
    const filtered = await api.request('POST', `${base}/Patient/$export`, {
      accept,
      headers: kickOffHeaders,
      body: { resourceType: 'Parameters', parameter: narrowed },
    });
    const { ids } = await readManifest(filtered.headers);
    expect([query, ids]).toEqual([query, query.includes('code') ? ['Observation/o1', 'Patient/p1'] : ['Patient/p1']]);
  }
  const wrong = await api.request('POST', `${base}/Patient/$export`, { accept, headers: kickOffHeaders, body: '{' });
  expect(wrong.refusal).toEqual([400, 'invalid-request']);
});

test('parameters that are not supported are refused by name, or ignored and listed with handling=lenient', async () => {
  const path = '/$export?_type=Patient&_text=knee&_typeFilter=Patient%3Ftelecom%3Dmale&_typeFilter=Patient%3F_id%3Dp1';
  const refused = await kickOff(path);
  expect(refused.refusal).toEqual([400, 'invalid-request']);
  const texts = refused.body.issue.map(({ details }: { details: { text: string } }) => details.text);
  expect(texts).toEqual([expect.stringMatching(/`_text`/), expect.stringMatching(/`telecom`/)]);
  const lenient = await readExport(path, { headers: { prefer: 'respond-async, handling=lenient' } });
  expect(lenient.errors).toEqual([expect.stringMatching('_text'), expect.stringMatching('_typeFilter')]);
  // Without the filter that is not supported, the other one would leave out what was asked for.
  expect(lenient.ids).toEqual(expect.arrayContaining(['Patient/p1', 'Patient/p2']));
});

test.each([
  { path: '/$export', options: { headers: {} }, refusal: [400, 'invalid-request'], says: /Prefer/ },
  { path: '/$export?_since=2057-01-01T00:00:00Z', refusal: [400, 'invalid-request'], says: /future/ },
  { path: '/$export?_since=2026-01-31T10:00:00', refusal: [400, 'invalid-request'], says: /time zone/ },
  { path: '/$export?_since=yesterday', refusal: [400, 'invalid-request'], says: /timestamp/ },
  { path: '/$export?_type=Patinet', refusal: [400, 'invalid-request'], says: /Did you mean Patient/ },
  { path: '/$export?_typeFilter=Observation%3Fnothing%3D1', refusal: [400, 'invalid-request'], says: /nothing/ },
  { path: '/$export?_typeFilter=Observation%3F_count%3D1', refusal: [400, 'invalid-request'], says: /pages/ },
  {
    path: '/$export?_type=Patient&_typeFilter=Observation%3Fcode%3Da',
    refusal: [400, 'invalid-request'],
    says: /not requested/,
  },
  { path: '/$export?patient=Patient%2Fp1', refusal: [400, 'invalid-request'], says: /patient/ },
  { path: '/$export?_outputFormat=text%2Fcsv', refusal: [400, 'invalid-request'], says: /_outputFormat/ },
  { path: `/Group/${other}/$export`, refusal: [404, 'unknown-resource'], says: /Group/ },
  { path: '/bulkstatus/served_none', refusal: [404, 'unknown-served-export'], says: /Start a new one/ },
])('GET $path is refused with an OperationOutcome that says why', async ({ path, options, refusal, says }) => {
  const answer = await kickOff(path, options);
  expect(answer.refusal).toEqual(refusal);
  expect(answer.body.issue[0].details.text).toMatch(says);
});

test('an export is for the client that started it, until it is deleted or a day old', async () => {
  const { status, manifest } = await readExport('/$export?_type=Patient');
  const key = await api.store.apiKeys.create({ name: 'second', role: 'client', now: new Date() });
  const authorization = `Bearer ${key}`;
  expect((await api.request('GET', status, { authorization })).refusal).toEqual([404, 'unknown-served-export']);
  expect((await api.request('DELETE', status, { authorization })).refusal).toEqual([404, 'unknown-served-export']);
  expect((await api.request('DELETE', status)).status).toBe(202);
  expect((await api.request('GET', status)).refusal).toEqual([404, 'unknown-served-export']);
  expect((await api.request('GET', toPath(manifest.output[0].url))).refusal).toEqual([404, 'unknown-served-export']);
  const [record] = (await readExport('/$export?_type=Patient')).status.split('/').slice(-1);
  const later = new Date(Date.now() + 25 * 3_600_000);
  expect(await api.store.servedExports.find({ id: record ?? '', now: later })).toBeUndefined();
});

test('a client that starts exports in an endless loop is stopped', async () => {
  const { apiKey, key } = await api.store.apiKeys.issue({ name: 'endless', role: 'client', now: new Date() });
  const redis = connectRedis({ url: api.env.REDIS_URL ?? '', waiting: true, onError: () => undefined });
  const counter = `${api.env.BULKHEAD_PREFIX}:kick-offs:${apiKey.id}`;
  const secondsLeft = async () => Math.ceil((await redis.pttl(counter)) / 1000);
  await redis.set(counter, 9_999, 'EX', 3600);
  const authorization = `Bearer ${key}`;
  expect((await kickOff('/$export?_type=Unknown', { authorization })).status).toBe(400);
  expect((await kickOff('/$export', { authorization })).status).toBe(202);
  const before = await secondsLeft();
  const { refusal, headers } = await kickOff('/$export', { authorization });
  expect(refusal).toEqual([429, 'too-many-requests']);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(before);
  expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(await secondsLeft());
  expect((await kickOff('/$export')).status).toBe(202);
  await redis.quit();
});

test('a client that stops reading is disconnected after the time limit, and can read the file again', async () => {
  const serverLimits = { ...httpLimits, idleTimeout: 5000 };
  await using limited = await startApi({ serverLimits });
  const id = await limited.createConnection();
  await limited.store.prepareResourceTypes(['Media']);
  // More than the buffers of both ends hold.
  const note = 'x'.repeat(500_000);
  for (let index = 0; index < 40; index++)
    await limited.store.resourceWriter.write('Media', [
      makeDocument({ resourceType: 'Media', id: `m${index}`, note }, { connectionId: id }),
    ]);
  await ageChanges({ mongodbUri: limited.env.MONGODB_URI ?? '', resourceTypes: ['Media'] });
  const started = await limited.request('GET', `/api/ehr/athenahealth/fhir/${id}/$export`, {
    accept,
    headers: kickOffHeaders,
  });
  const manifest = await limited.request('GET', toPathOf(limited, started.headers.get('content-location')));
  const path = toPathOf(limited, manifest.body.output[0].url);
  const headers = { authorization: `Bearer ${limited.operatorKey}` };
  const [response] = (await once(httpRequest(limited.baseUrl + path, { headers }).end(), 'response')) as [
    IncomingMessage,
  ];
  response.pause();
  const left = '/api/ehr/audit-events?action=resource.search&outcome=failed';
  await waitFor(async () => (await limited.request('GET', left)).body.data[0]?.code === 'client-left');
  response.resume();
  await expect(once(response, 'end')).rejects.toThrow('aborted');
  expect((await limited.request('GET', path)).text.split('\n').filter(Boolean)).toHaveLength(40);
});

test('a file is compressed for a client that accepts gzip, and has the same bytes as without', async () => {
  const { manifest } = await readExport('/$export?_type=Observation');
  const path = toPath(manifest.output[0].url);
  const read = async (encoding: string) => {
    const headers = { authorization: `Bearer ${api.operatorKey}`, 'accept-encoding': encoding };
    const sent = httpRequest(api.baseUrl + path, { headers }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { encoding: response.headers['content-encoding'], bytes: await buffer(response) };
  };
  const [plain, small] = [await read('identity'), await read('br;q=1, gzip')];
  expect([plain.encoding, small.encoding, (await read('gzip;q=0')).encoding]).toEqual([undefined, 'gzip', undefined]);
  expect(gunzipSync(small.bytes).equals(plain.bytes)).toBe(true);
  expect(plain.bytes.toString()).toContain('"o1"');
});

// Backend clients

const tokenUrl = `${api.baseUrl}/api/ehr/oauth/token`;
const keys = await generateKeyPair('ES384', { extractable: true });
const otherKeys = await generateKeyPair('ES384', { extractable: true });
const publicKey = async ({ publicKey: key }: typeof keys, kid: string): Promise<JWK> => ({
  ...(await exportJWK(key)),
  kid,
});
const register = (body: Readonly<Record<string, unknown>>) =>
  api.request('POST', '/api/ehr/clients', { body: { name: 'warehouse', ...body } });

async function assertion(
  clientId: string,
  options: { key?: typeof keys; kid?: string; audience?: string; jti?: string; seconds?: number; header?: object } = {},
) {
  const { key = keys, kid = 'k1', audience = tokenUrl, jti = randomUUID(), seconds = 200, header = {} } = options;
  return new SignJWT({ jti })
    .setProtectedHeader({ alg: 'ES384', kid, typ: 'JWT', ...header })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(key.privateKey);
}

async function requestToken(clientAssertion: string, scope = 'system/*.read') {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    scope,
    client_assertion: clientAssertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const {
    status,
    body,
    headers: received,
  } = await api.request('POST', '/api/ehr/oauth/token', {
    authorization: null,
    headers,
    body: form.toString(),
  });
  expect(received.get('cache-control')).toBe('no-store');
  return { status, body, authorization: `Bearer ${body.access_token}` };
}

test('a backend client gets a token for its scopes, reads with it, and is named by the audit log', async () => {
  const jwks = { keys: [await publicKey(keys, 'k1')] };
  const registered = await register({
    jwks,
    scope: 'system/Patient.rs system/Practitioner.s',
    connectionIds: [connectionId],
  });
  const { id } = registered.body.data;
  const signed = await assertion(id);
  const { status, body, authorization } = await requestToken(signed);
  expect([status, body]).toEqual([
    200,
    expect.objectContaining({
      token_type: 'bearer',
      expires_in: 300,
      scope: 'system/Patient.read system/Practitioner.s',
    }),
  ]);
  expect((await requestToken(signed)).body.error).toBe('invalid_client');
  expect((await api.request('GET', `${base}/Patient/p1`, { authorization })).status).toBe(200);
  expect((await api.request('GET', `${base}/Practitioner/d1`, { authorization })).refusal).toEqual([
    403,
    'scope-not-sufficient',
  ]);
  expect((await api.request('GET', `${base}/Practitioner`, { authorization })).status).toBe(200);
  // A reference does not lead to a type that the scopes do not cover.
  await write({ resourceType: 'Patient', id: 'p4', generalPractitioner: [{ reference: 'Practitioner/d1' }] });
  const included = `${base}/Patient?_id=p4&_include=Patient:general-practitioner`;
  expect((await api.request('GET', included, { authorization })).body.entry).toHaveLength(1);
  expect((await api.request('GET', included)).body.entry).toHaveLength(2);
  expect((await api.request('GET', `${base}/_history`, { authorization })).refusal).toEqual([
    403,
    'scope-not-sufficient',
  ]);
  expect(
    (await readExport('/$export', { authorization })).manifest.output.map(({ type }: { type: string }) => type),
  ).toEqual(['Patient', 'Practitioner']);
  expect((await kickOff('/$export?_type=Observation', { authorization })).refusal).toEqual([
    403,
    'scope-not-sufficient',
  ]);
  const foreign = `/api/ehr/athenahealth/fhir/${other}/Patient`;
  expect((await api.request('GET', foreign, { authorization })).refusal).toEqual([404, 'unknown-connection']);
  expect((await api.request('GET', '/api/ehr/connections', { authorization })).refusal).toEqual([
    401,
    'unauthenticated',
  ]);
  const actor = { kind: 'client', id, name: 'warehouse', role: 'client' };
  const events = await api.request('GET', '/api/ehr/audit-events?action=resource.read&limit=2');
  expect(events.body.data[1].actor).toEqual(actor);
  const tokens = await api.request('GET', `/api/ehr/audit-events?action=token.issue&actor=${id}`);
  expect(tokens.body.data).toEqual([expect.objectContaining({ actor, outcome: 'success', address: '127.0.0.1' })]);
  expect((await api.request('DELETE', `/api/ehr/clients/${id}`)).status).toBe(200);
  expect((await api.request('GET', `${base}/Patient/p1`, { authorization })).refusal).toEqual([401, 'unauthenticated']);
  expect((await requestToken(await assertion(id))).body).toMatchObject({ error: 'invalid_client' });
});

test('the keys of a client are read from its URL, and rotated keys work', async () => {
  let published = [await publicKey(keys, 'k1')];
  const server = await startScriptedServer({ '/jwks.json': () => ({ body: { keys: published } }) });
  try {
    const { id } = (await register({ jwksUrl: `${server.url}/jwks.json` })).body.data;
    published = [...published, await publicKey(otherKeys, 'k2')];
    expect((await requestToken(await assertion(id))).status).toBe(200);
    expect((await requestToken(await assertion(id, { key: otherKeys, kid: 'k2' }))).status).toBe(200);
    expect((await requestToken(await assertion(id, { key: otherKeys, kid: 'k1' }))).status).toBe(401);
  } finally {
    await server.stop();
  }
});

test('an assertion of a client whose clock is a little ahead or behind is accepted', async () => {
  const { id } = (await register({ jwks: { keys: [await publicKey(keys, 'k1')] } })).body.data;
  for (const seconds of [301, 340, -30]) {
    const { status } = await requestToken(await assertion(id, { seconds }));
    expect([seconds, status]).toEqual([seconds, 200]);
  }
});

test('a parameter that is sent twice to the token endpoint is refused, and the assertion is not used', async () => {
  const { id } = (await register({ jwks: { keys: [await publicKey(keys, 'k1')] } })).body.data;
  const signed = await assertion(id);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: 'system/Patient.rs',
    client_assertion: signed,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  });
  for (const name of [...form.keys(), 'other', 'other']) {
    const twice = new URLSearchParams([...form, [name, form.get(name) ?? ''], ['other', '1']]);
    if (name === 'other') twice.append('other', '1');
    const { status, body } = await api.request('POST', '/api/ehr/oauth/token', {
      authorization: null,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: twice.toString(),
    });
    expect([name, status, body.error]).toEqual([name, 400, 'invalid_request']);
  }
  expect((await requestToken(signed)).status).toBe(200);
});

test.each(['password', 'authorization_code', 'refresh_token', 'implicit', ''])(
  'the token endpoint refuses the grant type %s',
  async (grantType) => {
    const { status, body } = await api.request('POST', '/api/ehr/oauth/token', {
      authorization: null,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: grantType, username: 'a', password: 'b', code: 'c' }).toString(),
    });
    expect([status, body.error]).toEqual([400, 'unsupported_grant_type']);
  },
);

test('assertions that are not for this server, too long, or of another client are refused', async () => {
  const { id } = (await register({ jwks: { keys: [await publicKey(keys, 'k1')] } })).body.data;
  for (const wrong of [
    { audience: 'https://other.example/token' },
    { seconds: 400 },
    { seconds: -120 },
    { key: otherKeys },
    { kid: 'k9' },
    { jti: '' },
    { header: { jku: 'https://other.example/jwks.json' } },
    { header: { typ: 'at+jwt' } },
  ])
    expect([wrong, (await requestToken(await assertion(id, wrong))).status]).toEqual([wrong, 401]);
  expect((await requestToken(await assertion('client_none'))).status).toBe(401);
  expect((await requestToken('not a token')).body.error).toBe('invalid_client');
  for (const scope of ['', 'launch', 'system/Patient.write', 'system/Patient.rs?code=a'])
    expect([scope, (await requestToken(await assertion(id), scope)).body.error]).toEqual([scope, 'invalid_scope']);
});

test.each([
  { what: 'no keys', body: {}, faults: ['jwks'] },
  { what: 'keys twice', body: { jwks: { keys: [{ kid: 'a' }] }, jwksUrl: 'https://x.example' }, faults: ['jwks'] },
  {
    what: 'a private key',
    body: async () => ({ jwks: { keys: [{ ...(await exportJWK(keys.privateKey)), kid: 'a' }] } }),
    faults: ['jwks.keys.0'],
  },
  { what: 'no key at all', body: { jwks: { keys: [{ kid: 'a', kty: 'EC' }] } }, faults: ['jwks.keys.0'] },
  {
    what: 'a scope to write',
    body: { jwksUrl: 'https://x.example', scope: 'system/Patient.write' },
    faults: ['scope'],
  },
  {
    what: 'an unknown connection',
    body: { jwksUrl: 'https://x.example', connectionIds: ['none'] },
    faults: ['connectionIds.0'],
  },
  { what: "the cloud's metadata", body: { jwksUrl: 'http://169.254.169.254/keys' }, faults: ['jwksUrl'] },
])('a client with $what is not registered', async ({ body, faults }) => {
  const answer = await register(typeof body === 'function' ? await body() : body);
  expect([answer.refusal, answer.faults]).toEqual([[400, 'invalid-request'], faults]);
});
