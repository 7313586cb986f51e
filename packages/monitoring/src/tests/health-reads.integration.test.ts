import { makeConnection } from '@bulkhead/connections/testing';
import { createProviderRegistry } from '@bulkhead/ehr/providers';
import { createStores } from '@bulkhead/imports/schedules/testing';
import { checkRedis, connectRedis, Producer, watchConnection } from '@bulkhead/queues';
import { Database, listRetentionStates } from '@bulkhead/store';
import { openTestStore } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { HealthService, RateBudgetService } from '../commands/index.ts';
import { monitoringFeature } from '../monitoring.feature.ts';
import { checkData } from '../report/check-data.ts';

const { redisUrl, prefix } = testServices();
const now = new Date();
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
/** The age of most records. No read may depend on their number. */
const old = 1000;
const many = 3000;

const {
  store: repositories,
  database,
  close,
} = await openTestStore((context) => ({
  repositories: { ...createStores(context).repositories, ...monitoringFeature.open(context).repositories },
}));
const store = {
  ...repositories,
  listRetentionStates: () => listRetentionStates(new Database(database)),
  server: async () => ({ version: '8.0.0', now: new Date() }),
};
const onError = () => undefined;
const redis = connectRedis({ url: redisUrl, waiting: true, onError });
const producer = new Producer({ redis, prefix, onError });
const configuration = { exposed: [], encryptionKeySource: 'a test' };
const rateBudgets = new RateBudgetService({
  connections: store.connections,
  registry: createProviderRegistry({}),
  reader: { redis, prefix },
});
const health = new HealthService({
  store,
  producer,
  configuration,
  readBudgets: (connections) => rateBudgets.read(connections),
  checkRedis: () => checkRedis(redis),
  redisConnectionError: watchConnection(redis),
});
await plantRecords();
afterAll(async () => {
  await producer.close();
  redis.disconnect();
  await close();
});

/** One new record and thousands of old ones of each kind, all of one connection. */
async function plantRecords(): Promise<void> {
  const connectionId = 'conn_1';
  const plant = (collection: string, toRecord: (ageHours: number, index: number) => object) => {
    const records = Array.from({ length: many + 1 }, (_, index) => {
      const ageHours = index === many ? 0.5 : old;
      return { _id: `id_${String(index).padStart(6, '0')}`, connectionId, ...toRecord(ageHours, index) };
    });
    return database.collection(collection).insertMany(records as never[]);
  };
  await store.connections.insert(makeConnection({ id: connectionId, createdAt: now }));
  const run = (age: number) => ({ phase: 'failed', active: false, createdAt: ago(age), completedAt: ago(age) });
  await plant('bulk_exports', run);
  await plant('sync_runs', run);
  const line = { runId: 'job_1', fileId: 'job_1.1', reason: 'not-json', state: 'open' };
  await plant('quarantine', (age, index) => ({ ...line, line: index + 1, createdAt: ago(age) }));
  await plant('documents', (age) => ({ state: 'failed', completedAt: ago(age), error: { code: 'ehr-forbidden' } }));
  await plant('webhook_deliveries', (age) => ({ state: 'failed', attempts: [], createdAt: ago(age) }));
  const state = { kind: 'api', isStopped: true, counts: [], down: [] };
  await plant('process_states', (age) => ({ ...state, reportedAt: ago(age) }));
}

test('the repositories list recent failures and nothing that is older', async () => {
  const since = { since: ago(24), limit: 100 };
  const last = `id_00${many}`;
  expect((await store.bulkExports.listFailed(since)).map(({ id }) => id)).toEqual([last]);
  expect((await store.syncRuns.listFailed(since)).map(({ id }) => id)).toEqual([last]);
  expect(await store.quarantine.listRecentOpen(since)).toEqual([
    { connectionId: 'conn_1', reason: 'not-json', createdAt: ago(0.5) },
  ]);
  expect(await store.documents.listFailed(since)).toEqual([
    { connectionId: 'conn_1', completedAt: ago(0.5), error: { code: 'ehr-forbidden' } },
  ]);
  expect(await store.webhookDeliveries.listReceivers(ago(24))).toMatchObject([
    { failed: 1, repeated: 0, undelivered: { id: last } },
  ]);
  expect((await store.processStates.list(now)).map(({ id }) => id)).toEqual([last]);
});

test('the repositories find the newest run of a connection that has ended and was not cancelled', async () => {
  const cancelled = { connectionId: 'conn_1', active: false, completedAt: now, createdAt: now };
  for (const [index, phase] of ['cancelled', 'exporting'].entries()) {
    const record = { _id: `id_9${index}`, ...cancelled, phase, active: phase === 'exporting' };
    await database.collection('bulk_exports').insertOne(record as never);
    await database.collection('sync_runs').insertOne({ ...record, phase: index === 0 ? phase : 'running' } as never);
  }
  for (const runs of [store.bulkExports, store.syncRuns])
    expect((await runs.listNewestEnded()).newest.map(({ id }) => id)).toEqual([`id_00${many}`]);
  expect((await store.bulkExports.listActive(5)).map(({ id }) => id)).toEqual(['id_91']);
  expect((await store.syncRuns.listActive(5)).map(({ id }) => id)).toEqual(['id_91']);
});

test('a health report reads a few records by an index, however many old ones are stored', async () => {
  await database.db?.command({ profile: 2 });
  const report = await health.report({ isFresh: true });
  await database.db?.command({ profile: 0 });
  const entries = await database
    .collection('system.profile')
    .find({ op: { $in: ['query', 'command'] } })
    .toArray();
  const reads = entries.filter(({ command }) => command?.find !== undefined);
  const collections = new Set(reads.map(({ command }) => command.find));
  for (const name of ['bulk_exports', 'sync_runs', 'quarantine', 'documents', 'process_states'])
    expect(collections).toContain(name);
  for (const { command } of reads) {
    const { find, filter, sort = {}, limit = 0 } = command;
    const query = database.collection(find).find(filter).sort(sort).limit(limit);
    const { executionStats } = await query.explain('executionStats');
    expect({ find, filter, examined: executionStats.totalDocsExamined < 10 }).toMatchObject({ examined: true });
  }
  const failing = report.checks.filter(({ severity }) => severity !== 'ok').map(({ id }) => id);
  expect(failing).toEqual(
    expect.arrayContaining(['failed-exports', 'failed-syncs', 'quarantine', 'documents', 'webhooks']),
  );
});

test('a check of the data takes 15 commands, with one connection and with 1,000', async () => {
  await database.collection('system.profile').drop();
  const countCommands = async () => {
    await database.db?.command({ profile: 2 });
    await checkData({ store, readBudgets: (connections) => rateBudgets.read(connections) }, now);
    await database.db?.command({ profile: 0 });
    const profile = database.collection('system.profile');
    const entries = await profile.find({ op: { $in: ['query', 'getmore', 'command', 'update', 'insert'] } }).toArray();
    await profile.drop();
    const names = entries.map(({ command, ns }) =>
      String(command?.find ?? command?.aggregate ?? command?.update ?? ns),
    );
    return names.filter((name) => !/\$cmd|profile/.test(name)).toSorted();
  };
  const few = await countCommands();
  const ids = Array.from({ length: 1000 }, (_, index) => `conn_many_${index}`);
  await database
    .collection('connections')
    .insertMany(
      ids.map((id) => ({ ...makeConnection({ id }), _id: id, name: id, auth: { method: 'none' } })) as never[],
    );
  const records = ids.map((id) => ({
    _id: `id_0${id}`,
    connectionId: id,
    phase: 'failed',
    active: false,
    createdAt: ago(1),
    completedAt: ago(1),
  }));
  await database.collection('bulk_exports').insertMany(records as never[]);
  await database.collection('sync_runs').insertMany(records as never[]);
  const manyCommands = await countCommands();
  expect(manyCommands).toEqual(few);
  expect(few.length).toBeLessThanOrEqual(15);
});
