import type { ChainPosition } from '@bulkhead/access/audit';
import { keepAuditHeadJob } from '@bulkhead/access/audit/jobs';
import { keepAuditHeadWork } from '@bulkhead/access/audit/steps';
import type { Logger } from '@bulkhead/base';
import { sweepWork } from '@bulkhead/monitoring/steps';
import { runJob } from '@bulkhead/queues/testing';
import { openDatabase } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startUseCases } from '../harness/start-use-cases.ts';

const cases = await startUseCases();
afterAll(() => cases.stop());

type LogFields = Parameters<Logger['info']>[1];
const event = {
  actor: { kind: 'nobody', id: 'nobody' },
  action: 'authenticate',
  target: {},
  outcome: 'refused',
} as const;

test('a worker keeps the head of the audit log each hour, and only that head shows that all later events were removed', async () => {
  const { store, logger, producer } = cases.deps;
  const { auditEvents } = store;
  const logged: LogFields[] = [];
  const sent: ChainPosition[] = [];
  const info = (message: string, fields: LogFields) => void (message === 'audit head' && logged.push(fields));
  const deps = {
    ...cases.deps,
    logger: { ...logger, info },
    sendAuditHead: (head: ChainPosition) => void sent.push(head),
  };
  await runJob(deps, keepAuditHeadWork, {});
  expect([logged, sent]).toEqual([[], []]);
  for (let index = 0; index < 3; index++) await auditEvents.append(event);
  await runJob(deps, keepAuditHeadWork, {});
  const [expected] = sent;
  expect(expected?.sequence).toBe(3);
  expect(logged).toEqual([{ auditHead: `3:${expected?.hash}` }]);
  await runJob(cases.deps, sweepWork, {});
  expect(await producer.isScheduled(keepAuditHeadJob, {})).toBe(true);

  await using database = await openDatabase(cases.mongodbUri);
  await database.db.collection('audit_events').deleteMany({});
  expect((await auditEvents.verify({ limit: 10 })).fault).toBeUndefined();
  expect((await auditEvents.verify({ limit: 10, expected })).fault).toMatchObject({ code: 'head-missing' });
});
