import { nextRun } from '@bulkhead/base/cron';
import { runJob, startConsumer } from '@bulkhead/queues/testing';
import { withMethods } from '@bulkhead/store/testing';
import { anyPhase, waitFor } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { kickOffJob } from '../../export/jobs.ts';
import { planSyncJob } from '../../sync/jobs.ts';
import { startScheduledRun } from '../commands/index.ts';
import { type Schedule, scheduleNotStartedEventSchema, spreadOf } from '../index.ts';
import { runScheduleJob } from '../jobs.ts';
import { sweepSchedules } from '../steps/index.ts';
import { runScheduleWork } from '../steps/run-schedule.job.ts';
import { makeSchedule } from '../testing/make-schedule.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

const cases = await startUseCases();
afterAll(() => cases.stop());

const at = (text: string) => new Date(text);
const hour = 3_600_000;

/** Adds a schedule for a new connection, so that runs of other schedules cannot overlap with it. */
async function add(change: Partial<Schedule> = {}): Promise<Schedule> {
  const schedule = makeSchedule(change);
  const connectionId = `conn_of_${schedule.id}`;
  await cases.deps.store.connections.insert({ ...cases.connection, id: connectionId, name: connectionId });
  await cases.deps.store.schedules.insert({ ...schedule, connectionId });
  return { ...schedule, connectionId };
}

async function read({ id }: Pick<Schedule, 'id'>): Promise<Schedule> {
  const schedule = await cases.deps.store.schedules.find(id);
  if (!schedule) throw new Error(`no schedule ${id}`);
  return schedule;
}

async function runsOf({ connectionId, kind }: Schedule): Promise<string[]> {
  const { bulkExports, syncRuns } = cases.deps.store;
  const { provider } = cases.connection;
  const records =
    kind === 'sync'
      ? await syncRuns.list({ provider, connectionId, scope: 'all', limit: 100 })
      : (await bulkExports.listActive()).filter((record) => record.connectionId === connectionId);
  return records.map(({ id }) => id);
}

const run = (schedule: Schedule) => runJob(cases.deps, runScheduleWork, { scheduleId: schedule.id });
/** Adds the job of a schedule. */
const addJob = ({ id: scheduleId, cron, timeZone }: Pick<Schedule, 'id' | 'cron' | 'timeZone'>) =>
  cases.deps.producer.scheduleCron({ job: runScheduleJob, payload: { scheduleId }, cron, timeZone });
const runAt = (schedule: Schedule, time: string) => {
  cases.clock.now = at(time);
  return run(schedule);
};

/** Ends a run of the schedule. */
async function end({ kind }: Schedule, id: string): Promise<void> {
  const { store } = cases.deps;
  if (kind === 'sync') {
    const run = await store.syncRuns.find(id);
    if (run) await store.syncRuns.transition({ from: anyPhase(run), to: 'completed' });
    return;
  }
  const record = await store.bulkExports.find(id);
  if (record) await store.bulkExports.transition({ from: anyPhase(record), to: 'failed' });
}

describe.each([{ kind: 'export' as const }, { kind: 'sync' as const }])('a scheduled $kind', ({ kind }) => {
  test('a scheduled run starts when it is due, not before, and the same update plans the next run', async () => {
    const schedule = await add({ kind, request: { resourceTypes: ['Encounter'] } });
    await runAt(schedule, '2026-05-02T01:58:00Z');
    expect(await runsOf(schedule)).toEqual([]);
    await runAt(schedule, '2026-05-02T02:00:00Z');
    const [runId] = await runsOf(schedule);
    const { lastRun, nextRunAt, starting } = await read(schedule);
    expect({ lastRun, nextRunAt, starting }).toEqual({
      lastRun: { at: cases.clock.now, outcome: 'started', runId },
      nextRunAt: at('2026-05-03T02:00:00Z'),
      starting: undefined,
    });
    const { producer } = cases.deps;
    // The job of the run exists already.
    const isAdded =
      kind === 'export'
        ? producer.ensure(kickOffJob, { exportId: runId ?? '' })
        : producer.ensure(planSyncJob, { syncRunId: runId ?? '' });
    expect(await isAdded).toBe(false);
  });

  test('a schedule that missed several nights runs once, even with duplicate jobs, a second worker and the sweep', async () => {
    const schedule = await add({ kind });
    cases.clock.now = at('2026-05-05T09:30:00Z');
    const attempts = [
      run(schedule),
      run(schedule),
      run(schedule),
      sweepSchedules(cases.deps),
      sweepSchedules(cases.deps),
    ];
    await Promise.all(attempts);
    await run(schedule);
    expect(await runsOf(schedule)).toHaveLength(1);
    expect((await read(schedule)).nextRunAt).toEqual(at('2026-05-06T02:00:00Z'));
    const [runId = ''] = await runsOf(schedule);
    expect((await read(schedule)).lastRun).toEqual({ at: cases.clock.now, outcome: 'started', runId });
    await end(schedule, runId);
    await Promise.all([run(schedule), sweepSchedules(cases.deps)]);
    expect((await read(schedule)).lastRun?.runId).toBe(runId);
  });

  test('a schedule skips a run and reports it while its last run is active, and runs on the next night', async () => {
    const schedule = await add({ kind });
    await runAt(schedule, '2026-05-02T02:00:00Z');
    const [first = ''] = await runsOf(schedule);
    await runAt(schedule, '2026-05-03T02:00:00Z');
    expect(await runsOf(schedule)).toEqual([first]);
    expect(await read(schedule)).toMatchObject({
      lastRun: { at: cases.clock.now, outcome: 'skipped-overlap', reason: `${kind}-already-running`, runId: first },
      nextRunAt: at('2026-05-04T02:00:00Z'),
    });
    await end(schedule, first);
    await runAt(schedule, '2026-05-04T02:00:00Z');
    expect((await read(schedule)).lastRun).toMatchObject({
      outcome: 'started',
      runId: expect.not.stringMatching(first),
    });
  });

  test('a schedule skips a run while the same run, started by hand, is active', async () => {
    const schedule = await add({ kind });
    const otherRunId = `${kind}_by_hand_${schedule.id}`;
    const { store, producer } = cases.deps;
    cases.clock.now = at('2026-05-02T02:00:00Z');
    await startScheduledRun({ store, producer, schedule, runId: otherRunId, now: cases.clock.now });
    await run(schedule);
    expect((await read(schedule)).lastRun).toMatchObject({ outcome: 'skipped-overlap', runId: otherRunId });
  });

  test.each([{ isStored: false }, { isStored: true }])(
    'a run that a worker took before it crashed starts once with the same id (stored: $isStored)',
    async ({ isStored }) => {
      const schedule = await add({ kind });
      const { store, producer } = cases.deps;
      const runId = `${kind}_taken_${schedule.id}`;
      cases.clock.now = at('2026-05-02T02:00:00Z');
      const starting = { runId, at: cases.clock.now };
      await store.schedules.takeRun({ from: schedule, starting, nextRunAt: at('2026-05-03T02:00:00Z') });
      if (isStored) await startScheduledRun({ store, producer, schedule, runId, now: cases.clock.now });
      cases.clock.now = at('2026-05-02T02:01:00Z');
      await Promise.all([sweepSchedules(cases.deps), sweepSchedules(cases.deps)]);
      expect(await runsOf(schedule)).toEqual([runId]);
      const { lastRun, starting: left } = await read(schedule);
      expect([lastRun, left]).toEqual([{ ...starting, outcome: 'started' }, undefined]);
    },
  );
});

describe('the clients of a schedule', () => {
  const eventsOf = async ({ connectionId }: Schedule) => {
    const deliveries = await cases.deps.store.webhookDeliveries.list({ connectionId, scope: 'all', limit: 10 });
    const events = deliveries.map(({ body }) => JSON.parse(body));
    // The OpenAPI document describes the calls by this schema.
    for (const event of events) if (event.type.startsWith('schedule.')) scheduleNotStartedEventSchema.parse(event);
    return events;
  };
  const withWebhook = async (change: Partial<Schedule> = {}) => {
    const schedule = await add(change);
    await cases.deps.store.connections.saveWebhook({
      id: schedule.connectionId,
      url: 'https://client.example/hook',
      secret: 'whsec_c2VjcmV0',
    });
    return schedule;
  };

  test('clients receive one event for a run that could not start, and the next night is planned', async () => {
    const schedule = await withWebhook({ kind: 'sync', request: { resourceTypes: ['Nonsense'] } });
    const { id, connectionId } = schedule;
    await runAt(schedule, '2026-05-02T02:00:00Z');
    await run(schedule);
    expect(await read(schedule)).toMatchObject({
      lastRun: { outcome: 'failed', reason: 'schedule-request-invalid' },
      nextRunAt: at('2026-05-03T02:00:00Z'),
    });
    expect(await eventsOf(schedule)).toEqual([
      {
        type: 'schedule.failed',
        timestamp: '2026-05-02T02:00:00.000Z',
        data: {
          id,
          connectionId,
          kind: 'sync',
          errorCode: 'schedule-request-invalid',
          errorTitle: 'Title of schedule-request-invalid',
          errorAdvice: 'Advice for schedule-request-invalid.',
        },
      },
    ]);
  });

  test('clients receive an event for a skipped night, with the run that was active', async () => {
    const schedule = await withWebhook();
    await runAt(schedule, '2026-05-02T02:00:00Z');
    const [runId] = await runsOf(schedule);
    await runAt(schedule, '2026-05-03T02:00:00Z');
    expect(await eventsOf(schedule)).toMatchObject([
      { type: 'schedule.skipped', data: { id: schedule.id, runId, errorCode: 'export-already-running' } },
    ]);
  });
});

describe('a schedule', () => {
  /** Advances the watermark of the patients, as an export by hand does. */
  const advance = ({ connectionId, request }: Schedule, transactionTime: string) =>
    cases.deps.store.watermarks.advance({
      connectionId,
      exportType: request.exportType ?? 'Patient',
      resourceType: 'Patient',
      transactionTime,
      at: at(transactionTime),
      deletionsAt: at(transactionTime),
      exportId: 'job_by_hand',
    });

  test('only one of several concurrent attempts to take a due run succeeds', async () => {
    const { store } = cases.deps;
    const from = await add();
    const nextRunAt = at('2026-05-03T02:00:00Z');
    const attempts = Array.from({ length: 10 }, (_, index) =>
      store.schedules.takeRun({ from, starting: { runId: `job_${index}`, at: nextRunAt }, nextRunAt }),
    );
    const successes = (await Promise.all(attempts)).filter((taken) => taken !== undefined);
    expect(successes).toHaveLength(1);
    expect(successes[0]?.starting).toEqual((await read(from)).starting);
  });

  test('a schedule is skipped while its export is active, even if the next request would differ', async () => {
    const schedule = await add({ request: { resourceTypes: ['Patient'] } });
    await runAt(schedule, '2026-05-02T02:00:00Z');
    const [first] = await runsOf(schedule);
    await advance(schedule, '2026-05-02T12:00:00Z');
    await runAt(schedule, '2026-05-03T02:00:00Z');
    expect((await read(schedule)).lastRun).toMatchObject({ outcome: 'skipped-overlap', runId: first });
    expect(await runsOf(schedule)).toEqual([first]);
  });

  test('a scheduled export requests what has changed since the last one', async () => {
    const schedule = await add({ request: { exportType: 'Group', resourceTypes: ['Patient'] } });
    const transactionTime = '2026-05-01T02:00:05Z';
    await advance(schedule, transactionTime);
    await runAt(schedule, '2026-05-02T02:00:00Z');
    const [runId = ''] = await runsOf(schedule);
    expect((await cases.read(runId)).request).toMatchObject({
      exportType: 'Group',
      resourceTypes: ['Patient'],
      since: transactionTime,
      sinceLast: true,
    });
  });

  test('a scheduled export of a cohort continues from the mark of the cohort, and fails without the cohort', async () => {
    const { cohorts } = cases.deps.store;
    const schedule = await add({ request: { cohort: 'panel', resourceTypes: ['Patient'] } });
    const key = { connectionId: schedule.connectionId, name: 'panel' };
    await cohorts.save({ key, from: undefined, patients: ['p1'], now: at('2026-05-01T00:00:00Z') });
    await advance(schedule, '2026-05-01T02:00:05Z');
    await runAt(schedule, '2026-05-02T02:00:00Z');
    const [runId = ''] = await runsOf(schedule);
    const { request } = await cases.read(runId);
    expect(request).toEqual({ exportType: 'Patient', resourceTypes: ['Patient'], cohort: 'panel', sinceLast: true });
    await cohorts.delete(key);
    const other = await add({ request: { cohort: 'panel' } });
    await runAt(other, '2026-05-03T02:00:00Z');
    expect((await read(other)).lastRun).toMatchObject({ outcome: 'failed', reason: 'unknown-cohort' });
  });

  test('a schedule with a spread waits for its offset in the hour', async () => {
    const id = 'sched_spread';
    const spreadMs = spreadOf({ id, cron: '0 2 * * *' });
    const due = new Date(at('2026-05-02T02:00:00Z').getTime() + spreadMs);
    const schedule = await add({ id, spreadMs, nextRunAt: due });
    cases.clock.now = at('2026-05-02T02:00:00Z');
    await expect(run(schedule)).rejects.toMatchObject({ code: 'schedule-not-due', retry: { afterMs: spreadMs } });
    cases.clock.now = due;
    await run(schedule);
    expect(await runsOf(schedule)).toHaveLength(1);
    expect((await read(schedule)).nextRunAt).toEqual(new Date(due.getTime() + 24 * hour));
  });

  test('a paused schedule does not run, and the sweep removes its job', async () => {
    const schedule = await add({ paused: true });
    const { producer } = cases.deps;
    await addJob(schedule);
    cases.clock.now = at('2026-05-02T02:00:00Z');
    await Promise.all([run(schedule), sweepSchedules(cases.deps)]);
    expect(await runsOf(schedule)).toEqual([]);
    expect((await producer.listScheduled(runScheduleJob)).map(({ payload }) => payload.scheduleId)).not.toContain(
      schedule.id,
    );
  });

  test('a schedule of a deleted connection is deleted', async () => {
    const schedule = await add();
    await cases.deps.store.connections.delete(schedule.connectionId);
    await runAt(schedule, '2026-05-02T02:00:00Z');
    expect(await cases.deps.store.schedules.find(schedule.id)).toBeUndefined();
    expect(await runsOf(schedule)).toEqual([]);
  });

  test('the sweep creates a missing job, replaces one with an outdated time, and removes one without a schedule', async () => {
    const lost = await add({ nextRunAt: at('2030-01-01T00:00:00Z') });
    const moved = await add({ nextRunAt: at('2030-01-01T00:00:00Z'), cron: '0 3 * * *', timeZone: 'Europe/Berlin' });
    const { producer } = cases.deps;
    for (const id of [moved.id, 'sched_deleted']) await addJob({ id, cron: '0 2 * * *', timeZone: 'UTC' });
    cases.clock.now = at('2026-05-02T02:00:00Z');
    await sweepSchedules(cases.deps);
    const jobs = await producer.listScheduled(runScheduleJob);
    const isTooLate = false;
    expect(jobs).toContainEqual({
      payload: { scheduleId: lost.id },
      cron: lost.cron,
      timeZone: lost.timeZone,
      isTooLate,
    });
    expect(jobs).toContainEqual({
      payload: { scheduleId: moved.id },
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      isTooLate,
    });
    expect(jobs.map(({ payload }) => payload.scheduleId)).not.toContain('sched_deleted');
  });
});

describe('a corrected clock #clock', () => {
  const planned = at('2027-05-03T02:00:00Z');

  test('the sweep plans the next run again after a clock a year ahead was corrected', async () => {
    const schedule = await add();
    await runAt(schedule, '2027-05-02T02:00:00Z');
    const [runId = ''] = await runsOf(schedule);
    await end(schedule, runId);
    expect((await read(schedule)).nextRunAt).toEqual(planned);
    cases.clock.now = at('2026-05-02T03:00:00Z');
    await sweepSchedules(cases.deps);
    expect((await read(schedule)).nextRunAt).toEqual(at('2026-05-03T02:00:00Z'));
    await runAt(schedule, '2026-05-03T02:00:00Z');
    expect((await read(schedule)).lastRun).toMatchObject({ at: cases.clock.now, outcome: 'started' });
  });

  test('the sweep does not change the plan of a paused schedule after a clock was corrected', async () => {
    const schedule = await add({ paused: true, nextRunAt: planned });
    cases.clock.now = at('2026-05-02T03:00:00Z');
    await sweepSchedules(cases.deps);
    expect((await read(schedule)).nextRunAt).toEqual(planned);
  });

  test('the sweep recreates the cron job after a clock was corrected', async () => {
    const schedule = await add();
    const { now } = Date;
    Date.now = () => now() + 365 * 24 * hour;
    try {
      await addJob(schedule);
    } finally {
      Date.now = now;
    }
    await sweepSchedules(cases.deps);
    const { id: scheduleId, cron, timeZone } = schedule;
    const jobs = await cases.deps.producer.listScheduled(runScheduleJob);
    expect(jobs).toContainEqual({ payload: { scheduleId }, cron, timeZone, isTooLate: false });
  });
});

test('a schedule whose time zone this server no longer knows loses its job, starts nothing, and does not delay others', async () => {
  const { producer } = cases.deps;
  const broken = await add({ timeZone: 'Mars/Olympus' });
  const other = await add();
  // Its job was created while the zone was known.
  await addJob({ ...broken, timeZone: 'UTC' });
  const keys = await cases.redis.keys(`${cases.prefix}:maintenance:repeat:*${broken.id}`);
  const [key = ''] = keys;
  expect(await cases.redis.hset(key, 'tz', broken.timeZone)).toBe(0);
  cases.clock.now = at('2026-05-02T02:00:00Z');
  await sweepSchedules(cases.deps);
  await run(broken);
  expect(await read(broken)).toEqual(broken);
  expect((await read(other)).lastRun?.outcome).toBe('started');
  const scheduled = (await producer.listScheduled(runScheduleJob)).map(({ payload }) => payload.scheduleId);
  expect([scheduled.includes(broken.id), scheduled.includes(other.id)]).toEqual([false, true]);
});

test('the sweep of a worker whose clock is half an hour behind does not repeat a run that is done', async () => {
  const schedule = await add();
  await runAt(schedule, '2026-05-02T02:00:00Z');
  const [runId = ''] = await runsOf(schedule);
  await end(schedule, runId);
  cases.clock.now = at('2026-05-02T01:30:00Z');
  await sweepSchedules(cases.deps);
  await runAt(schedule, '2026-05-02T02:01:00Z');
  expect(await read(schedule)).toMatchObject({ nextRunAt: at('2026-05-03T02:00:00Z'), lastRun: { runId } });
});

test('a schedule that is due within the window of the provider moves its run to the end of the window', async () => {
  await using windowed = await startUseCases({ provider: { kickOffWindow: { hours: 24 } } });
  const { clock, deps, connection } = windowed;
  const { schedules } = deps.store;
  clock.now = at('2026-05-01T02:10:00Z');
  await windowed.exporting({ request: { exportType: 'Group', resourceTypes: [] } });
  const schedule = makeSchedule({
    connectionId: connection.id,
    kind: 'export',
    request: { exportType: 'Group' },
    nextRunAt: at('2026-05-02T02:00:00Z'),
  });
  await schedules.insert(schedule);
  clock.now = schedule.nextRunAt;
  await runJob(deps, runScheduleWork, { scheduleId: schedule.id });
  const moved = await schedules.find(schedule.id);
  expect(moved).toMatchObject({ nextRunAt: at('2026-05-02T02:11:00Z') });
  expect(moved?.lastRun).toBeUndefined();
  clock.now = at('2026-05-02T02:12:00Z');
  await sweepSchedules(deps);
  const { lastRun, nextRunAt } = (await schedules.find(schedule.id)) ?? {};
  expect([lastRun?.outcome, nextRunAt]).toEqual(['started', at('2026-05-03T02:00:00Z')]);
});

test('two workers start each run of a frequent schedule once and wait for the spread of another', async () => {
  // This test uses the real clock, as BullMQ does. The API refuses a cron expression with seconds.
  const timing = { cron: '*/2 * * * * *', timeZone: 'UTC' };
  const every = await add({ ...timing, kind: 'sync', nextRunAt: nextRun({ ...timing, spreadMs: 0 }, new Date()) });
  const late = { cron: '*/5 * * * * *', timeZone: 'UTC', spreadMs: 1500 };
  const spread = await add({ ...late, nextRunAt: nextRun(late, new Date()) });
  const deps = { ...cases.deps, now: () => new Date() };
  const started: string[] = [];
  const watched = { ...deps, store: { ...deps.store, schedules: watchSettled(deps.store.schedules, started) } };
  const workers = [1, 2].map(() =>
    startConsumer({
      redis: cases.redis,
      prefix: cases.prefix,
      queues: ['maintenance'],
      jobs: [runScheduleWork],
      deps: watched,
      logger: deps.logger,
    }),
  );
  try {
    await sweepSchedules(deps);
    await waitFor(async () => (await read(every)).lastRun?.outcome === 'skipped-overlap');
    await waitFor(async () => (await read(spread)).lastRun !== undefined);
    expect(await runsOf(every)).toHaveLength(1);
    const ranAt = (await read(spread)).lastRun?.at.getTime() ?? 0;
    expect(ranAt).toBeGreaterThanOrEqual(spread.nextRunAt.getTime());
    // If the sweep has taken a run, the workers take the third one later.
    await waitFor(() => started.length > 2);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  // No run was taken twice.
  expect(new Set(started).size).toBe(started.length);
});

/** Records each taken run with the schedule and its time. */
function watchSettled(schedules: UseCases['deps']['store']['schedules'], taken: string[]) {
  return withMethods(schedules, {
    async takeRun(options) {
      const record = await schedules.takeRun(options);
      if (record) taken.push(`${record.id} ${record.nextRunAt.toISOString()}`);
      return record;
    },
  });
}
