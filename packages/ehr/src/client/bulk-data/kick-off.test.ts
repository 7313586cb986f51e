import { type BulkExportRequest, droppedParameters } from '@bulkhead/fhir';
import { describe, expect, jest, test } from '@jest/globals';
import type { EhrConnection } from '../../providers/index.ts';
import type { EhrSession, SessionRequest } from '../ehr-session.ts';
import { EhrHttpError } from '../http/ehr-http-error.ts';
import { kickOffExport } from './kick-off.ts';

const fhirEndpoint = 'https://ehr.example/fhir/r4';
const request: BulkExportRequest = { exportType: 'Patient', resourceTypes: ['Patient'] };
const accepted = { status: 202, headers: { 'content-location': '/status/1' } as Record<string, string | undefined> };

/** Opens a session with a server that gives these answers in order. */
function openSession(connection: Partial<EhrConnection> = {}, answers: (typeof accepted | Error)[] = [accepted]) {
  const requests: SessionRequest[] = [];
  const send = async (request: SessionRequest) => {
    requests.push(request);
    const answer = answers[requests.length - 1];
    if (!answer || answer instanceof Error) throw answer;
    return { ...answer, data: undefined, url: request.url };
  };
  return {
    session: {
      send,
      provider: {},
      connection: { fhirEndpoint, ...connection },
      readGrantedScope: async () => undefined,
    } as unknown as EhrSession,
    requests,
  };
}

const refusal = (status: number) =>
  new EhrHttpError({ status, issues: [], retryAfterMs: undefined, host: 'ehr.example' });
const exportLevels = (...levels: ('system' | 'patient' | 'group')[]) =>
  ({ capabilities: { exportLevels: levels, resourceTypes: [] } }) as unknown as Partial<EhrConnection>;

test('a kick-off is sent once with the token and a higher priority than downloads, and is not aborted once sent', async () => {
  const { session, requests } = openSession();
  const { signal } = new AbortController();
  const onSend = jest.fn();
  expect(await kickOffExport({ session, request, signal, onSend })).toEqual({
    statusUrl: 'https://ehr.example/status/1',
    sent: { method: 'GET', isOtherMethodRefused: false, types: ['Patient'], refusedTypes: [], typeFilters: [] },
    isOfGroup: false,
    isOfPractice: false,
  });
  expect(requests).toMatchObject([
    {
      method: 'GET',
      url: `${fhirEndpoint}/Patient/$export?_type=Patient`,
      headers: { accept: 'application/fhir+json', prefer: 'respond-async' },
      priority: 'kick-off',
      answer: { name: 'kick-off' },
      retries: 0,
      sendToken: true,
      keptOnceSent: true,
      signal,
      onSend,
    },
  ]);
  expect(requests[0]).not.toHaveProperty('body');
  expect(requests[0]?.headers).not.toHaveProperty('content-type');
});

test('a kick-off uses GET for a URL of up to 2,000 characters and POST for a longer one', async () => {
  const empty = `${fhirEndpoint}/Patient/$export?_type=Patient&_typeFilter=`.length;
  const sent = async (length: number) => {
    const { session, requests } = openSession();
    await kickOffExport({ session, request: { ...request, typeFilters: ['x'.repeat(length - empty)] } });
    return requests[0];
  };
  expect(await sent(2000)).toMatchObject({ method: 'GET', url: expect.stringMatching(/^.{2000}$/) });
  expect(await sent(2001)).toMatchObject({
    method: 'POST',
    url: `${fhirEndpoint}/Patient/$export`,
    headers: { accept: 'application/fhir+json', 'content-type': 'application/fhir+json', prefer: 'respond-async' },
    body: { resourceType: 'Parameters' },
  });
});

test('a kick-off is negotiated until the server accepts it, and onSend is called for each request', async () => {
  const { session, requests } = openSession({}, [refusal(405), accepted]);
  const onSend = jest.fn();
  expect(await kickOffExport({ session, request, onSend })).toMatchObject({
    sent: { method: 'POST', isOtherMethodRefused: true },
  });
  expect(requests.map(({ method, onSend: own }) => [method, own])).toEqual([
    ['GET', onSend],
    ['POST', onSend],
  ]);
});

test("a kick-off that cannot be negotiated fails with the server's error", async () => {
  const error = refusal(403);
  const { session, requests } = openSession({}, [error]);
  await expect(kickOffExport({ session, request })).rejects.toBe(error);
  expect(requests).toHaveLength(1);
});

// Node.js joins the values of a header that is sent twice with a comma.
test('a kick-off reads a Content-Location that a proxy has repeated', async () => {
  const location = 'https://ehr.example/status/1?page=a, b';
  const { session } = openSession({}, [{ status: 202, headers: { 'content-location': `${location}, ${location}` } }]);
  expect((await kickOffExport({ session, request })).statusUrl).toBe('https://ehr.example/status/1?page=a,%20b');
});

test('a kick-off with two different status URLs names both', async () => {
  const headers = { 'content-location': 'https://ehr.example/status/1, https://proxy.example/status/1' };
  const { session } = openSession({}, [{ status: 202, headers }]);
  await expect(kickOffExport({ session, request })).rejects.toMatchObject({
    code: 'kick-off-not-understood',
    ehrText: 'https://ehr.example/status/1, https://proxy.example/status/1',
  });
});

test.each([
  { what: 'no Content-Location', location: undefined },
  { what: 'a Content-Location that is not a URL', location: 'http://' },
])('a kick-off rejects an answer with $what', async ({ location }) => {
  const { session } = openSession({}, [{ status: 202, headers: { 'content-location': location } }]);
  await expect(kickOffExport({ session, request })).rejects.toMatchObject({
    code: 'kick-off-not-understood',
    retry: 'never',
    context: { status: 202 },
  });
});

test('a kick-off that a gateway answers with a web page can be sent again', async () => {
  const headers = { 'content-type': 'text/html; charset=utf-8' };
  const { session } = openSession({}, [{ status: 200, headers }]);
  await expect(kickOffExport({ session, request })).rejects.toMatchObject({
    code: 'kick-off-not-understood',
    message: expect.stringContaining('a web page'),
    retry: 'later',
  });
});

test.each([
  { status: 201, isRead: true },
  { status: 202, isRead: true },
  { status: 200, isRead: false },
  { status: 204, isRead: false },
])('a `Location` of an answer with $status is the status URL: $isRead', async ({ status, isRead }) => {
  const { session } = openSession({}, [{ status, headers: { location: '/status/2' } }]);
  const started = kickOffExport({ session, request });
  if (isRead) expect(await started).toMatchObject({ statusUrl: 'https://ehr.example/status/2' });
  else await expect(started).rejects.toMatchObject({ code: 'kick-off-not-understood' });
});

test.each([
  { history: { isAccepted: true, isDoubtful: false }, sent: 1, unneededUrl: undefined },
  { history: { isAccepted: true, isDoubtful: true }, sent: 2, unneededUrl: 'https://ehr.example/status/2' },
  { history: { isAccepted: false, isDoubtful: false }, sent: 2, unneededUrl: 'https://ehr.example/status/2' },
])('a 404 to `_since` means that nothing has changed, by $history', async ({ history, sent, unneededUrl }) => {
  const since = '2024-01-01T00:00:00Z';
  const error = new EhrHttpError({
    status: 404,
    issues: [],
    retryAfterMs: undefined,
    host: 'h',
    ehrText: 'No data found',
  });
  const { session, requests } = openSession({}, [error, { status: 202, headers: { 'content-location': '/status/2' } }]);
  const started = await kickOffExport({
    session,
    request: { ...request, since },
    history: () => Promise.resolve(history),
  });
  expect(started).toMatchObject({ sent: { since }, isOfGroup: false, noChanges: { ehrText: 'No data found' } });
  expect(started.noChanges?.unneededUrl).toBe(unneededUrl);
  expect(started).not.toHaveProperty('statusUrl');
  expect(requests).toHaveLength(sent);
});

test('the text of a 500 to `_since` says what it can mean', async () => {
  const since = '2024-01-01T00:00:00Z';
  const { session } = openSession({}, [refusal(500)]);
  await expect(kickOffExport({ session, request: { ...request, since } })).rejects.toMatchObject({
    code: 'ehr-unavailable',
    retry: 'later',
    message: expect.stringContaining('does not support `_since`'),
  });
});

test('what a provider demands is sent with the first kick-off', async () => {
  const kickOff = { outputFormat: 'application/fhir+ndjson', listsTypes: true };
  const capabilities = { exportLevels: ['patient'], resourceTypes: ['Patient', 'Goal', 'StructureDefinition'] };
  const { session, requests } = openSession({ capabilities } as unknown as Partial<EhrConnection>);
  Object.assign(session.provider, { kickOff });
  await kickOffExport({ session, request: { exportType: 'Patient', resourceTypes: [] } });
  await kickOffExport({ session: { ...session, send: session.send }, request }).catch(() => undefined);
  expect(requests.map(({ url }) => url.split('?')[1])).toEqual([
    '_type=Patient%2CGoal&_outputFormat=application%2Ffhir%2Bndjson',
    '_type=Patient&_outputFormat=application%2Ffhir%2Bndjson',
  ]);
});

describe('parameters that a server may ignore #negotiation', () => {
  const narrowed = { exportType: 'Patient', resourceTypes: ['Patient'] } as const;
  const declares = (bulkDataVersion: number) =>
    ({
      capabilities: { exportLevels: ['patient'], resourceTypes: [], bulkDataVersion },
    }) as unknown as Partial<EhrConnection>;

  test.each([
    { name: 'patient', request: { patients: ['p1', 'p2'] }, version: 2 },
    { name: '_elements', request: { elements: ['id', 'Patient.name'] }, version: 2 },
    { name: '_until', request: { until: '2024-01-01T00:00:00Z' }, version: 3 },
  ])('$name is sent from the version $version on, or if the provider says so, and never left out', async (one) => {
    const kickOffOf = (connection: Partial<EhrConnection>, parameters: readonly string[] = []) => {
      const { session, requests } = openSession(connection, [refusalOf(one.name), accepted]);
      Object.assign(session.provider, { kickOff: { parameters } });
      return { requests, started: kickOffExport({ session, request: { ...narrowed, ...one.request } }) };
    };
    for (const connection of [{}, declares(one.version - 1)]) {
      const { requests, started } = kickOffOf(connection);
      await expect(started).rejects.toMatchObject({
        code: 'parameter-undeclared',
        retry: 'never',
        message: expect.stringContaining(`\`${one.name}\``),
      });
      expect(requests).toEqual([]);
    }
    for (const { requests, started } of [kickOffOf(declares(one.version)), kickOffOf({}, [one.name])]) {
      await expect(started).rejects.toMatchObject({
        code: 'parameter-refused',
        message: expect.stringContaining(one.name),
      });
      expect(requests).toHaveLength(1);
    }
  });

  const refusalOf = (name: string) =>
    new EhrHttpError({
      status: 400,
      issues: [],
      retryAfterMs: undefined,
      host: 'h',
      ehrText: `${name} is not supported`,
    });

  test('patients are sent by POST, each as a reference, and never by GET', async () => {
    const { session, requests } = openSession(declares(2), [refusal(405)]);
    const started = kickOffExport({ session, request: { ...narrowed, patients: ['p1', 'p2'] } });
    await expect(started).rejects.toMatchObject({ code: 'parameter-refused' });
    expect(requests).toMatchObject([
      {
        method: 'POST',
        url: `${fhirEndpoint}/Patient/$export`,
        body: {
          parameter: [
            { name: '_type', valueString: 'Patient' },
            { name: 'patient', valueReference: { reference: 'Patient/p1' } },
            { name: 'patient', valueReference: { reference: 'Patient/p2' } },
          ],
        },
      },
    ]);
  });

  test('a time, elements and an order of files are sent by GET, and the order is left out where it is not known', async () => {
    const request = {
      ...narrowed,
      until: '2024-01-01T00:00:00Z',
      elements: ['id', 'Patient.name'],
      organizeOutputBy: 'Patient',
    };
    const known = openSession(declares(3));
    expect(await kickOffExport({ session: known.session, request })).toMatchObject({
      sent: { organizeOutputBy: 'Patient' },
    });
    expect(known.requests[0]?.url.split('?')[1]).toBe(
      '_type=Patient&_until=2024-01-01T00%3A00%3A00Z&_elements=id%2CPatient.name&organizeOutputBy=Patient',
    );
    const unknown = openSession(declares(2));
    const { sent } = await kickOffExport({
      session: unknown.session,
      request: { ...narrowed, organizeOutputBy: 'Patient' },
    });
    expect(droppedParameters({ ...narrowed, organizeOutputBy: 'Patient' }, sent)).toEqual(['organizeOutputBy']);
    expect(unknown.requests[0]?.url.split('?')[1]).toBe('_type=Patient');
  });
});

const groupId = 'a/b?c';
const group = `${fhirEndpoint}/Group/a%2Fb%3Fc/$export`;

test.each([
  { exportType: 'System', connection: { groupId }, url: `${fhirEndpoint}/$export` },
  { exportType: 'Patient', connection: { groupId }, url: `${fhirEndpoint}/Patient/$export` },
  {
    exportType: 'Patient',
    connection: { groupId, ...exportLevels('patient') },
    url: `${fhirEndpoint}/Patient/$export`,
  },
  { exportType: 'Patient', connection: { groupId, ...exportLevels('system', 'group') }, url: group },
  { exportType: 'Patient', connection: exportLevels('group'), url: `${fhirEndpoint}/Patient/$export` },
  { exportType: 'Group', connection: { groupId, ...exportLevels('patient') }, url: group },
] as const)(
  'the URL of a $exportType export of the connection $connection is $url',
  async ({ exportType, connection, url }) => {
    const { session, requests } = openSession(connection);
    const { isOfGroup } = await kickOffExport({ session, request: { exportType, resourceTypes: [] } });
    expect(requests[0]?.url).toBe(url);
    expect(isOfGroup).toBe(url === group);
  },
);

test('a Group export of a connection without a group is not sent', async () => {
  const { session, requests } = openSession();
  const started = kickOffExport({ session, request: { exportType: 'Group', resourceTypes: [] } });
  await expect(started).rejects.toMatchObject({ code: 'no-group', retry: 'never' });
  expect(requests).toEqual([]);
});
