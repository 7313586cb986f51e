import { simulatorAuth } from '@bulkhead/ehr/providers/testing';
import { startConsumer } from '@bulkhead/queues/testing';
import { openDatabase, openTestStore } from '@bulkhead/store/testing';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import {
  connectionAuthSchema,
  connectionBodySchema,
  connectionDraftSchema,
  toConnectionView,
  toTestView,
} from '../commands/index.ts';
import { connectionFeature } from '../connection.feature.ts';
import { readForTest } from '../steps/read-for-test.ts';
import { testConnectionWork, testDraftWork } from '../steps/test-connection.job.ts';
import { startConnectedEhr } from '../testing/start-connected-ehr.ts';

// One system for all tests, because a new request budget waits two seconds.
const system = await startConnectedEhr((at) => openTestStore(connectionFeature.open, at), {
  realTime: true,
  // Each of the tests below requests up to twenty tokens.
  simulator: { patients: 1, tokensPerMinute: 1000 },
  provider: { environments: { production: { fhirEndpoint: '' } } },
});
const { connections, control, deps, prefix, redis } = system;
const worker = startConsumer({
  redis,
  prefix,
  deps,
  logger: deps.logger,
  queues: ['connection'],
  jobs: [testConnectionWork, testDraftWork],
});
const scope = 'all';
const fields = { provider: 'athenahealth', practiceId: '195900', auth: simulatorAuth };
/** Creates a connection to the simulator. @returns its id */
const connect = async (change: object = {}) =>
  (await connections.create(connectionBodySchema.parse({ ...fields, force: true, ...change }))).id;
const connectionId = await connect();
afterEach(async () => {
  await control.cancelOrders();
  await changeAuth({});
});
afterAll(async () => {
  await worker.stop();
  await system.stop();
});

const enforceScopes = () => control.orderSettings({ enforceScopes: true });
const run = async (id = connectionId) => {
  const test = await connections.test({ id, scope });
  if (!test) throw new Error('the test takes too long');
  return toTestView(test);
};
const changeAuth = (change: object) =>
  connections.changeCredentials({
    id: connectionId,
    scope,
    body: connectionAuthSchema.parse({ ...simulatorAuth, ...change }),
  });
const version = async () => (await connections.find({ id: connectionId, scope })).credentialsVersion ?? 0;
const order = (path: string, fault: object) => system.inject(path, fault, { times: 'always' });
const exports = [{ name: 'export', definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export' }];
const passed = (step: string) => ({ step, ok: true, durationMs: expect.any(Number) });

test('a connection test reads the token endpoint, a new token and a patient, and the connection shows its result', async () => {
  await enforceScopes();
  const shown = await run();
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
  expect(shown).toEqual(data);
  await run();
  expect((await control.stats()).tokens).toBe(2);
  expect(toConnectionView(await connections.find({ id: connectionId, scope })).lastTest).toEqual(data);
  expect(await control.violations()).toMatchObject({ byKind: { token: 0, rate: 0 } });
});

test('a connection test explains the refusal of the other version of scopes, and listed scopes of the right one work', async () => {
  await control.orderSettings({ scopeVersion: 'v2', wildcardScopes: false });
  const refused = (await run()).steps.at(-1);
  expect(refused).toMatchObject({ step: 'token', code: 'token-refused' });
  expect(refused?.whatToDo).toMatch(/^The EHR denies .*"Policy evaluation failed" .* refuses v1/);
  await changeAuth({ scopeVersion: 'v2', scopeTypes: ['Patient', 'Condition'] });
  const { steps, ok } = await run();
  expect([ok, steps[0]?.tried]).toEqual([true, expect.stringMatching(/requests v2\./)]);
});

/** The application of an operator who has added eight scopes. */
const registeredTypes = [
  'Patient',
  'Condition',
  'Observation',
  'Encounter',
  'Procedure',
  'DiagnosticReport',
  'CarePlan',
  'Immunization',
];
const okta = { scopeVersion: 'v2', wildcardScopes: false } as const;
const tokensSince = async (before: number) => (await control.stats()).tokens - before;

test('a connection test finds the eight scopes of an application that requests all, and the connection requests these', async () => {
  await control.orderSettings({ ...okta, registeredTypes });
  await changeAuth({ scopeVersion: 'v2' });
  const tested = await run();
  const { auth, scopeSearch } = toConnectionView(await connections.find({ id: connectionId, scope }));
  expect([tested.ok, tested.steps[1]?.tried]).toEqual([
    true,
    expect.stringMatching(
      /^This application may have 8 of the \d\d scopes that were requested\. .* system\/DiagnosticReport\.rs/,
    ),
  ]);
  const granted = registeredTypes.map((type) => `system/${type}.rs`);
  expect(auth.method !== 'none' && auth.scope.split(' ').toSorted()).toEqual(granted.toSorted());
  expect(scopeSearch).toMatchObject({ granted: expect.arrayContaining(granted), endedAt: expect.any(String) });
  expect((scopeSearch?.granted.length ?? 0) + (scopeSearch?.refused.length ?? 0)).toBe(scopeSearch?.requested.length);
  // The next test needs one token.
  const before = (await control.stats()).tokens;
  expect([(await run()).ok, await tokensSince(before)]).toEqual([true, 1]);
});

test('a connection test of an application without scopes says that it has none, and one of the other version says which', async () => {
  await control.orderSettings({ ...okta, registeredTypes: [] });
  await changeAuth({ scopeVersion: 'v2' });
  expect((await run()).steps.at(-1)?.whatToDo).toMatch(/^This application may have none of the \d\d scopes/);
  await control.orderSettings({ ...okta, registeredTypes });
  await changeAuth({ scopeVersion: 'v1' });
  const before = (await control.stats()).tokens;
  expect((await run()).steps.at(-1)?.whatToDo).toMatch(
    /registered for scopes of v2: the EHR grants system\/Patient\.rs/,
  );
  // The patient's scope of the right version.
  expect(await tokensSince(before)).toBe(1);
});

test('the search for scopes continues where it was after the token endpoint was down, and not with other credentials', async () => {
  await control.orderSettings({ ...okta, registeredTypes });
  const listed = ['DiagnosticReport', 'Patient', 'Coverage', 'Condition'].map((type) => `system/${type}.rs`).join(', ');
  await changeAuth({ scope: listed });
  // The first request is of all scopes, the second of Patient.
  await system.inject('oauth2/v1/token', { kind: 'status', status: 503 }, { times: 1, after: 2 } as never);
  const down = await run();
  expect(down.steps.at(-1)?.whatToDo).toMatch(/was interrupted\. Test the connection again: the test continues/);
  const found = async () => (await connections.find({ id: connectionId, scope })).scopeSearch;
  expect(await found()).toMatchObject({ granted: ['system/Patient.rs'], refused: [] });
  const before = (await control.stats()).tokens;
  expect((await run()).ok).toBe(true);
  // DiagnosticReport, Condition, and all three that are granted.
  expect([await tokensSince(before), (await found())?.refused]).toEqual([3, ['system/Coverage.rs']]);
  await changeAuth({ scope: listed });
  expect(await found()).toBeUndefined();
});

test('a server that grants a part of the scopes is asked once, and one that refuses the client is not asked for each scope', async () => {
  await control.orderSettings({ ...okta, registeredTypes, grantsPart: true });
  await changeAuth({ scopeVersion: 'v2' });
  let before = (await control.stats()).tokens;
  expect([(await run()).ok, await tokensSince(before)]).toEqual([true, 1]);
  await changeAuth({ scopeVersion: 'v2', clientSecret: 'wrong' });
  before = (await control.stats()).tokens;
  await control.clearRequests();
  expect((await run()).ok).toBe(false);
  expect(await tokensSince(before)).toBe(0);
  expect((await connections.find({ id: connectionId, scope })).scopeSearch).toBeUndefined();
});

test('a pasted list with a unknown scope is refused with the name that was probably meant', async () => {
  const pasted = 'system/Patient.rs, system/Patients.rs, system/Condition.rs';
  await expect(changeAuth({ scope: pasted })).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('"Patients" is not a FHIR R4 resource type. Did you mean Patient?'),
  });
});

test.each([
  { pasted: 'system/Patient.rs,system/Goal.rs', scope: 'system/Patient.rs system/Goal.rs' },
  { pasted: '  system/Patient.rs;\n\tsystem/Goal.rs\r\nsystem/Patient.rs ', scope: 'system/Patient.rs system/Goal.rs' },
  { pasted: '["system/Patient.read", "system/Patient.rs"]', scope: 'system/Patient.read system/Patient.rs' },
  { pasted: '', scope: '' },
])('the pasted scopes $pasted are requested exactly', ({ pasted, scope: expected }) => {
  const auth = connectionAuthSchema.parse({ ...simulatorAuth, scope: pasted });
  expect(auth).toMatchObject({ scope: expected });
});

test('a connection test requests the scopes of the types that the EHR declares', async () => {
  const types = ['Patient', 'Coverage', 'Location'];
  const resource = types.map((type) => ({ type, interaction: [{ code: 'search-type' }] }));
  await system.inject('metadata', { kind: 'edit-document', set: { rest: [{ resource }] } }, { times: 'always' });
  await control.orderSettings({ scopeVersion: 'v2', wildcardScopes: false });
  await changeAuth({ scopeVersion: 'v2' });
  expect((await run()).ok).toBe(true);
  const { scope: granted } =
    (await deps.store.accessTokens.read({ connectionId, credentialsVersion: await version() })).token ?? {};
  expect(granted).toBe('system/Patient.rs system/Coverage.rs system/Location.rs');
});

test('a connection test finds a wrong secret while an older token still works, and then the right one', async () => {
  await run();
  await changeAuth({ clientSecret: 'wrong' });
  const wrong = await run();
  expect(wrong.steps.at(-1)).toMatchObject({
    step: 'token',
    code: 'token-refused',
    whatToDo: expect.stringContaining('client secret'),
  });
  await changeAuth({});
  expect((await run()).ok).toBe(true);
});

test('a connection test reads a type that the scopes cover, and fails if they cover no requested type', async () => {
  await enforceScopes();
  await changeAuth({ scope: 'system/Observation.rs' });
  expect((await run()).ok).toBe(true);
  await changeAuth({ scope: 'system/Observation.r' });
  expect((await run()).steps.at(-1)).toMatchObject({ step: 'read', code: 'ehr-forbidden' });
});

test('a connection test searches by patient if the search of the type that the scopes cover has no `_id`', async () => {
  await enforceScopes();
  await changeAuth({ scope: 'system/AllergyIntolerance.rs' });
  expect(await run()).toMatchObject({ ok: true });
  const [search] = await control.requests(/AllergyIntolerance$/);
  expect(search?.parameters).toEqual(expect.arrayContaining(['patient', 'ah-practice']));
});

test('a connection test passes if the EHR cannot search patients but another type', async () => {
  await control.orderSettings({ restTypes: ['Observation'] });
  const tested = await run();
  expect(tested).toMatchObject({ ok: true });
  expect(tested.steps.at(-1)?.tried).toContain('Searched Observation');
});

test.each([
  { what: 'says that it has none', resource: [{ type: 'Group', interaction: [{ code: 'read' }], operation: exports }] },
  { what: 'does not list interactions', resource: [{ type: 'Group', operation: exports }] },
])(
  'a connection test passes an EHR of only bulk exports that $what, without starting an export',
  async ({ resource }) => {
    const statement = { rest: [{ mode: 'server', resource }] };
    await system.inject('metadata', { kind: 'edit-document', set: statement }, { times: 'always' });
    await control.orderSettings({ restTypes: [] });
    // A new connection, so that its capabilities are read from the EHR and not from an earlier record.
    const id = await connect();
    const tested = await run(id);
    expect(tested).toMatchObject({ ok: true });
    expect(tested.steps.at(-1)).toMatchObject({
      step: 'read',
      tried: expect.stringMatching(/read Group\/a-1\.C-195900 with the token and without it\. It started no export\.$/),
    });
    expect(await control.exports()).toEqual([]);
  },
);

test('a connection test fails if an EHR of only bulk exports refuses the token, and says if it cannot verify it', async () => {
  await control.orderSettings({ restTypes: [] });
  await order('/Group/', { kind: 'status', status: 401 });
  expect((await run(await connect())).steps.at(-1)).toMatchObject({
    step: 'read',
    ok: false,
    code: 'ehr-unauthorized',
    tried: expect.stringContaining('no search'),
  });
  await control.cancelOrders();
  await control.orderSettings({ restTypes: [] });
  await order('/Group/', { kind: 'status', status: 404 });
  const untold = await run(await connect());
  expect([untold.ok, untold.steps.at(-1)?.tried]).toEqual([
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
    if (restTypes) await control.orderSettings({ restTypes });
    const tokenEndpoint = system.simulator.fhirEndpoint.replace('/fhir/r4', '/oauth2/v1/token');
    const tested = await run(await connect({ auth: { ...simulatorAuth, tokenEndpoint } }));
    expect(tested).toMatchObject({
      ok: true,
      steps: [
        { step: 'discovery', tried: expect.stringContaining('no CapabilityStatement') },
        { step: 'token' },
        { step: 'read', tried: expect.stringMatching(tried) },
      ],
    });
  },
);

test('a connection test passes a server that only exports, and does not hide what is wrong with an EHR that is searched', async () => {
  await using exporting = await startConnectedEhr((at) => openTestStore(connectionFeature.open, at), {
    simulator: { patients: 1 },
    hasNoSearch: true,
  });
  for (const status of [400, 406, 422]) {
    const refused = { kind: 'status', status, body: 'Only $export', contentType: 'text/plain' };
    await exporting.inject('/(Patient|Group/.*)$', refused, { times: 'always' });
    const session = exporting.deps.ehr.session(exporting.connection);
    const tried: string[] = [];
    await readForTest({
      session,
      now: new Date(),
      signal: AbortSignal.timeout(20_000),
      onTry: (text) => void tried.push(text),
    });
    expect(tried.at(-1)).toContain('only the first export shows');
    await order('/Patient', { kind: 'status', status });
    expect((await run()).steps.at(-1)).toMatchObject({ step: 'read', ok: false, code: 'ehr-rejected' });
    await control.cancelOrders();
    await exporting.control.cancelOrders();
  }
});

test('a connection test notices that the EHR ignores the id of a search', async () => {
  const entry = [{ resource: { resourceType: 'Patient', id: 'someone' }, search: { mode: 'match' } }];
  const body = { resourceType: 'Bundle', type: 'searchset', entry };
  await order('/Patient', { kind: 'status', status: 200, body });
  const { ok, steps } = await run();
  expect([ok, steps.at(-1)?.tried]).toEqual([true, expect.stringContaining('ignored `_id`')]);
});

test('a connection test passes a token response without a type, with a warning', async () => {
  await order('oauth2', { kind: 'edit-document', set: { token_type: null } });
  const { steps } = await run();
  expect(steps[1]).toMatchObject({ step: 'token', ok: true, tried: expect.stringContaining('no token_type') });
});

test('a connection test fails for a wrong address whose token endpoint is right', async () => {
  await order('/fhir/', { kind: 'status', status: 404, body: 'Not Found', contentType: 'text/plain' });
  const tokenEndpoint = system.simulator.fhirEndpoint.replace('/fhir/r4', '/oauth2/v1/token');
  const tested = await run(await connect({ auth: { ...simulatorAuth, tokenEndpoint } }));
  expect(tested.steps.at(-1)).toMatchObject({ step: 'read', ok: false, code: 'ehr-not-found' });
});

// Before the tests of throttled requests, after which the next one waits for the time in Retry-After.
test('a connection can be tested before it is saved: the same steps, and neither the connection nor its token is kept', async () => {
  const { store } = deps;
  const test = async (change: object) => {
    const body = connectionDraftSchema.parse({ ...fields, auth: { ...simulatorAuth, ...change } });
    return toTestView(await connections.testDraft({ body, of: undefined }));
  };
  const before = await store.connections.listIds();
  const right = await test({});
  expect(right.ok).toBe(true);
  expect(right.steps.map(({ step }) => step)).toEqual(['discovery', 'token', 'read']);
  const wrong = await test({ clientSecret: 'wrong' });
  expect([wrong.ok, wrong.steps.at(-1)]).toMatchObject([false, { step: 'token', code: 'token-refused' }]);
  expect(await store.connections.listIds()).toEqual(before);
  await using database = await openDatabase(system.mongodbUri);
  expect(await database.db.collection('connection_drafts').countDocuments()).toBe(0);
  const owners = (await database.db.collection('access_tokens').find().toArray()).map(({ _id }) => String(_id));
  expect(owners.filter((id) => !before.includes(id))).toEqual([]);
});

test('new scopes of a saved connection can be tested with its stored secret', async () => {
  const id = await connect();
  const { clientSecret: _, ...withoutSecret } = simulatorAuth;
  const body = connectionDraftSchema.parse({ ...fields, auth: withoutSecret });
  expect((await connections.testDraft({ body, of: { id, scope: 'all' } })).ok).toBe(true);
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
    fails: { step: 'discovery', code: 'endpoint-not-allowed', whatToDo: /`oauthHosts`/ },
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
  'a connection test of $what shows the failed step and what to do',
  async ({ order: [path, fault], fails }) => {
    await order(path, fault);
    const tested = await run();
    expect(tested.ok).toBe(false);
    const { step, code } = fails;
    expect(tested.steps.at(-1)).toMatchObject({
      step,
      code,
      ok: false,
      message: expect.any(String),
      whatToDo: expect.stringMatching(fails.whatToDo),
    });
    expect(tested.steps.filter(({ ok }) => !ok)).toHaveLength(1);
  },
);
