import { simulatorAuth } from '@bulkhead/providers/testing';
import { openDatabase } from '@bulkhead/store/testing';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

// One system for all tests, because a new request budget waits two seconds.
const system = await startSystem({ hasWorker: true, simulator: { patients: 1 } });
afterEach(async () => {
  await control.reset();
  await changeAuth({});
});
afterAll(() => system.stop());

const { control } = system;
const enforceScopes = () => control.changeOptions({ enforceScopes: true });
const run = (id = system.connectionId) => system.request('POST', `/api/ehr/connections/${id}/test`);
const changeAuth = (change: object) => {
  const auth = { ...simulatorAuth, ...change };
  return system.request('PUT', `/api/ehr/connections/${system.connectionId}/credentials`, { auth });
};
const order = (path: string, fault: object) => system.inject(path, fault, { times: 'always' });
const exports = [{ name: 'export', definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export' }];
const passed = (step: string) => ({ step, ok: true, durationMs: expect.any(Number) });

test('a connection test reads the token endpoint, a new token and a patient, and the connection shows its result', async () => {
  await enforceScopes();
  const { status, body } = await run();
  const data = {
    ok: true,
    steps: [
      {
        ...passed('discovery'),
        tried: expect.stringMatching(/offers scopes of v1 and v2\. .* requests v1 by a wildcard\./),
      },
      passed('token'),
      { ...passed('read'), tried: 'Searched Patient by an id that no resource has.' },
    ],
    endedAt: expect.stringMatching(/Z$/),
  };
  expect([status, body]).toEqual([200, { success: true, data }]);
  await run();
  expect((await control.stats()).tokens).toBe(2);
  const answer = await system.request('GET', `/api/ehr/connections/${system.connectionId}`);
  expect(answer.body.data.lastTest).toEqual(data);
  expect(await system.violations()).toMatchObject({ byKind: { token: 0, rate: 0 } });
});

test('a connection test explains the refusal of the other version of scopes, and listed scopes of the right one work', async () => {
  await control.changeOptions({ scopeVersion: 'v2', wildcardScopes: false });
  const refused = (await run()).body.data.steps.at(-1);
  expect(refused).toMatchObject({ step: 'token', code: 'token-refused' });
  expect(refused.whatToDo).toMatch(/^The EHR denies .*"Policy evaluation failed" .* refuses v1/);
  await changeAuth({ scopeVersion: 'v2', scopeTypes: ['Patient', 'Condition'] });
  const { steps, ok } = (await run()).body.data;
  expect([ok, steps[0].tried]).toEqual([true, expect.stringMatching(/requests v2\./)]);
});

test('a connection test finds a wrong secret while an older token still works, and then the right one', async () => {
  await run();
  await changeAuth({ clientSecret: 'wrong' });
  const wrong = await run();
  expect(wrong.body.data.steps.at(-1)).toMatchObject({
    step: 'token',
    code: 'token-refused',
    whatToDo: expect.stringContaining('client secret'),
  });
  await changeAuth({});
  expect((await run()).body.data.ok).toBe(true);
});

test('a connection test reads a type that the scopes cover, and fails if they cover no requested type', async () => {
  await enforceScopes();
  await changeAuth({ scope: 'system/Observation.rs' });
  expect((await run()).body.data.ok).toBe(true);
  await changeAuth({ scope: 'system/Observation.r' });
  expect((await run()).body.data.steps.at(-1)).toMatchObject({ step: 'read', code: 'ehr-forbidden' });
});

test('a connection test passes if the EHR cannot search patients but another type', async () => {
  await control.changeOptions({ restTypes: ['Observation'] });
  const { body } = await run();
  expect(body.data).toMatchObject({ ok: true });
  expect(body.data.steps.at(-1).tried).toContain('Searched Observation');
});

test.each([
  { what: 'says that it has none', resource: [{ type: 'Group', interaction: [{ code: 'read' }], operation: exports }] },
  { what: 'does not list interactions', resource: [{ type: 'Group', operation: exports }] },
])(
  'a connection test passes an EHR of only bulk exports that $what, without starting an export',
  async ({ resource }) => {
    const statement = { rest: [{ mode: 'server', resource }] };
    await system.inject('metadata', { kind: 'edit-document', set: statement }, { times: 'always' });
    await control.changeOptions({ restTypes: [] });
    // A new connection, so that its capabilities are read from the EHR and not from an earlier record.
    const id = await system.connect();
    const { body } = await run(id);
    expect(body.data).toMatchObject({ ok: true });
    expect(body.data.steps.at(-1)).toMatchObject({
      step: 'read',
      tried: expect.stringMatching(/read Group\/a-1\.C-195900 with the token and without it\. It started no export\.$/),
    });
    expect(await control.exports()).toEqual([]);
  },
);

test('a connection test fails if an EHR of only bulk exports refuses the token, and says if it cannot verify it', async () => {
  await control.changeOptions({ restTypes: [] });
  await order('/Group/', { kind: 'status', status: 401 });
  expect((await run(await system.connect())).body.data.steps.at(-1)).toMatchObject({
    step: 'read',
    ok: false,
    code: 'ehr-unauthorized',
    tried: expect.stringContaining('no search'),
  });
  await control.reset();
  await control.changeOptions({ restTypes: [] });
  await order('/Group/', { kind: 'status', status: 404 });
  const untold = (await run(await system.connect())).body.data;
  expect([untold.ok, untold.steps.at(-1).tried]).toEqual([
    true,
    expect.stringContaining('only the first export shows'),
  ]);
});

test.each([
  { what: 'and with a search', restTypes: undefined, tried: /^Searched Patient/ },
  {
    what: 'and without a search',
    restTypes: [],
    tried: /no CapabilityStatement and no search, so the test read Group/,
  },
])(
  'a connection test passes an EHR without a CapabilityStatement $what, as an export does',
  async ({ restTypes, tried }) => {
    await order('metadata', { kind: 'status', status: 404 });
    if (restTypes) await control.changeOptions({ restTypes });
    const tokenEndpoint = system.simulator.fhirEndpoint.replace('/fhir/r4', '/oauth2/v1/token');
    const { body } = await run(await system.connect({ auth: { ...simulatorAuth, tokenEndpoint } }));
    expect(body.data).toMatchObject({
      ok: true,
      steps: [
        { step: 'discovery', tried: expect.stringContaining('no CapabilityStatement') },
        { step: 'token' },
        { step: 'read', tried: expect.stringMatching(tried) },
      ],
    });
  },
);

test('a connection test notices that the EHR ignores the id of a search', async () => {
  const entry = [{ resource: { resourceType: 'Patient', id: 'someone' }, search: { mode: 'match' } }];
  const body = { resourceType: 'Bundle', type: 'searchset', entry };
  await order('/Patient', { kind: 'status', status: 200, body });
  const { ok, steps } = (await run()).body.data;
  expect([ok, steps.at(-1).tried]).toEqual([true, expect.stringContaining('ignored `_id`')]);
});

test('a connection test passes a token response without a type, with a warning', async () => {
  await order('oauth2', { kind: 'edit-document', set: { token_type: null } });
  const { steps } = (await run()).body.data;
  expect(steps[1]).toMatchObject({ step: 'token', ok: true, tried: expect.stringContaining('no token_type') });
});

test('a connection test fails for a wrong address whose token endpoint is right', async () => {
  await order('/fhir/', { kind: 'status', status: 404, body: 'Not Found', contentType: 'text/plain' });
  const tokenEndpoint = system.simulator.fhirEndpoint.replace('/fhir/r4', '/oauth2/v1/token');
  const { body } = await run(await system.connect({ auth: { ...simulatorAuth, tokenEndpoint } }));
  expect(body.data.steps.at(-1)).toMatchObject({ step: 'read', ok: false, code: 'ehr-not-found' });
});

// Before the tests of throttled requests, after which the next one waits for the time in Retry-After.
test('a connection can be tested before it is saved: the same steps, and neither the connection nor its token is kept', async () => {
  const { store } = system;
  const test = (change: object) => {
    const body = { provider: 'athenahealth', practiceId: '195900', auth: { ...simulatorAuth, ...change } };
    return system.request('POST', '/api/ehr/connections/test', body);
  };
  const before = await store.connections.listIds();
  const right = await test({});
  expect([right.status, right.body.data.ok]).toEqual([200, true]);
  expect(right.body.data.steps.map(({ step }: { step: string }) => step)).toEqual(['discovery', 'token', 'read']);
  const wrong = await test({ clientSecret: 'wrong' });
  expect([wrong.status, wrong.body.data.ok, wrong.body.data.steps.at(-1)]).toMatchObject([
    200,
    false,
    { step: 'token', code: 'token-refused' },
  ]);
  expect(await store.connections.listIds()).toEqual(before);
  await using database = await openDatabase(system.env.MONGODB_URI ?? '');
  expect(await database.db.collection('connection_drafts').countDocuments()).toBe(0);
  const owners = (await database.db.collection('access_tokens').find().toArray()).map(({ _id }) => String(_id));
  expect(owners.filter((id) => !before.includes(id))).toEqual([]);
  const [event] = await store.auditEvents.list({ filter: { action: 'connection.test-draft' }, limit: 1 });
  expect(event).toMatchObject({ outcome: 'success', target: { provider: 'athenahealth' } });
});

test.each([
  {
    what: 'an EHR that cannot be reached',
    order: ['.*', { kind: 'reset' }],
    fails: { step: 'discovery', code: 'ehr-unreachable', whatToDo: /firewall/ },
  },
  {
    what: 'an EHR that is down',
    order: ['.*', { kind: 'status', status: 503 }],
    fails: { step: 'discovery', code: 'ehr-unavailable', whatToDo: /status page/ },
  },
  {
    what: 'an address that is not a FHIR server',
    order: ['.*', { kind: 'status', status: 404, body: 'Not Found', contentType: 'text/plain' }],
    fails: { step: 'discovery', code: 'smart-discovery-failed', whatToDo: /FHIR endpoint URL/ },
  },
  {
    what: 'a token endpoint at a foreign host',
    order: ['smart-configuration', { kind: 'edit-document', set: { token_endpoint: 'https://evil.example/token' } }],
    fails: { step: 'discovery', code: 'endpoint-not-allowed', whatToDo: /`hosts`/ },
  },
  {
    what: 'a token endpoint that cannot be reached',
    order: ['oauth2', { kind: 'reset' }],
    fails: { step: 'token', code: 'token-unavailable', whatToDo: /firewall/ },
  },
  {
    what: 'a scope that the application does not have',
    order: [
      'oauth2',
      { kind: 'status', status: 400, body: { error: 'invalid_scope' }, contentType: 'application/json' },
    ],
    fails: { step: 'token', code: 'token-refused', whatToDo: /auth\.scope/ },
  },
  {
    what: 'tokens that every read refuses',
    order: ['/Patient', { kind: 'status', status: 401 }],
    fails: { step: 'read', code: 'ehr-unauthorized', whatToDo: /then refused it/ },
  },
  {
    what: 'a practice that has not enabled the application',
    order: ['/Patient', { kind: 'status', status: 403 }],
    fails: { step: 'read', code: 'ehr-forbidden', whatToDo: /practice/ },
  },
  {
    what: 'an EHR that throttles reads',
    order: ['/Patient', { kind: 'status', status: 429, retryAfter: '1' }],
    fails: { step: 'read', code: 'ehr-throttled', whatToDo: /Retry-After/ },
  },
  {
    what: 'a token endpoint that throttles',
    order: ['oauth2', { kind: 'status', status: 429, retryAfter: '5' }],
    fails: { step: 'token', code: 'token-unavailable', whatToDo: /50 new tokens a minute/ },
  },
] as const)(
  'a connection test of $what names the failed step and what to do',
  async ({ order: [path, fault], fails }) => {
    await order(path, fault);
    const { status, body } = await run();
    expect([status, body.data.ok]).toEqual([200, false]);
    const { step, code } = fails;
    expect(body.data.steps.at(-1)).toMatchObject({
      step,
      code,
      ok: false,
      message: expect.any(String),
      whatToDo: expect.stringMatching(fails.whatToDo),
    });
    expect(body.data.steps.filter(({ ok }: { ok: boolean }) => !ok)).toHaveLength(1);
  },
  30_000,
);

test('a connection test without a worker answers 202 with the URL of its result, and 503 for a connection that is not saved', async () => {
  const alone = await startSystem({ simulator: { patients: 1 }, testWaitMs: 200 });
  const url = `/api/ehr/connections/${alone.connectionId}`;
  const { status, body, headers } = await alone.request('POST', `${url}/test`);
  const unsaved = { provider: 'athenahealth', auth: { method: 'none' } };
  const pending = await alone.request('POST', '/api/ehr/connections/test', unsaved);
  await alone.stop();
  expect([pending.status, pending.body.error.code]).toEqual([503, 'connection-test-pending']);
  expect([status, body.data, headers.get('location')]).toEqual([202, { status: 'IN_PROGRESS', url }, url]);
  expect((await run('conn_none')).status).toBe(404);
});
