import { runScheduleJob } from '@bulkhead/imports/schedules/jobs';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { Producer } from '@bulkhead/queues';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type System, startSystem } from '../harness/start-system.ts';

const path = '/api/ehr/schedules';
let system: System;
let redis: Redis;
let producer: Producer;
beforeEach(async () => {
  system = await startSystem({ simulator: { patients: 2 } });
  redis = new Redis(system.env.REDIS_URL ?? '', { maxRetriesPerRequest: null });
  producer = new Producer({ redis, prefix: system.env.BULKHEAD_PREFIX ?? '', onError: () => undefined });
});
afterEach(async () => {
  await producer.close();
  redis.disconnect();
  await system.stop();
});

async function create(body: object = {}): Promise<string> {
  const { connectionId } = system;
  const fields = { connectionId, kind: 'export', cron: '0 2 * * *', timeZone: 'America/New_York' };
  const answer = await system.request('POST', path, { ...fields, ...body });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body.data.id;
}

const jobs = async () => (await producer.listScheduled(runScheduleJob)).map(({ payload }) => payload.scheduleId);
const ended = (id: string) =>
  system.until(`${path}/${id}`, ({ lastRun }) => lastRun?.runStatus && lastRun.runStatus !== 'IN_PROGRESS');

test.each([{ kind: 'export' }, { kind: 'sync' }])(
  'a schedule of a $kind runs on demand and later shows the result of the run',
  async ({ kind }) => {
    await system.startWorker();
    // A sync needs patients.
    if (kind === 'sync') await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
    const id = await create({ kind, request: { resourceTypes: ['Encounter'] } });
    const before = (await system.request('GET', `${path}/${id}`)).body.data;
    const answer = await system.request('POST', `${path}/${id}/run`);
    expect([answer.status, answer.body.data.kind]).toEqual([202, kind]);
    const after = await ended(id);
    expect(after).toMatchObject({
      nextRunAt: before.nextRunAt,
      lastRun: { outcome: 'started', runId: answer.body.data.id, runStatus: 'COMPLETED' },
    });
    expect((await system.request('GET', answer.body.data.url)).body.data.status).toBe('COMPLETED');
  },
);

test('a schedule that missed several nights runs once when workers start, and completes', async () => {
  const schedule = makeSchedule({
    connectionId: system.connectionId,
    nextRunAt: new Date(Date.now() - 50 * 3_600_000),
  });
  await system.store.schedules.insert(schedule);
  await Promise.all([system.startWorker(), system.startWorker()]);
  const { lastRun, nextRunAt } = await ended(schedule.id);
  expect(lastRun).toMatchObject({ outcome: 'started', runStatus: 'COMPLETED' });
  expect(Date.parse(nextRunAt)).toBeGreaterThan(Date.now());
  expect(await system.control.requests(/\$export$/)).toHaveLength(1);
});

test('a schedule regains its job after all Redis data was lost while workers run', async () => {
  const id = await create();
  expect(await jobs()).toEqual([id]);
  await system.startWorker();
  await system.loseRedis();
  await waitFor(async () => (await jobs()).includes(id), { what: 'the job of the schedule' });
});

test('a paused schedule has no job, a resumed one has, and a deleted connection deletes its schedule', async () => {
  const id = await create();
  const patch = (body: object) => system.request('PATCH', `${path}/${id}`, body);
  expect((await patch({ paused: true })).body.data).toMatchObject({ paused: true, nextRuns: [] });
  expect(await jobs()).toEqual([]);
  expect((await patch({ paused: false })).body.data.nextRunAt).toEqual(expect.any(String));
  expect(await jobs()).toEqual([id]);
  await patch({ cron: '0 4 * * 1', timeZone: 'UTC' });
  expect(await producer.listScheduled(runScheduleJob)).toEqual([
    { payload: { scheduleId: id }, cron: '0 4 * * 1', timeZone: 'UTC', isTooLate: false },
  ]);
  expect((await system.request('DELETE', `/api/ehr/connections/${system.connectionId}`)).status).toBe(204);
  expect(await jobs()).toEqual([]);
  expect((await system.request('GET', `${path}/${id}`)).body.error.code).toBe('unknown-schedule');
});
