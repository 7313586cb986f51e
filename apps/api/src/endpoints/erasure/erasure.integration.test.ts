import { anyPhase, waitFor } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { type PlantedConnection, plantConnection } from '../../testing/plant-connection.ts';
import { type ApiAnswer, startApi } from '../../testing/start-api.ts';

let planted: PlantedConnection;
const api = await startApi();
afterAll(() => api.stop());
beforeEach(async () => {
  planted = await plantConnection(api.store);
  const { bulkExports, syncRuns } = api.store;
  const reopened = await reopenExport();
  if (reopened) await bulkExports.transition({ from: anyPhase(reopened), to: 'failed' });
  const run = await syncRuns.find(planted.syncRunId);
  if (run) await syncRuns.transition({ from: anyPhase(run), to: 'failed' });
});

async function reopenExport() {
  const record = await api.store.bulkExports.find(planted.exportId);
  return (
    record && api.store.bulkExports.reopen({ record, resumption: { from: 'failed', to: 'queued' }, now: new Date() })
  );
}

const path = () => `/api/ehr/connections/${planted.connectionId}`;
const purge = () => api.request('DELETE', `${path()}?data=purge`);

async function eventOf({ headers }: ApiAnswer) {
  const events = await api.store.auditEvents.list({ filter: {}, limit: 50 });
  return events.find(({ requestId }) => requestId === headers.get('x-request-id'));
}

const amounts = {
  resources: {},
  records: {
    cohorts: 1,
    documents: 1,
    quarantinedLines: 1,
    exports: 1,
    syncRuns: 1,
    schedules: 1,
    webhookDeliveries: 1,
  },
  contentBytes: 0,
};

test('a connection shows how much data it has, and deleting it without `data` keeps the data', async () => {
  expect((await api.request('GET', `${path()}/data`)).body.data).toEqual(amounts);
  expect((await api.request('DELETE', path())).status).toBe(204);
  expect((await api.request('GET', path())).status).toBe(404);
  // Its schedules are deleted with it.
  const { schedules: _, ...records } = amounts.records;
  expect((await api.request('GET', `${path()}/data`)).body.data).toEqual({ ...amounts, records });
  expect((await api.request('GET', '/api/ehr/erasures')).body.data).toEqual([]);
});

test('purging a connection hides it at once and creates one record and job, even if it is requested several times', async () => {
  const answer = await purge();
  expect(answer.status).toBe(202);
  const { id } = answer.body.data;
  expect(answer.headers.get('location')).toBe(`/api/ehr/erasures/${id}`);
  expect(answer.body.data).toMatchObject({
    kind: 'connection',
    connectionId: planted.connectionId,
    phase: 'queued',
    requestedBy: 'operator',
  });
  expect((await api.request('GET', path())).status).toBe(404);
  const secondAnswer = await purge();
  expect([secondAnswer.status, secondAnswer.body.data.id]).toEqual([202, id]);
  expect((await api.request('GET', `/api/ehr/erasures/${id}`)).body.data).toEqual(answer.body.data);
  const list = await api.request('GET', `/api/ehr/erasures?connectionId=${planted.connectionId}`);
  expect(list.body.data).toEqual([answer.body.data]);
  const target = { id: planted.connectionId, erasureId: id };
  expect(await eventOf(answer)).toMatchObject({ action: 'connection.delete', outcome: 'success', target });
  expect(await eventOf(secondAnswer)).toMatchObject({ action: 'connection.delete', outcome: 'unchanged', target });
});

test('a history of a purged connection returns 410 to keys that could read it, and 404 to other keys', async () => {
  const { connectionId } = planted;
  const keyOf = (connectionIds: string[]) =>
    api.store.apiKeys.create({ name: 'copier', role: 'client', connectionIds, now: new Date() });
  const keys = {
    ofConnection: await keyOf([connectionId]),
    ofOther: await keyOf(['conn_other']),
    ofAll: api.clientKey,
  };
  const history = async (key: string) => {
    const address = `/api/ehr/athenahealth/resources/Patient/_history?connectionId=${connectionId}&_since=2026-11-01T00:00:00Z`;
    const { status, body } = await api.request('GET', address, { authorization: `Bearer ${key}` });
    return [status, body.error?.code];
  };
  expect(await history(keys.ofConnection)).toEqual([200, undefined]);
  await purge();
  const purged = [410, 'connection-purged'];
  expect(await history(keys.ofConnection)).toEqual(purged);
  // As the erasure does in the end.
  await api.store.apiKeys.forgetConnection(connectionId);
  expect(await history(keys.ofConnection)).toEqual(purged);
  expect(await history(keys.ofAll)).toEqual(purged);
  expect(await history(keys.ofOther)).toEqual([404, 'unknown-connection']);
});

test('a connection can be purged while one of its exports is running', async () => {
  expect(await reopenExport()).toMatchObject({ phase: 'queued' });
  expect((await api.request('DELETE', path())).status).toBe(409);
  expect((await purge()).status).toBe(202);
});

test('a connection that was deleted earlier can be purged by its id', async () => {
  await api.request('DELETE', path());
  await api.store.connections.delete(planted.connectionId);
  expect((await purge()).status).toBe(202);
});

test('purging an unknown connection returns 404', async () => {
  for (const [method, address] of [
    ['GET', '/api/ehr/connections/conn_none/data'],
    ['DELETE', '/api/ehr/connections/conn_none?data=purge'],
    ['GET', '/api/ehr/connections/conn_none/patients/p1/data'],
    ['DELETE', '/api/ehr/connections/conn_none/patients/p1'],
  ] as const)
    expect((await api.request(method, address)).body.error.code).toBe('unknown-connection');
  expect((await api.request('GET', '/api/ehr/erasures/erase_none')).body.error.code).toBe('unknown-erasure');
});

test('the id of an export in place of a connection is named in the error', async () => {
  for (const [method, address] of [
    ['DELETE', 'job_1?data=purge'],
    ['DELETE', 'job_1/patients/p1'],
    ['GET', 'job_1/data'],
  ] as const) {
    const { body } = await api.request(method, `/api/ehr/connections/${address}`);
    expect(body.error).toMatchObject({
      code: 'unknown-connection',
      message: expect.stringContaining('This is the id of an export'),
    });
  }
});

test('a connection is neither deleted nor purged if `data` has an unknown value', async () => {
  expect((await api.request('DELETE', `${path()}?data=everything`)).refusal).toEqual([400, 'invalid-request']);
  expect((await api.request('GET', path())).status).toBe(200);
});

const patient = () => `${path()}/patients/p1`;

test('a patient’s data is counted without a change, and erased by a job that can keep the patient out', async () => {
  const counted = await api.request('GET', `${patient()}/data`);
  expect(counted.body.data).toEqual({ resources: {}, records: { documents: 1, undecidedLines: 1 }, contentBytes: 0 });
  expect(await eventOf(counted)).toMatchObject({ action: 'patient.read-amounts', patients: ['p1'] });
  const answer = await api.request('DELETE', `${patient()}?keepOut=true`);
  expect(answer.status).toBe(202);
  expect(answer.body.data).toMatchObject({ kind: 'patient', patientId: 'p1', keepsOut: true, phase: 'queued' });
  expect(await eventOf(answer)).toMatchObject({ action: 'patient.erase', patients: ['p1'], outcome: 'success' });
  // The connection still exists.
  expect((await api.request('GET', path())).status).toBe(200);
});

test('an erasure of a patient that is running keeps the patient out on request, even if the connection is purged meanwhile', async () => {
  const erase = (query = '') => api.request('DELETE', `${path()}/patients/p1${query}`);
  const { status, body } = await erase();
  expect([status, body.data.phase]).toEqual([202, 'queued']);
  expect((await purge()).status).toBe(202);
  const stronger = await erase('?keepOut=true');
  expect([stronger.status, stronger.body.data?.id]).toEqual([202, body.data.id]);
});

test('a connection that is purged during a request is unknown', async () => {
  const { connectionId } = planted;
  const other = await plantConnection(api.store);
  const purged = await api.request('DELETE', `/api/ehr/connections/${other.connectionId}?data=purge`);
  const erasure = await api.store.erasures.find(purged.body.data.id);
  if (!erasure) throw new Error('the erasure is missing');
  // As between the two steps of a purge: the erasure is recorded, and the connection can still be found.
  await api.store.erasures.insert({ ...erasure, id: `${erasure.id}2`, connectionId });
  const body = { connectionId, cron: '0 2 * * *', timeZone: 'America/Chicago', kind: 'sync' };
  const create = () => api.request('POST', '/api/ehr/schedules', { body });
  await waitFor(async () => (await create()).status !== 201);
  expect((await create()).refusal).toEqual([404, 'unknown-connection']);
});

test('many requests at once to keep a patient out are one erasure', async () => {
  const erase = (query = '') => api.request('DELETE', `${path()}/patients/p1${query}`);
  const { body } = await erase();
  const answers = await Promise.all(Array.from({ length: 20 }, () => erase('?keepOut=true')));
  expect(answers.map(({ status, body: { data } }) => [status, data?.id])).toEqual(
    answers.map(() => [202, body.data.id]),
  );
});

test('a patient is not erased during a sync, which could store the patient again', async () => {
  const run = await api.store.syncRuns.find(planted.syncRunId);
  if (!run) throw new Error('the run is missing');
  await api.store.syncRuns.reopen({ from: run, now: new Date() });
  expect((await api.request('DELETE', patient())).refusal).toEqual([409, 'connection-in-use']);
});

test('the patient of a patient’s own connection cannot be erased without the connection', async () => {
  await api.store.connections.savePatient({ id: planted.connectionId, userId: 'p1' });
  expect((await api.request('DELETE', patient())).refusal).toEqual([409, 'connection-of-patient']);
});

test('an erased patient is allowed to be stored again once', async () => {
  const { connectionId } = planted;
  await api.store.keptOut.add({ connectionId, patientId: 'p1', now: new Date() });
  const first = await api.request('DELETE', `${path()}/kept-out-patients/p1`);
  const second = await api.request('DELETE', `${path()}/kept-out-patients/p1`);
  expect([first.status, second.status]).toEqual([204, 204]);
  expect((await eventOf(first))?.outcome).toBe('success');
  expect((await eventOf(second))?.outcome).toBe('unchanged');
});

test('erasing a patient with an invalid id is refused', async () => {
  const { refusal } = await api.request('DELETE', `${path()}/patients/${encodeURIComponent('../../x')}`);
  expect(refusal).toEqual([400, 'invalid-request']);
});

test('client keys cannot count, erase or list data of erasures', async () => {
  const authorization = `Bearer ${api.clientKey}`;
  for (const [method, address] of [
    ['GET', `${path()}/data`],
    ['DELETE', `${path()}?data=purge`],
    ['GET', `${path()}/patients/p1/data`],
    ['DELETE', `${path()}/patients/p1`],
    ['DELETE', `${path()}/kept-out-patients/p1`],
    ['GET', '/api/ehr/erasures'],
    ['GET', '/api/ehr/retention'],
  ] as const)
    expect((await api.request(method, address, { authorization })).status).toBe(403);
  expect((await api.request('GET', path())).status).toBe(200);
});

test('GET /retention shows the last pass over each kind of record', async () => {
  const now = new Date('2026-06-01T00:00:00Z');
  const olderThan = new Date('2026-03-03T00:00:00Z');
  await api.store.retention['webhook-delivery']({ now, olderThan, limit: 10 });
  expect((await api.request('GET', '/api/ehr/retention')).body.data).toEqual([
    {
      kind: 'webhook-delivery',
      startedAt: now.toISOString(),
      endedAt: now.toISOString(),
      deleted: expect.any(Number),
      keptDays: 90,
    },
  ]);
});
