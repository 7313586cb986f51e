import { programOf, runApp, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { endpoints } from '../../testing/all-endpoints.ts';
import { plantConnection } from '../../testing/plant-connection.ts';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const planted = await plantConnection(api.store);
afterAll(() => api.stopAndCheckAnswers());

const list = async (query: string) => (await api.request('GET', `/api/ehr/audit-events?${query}`)).body;
const newest = async (query: string) => (await list(`${query}&limit=1`)).data[0];
const athena = '/api/ehr/athenahealth';

test('the audit log covers every route that changes something or shows patient data', () => {
  const keyed = endpoints.filter(({ access, path }) => access !== 'anyone' && path.startsWith('/api/ehr/'));
  const changing = keyed.filter(({ method }) => method !== 'get');
  expect(changing.length).toBeGreaterThan(15);
  expect(changing.filter(({ audited }) => !audited)).toEqual([]);
  const showing = keyed.filter(({ path }) => /\/(resources|documents)\b|\/line$/.test(path));
  expect(showing.length).toBeGreaterThan(5);
  expect(showing.filter(({ audited }) => !audited)).toEqual([]);
});

test('an audit event says who did what, to which object, when, from which address, and with which outcome', async () => {
  const { connectionId } = planted;
  const answer = await api.request('POST', `${athena}/bulk-export`, {
    body: { connectionId },
    authorization: `Bearer ${api.clientKey}`,
  });
  const key = (await api.store.apiKeys.list()).find(({ name }) => name === 'client');
  expect(await newest('action=export.create')).toEqual({
    id: expect.stringMatching(/^evt_/),
    at: expect.any(String),
    actor: { kind: 'api-key', id: key?.id, name: 'client', role: 'client' },
    action: 'export.create',
    target: { provider: 'athenahealth', connectionId, jobId: answer.body.data.id },
    outcome: 'success',
    requestId: answer.headers.get('x-request-id'),
    address: '127.0.0.1',
    expiresAt: expect.any(String),
    sequence: expect.any(Number),
    previousHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  await api.request('DELETE', `${athena}/bulk-export/${answer.body.data.id}`);
  expect(await newest('action=export.cancel')).toMatchObject({
    actor: { name: 'operator' },
    target: { provider: 'athenahealth', jobId: answer.body.data.id },
  });
});

test('the audit log records a refused action with the reason', async () => {
  const authorization = `Bearer ${api.clientKey}`;
  await api.request('DELETE', `/api/ehr/connections/${planted.connectionId}`, { authorization });
  expect(await newest('action=connection.delete')).toMatchObject({
    outcome: 'refused',
    code: 'forbidden',
    target: { id: planted.connectionId },
  });
  await api.request('POST', `${athena}/bulk-export`, { body: { connectionId: 'conn_none' } });
  expect(await newest('action=export.create')).toMatchObject({
    outcome: 'refused',
    code: 'unknown-connection',
    target: { connectionId: 'conn_none' },
  });
});

test('the audit log records reads of patient data without search values, and no status requests', async () => {
  const { connectionId } = planted;
  await api.request('GET', `${athena}/resources/Condition?connectionId=${connectionId}&code=planted-name`);
  const read = await newest('action=resource.search');
  expect(read).toMatchObject({ target: { provider: 'athenahealth', type: 'Condition', connectionId } });
  expect(read.parameters).toEqual(['code']);
  expect(JSON.stringify(read)).not.toContain('planted-name');
  const before = await newest('');
  await api.request('GET', `${athena}/bulk-export/${planted.exportId}`);
  await api.request('GET', '/api/ehr/connections');
  // Only the read of the log itself is recorded.
  expect((await list(`from=${before.at}`)).data.map(({ action }: { action: string }) => action)).toEqual([
    'audit-event.list',
    before.action,
  ]);
});

test('the audit log records refused keys, and the id of the key if it is known', async () => {
  await api.request('GET', '/api/ehr/connections', { authorization: 'Bearer bh_wrong' });
  const now = new Date();
  const { apiKey, key } = await api.store.apiKeys.issue({ name: 'old', role: 'client', expiresAt: now, now });
  await api.request('GET', '/api/ehr/connections', { authorization: `Bearer ${key}` });
  await waitFor(async () => (await list('actor=nobody')).data.length === 2, { what: 'both events' });
  const byCode = new Map((await list('actor=nobody')).data.map((event: { code: string }) => [event.code, event]));
  expect(byCode.get('unauthenticated')).toMatchObject({ action: 'authenticate', address: '127.0.0.1', count: 1 });
  expect(byCode.get('api-key-expired')).toMatchObject({ target: { keyId: apiKey.id } });
});

test('audit events are listed newest first, by filters and page by page', async () => {
  const first = await list('limit=2');
  const second = await list(`limit=2&cursor=${first.next}`);
  const ids = [...first.data, ...second.data].map(({ id }) => id);
  expect(ids).toEqual([...ids].sort().reverse());
  expect(new Set(ids).size).toBe(4);
  expect(
    (await list('outcome=refused&limit=1000')).data.every((event: { outcome: string }) => event.outcome === 'refused'),
  ).toBe(true);
  expect((await list('from=2999-01-01T00:00:00Z')).data).toEqual([]);
  for (const query of ['form=2999-01-01T00:00:00Z', 'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z'])
    expect((await api.request('GET', `/api/ehr/audit-events?${query}`)).status).toBe(400);
});

test('listing audit events of an action that does not exist returns 400 and names similar actions', async () => {
  const search = (action: string) => api.request('GET', `/api/ehr/audit-events?action=${action}`);
  for (const action of ['export.creat', 'nonsense', '', 'Export.create']) {
    const answer = await search(action);
    expect([action, answer.refusal, answer.faults]).toEqual([action, [400, 'invalid-request'], ['action']]);
  }
  expect((await search('export.creat')).body.error.details[0].message).toContain('export.create');
  // An action without events gives an empty list.
  expect((await search('patient.erased')).body.data).toEqual([]);
});

test('the audit log records commands of operators', async () => {
  const program = programOf('api', 'create-api-key');
  await runApp({ program, env: api.env, args: ['--name', 'by command'] });
  const key = (await api.store.apiKeys.list()).find(({ name }) => name === 'by command');
  expect(await newest('action=command.create-api-key')).toMatchObject({
    actor: { kind: 'command', id: expect.stringMatching(/^command:./) },
    target: { id: key?.id },
    outcome: 'success',
  });
});
