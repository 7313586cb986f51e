import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readCapabilitiesJob, testDraftJob } from '@bulkhead/connections/jobs';
import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import { runBy, startConsumer } from '@bulkhead/queues/testing';
import { createStore } from '@bulkhead/system';
import { afterAll, expect, test } from '@jest/globals';
import { clientSecret, fhirEndpoint, startApi } from '../../testing/start-api.ts';

const path = '/api/ehr/connections';
const otherProvider = {
  id: 'open-ehr',
  name: 'An EHR without limits',
  environments: { test: { fhirEndpoint: 'http://open.example/fhir/' } },
  defaultEnvironment: 'test',
};

/** A vendor with an endpoint for each hospital. */
const hospitals = {
  id: 'hospitals',
  name: 'An EHR of hospitals',
  environments: { sandbox: { fhirEndpoint: 'https://sandbox.example/fhir' } },
  defaultEnvironment: 'sandbox',
  endpointHosts: ['*.ehr.example'],
};

const api = await startApi({ providers: { providers: [otherProvider, hospitals] } });
afterAll(() => api.stopAndCheckAnswers());

const auth = { method: 'client_credentials', clientId: 'client-1', clientSecret };
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const privateJwk = privateKey.export({ format: 'jwk' });
const post = (body: object) =>
  api.request('POST', path, { body: { provider: 'athenahealth', force: true, auth, ...body } });

test('connections are created, listed, read and deleted without showing their secret', async () => {
  const created = await post({ practiceId: '195900' });
  const connection = {
    id: expect.stringMatching(/^conn_[0-9a-f]{32}$/),
    name: 'athenahealth production 195900',
    provider: 'athenahealth',
    environment: 'production',
    fhirEndpoint,
    practiceId: '195900',
    groupId: 'a-1.C-195900',
    auth: { method: 'client_credentials', clientId: 'client-1', scope: 'system/*.read' },
    createdAt: expect.stringMatching(/Z$/),
  };
  expect([created.status, created.body]).toEqual([201, { success: true, data: connection }]);
  const { id } = created.body.data;
  expect(created.headers.get('location')).toBe(`${path}/${id}`);

  const list = await api.request('GET', path);
  expect([list.status, list.body]).toMatchObject([200, { success: true, data: [created.body.data] }]);
  const answer = await api.request('GET', `${path}/${id}`);
  expect([answer.status, answer.body]).toEqual([200, created.body]);
  expect((await api.store.connections.findWithSecrets(id))?.auth).toMatchObject({ clientSecret });

  const deleted = await api.request('DELETE', `${path}/${id}`);
  expect([deleted.status, deleted.text]).toEqual([204, '']);
  const unknown = { success: false, error: { code: 'unknown-connection', message: expect.any(String) } };
  for (const method of ['GET', 'DELETE']) {
    const answer = await api.request(method, `${path}/${id}`);
    expect([answer.status, answer.body]).toEqual([404, unknown]);
  }
});

const named = async (body: object) => {
  const answer = await post({ force: false, ...body });
  return [answer.status, answer.body.data?.name ?? answer.body.error.code];
};

test('a connection without a name gets one from its provider, environment and practice or group, with a number if it is taken', async () => {
  const practice = { practiceId: '300', environment: 'sandbox' };
  expect(await named(practice)).toEqual([201, 'athenahealth sandbox 300']);
  expect(await named({ ...practice, force: true })).toEqual([201, 'athenahealth sandbox 300 (2)']);
  expect(await named({ ...practice, force: true })).toEqual([201, 'athenahealth sandbox 300 (3)']);
  const groupId = 'g'.repeat(128);
  const shortened = `athenahealth sandbox ${'g'.repeat(59)}`;
  expect(await named({ groupId, environment: 'sandbox' })).toEqual([201, shortened]);
  expect(await named({ groupId, environment: 'sandbox', force: true })).toEqual([201, `${shortened.slice(0, 76)} (2)`]);
});

test('a name is unique, also among simultaneous requests, and free again after its connection was deleted', async () => {
  const name = 'Lakeside Clinic';
  const answers = await Promise.all(['400', '401', '402'].map((practiceId) => named({ practiceId, name })));
  expect(answers.toSorted()).toEqual([
    [201, name],
    [409, 'connection-name-taken'],
    [409, 'connection-name-taken'],
  ]);
  const { data } = (await api.request('GET', path)).body;
  const { id } = data.find((connection: { name: string }) => connection.name === name);
  expect((await api.request('DELETE', `${path}/${id}`)).status).toBe(204);
  expect(await named({ practiceId: '403', name: ` ${name} ` })).toEqual([201, name]);
});

test.each([
  { what: 'practice', body: { practiceId: '500' } },
  { what: 'practice with another group', body: { practiceId: '500', groupId: 'g500' } },
  { what: 'group', body: { groupId: 'g501' } },
  { what: 'server without practices', body: { provider: 'open-ehr', auth: { method: 'none' } } },
])('a second connection for the same $what returns 409 with the first one, unless it is forced', async ({ body }) => {
  const first = await post({ ...body, force: true });
  const { status, body: answer } = await post({ ...body, force: false, name: 'Another name' });
  expect([status, answer.error.code]).toEqual([409, 'connection-exists']);
  expect(answer.error.details.connectionId).toMatch(/^conn_/);
  expect(first.status).toBe(201);
  expect((await post({ ...body, environment: body.provider ? 'test' : 'preview', force: true })).status).toBe(201);
});

test('of ten simultaneous requests for the same practice one creates a connection', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => post({ practiceId: '600', force: false })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  const created = answers.find(({ status }) => status === 201)?.body.data.id;
  for (const { refusal, body } of answers.filter(({ status }) => status !== 201)) {
    expect(refusal).toEqual([409, 'connection-exists']);
    expect(body.error.details).toEqual({ connectionId: created });
  }
  expect((await post({ practiceId: '600', environment: 'sandbox', force: false })).status).toBe(201);
});

test('connections of single patients are not compared, because a practice has many', async () => {
  for (const userId of ['p1', 'p2']) expect((await post({ practiceId: '601', userId, force: false })).status).toBe(201);
});

test('a connection can be renamed, but not to the name of another', async () => {
  const [first, second] = [await post({ name: 'First' }), await post({ name: 'Second' })];
  const rename = (id: string, name: string) => api.request('PATCH', `${path}/${id}`, { body: { name } });
  const { id } = first.body.data;
  const renamed = await rename(id, 'Lakeside, main building');
  expect([renamed.status, renamed.body.data.name]).toEqual([200, 'Lakeside, main building']);
  expect((await api.request('GET', `${path}/${id}`)).body).toEqual(renamed.body);
  const { refusal } = await rename(second.body.data.id, 'Lakeside, main building');
  expect(refusal).toEqual([409, 'connection-name-taken']);
  for (const name of ['', '  ', 'n'.repeat(81)]) expect((await rename(id, name)).status).toBe(400);
  expect((await rename('conn_unknown', 'Any')).status).toBe(404);
});

test('a connection with its own signing key shows only the name of the key', async () => {
  const auth = { method: 'private_key_jwt', clientId: 'client-1', scope: 'system/*.rs', privateKey: privateJwk };
  const { status, body, text } = await post({ auth });
  expect(status).toBe(201);
  expect(body.data.auth).toEqual({
    method: 'private_key_jwt',
    clientId: 'client-1',
    scope: 'system/*.rs',
    alg: 'ES384',
    kid: expect.any(String),
  });
  expect(text).not.toContain(String(privateJwk.d));
  expect((await api.store.connections.findWithSecrets(body.data.id))?.auth).toMatchObject({
    signingKey: { privateJwk: expect.stringContaining(String(privateJwk.d)) },
  });
});

test('replacing the credentials of a connection stops the use of the old token', async () => {
  const id = await api.createConnection();
  const owner = { connectionId: id, credentialsVersion: 0 };
  await api.store.accessTokens.takeLease({ ...owner, holder: 'h', durationMs: 1000 });
  const grant = { accessToken: 'old', scope: 'system/*.read', renewAfterMs: 60_000 };
  expect(await api.store.accessTokens.save({ ...owner, generation: 0, grant })).toBe(true);
  const changed = { ...auth, clientId: 'client-2', secretBy: 'post' };
  const answer = await api.request('PUT', `${path}/${id}/credentials`, { body: { auth: changed } });
  const { clientSecret: _, ...shown } = changed;
  expect([answer.status, answer.body.data.auth]).toEqual([200, { ...shown, scope: 'system/*.read' }]);
  expect((await api.store.accessTokens.read({ ...owner, credentialsVersion: 1 })).token).toBeUndefined();
  const wrong = await api.request('PUT', `${path}/${id}/credentials`, { body: { auth: { method: 'password' } } });
  expect([wrong.status, wrong.faults[0]]).toEqual([400, 'auth.method']);
  const unknown = await api.request('PUT', `${path}/conn_x/credentials`, { body: { auth } });
  expect(unknown.status).toBe(404);
});

test('credentials without a secret keep the present one for the same client and token endpoint only', async () => {
  const id = (await post({ practiceId: '195900' })).body.data.id;
  const { clientSecret: secret, ...withoutSecret } = auth;
  const change = (changed: object) =>
    api.request('PUT', `${path}/${id}/credentials`, { body: { auth: { ...withoutSecret, ...changed } } });
  const stored = async () => (await api.store.connections.findWithSecrets(id))?.auth;
  expect((await change({ scope: 'system/Patient.rs' })).status).toBe(200);
  expect(await stored()).toEqual({ ...withoutSecret, scope: 'system/Patient.rs', clientSecret: secret });
  for (const foreign of [{ clientId: 'another' }, { tokenEndpoint: `${new URL(fhirEndpoint).origin}/another` }]) {
    const refused = await change(foreign);
    expect([refused.refusal, refused.faults]).toEqual([[400, 'invalid-request'], ['auth.clientSecret']]);
  }
  expect(await stored()).toMatchObject({ clientId: 'client-1', clientSecret: secret });
});

test('a draft uses the stored secret of a connection for the same client and server only', async () => {
  const { id: connectionId } = (await post({ practiceId: '195900' })).body.data;
  const { clientSecret: _, ...withoutSecret } = auth;
  const draft = { provider: 'athenahealth', connectionId, auth: withoutSecret };
  const test = (changed: object) => api.request('POST', `${path}/test`, { body: { ...draft, ...changed } });
  const elsewhere = fhirEndpoint.replace(/[^/]*$/, 'another');
  const refusals = [
    await test({ connectionId: undefined }),
    await test({ auth: { ...withoutSecret, clientId: 'another' } }),
    await test({ fhirEndpoint: elsewhere }),
    await test({ provider: 'open-ehr', fhirEndpoint }),
  ];
  for (const { refusal } of refusals) expect(refusal).toEqual([400, 'invalid-request']);
  expect((await test({ connectionId: 'conn_x' })).refusal).toEqual([404, 'unknown-connection']);
});

test('the origins of a connection are replaced, shown and recorded, and what cannot be one is refused', async () => {
  const id = await api.createConnection();
  const put = (body: object) => api.request('PUT', `${path}/${id}/origins`, { body });
  const origins = ['https://files.example.org', 'https://files.example.org'];
  const aliases = ['http://fhir.internal:8080'];
  expect((await put({ origins, aliases })).body.data).toMatchObject({
    origins: ['https://files.example.org'],
    aliases,
  });
  expect((await put({ origins, aliases })).status).toBe(200);
  const shown = await api.request('GET', `${path}/${id}`);
  expect(shown.body.data).toMatchObject({ origins: ['https://files.example.org'], aliases });
  const { body } = await api.request('GET', `/api/ehr/audit-events?action=connection.change-origins`);
  const recorded = (body.data as { target: { id: string } }[]).filter(({ target }) => target.id === id);
  const target = expect.objectContaining({
    origins: 'https://files.example.org',
    aliases: 'http://fhir.internal:8080',
  });
  expect(recorded).toMatchObject([
    { outcome: 'unchanged', target },
    { outcome: 'success', target },
  ]);
  for (const origin of ['https://*.example.org', 'https://files.example.org/path', 'files.example.org', 'ftp://a', '*'])
    expect([origin, (await put({ origins: [origin], aliases: [] })).faults[0]]).toEqual([origin, 'origins.0']);
  const refused = await put({ origins: ['https://169.254.169.254'], aliases: [] });
  expect([refused.status, refused.faults[0]]).toEqual([400, 'origins.0']);
  const many = Array.from({ length: 21 }, (_, index) => `https://h${index}.example.org`);
  expect((await put({ origins: many, aliases: [] })).status).toBe(400);
});

test('an export is found, and a connection is exported, by its id whatever the provider of the request is', async () => {
  const { body } = await post({ provider: 'open-ehr', auth: { method: 'none' } });
  const connectionId = body.data.id;
  const started = await api.request('POST', '/api/ehr/athenahealth/bulk-export', { body: { connectionId } });
  expect(started.status).toBe(202);
  const { id } = started.body.data;
  expect((await api.store.bulkExports.find(id))?.provider).toBe('open-ehr');
  for (const at of [id, `${id}/files`, `${id}/log`])
    expect((await api.request('GET', `/api/ehr/athenahealth/bulk-export/${at}`)).status).toBe(200);
  const unknown = await api.request('GET', `/api/ehr/unknown-ehr/bulk-export/${id}`);
  expect(unknown.refusal).toEqual([404, 'unknown-provider']);
  const ids = async (provider: string) =>
    (await api.request('GET', `/api/ehr/${provider}/bulk-export`)).body.data.map((record: { id: string }) => record.id);
  expect([(await ids('athenahealth')).includes(id), (await ids('open-ehr')).includes(id)]).toEqual([false, true]);
  expect((await api.request('DELETE', `/api/ehr/athenahealth/bulk-export/${id}`)).status).toBe(200);
});

test('a connection can request no scope', async () => {
  const { status, body } = await post({ auth: { ...auth, scope: '' } });
  expect([status, body.data.auth.scope]).toEqual([201, '']);
});

test('a connection can name an endpoint at a host that its provider describes by a pattern, and no other', async () => {
  const at = (fhirEndpoint: string, change: object = {}) =>
    post({ provider: 'hospitals', fhirEndpoint, auth: { ...auth, scope: 'system/*.rs', ...change } });
  const created = await at('https://one.ehr.example/fhir/r4/', { tokenEndpoint: 'https://login.ehr.example/token' });
  expect([created.status, created.body.data.fhirEndpoint]).toEqual([201, 'https://one.ehr.example/fhir/r4']);
  for (const url of [
    'https://ehr.example/fhir',
    'https://one.ehr.example.evil.example/',
    'http://one.ehr.example/fhir',
  ])
    expect([url, (await at(url)).faults]).toEqual([url, ['fhirEndpoint']]);
  const foreign = await at('https://one.ehr.example/fhir', { tokenEndpoint: 'https://evil.example/token' });
  expect(foreign.faults).toEqual(['auth.tokenEndpoint']);
});

test.each(['systemlist|1234', 'a/b ä?#%2F', '{}', '...', 'x'.repeat(256)])(
  'a Group can have the id %s',
  async (groupId) => {
    const { status, body } = await post({ groupId });
    expect([status, body.data.groupId]).toEqual([201, groupId]);
  },
);

test.each(['', '.', '..', 'a\nb', 'a\u0000', '\ud800', 'x'.repeat(257)])(
  'a Group cannot have the id %j',
  async (groupId) => {
    const { status, faults } = await post({ groupId });
    expect([status, faults]).toEqual([400, expect.arrayContaining(['groupId'])]);
  },
);

test('a connection whose secret no key decrypts is shown, can get new credentials, and can be deleted', async () => {
  const id = await api.createConnection();
  const key = Buffer.from(api.env.BULKHEAD_ENCRYPTION_KEY, 'base64');
  const keys = { encryptionKey: randomBytes(32), previousEncryptionKeys: [key] };
  const otherStore = createStore({ uri: api.env.MONGODB_URI, ...keys });
  await otherStore.connect();
  await otherStore.connections.saveAuth({
    id,
    auth: { ...auth, method: 'client_credentials', scope: 'system/*.read' },
  });
  await otherStore.close();
  const statusOf = async (method: string, url: string, body?: object) =>
    (await api.request(method, url, body ? { body } : {})).status;

  const list = await api.request('GET', path);
  expect(list.body.data.map((connection: { id: string }) => connection.id)).toContain(id);
  expect(await statusOf('GET', `${path}/${id}`)).toBe(200);
  expect(await statusOf('GET', `/api/ehr/athenahealth/resources/Patient?connectionId=${id}`)).toBe(200);
  expect(await statusOf('GET', '/api/ehr/health-report')).toBe(200);
  expect(await statusOf('PUT', `${path}/${id}/credentials`, { auth })).toBe(200);
  expect((await api.store.connections.findWithSecrets(id))?.auth).toMatchObject({ clientSecret });
  expect(await statusOf('DELETE', `${path}/${id}`)).toBe(204);
});

test('deleting a connection with a running export returns 409 with its id', async () => {
  const id = await api.createConnection();
  const started = await api.request('POST', '/api/ehr/athenahealth/bulk-export', { body: { connectionId: id } });
  const { refusal, body } = await api.request('DELETE', `${path}/${id}`);
  expect(refusal).toEqual([409, 'connection-in-use']);
  expect(body.error.details).toEqual({ exportId: started.body.data.id });
});

test('deleting a connection with a running probe returns 409, because the probe could leave an export at the EHR', async () => {
  const id = await api.createConnection();
  expect((await api.request('POST', `${path}/${id}/probe`, { body: {} })).status).toBe(202);
  const { refusal, body } = await api.request('DELETE', `${path}/${id}`);
  expect([refusal, body.error.message]).toEqual([[409, 'connection-in-use'], expect.stringContaining('A probe')]);
});

test('deleting a connection with a running sync returns 409 with its id', async () => {
  const id = await api.createConnection();
  const options = { body: { connectionId: id }, headers: { prefer: 'respond-async' } };
  const started = await api.request('POST', '/api/ehr/athenahealth/enhanced-sync', options);
  const { refusal, body } = await api.request('DELETE', `${path}/${id}`);
  expect(refusal).toEqual([409, 'connection-in-use']);
  expect(body.error.details).toEqual({ syncRunId: started.body.data.id });
  await api.request('DELETE', started.body.data.url);
  expect((await api.request('DELETE', `${path}/${id}`)).status).toBe(204);
});

test.each([
  {
    what: 'a FHIR endpoint on a host of no provider',
    body: { fhirEndpoint: 'https://evil.example/fhir' },
    at: ['fhirEndpoint'],
  },
  {
    what: 'a token endpoint on a host of no provider',
    body: { auth: { ...auth, tokenEndpoint: 'https://evil.example/token' } },
    at: ['auth.tokenEndpoint'],
  },
  {
    what: "the provider's host on another port",
    body: { fhirEndpoint: fhirEndpoint.replace(':8080', ':8081') },
    at: ['fhirEndpoint'],
  },
  {
    what: 'both endpoints on hosts of no provider and no credentials',
    body: {
      fhirEndpoint: 'https://evil.example/fhir',
      auth: { method: 'client_credentials', tokenEndpoint: 'https://evil.example/token' },
    },
    at: ['auth.clientId', 'auth.clientSecret', 'auth.tokenEndpoint', 'fhirEndpoint'],
  },
  {
    what: 'no credentials',
    body: { auth: { method: 'client_credentials' } },
    at: ['auth.clientId', 'auth.clientSecret'],
  },
  { what: 'a practice id that is a path', body: { practiceId: '../../1' }, at: ['practiceId'] },
  { what: 'an address with another scheme', body: { fhirEndpoint: 'file:///etc/passwd' }, at: ['fhirEndpoint'] },
  {
    what: 'unknown fields',
    body: { secret: 1, auth: { method: 'none', clientId: 'c' } },
    at: ['auth.clientId', 'secret'],
  },
  { what: 'an unknown method', body: { auth: { method: 'password' } }, at: ['auth.method'] },
  { what: 'no method', body: { auth: null }, at: ['auth'] },
  {
    what: 'scopes and a version of scopes',
    body: { auth: { ...auth, scope: 'system/*.rs', scopeVersion: 'v2' } },
    at: ['auth.scope'],
  },
  {
    what: 'types of scopes without a version',
    body: { auth: { ...auth, scopeTypes: ['Patient'] } },
    at: ['auth.scopeTypes'],
  },
  {
    what: 'an unknown type of scopes',
    body: { auth: { ...auth, scopeVersion: 'v1', scopeTypes: ['Patients'] } },
    at: ['auth.scopeTypes.0'],
  },
  { what: 'a scope that needs a user', body: { auth: { ...auth, scope: 'launch/patient' } }, at: ['auth.scope'] },
  { what: 'an unknown way to send the secret', body: { auth: { ...auth, secretBy: 'query' } }, at: ['auth.secretBy'] },
  {
    what: 'a text that is not a private key',
    body: { auth: { method: 'private_key_jwt', clientId: 'c', privateKey: 'x' } },
    at: ['auth.privateKey'],
  },
  {
    what: 'a private key for another algorithm',
    body: { auth: { method: 'private_key_jwt', clientId: 'c', alg: 'RS384', privateKey: privateJwk } },
    at: ['auth.alg'],
  },
])('creating a connection with $what returns 400', async ({ body, at }) => {
  const answer = await post(body);
  expect(answer.refusal).toEqual([400, 'invalid-request']);
  expect(answer.faults.toSorted()).toEqual(at);
});

test('a connection accepts a client id of 4,096 characters, because some servers encode a client in a JWT', async () => {
  const clientId = 'j'.repeat(4096);
  const accepted = await post({ auth: { ...auth, clientId } });
  expect([accepted.status, accepted.body.data.auth.clientId]).toEqual([201, clientId]);
  const refused = await post({ auth: { ...auth, clientId: `${clientId}t` } });
  expect([refused.status, refused.faults]).toEqual([400, ['auth.clientId']]);
});

test.each([{ environment: 'staging' }, { environment: 'constructor' }, { environment: '__proto__' }])(
  'creating a connection with the unknown environment $environment returns 400 with the known ones',
  async ({ environment }) => {
    const { status, body } = await post({ environment });
    expect(status).toBe(400);
    expect(body.error.details).toEqual([
      { path: 'environment', message: 'must be an environment of athenahealth: production, sandbox, preview' },
    ]);
  },
);

test('creating a connection with an unknown provider returns 404', async () => {
  const { status, body } = await post({ provider: 'unknown-ehr' });
  expect(status).toBe(404);
  expect(body.error).toEqual({
    code: 'unknown-provider',
    message: expect.stringContaining('oracle-health, payer, open-ehr'),
  });
});

test('a connection can use a provider that the operator has added, without rate limit and authorization', async () => {
  const { status, body } = await post({ provider: 'open-ehr', auth: { method: 'none' } });
  expect(status).toBe(201);
  expect(body.data).toEqual(
    expect.objectContaining({
      fhirEndpoint: 'http://open.example/fhir',
      environment: 'test',
      auth: { method: 'none' },
    }),
  );
  const request = { body: { connectionId: body.data.id } };
  expect((await api.request('POST', '/api/ehr/open-ehr/bulk-export', request)).status).toBe(202);
  const { refusal } = await api.request('POST', '/api/ehr/athenahealth/bulk-export', request);
  expect(refusal).toEqual([409, 'export-already-running']);
});

test('a connection uses the client id and secret of the environment variables by default', async () => {
  const env = { ATHENAHEALTH_CLIENT_ID: 'client-of-env', ATHENAHEALTH_CLIENT_SECRET: clientSecret };
  await using withDefaults = await startApi({ env });
  const body = { provider: 'athenahealth', auth: { method: 'client_credentials' } };
  const answer = await withDefaults.request('POST', path, { body });
  expect([answer.status, answer.body.data.auth.clientId]).toEqual([201, 'client-of-env']);
  withDefaults.expectNoSecretInAnswers();
});

test.each([
  { what: 'no connection', at: 'athenahealth/capabilities', status: 400, code: 'invalid-request' },
  {
    what: 'two connections',
    at: 'athenahealth/capabilities?connectionId=a&connectionId=b',
    status: 400,
    code: 'invalid-request',
  },
  {
    what: 'an unknown connection',
    at: 'athenahealth/capabilities?connectionId=a',
    status: 404,
    code: 'unknown-connection',
  },
  { what: 'an unknown provider', at: 'unknown-ehr/capabilities?connectionId=a', status: 404, code: 'unknown-provider' },
])('GET capabilities with $what returns $status', async ({ at, status, code }) => {
  expect((await api.request('GET', `/api/ehr/${at}`)).refusal).toEqual([status, code]);
});

test('GET capabilities returns what a worker has read', async () => {
  const id = await api.createConnection();
  await api.store.connections.saveCapabilities({
    id,
    capabilities: { readAt: new Date(), exportLevels: ['group'], resourceTypes: ['DiagnosticReport', 'Encounter'] },
  });
  const { status, body } = await api.request('GET', `/api/ehr/athenahealth/capabilities?connectionId=${id}`);
  expect(status).toBe(200);
  expect(body).toEqual({
    success: true,
    data: {
      bulkExport: true,
      diagnosticReports: true,
      carePlans: false,
      encounters: true,
      appointments: false,
      documentReferences: false,
      rateLimit: '8 requests/second',
      types: expect.any(Array),
    },
  });
});

test('GET capabilities says of each type what is known, and nothing of what is not', async () => {
  const id = await api.createConnection();
  const read = async () => {
    const { body } = await api.request('GET', `/api/ehr/athenahealth/capabilities?connectionId=${id}`);
    return new Map<string, Record<string, unknown>>(
      body.data.types.map(({ resourceType, ...row }: { resourceType: string }) => [resourceType, row]),
    );
  };
  const resourceTypes = ['Patient', 'Coverage', 'Goal', 'Specimen', 'Appointment', 'ValueSet', 'Group'];
  const capabilities = { readAt: new Date(), exportLevels: ['group' as const], resourceTypes };
  await api.store.connections.saveCapabilities({ id, capabilities });
  const unknown = await read();
  expect(unknown.get('Coverage')).toEqual({ declared: true, stored: false });
  expect(unknown.get('CarePlan')).toEqual({ declared: false, stored: false });
  expect([unknown.has('ValueSet'), unknown.has('Group')]).toEqual([false, false]);
  expect(unknown.get('Appointment')).toMatchObject({ searched: 'by-id', note: expect.stringContaining('2026-08-14') });

  const searched = { ...capabilities, patientSearchTypes: ['Coverage'], searchTypes: ['Coverage', 'Specimen'] };
  await api.store.connections.saveCapabilities({ id, capabilities: searched });
  const grant = { accessToken: 'a', scope: 'system/Patient.rs system/Coverage.rs', renewAfterMs: 60_000 };
  await api.store.accessTokens.put({ connectionId: id, credentialsVersion: 0, grant });
  const ended = (minute: number, types: readonly string[], sent: object) =>
    makeBulkExport({
      id: `job_${minute}`,
      connectionId: id,
      phase: 'completed',
      offeredTypes: resourceTypes,
      request: { exportType: 'Patient', resourceTypes: types },
      sent: {
        method: 'GET',
        isOtherMethodRefused: false,
        types: [...types],
        refusedTypes: [],
        typeFilters: [],
        ...sent,
      },
      completedAt: new Date(Date.UTC(2026, 1, 1, 0, minute)),
    });
  const exports = [
    ended(1, ['Coverage', 'Goal'], {}),
    ended(2, [], { refusedTypes: ['Specimen'] }),
    ended(3, ['Coverage'], { since: '2026-01-01T00:00:00Z' }),
  ];
  for (const record of exports) await api.store.bulkExports.insert({ record, requestKey: record.id });
  const [first = '', second = ''] = exports.map((record) => record.id);
  await api.store.outputFiles.insertMissing([
    makeOutputFile({ exportId: first, connectionId: id, type: 'Coverage' }),
    makeOutputFile({ exportId: second, connectionId: id, type: 'Patient' }),
  ]);
  const known = await read();
  expect(Object.fromEntries(known)).toMatchObject({
    // The last export asked for changes only, so that it says nothing.
    Coverage: { exported: 'not-sent', exportedAt: '2026-02-01T00:02:00.000Z', searched: 'by-patient', covered: true },
    Patient: { exported: 'sent', searched: 'by-id', covered: true },
    Specimen: { exported: 'refused', searched: 'otherwise', covered: false },
    Goal: { exported: 'not-sent', covered: false },
  });
  expect(known.get('CarePlan')).not.toHaveProperty('exported');
});

test('GET capabilities does not return those of yesterday while a worker reads them again', async () => {
  const id = await api.createConnection();
  const save = (readAt: Date, resourceTypes: readonly string[]) =>
    api.store.connections.saveCapabilities({ id, capabilities: { readAt, exportLevels: ['group'], resourceTypes } });
  await save(new Date(Date.now() - 25 * 60 * 60_000), ['Encounter']);
  await using _consumer = startConsumer({
    ...api.jobsAt,
    queues: ['connection'],
    jobs: [runBy(readCapabilitiesJob, () => save(new Date(), ['CarePlan']))],
  });
  const { body } = await api.request('GET', `/api/ehr/athenahealth/capabilities?connectionId=${id}`);
  expect(body.data).toMatchObject({ encounters: false, carePlans: true });
});

test('the watermarks of a connection say up to when each type is completely stored', async () => {
  const id = await api.createConnection();
  const list = () => api.request('GET', `${path}/${id}/watermarks`);
  expect((await list()).body).toEqual({ success: true, data: [] });
  const transactionTime = '2024-06-01T02:00:00+02:00';
  const at = new Date(transactionTime);
  const mark = { connectionId: id, exportType: 'Patient' as const, transactionTime, at, deletionsAt: at };
  for (const resourceType of ['Patient', 'Goal']) {
    await api.store.watermarks.advance({ ...mark, resourceType, exportId: 'job_1' });
  }
  const marked = {
    level: 'Patient',
    until: '2024-06-01T00:00:00.000Z',
    deletionsUntil: '2024-06-01T00:00:00.000Z',
    exportId: 'job_1',
  };
  const { status, body } = await list();
  expect(status).toBe(200);
  expect(body.data).toEqual([
    { resourceType: 'Goal', ...marked },
    { resourceType: 'Patient', ...marked },
  ]);
});

test('a connection test without a worker answers 202 with the URL of its result, and 503 for a connection that is not saved', async () => {
  await using alone = await startApi({ testWaitMs: 200 });
  const url = `/api/ehr/connections/${await alone.createConnection()}`;
  const { status, body, headers } = await alone.request('POST', `${url}/test`);
  const unsaved = { provider: 'athenahealth', auth: { method: 'none' } };
  const pending = await alone.request('POST', '/api/ehr/connections/test', { body: unsaved });
  expect(pending.refusal).toEqual([503, 'connection-test-pending']);
  expect([status, body.data, headers.get('location')]).toEqual([202, { status: 'IN_PROGRESS', url }, url]);
  expect((await alone.request('POST', '/api/ehr/connections/conn_none/test')).status).toBe(404);
});

test('the test of a connection that is not saved is recorded in the audit log', async () => {
  await using waiting = await startApi({ testWaitMs: 20_000 });
  await using _consumer = startConsumer({
    ...waiting.jobsAt,
    queues: ['connection'],
    jobs: [
      runBy(testDraftJob, (_deps, { draftId: id }) =>
        waiting.store.connectionDrafts.saveTest({
          id,
          test: { id: 'test_1', ok: true, steps: [], endedAt: new Date() },
        }),
      ),
    ],
  });
  const unsaved = { provider: 'athenahealth', auth: { method: 'none' } };
  expect((await waiting.request('POST', '/api/ehr/connections/test', { body: unsaved })).status).toBe(200);
  const [event] = await waiting.store.auditEvents.list({ filter: { action: 'connection.test-draft' }, limit: 1 });
  expect(event).toMatchObject({ outcome: 'success', target: { provider: 'athenahealth' } });
});

test('the secret of the deployment is not used for another client id, nor at a token endpoint that a request names', async () => {
  const vendor = {
    ...hospitals,
    clientId: 'deployment-client',
    clientSecret: 'deployment-secret',
    defaultScope: 'system/*.read',
  };
  await using deployment = await startApi({ providers: [vendor] });
  const create = async (change: object) => {
    const body = { provider: 'hospitals', force: true, auth: { method: 'client_credentials', ...change } };
    return deployment.request('POST', path, { body });
  };
  const storedSecret = async ({ body }: Awaited<ReturnType<typeof create>>) =>
    (await deployment.store.connections.findWithSecrets(body.data.id))?.auth;
  for (const own of [{}, { clientId: 'deployment-client' }])
    expect(await storedSecret(await create(own))).toMatchObject({ clientSecret: 'deployment-secret' });
  for (const foreign of [{ clientId: 'another' }, { tokenEndpoint: 'https://a.ehr.example/token' }]) {
    const refused = await create(foreign);
    expect([refused.refusal, refused.faults]).toEqual([[400, 'invalid-request'], ['auth.clientSecret']]);
  }
  const publicClient = await create({
    method: 'authorization_code',
    scope: 'patient/*.read',
    tokenEndpoint: 'https://a.ehr.example/token',
  });
  expect(await storedSecret(publicClient)).not.toHaveProperty('clientSecret');
});
