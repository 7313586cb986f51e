import { sweepWork } from '@bulkhead/monitoring/steps';
import { runJob } from '@bulkhead/queues/testing';
import { openDatabase } from '@bulkhead/store/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';

/** Records of the past. No query that runs by itself may read all of them. */
const many = 2000;
let cases: UseCases;

beforeAll(async () => {
  cases = await startUseCases();
  await using database = await openDatabase(cases.mongodbUri);
  const plant = async (collection: string, toRecord: (index: number) => object) => {
    const records = Array.from({ length: many }, (_, index) => ({ _id: `old_${index}`, ...toRecord(index) }));
    await database.db.collection<{ _id: string }>(collection).insertMany(records);
  };
  const { provider, id: connectionId } = cases.connection;
  const at = new Date('2024-01-15T10:00:00Z');
  const run = {
    provider,
    connectionId,
    active: false,
    phase: 'completed',
    notify: 'done',
    createdAt: at,
    completedAt: at,
  };
  await plant('bulk_exports', () => ({ ...run, orphans: [], discard: 'done' }));
  await plant('sync_runs', () => run);
  await plant('webhook_deliveries', () => ({ connectionId, state: 'delivered', attempts: [], createdAt: at }));
  await plant('documents', () => ({ connectionId, state: 'stored', completedAt: at }));
  await plant('erasures', () => ({ connectionId, kind: 'patient', phase: 'completed', createdAt: at }));
});
afterAll(() => cases.stop());

test('a sweep reads only what it may have to act on, however many records are stored', async () => {
  await using database = await openDatabase(cases.mongodbUri);
  const { db } = database;
  await db.command({ profile: 2 });
  await runJob(cases.deps, sweepWork, {});
  await db.command({ profile: 0 });

  const entries = await db.collection('system.profile').find().toArray();
  const reads = entries.flatMap(({ command }) => (command?.find === undefined ? [] : [command]));
  const collections = new Set(reads.map(({ find }) => find));
  for (const name of ['bulk_exports', 'sync_runs', 'webhook_deliveries', 'documents', 'erasures', 'schedules'])
    expect(collections).toContain(name);
  const wasteful: object[] = [];
  for (const { find, filter, sort = {}, limit = 0 } of reads) {
    const { executionStats } = await db.collection(find).find(filter).sort(sort).limit(limit).explain('executionStats');
    const unneeded = executionStats.totalDocsExamined - executionStats.nReturned;
    if (unneeded > 0) wasteful.push({ find, filter, unneeded });
  }
  expect(wasteful).toEqual([]);
});
