import { testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { fhirEndpoint, startApi } from '../../testing/start-api.ts';

const list = async (env: Record<string, string> = {}) => {
  await using api = await startApi({ env });
  return await api.request('GET', '/api/ehr/providers', { authorization: `Bearer ${api.clientKey}` });
};

test('GET /providers lists the choices for a new connection', async () => {
  const { status, body } = await list();
  expect(status).toBe(200);
  expect(body.data[0]).toEqual({
    id: 'athenahealth',
    name: 'athenahealth',
    environments: ['production', 'sandbox', 'preview'],
    defaultEnvironment: 'production',
    fhirEndpoints: expect.objectContaining({ production: fhirEndpoint }),
    authMethods: ['none', 'client_credentials', 'private_key_jwt'],
    hasClient: false,
    usesPracticeId: true,
  });
  const others = ['eclinicalworks', 'epic', 'modmed', 'nextgen', 'oracle-health'];
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual(['athenahealth', ...others]);
});

test('GET /providers shows the settings of the deployment without its secret', async () => {
  const { body, text } = await list({
    ATHENAHEALTH_CLIENT_ID: 'planted-client-id',
    ATHENAHEALTH_CLIENT_SECRET: 'planted-secret',
    ATHENAHEALTH_REDIRECT_URI: 'https://bulkhead.example/api/ehr/callback',
  });
  expect(body.data[0]).toMatchObject({ hasClient: true, authMethods: expect.arrayContaining(['authorization_code']) });
  expect(text).not.toMatch(/planted/);
});

const entry = {
  name: 'Open EHR',
  environments: { main: { fhirEndpoint: 'https://fhir.open.example/r4' } },
  defaultEnvironment: 'main',
  endpointHosts: ['*.open.example'],
};
const path = '/api/ehr/providers/open-ehr';
const connectionAt = (fhirEndpoint: string) => ({
  provider: 'open-ehr',
  fhirEndpoint,
  auth: { method: 'none' },
  force: true,
});

test('an operator adds a provider, and every process uses it within seconds', async () => {
  const services = testServices();
  await using first = await startApi({ services });
  await using second = await startApi({
    services,
    env: { BULKHEAD_ENCRYPTION_KEY: first.env.BULKHEAD_ENCRYPTION_KEY },
  });
  expect((await first.request('PUT', `${path}?dryRun=true`, { body: entry })).status).toBe(200);
  expect((await first.request('GET', path)).refusal).toEqual([404, 'unknown-provider']);
  const added = await first.request('PUT', path, { body: entry });
  expect(added.body.data).toMatchObject({ id: 'open-ehr', entry, settings: { id: 'open-ehr', ...entry } });
  const body = connectionAt('https://a.open.example/r4');
  await waitFor(async () => (await second.request('POST', '/api/ehr/connections', { body })).status === 201);
  const { body: events } = await first.request('GET', '/api/ehr/audit-events?action=provider.change');
  expect(events.data[0].target).toEqual({ id: 'open-ehr', addedHosts: 'fhir.open.example *.open.example' });
});

test('a provider, an environment and a host that a connection uses cannot be removed', async () => {
  await using api = await startApi();
  await api.request('PUT', path, { body: entry });
  const { body } = await api.request('POST', '/api/ehr/connections', {
    body: connectionAt('https://a.open.example/r4'),
  });
  const { endpointHosts: _, ...withoutHosts } = entry;
  const environments = { other: entry.environments.main };
  for (const change of [withoutHosts, { ...entry, environments, defaultEnvironment: 'other' }]) {
    const refused = await api.request('PUT', path, { body: change });
    expect([refused.refusal, refused.text]).toEqual([[409, 'provider-in-use'], expect.stringContaining(body.data.id)]);
  }
  expect((await api.request('DELETE', path)).refusal).toEqual([409, 'provider-in-use']);
  expect((await api.request('GET', path)).body.data.entry).toEqual(entry);

  await api.request('DELETE', `/api/ehr/connections/${body.data.id}`);
  expect((await api.request('DELETE', path)).status).toBe(204);
  expect((await api.request('GET', path)).refusal).toEqual([404, 'unknown-provider']);
});

test('an entry of a built-in provider changes only its fields, and the provider is as it was when the entry is removed', async () => {
  await using api = await startApi();
  const athenahealth = '/api/ehr/providers/athenahealth';
  const { body: before } = await api.request('GET', athenahealth);
  const changed = await api.request('PUT', athenahealth, { body: { groupIdTemplate: 'own-{practiceId}' } });
  expect(changed.body.data.settings).toEqual({ ...before.data.settings, groupIdTemplate: 'own-{practiceId}' });
  expect((await api.request('DELETE', athenahealth)).status).toBe(204);
  expect((await api.request('GET', athenahealth)).body).toEqual(before);
  expect((await api.request('DELETE', athenahealth)).refusal).toEqual([404, 'provider-not-stored']);
});

test.each([
  { what: 'an unknown field', change: { colour: 'blue' }, faults: ['colour'] },
  { what: 'a pattern as wide as *', change: { endpointHosts: ['*'] }, faults: ['endpointHosts.0'] },
  { what: 'a pattern of a whole country', change: { hosts: ['*.co.uk'] }, faults: ['hosts.0'] },
  { what: 'no environment', change: { environments: null }, faults: ['environments'] },
  { what: 'a default that is not an environment', change: { defaultEnvironment: 'moon' }, faults: [''] },
  { what: 'a client secret', change: { clientSecret: 'planted' }, faults: ['clientSecret'] },
  { what: 'a regular expression', change: { practiceOfPatient: '^(a+)+$' }, faults: ['practiceOfPatient'] },
  { what: 'a private network', change: { privateNetwork: true }, faults: ['privateNetwork'] },
  {
    what: 'an address of a private network',
    change: { environments: { main: { fhirEndpoint: 'https://10.0.0.1/r4' } } },
    faults: ['environments'],
  },
  { what: 'another id', change: { id: 'other' }, faults: ['id'] },
])('an entry with $what is refused, and nothing is stored', async ({ change, faults }) => {
  await using api = await startApi();
  const refused = await api.request('PUT', path, { body: { ...entry, ...change } });
  expect([refused.refusal, refused.faults]).toEqual([[400, 'invalid-request'], faults]);
  expect(await api.store.providerEntries.list()).toEqual([]);
});

test('a change that depends on a version is refused if the entry was changed, added or removed meanwhile', async () => {
  await using api = await startApi();
  const put = (version: string, change: object = {}) =>
    api.request('PUT', `${path}?version=${version}`, { body: { ...entry, ...change } });
  const refused = [409, 'provider-changed'];
  const first = await put('none');
  expect(first.status).toBe(200);
  const { version } = first.body.data;
  expect((await api.request('GET', path)).body.data.version).toBe(version);
  expect((await put('none')).refusal).toEqual(refused);
  // Of several at once, one wins.
  const others = await Promise.all(['A', 'B', 'C'].map((name) => put(version, { name })));
  const statuses = others.map(({ status }) => status).toSorted();
  expect(statuses).toEqual([200, 409, 409]);
  const won = others.find(({ status }) => status === 200)?.body.data;
  expect((await api.request('GET', path)).body.data.entry).toEqual(won.entry);
  expect((await put(version)).refusal).toEqual(refused);
  await api.request('DELETE', path);
  expect((await put(won.version)).refusal).toEqual(refused);
  expect(await api.store.providerEntries.list()).toEqual([]);
  // A new entry is never taken for an earlier one.
  expect((await put('none')).body.data.version).not.toBe(version);
});

test('a provider of the configuration is changed there', async () => {
  await using api = await startApi({ providers: [{ id: 'open-ehr', ...entry }] });
  expect((await api.request('PUT', path, { body: entry })).refusal).toEqual([409, 'provider-declared']);
  expect((await api.request('GET', path)).body.data).toMatchObject({ isDeclared: true });
});
