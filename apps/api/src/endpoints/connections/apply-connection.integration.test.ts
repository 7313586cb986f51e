import { generateKeyPairSync } from 'node:crypto';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { clientSecret, startApi } from '../../testing/start-api.ts';

const api = await startApi({ providers: [] });
afterAll(() => api.stopAndCheckAnswers());

const auth = { method: 'client_credentials', clientId: 'client-1', clientSecret };
const entry = { name: 'Practice', provider: 'athenahealth', practiceId: '195900', auth };

async function plan(...connections: object[]) {
  const { status, body } = await api.request('POST', '/api/ehr/connections/plan', { body: { connections } });
  expect(status).toBe(200);
  return body.data.plans;
}

async function apply(connection: object) {
  const [{ version, faults }] = await plan(connection);
  expect(faults).toEqual([]);
  const answer = await api.request('POST', '/api/ehr/connections/apply', { body: { connection, version } });
  expect([answer.status, answer.body.error]).toEqual([200, undefined]);
  return answer.body.data;
}

test('a plan has every mistake of every entry, and changes nothing', async () => {
  const wrong = [
    { ...entry, provider: 'unknown' },
    { ...entry, name: 'b', practiceID: '1', schedules: [{ kind: 'export', cron: '61 2 * * *', timeZone: 'Nowhere' }] },
    { ...entry, name: 'c', environment: 'none' },
    {
      ...entry,
      name: 'd',
      fhirEndpoint: 'https://evil.example/r4',
      auth: { ...auth, tokenEndpoint: 'https://evil.example/t' },
    },
    {
      ...entry,
      name: 'e',
      auth: { ...auth, clientSecret: undefined },
      webhook: { url: 'https://client.example/hook' },
    },
    {
      ...entry,
      name: 'f',
      schedules: [{ kind: 'export', cron: '0 2 * * *', timeZone: 'UTC', request: { cohort: 'none' } }],
    },
    { ...entry, name: 'g', auth: { method: 'private_key_jwt', clientId: 'c', kid: 'k' } },
  ];
  const plans = await plan(...wrong);
  const paths = plans.map(({ faults }: { faults: { path: string }[] }) => faults.map(({ path }) => path));
  expect(paths).toEqual([
    ['provider'],
    ['schedules.0.cron', 'schedules.0.timeZone', 'practiceID'],
    ['environment'],
    ['auth.tokenEndpoint', 'fhirEndpoint'],
    ['auth.clientSecret', 'webhook.secret'],
    ['schedules.0.request.cohort'],
    ['auth.kid'],
  ]);
  expect((await api.request('GET', '/api/ehr/connections')).body.data).toEqual([]);
});

test('an entry without its secret keeps the stored one, and another client needs another secret', async () => {
  const { id, changes } = await apply({ ...entry, origins: ['https://api.platform.athenahealth.com'] });
  expect(changes).toEqual(['create', 'origins']);
  const kept = { ...entry, auth: { method: 'client_credentials', clientId: 'client-1' } };
  expect(await plan(entry, kept)).toMatchObject([
    { id, changes: [] },
    { id, changes: [] },
  ]);
  const [other] = await plan({ ...kept, auth: { ...kept.auth, clientId: 'client-2' } });
  expect(other.faults).toMatchObject([{ path: 'auth.clientSecret' }]);
  const scoped = { ...kept, auth: { ...kept.auth, scope: 'system/Patient.read' } };
  expect((await apply(scoped)).changes).toEqual(['credentials']);
  expect(await api.store.connections.findWithSecrets(id)).toMatchObject({ auth: { clientSecret } });
  expect((await apply(entry)).changes).toEqual(['credentials']);
});

test('a secret that a file leaves out is not kept for another token endpoint', async () => {
  const at = (host: string) => ({ ...auth, tokenEndpoint: `https://${host}/oauth2/v1/token` });
  const own = { ...entry, name: 'Moved', practiceId: '11' };
  await api.writeProviders([{ id: 'athenahealth', endpointHosts: ['*.ehr.example'] }]);
  await waitFor(async () => (await plan({ ...own, auth: at('a.ehr.example') }))[0].faults.length === 0);
  await apply({ ...own, auth: at('a.ehr.example') });
  const { clientSecret: _, ...same } = at('a.ehr.example');
  expect((await plan({ ...own, auth: same }))[0]).toMatchObject({ faults: [], changes: [] });
  const { clientSecret: __, ...other } = at('b.ehr.example');
  expect((await plan({ ...own, auth: other }))[0].faults).toMatchObject([{ path: 'auth.clientSecret' }]);
});

test('a connection with its own key keeps it by its id, and only the version of declared scopes is compared', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const own = { method: 'private_key_jwt', clientId: 'c', scopeVersion: 'v2', kid: 'own' };
  const of = (change: object) => ({ ...entry, name: 'Key', practiceId: '2', auth: { ...own, ...change } });
  const { id } = await apply(of({ privateKey: pem }));
  const capabilities = { readAt: new Date(), exportLevels: [], resourceTypes: ['Patient'] };
  await api.store.connections.saveCapabilities({ id, capabilities });
  expect(await plan(of({ privateKey: pem }), of({}))).toMatchObject([{ changes: [] }, { changes: [] }]);
  await api.writeProviders([{ id: 'athenahealth', scopeTypes: ['Patient'] }]);
  await waitFor(async () => {
    const { body } = await api.request('GET', '/api/ehr/providers/athenahealth');
    return body.data.settings.scopeTypes.length === 1;
  });
  expect((await plan(of({})))[0].changes).toEqual([]);
  expect((await plan(of({ scopeVersion: 'v1' })))[0].changes).toEqual(['credentials']);
  expect((await plan(of({ kid: undefined })))[0].changes).toEqual(['credentials']);
});

test('an entry cannot move a connection to another practice, nor add a second one for it', async () => {
  await apply(entry);
  const [moved, second, forced] = await plan(
    { ...entry, practiceId: '7', fhirEndpoint: 'https://api.platform.athenahealth.com/fhir/r4' },
    { ...entry, name: 'Second' },
    { ...entry, name: 'Second', force: true },
  );
  expect(moved.faults.map(({ path }: { path: string }) => path)).toEqual(['fhirEndpoint', 'practiceId']);
  expect(second.faults).toEqual([{ path: 'name', message: expect.stringContaining('stored connection Practice.') }]);
  expect(forced).toMatchObject({ faults: [], changes: ['create'] });
});

test('the last test is one of the stored credentials', async () => {
  const { id } = await apply({ ...entry, name: 'Tested', practiceId: '9' });
  const tested = { ...entry, name: 'Tested', practiceId: '9' };
  await api.store.connections.saveTest({ id, test: { id: 't', ok: true, endedAt: new Date(), steps: [] } });
  expect((await plan(tested))[0].lastTest).toBe('ok');
  await apply({ ...tested, auth: { ...auth, clientSecret: 'another-secret' } });
  expect((await plan(tested))[0].lastTest).toBe('none');
});

test('schedules at another time are changed, and those of other work are left and named', async () => {
  const at = (cron: string, kind = 'export', request = {}) => ({ kind, cron, timeZone: 'UTC', request });
  const of = (...schedules: object[]) => ({ ...entry, name: 'Scheduled', practiceId: '10', schedules });
  const others = { includeOthers: false, includeAppointments: true };
  await apply(of(at('0 2 * * *'), at('0 4 * * *', 'sync', others)));
  expect(await apply(of(at('0 3 * * *'), at('0 4 * * *', 'sync', others)))).toMatchObject({
    changes: ['schedule export 0 2 * * * UTC to 0 3 * * * UTC'],
  });
  const [plan1] = await plan(of(at('0 3 * * *')));
  expect(plan1).toMatchObject({ changes: [], others: [expect.stringMatching(/^schedule sched_\w+ sync 0 4/)] });
  // What is shown of a schedule is what an export writes.
  const { data } = (await api.request('GET', `/api/ehr/schedules?connectionId=${plan1.id}`)).body;
  expect(data.map(({ request }: { request: object }) => request)).toContainEqual(others);
});
