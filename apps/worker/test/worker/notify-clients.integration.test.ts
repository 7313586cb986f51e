import { runScheduleWork } from '@bulkhead/imports/schedules/steps';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { runJob } from '@bulkhead/queues/testing';
import { anyPhase } from '@bulkhead/testing';
import { notifyWork } from '@bulkhead/webhooks/steps';
import { afterAll, expect, test } from '@jest/globals';
import { startUseCases } from '../harness/start-use-cases.ts';

const cases = await startUseCases();
afterAll(() => cases.stop());

test.each([{ kind: 'export' as const }, { kind: 'sync' as const }])(
  'the event of a failed $kind names the schedule that started it',
  async ({ kind }) => {
    const { store } = cases.deps;
    const connectionId = `conn_${kind}`;
    await store.connections.insert({ ...cases.connection, id: connectionId, name: connectionId });
    await store.connections.saveWebhook({
      id: connectionId,
      url: 'https://client.example/hook',
      secret: 'whsec_c2VjcmV0',
    });
    const schedule = makeSchedule({ connectionId, kind });
    await store.schedules.insert(schedule);
    cases.clock.now = schedule.nextRunAt;
    await runJob(cases.deps, runScheduleWork, { scheduleId: schedule.id });
    const id = (await store.schedules.find(schedule.id))?.lastRun?.runId ?? '';
    const [records, of] =
      kind === 'export' ? ([store.bulkExports, 'bulk-export'] as const) : ([store.syncRuns, 'sync-run'] as const);
    const from = await records.find(id);
    if (!from) throw new Error('no run');
    const failed = { from: anyPhase(from), to: 'failed' } as const;
    if (kind === 'export') await store.bulkExports.transition(failed as never);
    else await store.syncRuns.transition(failed as never);
    await runJob(cases.deps, notifyWork, { kind: of, id });
    const deliveries = await store.webhookDeliveries.list({ connectionId, scope: 'all', limit: 10 });
    const events = deliveries.map(({ body }) => JSON.parse(body));
    expect(events).toMatchObject([{ type: `${of}.failed`, data: { id, scheduleId: schedule.id } }]);
  },
);
