import type { EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import type { BulkExportRequest } from '@bulkhead/fhir';
import { afterEach, expect, test } from '@jest/globals';
import type { Capabilities } from '../../providers/index.ts';
import { readCapabilities } from '../search/capability-statement.ts';
import { startEhr, type TestEhr } from '../testing/start-ehr.ts';
import { kickOffExport } from './kick-off.ts';

let ehr: TestEhr;
afterEach(() => ehr.stop());

const request: BulkExportRequest = { exportType: 'Patient', resourceTypes: ['Patient', 'Condition'] };

async function start(simulator: EhrSimulatorOptions = {}): Promise<void> {
  ehr = await startEhr({ simulator });
}

const kickOff = (change: Partial<BulkExportRequest> = {}, session = ehr.session) =>
  kickOffExport({ session, request: { ...request, ...change } });
const capabilities = (): Promise<Capabilities> => readCapabilities({ session: ehr.session, now: new Date() });
const paths = async () => (await ehr.requests(/\$export$/)).map(({ path }) => path.replace('/fhir/r4', ''));

test('a kick-off sends the headers of the specification and returns the status URL #accept', async () => {
  await start();
  const started = await kickOff({ since: '2024-01-01T00:00:00+02:00' });
  expect(started).toEqual({
    statusUrl: expect.stringMatching(new RegExp(`^${ehr.simulator.fhirEndpoint}/bulkstatus/`)),
    sent: {
      method: 'GET',
      isOtherMethodRefused: false,
      refusedTypes: [],
      typeFilters: [],
      since: '2024-01-01T00:00:00+02:00',
      types: expect.any(Array),
    },
    isOfGroup: false,
    isOfPractice: false,
  });
  const [sentRequest] = await ehr.requests(/\$export$/);
  expect(sentRequest?.headers).toMatchObject({ accept: 'application/fhir+json', prefer: 'respond-async' });
  expect((await ehr.violations()).violations).toEqual([]);
});

test.each([
  { levels: ['patient', 'group'], exportType: 'Patient', path: '/Patient/$export' },
  { levels: ['group'], exportType: 'Patient', path: '/Group/a-1.C-195900/$export' },
  { levels: ['system', 'patient', 'group'], exportType: 'Group', path: '/Group/a-1.C-195900/$export' },
  { levels: ['system'], exportType: 'System', path: '/$export' },
] as const)(
  'a kick-off of a $exportType export goes to $path if the server has the levels $levels',
  async ({ levels, exportType, path }) => {
    await start({ exportLevels: [...levels] });
    const session = ehr.sessionOf({ capabilities: await capabilities() });
    await kickOff({ exportType }, session);
    expect(await paths()).toEqual([path]);
  },
);

test('a kick-off goes to Patient level if the capabilities are unknown', async () => {
  await start();
  await kickOff();
  expect(await paths()).toEqual(['/Patient/$export']);
});

test.each([{ unsupported: ['_since'] }, { unsupported: ['_type'] }, { unsupported: ['_since', '_type'] }])(
  'a kick-off drops $unsupported if the server refuses it, and reports that #negotiation',
  async ({ unsupported }) => {
    await start();
    await ehr.orderSettings({ unsupportedParameters: unsupported });
    const started = await kickOff({ since: '2024-01-01T00:00:00Z' });
    const { since, types } = started.sent;
    const dropped = [...(since === undefined ? ['_since'] : []), ...(types.length === 0 ? ['_type'] : [])];
    expect(dropped).toEqual(unsupported);
    expect(started.statusUrl).toContain('/bulkstatus/');
    expect(await paths()).toHaveLength(unsupported.length + 1);
  },
);

test('a kick-off drops a parameter that is refused in a plain string, as athenahealth writes it', async () => {
  await start();
  await ehr.orderSettings({ unsupportedParameters: ['_since'] });
  await ehr.inject('export', { kind: 'string-details' }, { times: 'always' });
  const started = await kickOff({ since: '2024-01-01T00:00:00Z' });
  expect(started.sent.since).toBeUndefined();
});

test('a kick-off is sent by POST if its parameters would make the URL too long #negotiation', async () => {
  await start();
  const typeFilters = Array.from({ length: 50 }, (_, index) => `Condition?code=${'1'.repeat(40)}${index}`);
  const started = await kickOff({ typeFilters });
  expect(started.sent).toMatchObject({ method: 'POST', isOtherMethodRefused: false, typeFilters });
  const [sentRequest] = await ehr.requests(/\$export$/);
  expect(sentRequest?.method).toBe('POST');
});

test('a kick-off is sent by POST if the server refuses GET, and the result says so #negotiation', async () => {
  await start();
  await ehr.inject({ path: 'export', method: 'GET' }, { kind: 'status', status: 405 });
  const started = await kickOff();
  expect(started.sent).toMatchObject({ method: 'POST', isOtherMethodRefused: true });
  expect((await ehr.requests(/\$export$/)).map(({ method }) => method)).toEqual(['GET', 'POST']);
  expect((await ehr.violations()).violations).toEqual([]);
});

test('a kick-off while another export runs waits as long as the server says and sends no second request #busy-at-kick-off', async () => {
  await start({ exportSeconds: 30 });
  await ehr.orderSettings({ oneExportAtATime: true });
  await kickOff();
  await expect(kickOff()).rejects.toMatchObject({ code: 'ehr-throttled', status: 429, retry: { afterMs: 1000 } });
  expect(await paths()).toHaveLength(2);
});

test.each([
  { what: 'Retry-After in seconds', retryAfter: '7', afterMs: 7000 },
  { what: 'an invalid Retry-After', retryAfter: 'soon', afterMs: 60_000 },
  { what: 'no Retry-After', retryAfter: undefined, afterMs: 60_000 },
])('a kick-off waits after a 429 with $what', async ({ retryAfter, afterMs }) => {
  await start();
  await ehr.inject('export', { kind: 'status', status: 429, retryAfter });
  await expect(kickOff()).rejects.toMatchObject({ retry: { afterMs } });
});

test('a relative Content-Location of a kick-off is resolved #relative-urls', async () => {
  await start();
  await ehr.inject('export', { kind: 'relative-urls' });
  const { statusUrl } = await kickOff();
  expect(statusUrl).toMatch(new RegExp(`^${ehr.simulator.fhirEndpoint}/bulkstatus/`));
});

test.each([
  { status: 400, code: 'ehr-rejected', retry: 'never' },
  { status: 403, code: 'ehr-forbidden', retry: 'never' },
  { status: 500, code: 'ehr-unavailable', retry: 'later' },
  { status: 503, code: 'ehr-unavailable', retry: 'later' },
] as const)(
  'a kick-off that fails with $status is sent once and throws $code with the retry advice $retry',
  async ({ status, code, retry }) => {
    await start();
    await ehr.inject('export', { kind: 'status', status }, { times: 'always' });
    await expect(kickOff()).rejects.toMatchObject({ code, status, retry });
    expect(await paths()).toHaveLength(1);
  },
);

/** The session of an application with some scopes, at a server that declares its types. */
async function scoped(scope: string) {
  const { auth } = ehr.connection();
  // A token belongs to its connection.
  return ehr.sessionOf({
    id: `conn_${scope}`,
    auth: { ...auth, scope } as typeof auth,
    capabilities: await capabilities(),
  });
}
const parametersSent = async () => (await ehr.requests(/\$export$/)).map(({ parameters }) => parameters);

test('an export of everything lists the types of a token that lists them, because the EHR refuses an export beyond the scopes', async () => {
  await start();
  const session = await scoped('system/Patient.rs system/Condition.rs system/Group.rs');
  const { sent } = await kickOff({ resourceTypes: [] }, session);
  expect([sent.types, sent.refusedTypes]).toEqual([['Patient', 'Condition'], []]);
  await kickOff({ resourceTypes: [] });
  // A wildcard covers every type.
  expect(await parametersSent()).toEqual([['_type'], []]);
});

test('a kick-off of types beyond the scopes is narrowed once, without a new token, and says what it left out', async () => {
  await start();
  const session = await scoped('system/Patient.rs');
  await session.readGrantedScope(undefined);
  const tokens = await ehr.tokenCount();
  const { sent } = await kickOff({ resourceTypes: ['Patient', 'Condition', 'Observation'] }, session);
  expect([sent.types, sent.refusedTypes]).toEqual([['Patient'], ['Condition', 'Observation']]);
  expect([(await paths()).length, await ehr.tokenCount()]).toEqual([2, tokens]);
  const none = await scoped('system/Observation.rs');
  await expect(kickOff({}, none)).rejects.toMatchObject({
    code: 'ehr-unauthorized',
    ehrText: expect.stringContaining('Must have scopes allowing read+search for each resource being exported'),
  });
});

const templates = { groupIdTemplate: 'a-1.C-{practiceId}', otherGroupIdTemplate: 'a-1.c-{practiceId}' };

test('a Group that the EHR does not have is tried once in the other form of its id, and the id that works is returned', async () => {
  ehr = await startEhr({ provider: templates });
  await ehr.orderSettings({ groupCase: 'c' });
  const session = ehr.sessionOf({ practiceId: '195900' });
  const started = await kickOff({ exportType: 'Group' }, session);
  expect([started.groupId, await paths()]).toEqual([
    'a-1.c-195900',
    ['/Group/a-1.C-195900/$export', '/Group/a-1.c-195900/$export'],
  ]);
  // An id that an operator has set is not changed.
  const own = ehr.sessionOf({ practiceId: '195900', groupId: 'own' });
  await expect(kickOff({ exportType: 'Group' }, own)).rejects.toMatchObject({ code: 'export-not-offered' });
  await ehr.orderSettings({ groupId: 'another' });
  await expect(kickOff({ exportType: 'Group' }, session)).rejects.toMatchObject({ code: 'export-not-offered' });
});

test.each(['Developer Over Rate', 'Rate limit exceeded', '<h1>Too many requests</h1>'])(
  'a 403 that says "%s" is a wait, as a 429',
  async (text) => {
    await start();
    const fault = { kind: 'status', status: 403, body: text, contentType: 'text/plain' };
    await ehr.inject('/Patient/', fault, { times: 'always' });
    await expect(ehr.readPatient()).rejects.toMatchObject({ code: 'ehr-throttled', retry: { afterMs: 60_000 } });
    await ehr.inject('export', fault, { times: 'always' });
    await expect(kickOff()).rejects.toMatchObject({ retry: { afterMs: expect.any(Number) } });
  },
);

test('a kick-off that the server does not have names the address and the other levels #error-message', async () => {
  await start();
  await ehr.inject('export', { kind: 'status', status: 404 }, { times: 'always' });
  await expect(kickOff()).rejects.toMatchObject({
    code: 'export-not-offered',
    retry: 'never',
    message: expect.stringMatching(/answered 404 to the kick-off at Patient\/\$export.*`Group`/),
    context: { status: 404 },
  });
  expect(await paths()).toHaveLength(1);
});

test('a kick-off with an unknown type fails without dropping the type', async () => {
  await start();
  const issue = [{ severity: 'error', code: 'value', diagnostics: '_type: Foo' }];
  await ehr.inject('export', { kind: 'status', status: 400, body: { resourceType: 'OperationOutcome', issue } });
  await expect(kickOff()).rejects.toMatchObject({ code: 'ehr-rejected' });
});

test('capabilities are read without a token', async () => {
  await start({ exportLevels: ['group'] });
  expect(await capabilities()).toMatchObject({ exportLevels: ['group'], fhirVersion: '4.0.1' });
  const [sentRequest] = await ehr.requests(/metadata$/);
  expect(sentRequest?.headers.authorization).toBeUndefined();
  expect(await ehr.tokenCount()).toBe(0);
});

test('the request for capabilities is retried after a 5xx and a reset connection', async () => {
  await start();
  await ehr.inject('metadata', { kind: 'status', status: 502, body: '<html>' });
  await ehr.inject('metadata', { kind: 'reset' }, { after: 1 });
  expect((await capabilities()).fhirVersion).toBe('4.0.1');
  expect(await ehr.requests(/metadata$/)).toHaveLength(3);
});

test('the request for capabilities fails after three attempts', async () => {
  await start();
  await ehr.inject('metadata', { kind: 'status', status: 500 }, { times: 'always' });
  await expect(capabilities()).rejects.toMatchObject({ code: 'ehr-unavailable', retry: 'later' });
  expect(await ehr.requests(/metadata$/)).toHaveLength(3);
});

test('capabilities that are an HTML page are rejected', async () => {
  await start();
  const body = '<html>log in</html>';
  await ehr.inject('metadata', { kind: 'status', status: 200, body, contentType: 'text/html' });
  await expect(capabilities()).rejects.toMatchObject({ code: 'capabilities-not-understood' });
});
