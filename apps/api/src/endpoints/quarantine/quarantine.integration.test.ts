import { makeOutputFile } from '@bulkhead/imports/export/testing';
import { runBy } from '@bulkhead/queues/testing';
import { replayJob } from '@bulkhead/records/quarantine/jobs';
import { waitFor } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { plantConnection } from '../../testing/plant-connection.ts';
import { startApi } from '../../testing/start-api.ts';
import { startConsumer } from '../../testing/start-consumer.ts';

const api = await startApi();
const connectionId = await api.createConnection();
afterAll(() => api.stop());

describe('a quarantined line whose content was not kept #quarantine', () => {
  test('a quarantined line without content is listed with its size and hash, and cannot be read or retried unchanged', async () => {
    const place = {
      connectionId,
      exportId: 'job_1',
      fileId: 'job_1.1',
      line: 1,
      offset: 0,
      resourceType: 'Patient',
      reason: 'invalid-json',
    };
    const line = { ...place, sizeBytes: 1000, keptBytes: 0, sha256: 'abc' };
    await api.store.quarantine.put({ lines: [line], now: new Date() });
    const { body } = await api.request('GET', '/api/ehr/quarantine?exportId=job_1');
    expect(body.data).toMatchObject([{ ...line, state: 'open', isTruncated: true, isCorrected: false }]);
    const at = `/api/ehr/quarantine/${body.data[0].id}`;
    expect(await api.request('GET', `${at}/line`)).toMatchObject({
      status: 410,
      body: { error: { code: 'line-not-kept' } },
    });
    expect(await api.request('POST', `${at}/replay`)).toMatchObject({
      status: 409,
      body: { error: { code: 'line-truncated' } },
    });
  });
});

test('the quarantine of a connection that does not exist is answered 404, as other lists are', async () => {
  expect((await api.request('GET', '/api/ehr/quarantine?connectionId=nope')).refusal).toEqual([
    404,
    'unknown-connection',
  ]);
  expect((await api.request('GET', `/api/ehr/quarantine?connectionId=${connectionId}`)).status).toBe(200);
});

test('a retry of the lines of an unknown export, file or sync run returns 404, and 202 with 0 if nothing is open', async () => {
  const replay = (body: object) => api.request('POST', '/api/ehr/quarantine/replay', { body });
  const { exportId, syncRunId } = await plantConnection(api.store);
  const { exportId: otherId } = await plantConnection(api.store);
  const file = makeOutputFile({ exportId, id: `${exportId}.7` });
  await api.store.outputFiles.insertMissing([file]);
  const fileId = file.id;

  for (const body of [{ exportId: 'job_none' }, { exportId: 'sync_none' }, { exportId: 'job_none', fileId }])
    expect([body, (await replay(body)).refusal]).toEqual([body, [404, 'unknown-export']]);
  for (const body of [{ fileId: 'none' }, { exportId, fileId: 'none' }, { exportId: otherId, fileId }])
    expect([body, (await replay(body)).refusal]).toEqual([body, [404, 'unknown-file']]);

  // The export has one open line, which is in another file.
  const known = [
    { body: { exportId }, count: 1 },
    { body: { exportId: syncRunId }, count: 0 },
    { body: { fileId }, count: 0 },
    { body: { exportId, fileId }, count: 0 },
  ];
  for (const { body, count } of known) {
    const answer = await replay(body);
    expect([body, answer.status, answer.body.data]).toEqual([body, 202, { count }]);
  }
});

test('a retry of lines whose export was deleted finds them', async () => {
  const place = {
    connectionId,
    exportId: 'job_3',
    fileId: 'job_3.1',
    line: 1,
    offset: 0,
    resourceType: 'Patient',
    reason: 'invalid-json',
  };
  const line = { ...place, sizeBytes: 1, keptBytes: 0, sha256: 'abc' };
  await api.store.quarantine.put({ lines: [line], now: new Date() });
  const { exportId, fileId } = place;
  for (const body of [{ exportId }, { fileId }]) {
    const { status, body: answer } = await api.request('POST', '/api/ehr/quarantine/replay', { body });
    expect([status, answer.data]).toEqual([202, { count: 0 }]);
  }
});

describe('a correction during an earlier retry of the same line #quarantine', () => {
  test('a correction is stored after an earlier retry of the same line has ended', async () => {
    const place = {
      connectionId,
      exportId: 'job_2',
      fileId: 'job_2.1',
      line: 1,
      offset: 0,
      resourceType: 'Patient',
      reason: 'invalid-json',
    };
    const bytes = Buffer.from('{');
    await api.store.quarantine.put({
      lines: [{ ...place, sizeBytes: 1, keptBytes: 1, sha256: 'abc', bytes }],
      now: new Date(),
    });
    const [entry] = (await api.request('GET', '/api/ehr/quarantine?exportId=job_2')).body.data;
    const at = `/api/ehr/quarantine/${entry.id}/replay`;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let isFirst = true;
    await using _consumer = startConsumer(api, 'maintenance', [
      runBy(replayJob, async (_deps, { quarantineId: id }) => {
        const reason = isFirst ? 'invalid-json' : undefined;
        isFirst = false;
        await api.store.quarantine.noteReplay({ id, reason, now: new Date() });
        await ended;
      }),
    ]);
    try {
      expect((await api.request('POST', at)).body.data).toMatchObject({ state: 'open' });
      const corrected = api.request('POST', at, { body: '{}' });
      await waitFor(async () => (await api.store.quarantine.find(entry.id))?.isCorrected || undefined);
      end();
      expect((await corrected).body.data).toMatchObject({ state: 'replayed', isCorrected: true });
    } finally {
      end();
    }
  });
});
