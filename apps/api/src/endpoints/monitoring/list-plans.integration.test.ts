import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const [minuteMs, hourMs] = [60_000, 3_600_000];

test('the plan of the next 24 hours adds up what the last run of each schedule took and sent', async () => {
  await using api = await startApi();
  const { store } = api;
  const connectionId = await api.createConnection();
  const others = [...(await store.schedules.list({ scope: 'all' }))];
  for (const { id } of others) await api.request('DELETE', `/api/ehr/schedules/${id}`);
  const now = Date.now();
  const createdAt = new Date(now - 20 * hourMs);
  const completedAt = new Date(createdAt.getTime() + 3 * hourMs);
  const ended = { connectionId, phase: 'completed', createdAt, completedAt } as const;
  const record = makeBulkExport({ ...ended, pollCount: 30, manifestFiles: 12 });
  const failed = makeBulkExport({ ...ended, phase: 'failed', pollCount: 7 });
  for (const each of [record, failed]) await store.bulkExports.insert({ record: each, requestKey: each.id });
  const sync = makeSyncRun({ ...ended, stepCount: 500 });
  await store.syncRuns.insert(sync);
  const insert = (change: object) =>
    store.schedules.insert(makeSchedule({ connectionId, nextRunAt: new Date(now + hourMs), ...change }));
  const lastRun = (runId: string) => ({ lastRun: { at: createdAt, outcome: 'started' as const, runId } });
  const [minute, hour] = [new Date(now + hourMs).getUTCMinutes(), new Date(now + hourMs).getUTCHours()];
  const cron = `${minute} ${hour} * * *`;
  await insert({ cron, ...lastRun(record.id) });
  await insert({ cron, kind: 'sync', ...lastRun(sync.id) });
  const read = async () => (await api.request('GET', '/api/ehr/plan')).body.data;
  const known = {
    connectionIds: [connectionId],
    runs: 2,
    assumedRuns: 0,
    unknownRuns: 0,
    requests: 544,
    lastConnectionId: connectionId,
  };
  const [plan] = await read();
  expect(plan).toMatchObject({ ...known, name: 'athenahealth.production', allowance: 94_000, lateSeconds: 0 });
  expect(new Date(plan.endsAt).getTime()).toBeCloseTo(now + 4 * hourMs, -5);

  // What is paused, due later or has no last run that completed.
  await insert({ cron, paused: true, ...lastRun(record.id) });
  await insert({ cron, nextRunAt: new Date(now + 25 * hourMs), ...lastRun(record.id) });
  await insert({ cron, ...lastRun(failed.id) });
  await insert({ cron, kind: 'sync' });
  const [more] = await read();
  expect(more).toMatchObject({ runs: 4, assumedRuns: 1, unknownRuns: 1, connectionIds: [connectionId] });
  // A kick-off, a DELETE, 139 status requests and 20 files.
  expect(more.requests).toBe(544 + 2 + 139 + 20);
  expect(new Date(more.endsAt).getTime()).toBeCloseTo(now + 6.5 * hourMs, -5);

  // The longest first. Without a last run that completed it is assumed. Neither paused ones nor those that run more often are moved.
  const spread = async (query = '') => (await api.request('GET', `/api/ehr/plan/schedules${query}`)).body.data;
  const proposals = await spread();
  expect(proposals.map(({ usualSeconds }: { usualSeconds?: number }) => usualSeconds)).toEqual([
    undefined,
    undefined,
    10_800,
    10_800,
    10_800,
  ]);
  expect(proposals[0].proposedCron).toBe('0 20 * * *');
  expect((await spread('?from=21:30'))[0].proposedCron).toBe('30 21 * * *');
  expect((await api.request('GET', '/api/ehr/plan/schedules?from=25:00')).status).toBe(400);

  // One that runs every ten minutes counts as one that runs once an hour.
  await insert({ cron: '*/10 * * * *', nextRunAt: new Date(now + minuteMs), ...lastRun(record.id) });
  expect((await read())[0].runs).toBe(4 + 24);
});
