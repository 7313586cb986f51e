import { makeOutputFile } from '@bulkhead/imports/export/testing';
import { runBy, startConsumer } from '@bulkhead/queues/testing';
import { replayJob } from '@bulkhead/records/quarantine/jobs';
import { waitFor } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { plantConnection } from '../../testing/plant-connection.ts';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const connectionId = await api.createConnection();
afterAll(() => api.stop());

describe('a quarantined line whose content was not kept #quarantine', () => {
  test('a quarantined line without content is listed with its size and hash, and cannot be read or retried unchanged', async () => {
    const place = {
      connectionId,
      runId: 'job_1',
      fileId: 'job_1.1',
      line: 1,
      offset: 0,
      resourceType: 'Patient',
      reason: 'invalid-json',
    };
    const line = { ...place, sizeBytes: 1000, keptBytes: 0, sha256: 'abc' };
    await api.store.quarantine.put({ lines: [line], now: new Date() });
    const { body } = await api.request('GET', '/api/ehr/quarantine?runId=job_1');
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
  const { exportId: runId, syncRunId } = await plantConnection(api.store);
  const { exportId: otherId } = await plantConnection(api.store);
  const file = makeOutputFile({ exportId: runId, id: `${runId}.7` });
  await api.store.outputFiles.insertMissing([file]);
  const fileId = file.id;

  for (const body of [{ runId: 'job_none' }, { runId: 'sync_none' }, { runId: 'job_none', fileId }])
    expect([body, (await replay(body)).refusal]).toEqual([body, [404, 'unknown-export']]);
  for (const body of [{ fileId: 'none' }, { runId, fileId: 'none' }, { runId: otherId, fileId }])
    expect([body, (await replay(body)).refusal]).toEqual([body, [404, 'unknown-file']]);

  // The export has one open line, which is in another file.
  const known = [
    { body: { runId }, count: 1 },
    { body: { runId: syncRunId }, count: 0 },
    { body: { fileId }, count: 0 },
    { body: { runId, fileId }, count: 0 },
  ];
  for (const { body, count } of known) {
    const answer = await replay(body);
    expect([body, answer.status, answer.body.data]).toEqual([body, 202, { count }]);
  }
});

test('a retry of lines whose export was deleted finds them', async () => {
  const place = {
    connectionId,
    runId: 'job_3',
    fileId: 'job_3.1',
    line: 1,
    offset: 0,
    resourceType: 'Patient',
    reason: 'invalid-json',
  };
  const line = { ...place, sizeBytes: 1, keptBytes: 0, sha256: 'abc' };
  await api.store.quarantine.put({ lines: [line], now: new Date() });
  const { runId, fileId } = place;
  for (const body of [{ runId }, { fileId }]) {
    const { status, body: answer } = await api.request('POST', '/api/ehr/quarantine/replay', { body });
    expect([status, answer.data]).toEqual([202, { count: 0 }]);
  }
});

describe('a correction during an earlier retry of the same line #quarantine', () => {
  test('a correction is stored after an earlier retry of the same line has ended', async () => {
    const place = {
      connectionId,
      runId: 'job_2',
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
    const [entry] = (await api.request('GET', '/api/ehr/quarantine?runId=job_2')).body.data;
    const at = `/api/ehr/quarantine/${entry.id}/replay`;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let isFirst = true;
    await using _consumer = startConsumer({
      ...api.jobsAt,
      queues: ['maintenance'],
      jobs: [
        runBy(replayJob, async (_deps, { quarantineId: id }) => {
          const reason = isFirst ? 'invalid-json' : undefined;
          isFirst = false;
          await api.store.quarantine.noteReplay({ id, reason, now: new Date() });
          await ended;
        }),
      ],
    });
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

describe('many lines of one export with one reason', () => {
  const groupsOf = async (query = '') => {
    const { body } = await api.request('GET', `/api/ehr/quarantine/groups?connectionId=${connectionId}${query}`);
    const groups: { runId: string; reason: string; count: number }[] = body.data;
    return groups
      .filter(({ runId }) => runId.startsWith('job_group'))
      .map(({ runId, reason, count }) => [runId, reason, count]);
  };
  const dismiss = (body: object, authorization?: string) =>
    api.request('POST', '/api/ehr/quarantine/dismiss', { body, ...(authorization ? { authorization } : {}) });
  const plant = async (runId: string, reason: string, at: Date) => {
    const lines = Array.from({ length: 30 }, (_, offset) => ({
      connectionId,
      runId,
      fileId: `${runId}.1`,
      line: offset + 1,
      offset,
      resourceType: 'Patient',
      reason,
      sizeBytes: 1,
      bytes: Buffer.from('{'),
    }));
    await api.store.quarantine.put({ lines, now: at });
  };

  test('are one group, the newest group first, and the list has the newest line first', async () => {
    await plant('job_group_a', 'invalid-json', new Date('2026-05-01T10:00:00Z'));
    await plant('job_group_b', 'no-id', new Date('2030-05-02T10:00:00Z'));
    expect(await groupsOf()).toEqual([
      ['job_group_b', 'no-id', 30],
      ['job_group_a', 'invalid-json', 30],
    ]);
    const ids: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await api.request('GET', `/api/ehr/quarantine?connectionId=${connectionId}&limit=25${cursor}`);
      ids.push(...body.data.map(({ runId }: { runId: string }) => runId));
      if (body.next === undefined) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(ids.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 'job_group_b'));
    expect(ids.filter((id) => id === 'job_group_a')).toHaveLength(30);
  });

  test('are dismissed together by an operator, which is audited, and one of them can still be replayed', async () => {
    const answer = await dismiss({ runId: 'job_group_b', reason: 'no-id' });
    expect(answer.body.data).toEqual({ count: 30 });
    expect(await groupsOf()).toEqual([['job_group_a', 'invalid-json', 30]]);
    expect(await groupsOf('&state=dismissed')).toEqual([['job_group_b', 'no-id', 30]]);
    const events = await api.store.auditEvents.list({ filter: {}, limit: 20 });
    expect(events.find(({ requestId }) => requestId === answer.headers.get('x-request-id'))).toMatchObject({
      action: 'quarantine.dismiss',
      outcome: 'success',
      target: { runId: 'job_group_b' },
    });
    const [line] = (await api.request('GET', '/api/ehr/quarantine?runId=job_group_b&limit=1')).body.data;
    expect(line.state).toBe('dismissed');
    await using _consumer = startConsumer({
      ...api.jobsAt,
      queues: ['maintenance'],
      jobs: [
        runBy(replayJob, (_deps, { quarantineId: id }) => api.store.quarantine.noteReplay({ id, now: new Date() })),
      ],
    });
    const replayed = await api.request('POST', `/api/ehr/quarantine/${line.id}/replay`);
    expect(replayed.body.data).toMatchObject({ state: 'replayed' });
  });

  test('are not dismissed by a client key, without a line, an export or a file, or with an unknown one', async () => {
    expect((await dismiss({ runId: 'job_group_a' }, `Bearer ${api.clientKey}`)).refusal).toEqual([403, 'forbidden']);
    expect((await dismiss({ reason: 'invalid-json' })).refusal).toEqual([400, 'invalid-request']);
    expect((await dismiss({ runId: 'job_none' })).refusal).toEqual([404, 'unknown-export']);
    expect((await dismiss({ id: 'job_none.1' })).refusal).toEqual([404, 'unknown-line']);
    expect(await groupsOf()).toEqual([['job_group_a', 'invalid-json', 30]]);
  });

  test('keep their place in the counts of the file and in erasures after they were dismissed', async () => {
    const { quarantine } = api.store;
    await dismiss({ runId: 'job_group_a' });
    expect(await quarantine.countOpen('job_group_a.1')).toBe(30);
    expect(await quarantine.listRunsWithOpen(connectionId)).toContain('job_group_a');
    const texts = [];
    for await (const { id } of quarantine.readAllTexts(connectionId)) texts.push(id);
    expect(texts.filter((id) => id.startsWith('job_group_a'))).toHaveLength(30);
    const [id = ''] = texts.filter((one) => one.startsWith('job_group_a'));
    expect(await quarantine.withhold({ id, now: new Date() })).toBe(true);
  });
});
