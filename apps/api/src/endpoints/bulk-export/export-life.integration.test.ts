import { makeOutputFile } from '@bulkhead/imports/export/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const path = '/api/ehr/athenahealth/bulk-export';

const api = await startApi();
const connectionId = await api.createConnection();
afterAll(() => api.stopAndCheckAnswers());

const start = async (body: object = {}) => {
  const { body: answer } = await api.request('POST', path, { body: { connectionId, ...body } });
  return answer.data.id as string;
};

test('DELETE bulk-export cancels a waiting export, can be repeated, and allows the same request again', async () => {
  const id = await start({ resourceTypes: ['CarePlan'] });
  for (let time = 0; time < 2; time++) {
    const { status, body } = await api.request('DELETE', `${path}/${id}`);
    expect(status).toBe(200);
    expect(body.data).toEqual(expect.objectContaining({ id, status: 'CANCELLED', phase: 'cancelled' }));
  }
  expect(await start({ resourceTypes: ['CarePlan'] })).not.toBe(id);
});

test.each([
  { what: 'an unknown export', at: `${path}/job_none`, status: 404, code: 'unknown-export' },
  {
    what: 'an unknown provider',
    at: '/api/ehr/unknown-ehr/bulk-export/job_none',
    status: 404,
    code: 'unknown-provider',
  },
])('DELETE bulk-export returns $status for $what', async ({ at, status, code }) => {
  expect((await api.request('DELETE', at)).refusal).toEqual([status, code]);
});

test('DELETE bulk-export returns 409 for an export that has failed', async () => {
  const id = await start({ resourceTypes: ['Procedure'] });
  const from = await api.store.bulkExports.find(id);
  if (!from) throw new Error('the export is missing');
  await api.store.bulkExports.transition({ from: anyPhase(from), to: 'failed' });
  expect((await api.request('DELETE', `${path}/${id}`)).refusal).toEqual([409, 'export-ended']);
});

test('retrying a running export changes nothing, and returns 409 for a cancelled and 404 for an unknown export', async () => {
  const id = await start({ resourceTypes: ['Goal'] });
  const running = await api.request('POST', `${path}/${id}/retry`);
  expect([running.status, running.body.data]).toEqual([202, expect.objectContaining({ id, phase: 'queued' })]);
  await api.request('DELETE', `${path}/${id}`);
  expect((await api.request('POST', `${path}/${id}/retry`)).refusal).toEqual([409, 'nothing-to-retry']);
  expect((await api.request('POST', `${path}/job_none/retry`)).refusal).toEqual([404, 'unknown-export']);
});

test('a retry that is refused, because the same export is running, does not change the failed files', async () => {
  const { bulkExports, outputFiles } = api.store;
  const id = await start({ resourceTypes: ['Immunization'] });
  const error = { code: 'connection-lost' as const, message: 'The connection to the EHR was lost.' };
  await outputFiles.insertMissing([makeOutputFile({ exportId: id, connectionId, state: 'failed', error })]);
  const from = await bulkExports.find(id);
  if (!from) throw new Error('the export is missing');
  await bulkExports.transition({
    from: anyPhase(from),
    to: 'failed',
    change: { transactionTime: '2024-01-01T00:00:00Z', error },
  });
  await start({ resourceTypes: ['Immunization'] });
  expect((await api.request('POST', `${path}/${id}/retry`)).refusal).toEqual([409, 'export-already-running']);
  expect(await outputFiles.listByExport(id)).toMatchObject([{ state: 'failed', error }]);
});

test.each([
  { what: 'an empty key', key: '' },
  { what: 'a key with a space', key: 'a b' },
  { what: 'a key over 200 characters', key: 'x'.repeat(201) },
])('POST bulk-export returns 400 for $what as the Idempotency-Key', async ({ key }) => {
  const headers = { 'idempotency-key': key };
  const { refusal, body } = await api.request('POST', path, { body: { connectionId }, headers });
  expect(refusal).toEqual([400, 'invalid-request']);
  expect(body.error.details).toEqual([
    { path: 'idempotency-key', message: expect.stringContaining('Idempotency-Key') },
  ]);
});

test('an Idempotency-Key of a refused request can be used for the corrected request', async () => {
  const headers = { 'idempotency-key': 'corrected' };
  const post = (body: object) => api.request('POST', path, { body: { connectionId, ...body }, headers });
  const running = await start({ resourceTypes: ['Device'] });
  expect(await post({ resourceTypes: ['Device'] })).toMatchObject({ status: 409 });
  await api.request('DELETE', `${path}/${running}`);
  expect(await post({ resourceTypes: ['Device'] })).toMatchObject({ status: 202 });
});

test('an Idempotency-Key of a start that failed can be used for another request', async () => {
  const headers = { 'idempotency-key': 'freed' };
  const post = (body: object) => api.request('POST', path, { body: { connectionId, ...body }, headers });
  await start({ resourceTypes: ['Flag'] });
  expect((await post({ resourceTypes: ['Flag'] })).refusal).toEqual([409, 'export-already-running']);
  expect((await post({ resourceTypes: ['Media'] })).status).toBe(202);
});

test('the same Idempotency-Key of another client starts another export', async () => {
  const headers = { 'idempotency-key': 'shared' };
  const body = { connectionId, resourceTypes: ['Goal'] };
  const first = await api.request('POST', path, { body, headers });
  const authorization = `Bearer ${api.clientKey}`;
  const otherAnswer = await api.request('POST', path, { body, headers, authorization });
  expect([first.status, otherAnswer.status]).toEqual([202, 409]);
});

test.each([
  { what: 'a filter without a type', typeFilters: ['category=laboratory'], at: 'typeFilters.0' },
  { what: 'an unknown type', typeFilters: ['Observatoin?category=x'], at: 'typeFilters.0' },
  { what: 'a filter without a search', typeFilters: ['Observation'], at: 'typeFilters.0' },
  {
    what: 'a type that is not requested',
    resourceTypes: ['Patient'],
    typeFilters: ['Observation?code=1'],
    at: 'typeFilters.0',
  },
  { what: 'an empty list', typeFilters: [], at: 'typeFilters' },
  { what: 'a filter together with since "last"', typeFilters: ['Observation?code=1'], since: 'last', at: 'since' },
])('POST bulk-export returns 400 for typeFilters with $what', async ({ at, what: _, ...fields }) => {
  const { status, faults } = await api.request('POST', path, { body: { connectionId, ...fields } });
  expect([status, faults]).toEqual([400, [at]]);
});

test.each([
  { what: 'a limit of 0', query: 'limit=0', at: 'limit' },
  { what: 'an unknown state', query: 'state=closed', at: 'state' },
  { what: 'an unknown field', query: 'export=job_1', at: 'export' },
])('listing the quarantine with $what returns 400', async ({ query, at }) => {
  const { status, faults } = await api.request('GET', `/api/ehr/quarantine?${query}`);
  expect([status, faults]).toEqual([400, [at]]);
});

test.each([
  { method: 'GET', at: '/api/ehr/quarantine/none/line' },
  { method: 'POST', at: '/api/ehr/quarantine/none/replay' },
  { method: 'POST', at: '/api/ehr/quarantine/replay' },
])('$method $at returns 403 for a client key', async ({ method, at }) => {
  const body = method === 'POST' ? { runId: 'job_1' } : undefined;
  const answer = await api.request(method, at, { authorization: `Bearer ${api.clientKey}`, body });
  expect(answer.refusal).toEqual([403, 'forbidden']);
  // An operator may, but there is no such line or export.
  expect((await api.request(method, at, { body })).status).toBe(404);
});

test('a correction of a quarantined line over 10 MB returns 413', async () => {
  const body = 'x'.repeat(11 * 1024 * 1024);
  const answer = await api.request('POST', '/api/ehr/quarantine/none/replay', { body });
  expect(answer.refusal).toEqual([413, 'body-too-large']);
  expect(answer.body.error.message).toContain('10240 KB');
});
