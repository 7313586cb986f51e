import { revokeWork } from '@bulkhead/connections/steps';
import { countOfConnection } from '@bulkhead/erasure';
import { eraseWork } from '@bulkhead/erasure/steps';
import { downloadWork } from '@bulkhead/imports/export/steps';
import { makeCohortMark } from '@bulkhead/imports/export/testing';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { sweepWork } from '@bulkhead/monitoring/steps';
import { firstAttempt, runJob } from '@bulkhead/queues/testing';
import { withMethods } from '@bulkhead/store/testing';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { FilledConnection } from '../harness/fill-connection.ts';
import {
  type ErasureCases,
  type ErasureTemplate,
  fillTemplate,
  kindsOf,
  patientId,
  requestedBy,
  startErasureCases,
  withoutProof,
} from './erasure-cases.fixture.ts';

let erasures: ErasureCases;
let cases: ErasureCases['cases'];
let database: ErasureCases['database'];
let filled: FilledConnection;
let otherConnection: FilledConnection;
let template: ErasureTemplate;
beforeAll(async () => {
  template = await fillTemplate();
});
beforeEach(async () => {
  erasures = await startErasureCases(template);
  ({ cases, database, filled, otherConnection } = erasures);
});
afterEach(() => erasures.stop());

/** Every id that identifies a record of the connection: its own, and those of its runs and uploads. */
async function namesOf({ connection }: FilledConnection): Promise<string[]> {
  const { db } = database;
  const filter = { connectionId: connection.id };
  const runs = [...(await db.collection('bulk_exports').find(filter).toArray())];
  runs.push(...(await db.collection('sync_runs').find(filter).toArray()));
  const contents = await db.collection('document_contents').find(filter).toArray();
  const cut = await db
    .collection('documents')
    .find({ ...filter, progress: { $exists: true } })
    .toArray();
  return [
    connection.id,
    ...runs.map(({ _id }) => String(_id)),
    ...contents.map(({ upload }) => upload),
    ...cut.map(({ progress: { upload } }) => upload),
  ];
}

test('the erasure of a connection leaves no record of it, and another connection byte for byte unchanged', async () => {
  const { store } = cases.deps;
  const before = await database.dump();
  const names = await namesOf(filled);
  const isErased = (text: string) => names.some((name) => text.includes(name));
  const erasedKeys = [...before].filter(([key, text]) => isErased(key) || isErased(text)).map(([key]) => key);
  // The test covers records of every kind.
  expect(kindsOf(erasedKeys)).toEqual(
    expect.arrayContaining([
      ...['Condition', 'DocumentReference', 'Patient', 'access_tokens', 'answered_requests', 'api_keys'],
      ...['authorization_requests', 'bulk_exports', 'connections', 'crawl_marks', 'document_contents'],
      ...['document_files.chunks', 'document_files.files', 'documents', 'kept_out_keys'],
      ...['kept_out_patients', 'output_files', 'quarantine', 'quarantine.chunks', 'quarantine.files'],
      ...[
        'cohort_marks',
        'cohorts',
        'connection_keys',
        'quarantine_usage',
        'running_exports',
        'running_syncs',
        'schedules',
        'sync_runs',
        'sync_steps',
        'watermarks',
        'webhook_deliveries',
      ],
    ]),
  );
  const amounts = await countOfConnection(store.features, filled.connection.id);
  expect(await database.dump()).toEqual(before);

  const erasure = await erasures.runToEnd(await erasures.request());

  const after = await database.dump();
  const isKey = (key: string) => key.startsWith('api_keys/');
  const expected = new Map([...before].filter(([key, text]) => !isErased(key) && !isErased(text) && !isKey(key)));
  expect(new Map([...withoutProof(after)].filter(([key]) => !isKey(key)))).toEqual(expected);
  const keys = await store.apiKeys.list();
  expect(keys.map(({ connectionIds }) => connectionIds)).toEqual([[], [otherConnection.connection.id]]);

  expect(erasure).toMatchObject({ phase: 'completed', warnings: [], found: amounts });
  expect(erasure?.deleted.resources).toEqual(amounts.resources);
  expect(erasure?.deleted.records).toMatchObject(amounts.records);
  expect(erasure?.deleted.contentBytes).toBe(amounts.contentBytes);
  const naming = [...after].filter(([key, text]) => isErased(key) || isErased(text)).map(([key]) => key);
  expect(kindsOf(naming)).toEqual(['audit_events', 'erasures']);
  const [event] = await store.auditEvents.list({ filter: {}, limit: 1 });
  expect(event).toMatchObject({
    action: 'connection.erased',
    actor: requestedBy,
    target: { connectionId: filled.connection.id },
    counts: { ...amounts.resources, ...amounts.records },
  });
});

test('the erasure of a connection leaves no id of it in the position of a retention pass', async () => {
  const passes = database.db.collection<{ readonly _id: string; readonly startedAt: Date; readonly after: string }>(
    'retention',
  );
  const startedAt = cases.clock.now;
  await passes.insertMany([
    { _id: 'tombstone', startedAt, after: filled.connection.id },
    { _id: 'bulk-export', startedAt, after: filled.endedExportId },
  ]);
  await erasures.runToEnd(await erasures.request());
  expect(await passes.find().sort({ _id: 1 }).toArray()).toEqual([
    { _id: 'bulk-export', startedAt },
    { _id: 'tombstone', startedAt },
  ]);
});

test('the erasure of a connection has the same result if it is interrupted after every batch', async () => {
  const before = await database.dump();
  const names = await namesOf(filled);
  const isErased = (text: string) => names.some((name) => text.includes(name));
  const erasureId = await erasures.request();
  const attempts = await erasures.eraseInPieces(erasureId);
  expect(attempts).toBeGreaterThan(20);
  const after = withoutProof(await database.dump());
  expect([...after].filter(([key, text]) => isErased(key) || isErased(text))).toEqual([]);
  const remaining = [...before].filter(([key, text]) => !isErased(key) && !isErased(text));
  expect([...after].filter(([key]) => !key.startsWith('api_keys/'))).toEqual(
    remaining.filter(([key]) => !key.startsWith('api_keys/')),
  );
});

test('the erasure of a connection ends a running download and deletes what it has written', async () => {
  const { deps } = cases;
  const { store } = deps;
  const exportId = filled.activeExportId;
  await cases.inject('/bulkdata/.*Observation', { kind: 'slow', bytesPerSecond: 2000 }, { times: 'always' });
  await waitFor(async () => {
    await cases.pollOnce(exportId);
    return (await cases.read(exportId)).phase === 'downloading';
  });
  const file = (await store.outputFiles.listByExport(exportId)).find(({ type }) => type === 'Observation');
  const step = { exportId, fileId: file?.id ?? '' };
  const download = runJob(deps, downloadWork, step, { retryAt: firstAttempt }).catch(() => undefined);
  await waitFor(async () => (await store.outputFiles.find(file?.id ?? ''))?.state === 'downloading');
  const erasureId = await erasures.request();
  await erasures.runUntilSettling(erasureId);
  await download;
  erasures.waitUntilSettled();
  await erasures.attempt(erasureId);
  const after = withoutProof(await database.dump());
  const names = [filled.connection.id, exportId];
  expect([...after.keys()].filter((key) => names.some((name) => `${key} ${after.get(key)}`.includes(name)))).toEqual(
    [],
  );
  expect((await store.erasures.find(erasureId))?.warnings).toEqual([]);
});

test('the last pass of an erasure deletes a batch that was written during the first pass', async () => {
  const { db } = database;
  const { connection } = filled;
  const [late] = await db.collection('Observation').find({ connectionId: connection.id }).limit(1).toArray();
  const erasureId = await erasures.request();
  await erasures.runUntilSettling(erasureId);
  await db.collection('Observation').insertOne(late as never);
  erasures.waitUntilSettled();
  await erasures.attempt(erasureId);
  expect(await db.collection('Observation').countDocuments({ connectionId: connection.id })).toBe(0);
  expect(await cases.deps.store.erasures.find(erasureId)).toMatchObject({ phase: 'completed' });
});

test('every insert for an erased connection is refused', async () => {
  const { store: stored } = cases.deps;
  const connectionId = filled.connection.id;
  const [resource] = await database.db.collection('Patient').find({ connectionId }).limit(1).toArray();
  const [line] = await stored.quarantine.list({ filter: { connectionId }, scope: 'all', limit: 1 });
  const [document] = await stored.documents.list({ filter: { connectionId }, limit: 1 });
  const [file] = await stored.outputFiles.listByExport(filled.endedExportId);
  const [watermark] = await stored.watermarks.list({ connectionId });
  const record = await cases.read(filled.activeExportId);
  const run = await stored.syncRuns.find(filled.activeRunId);
  await erasures.runToEnd(await erasures.request());
  const before = await database.dump();
  const store = await erasures.openStore();
  const now = new Date();
  const token = { connectionId, credentialsVersion: 0 };
  const step = { id: 's', runId: 'r', connectionId, patientIds: [], searches: [], state: 'pending', attempts: 0 };
  const delivery = { id: 'd', connectionId, url: 'http://x', type: 't', body: '', state: 'pending', attempts: [] };
  const inserts: readonly (() => Promise<unknown>)[] = [
    () => store.resourceWriter.write('Patient', [resource as never]),
    () => store.quarantine.put({ lines: [{ ...line, bytes: Buffer.from('x') } as never], now }),
    () => store.documents.note([document as never]),
    () => store.documentContents.insert({ connectionId } as never),
    () => store.documentContents.put({ connectionId } as never, Buffer.from('x')),
    () => store.outputFiles.insertMissing([file as never]),
    () => store.watermarks.advance(watermark as never),
    () => store.crawlMarks.advance({ connectionId, patientId: patientId, resourceType: 'Patient', at: now }),
    () => store.bulkExports.insert({ record, requestKey: 'key' }),
    () => store.syncRuns.insert(run as never),
    () => store.syncSteps.insertMissing([step as never]),
    () => store.webhookDeliveries.insertMissing({ ...delivery, createdAt: now } as never),
    () => store.cohorts.save({ key: { connectionId, name: 'other' }, from: undefined, patients: [patientId], now }),
    () => store.cohortMarks.advance(makeCohortMark({ connectionId })),
    () => store.bulkExports.planSlices(record, async () => []),
    () => store.schedules.insert(makeSchedule({ connectionId })),
    () => store.authorizationRequests.insert({ request: { connectionId } } as never),
    () => store.accessTokens.takeLease({ ...token, holder: 'h', durationMs: 1000 }),
    () => store.accessTokens.put({ ...token, grant: { accessToken: 'x', renewAfterMs: 1000 } as never }),
  ];
  for (const insert of inserts) await expect(insert()).rejects.toMatchObject({ code: 'connection-erased' });
  expect(await database.dump()).toEqual(before);
});

test('an erasure completes without an EHR that does not answer, with a warning', async () => {
  await cases.simulator.stop();
  const erasure = await erasures.runToEnd(await erasures.request());
  expect(erasure).toMatchObject({ phase: 'completed', warnings: [{ code: 'ehr-not-told' }] });
  await cases.simulator.start();
});

test('a connection whose secret cannot be decrypted is erased with a warning, or deleted', async () => {
  const { deps } = cases;
  const [erased, deleted] = [filled.connection.id, otherConnection.connection.id];
  const connections = database.db.collection<{ _id: string; encryptedSecret: string }>('connections');
  const secretOf = async (_id: string) => (await connections.findOne({ _id }))?.encryptedSecret;
  // A secret that was moved to another record does not decrypt.
  const [ofErased, ofDeleted] = [String(await secretOf(erased)), String(await secretOf(deleted))];
  await connections.updateOne({ _id: erased }, { $set: { encryptedSecret: ofDeleted } });
  await connections.updateOne({ _id: deleted }, { $set: { encryptedSecret: ofErased } });

  const erasure = await erasures.runToEnd(await erasures.request());
  expect(erasure).toMatchObject({ phase: 'completed', warnings: [{ code: 'ehr-not-told' }] });

  await deps.store.connections.markDeleted({ id: deleted, now: new Date() });
  await runJob(deps, revokeWork, { connectionId: deleted });
  expect(await deps.store.connections.findDeletedAt(deleted)).toBeUndefined();
});

test('the erasure of a connection deletes its export at the EHR and revokes the tokens', async () => {
  await erasures.runToEnd(await erasures.request());
  const requests = await cases.control.requests();
  const deletions = requests.filter(({ method }) => method === 'DELETE');
  // The active export. The template's ended exports were deleted when they ended.
  expect(deletions.map(({ status }) => status)).toEqual([202]);
  expect(requests.filter(({ path }) => path.endsWith('/revoke')).length).toBe(1);
});

test('an erasure deletes the records of a connection that was deleted earlier', async () => {
  const { store } = cases.deps;
  await store.connections.delete(filled.connection.id);
  await store.accessTokens.delete(filled.connection.id);
  const erasure = await erasures.runToEnd(await erasures.request());
  expect(erasure).toMatchObject({ phase: 'completed' });
  const after = withoutProof(await database.dump());
  expect([...after].filter(([key, text]) => `${key} ${text}`.includes(filled.connection.id))).toEqual([]);
});

test('the sweep recreates the job of an erasure after a loss of Redis', async () => {
  const erasureId = await erasures.request();
  await runJob(cases.deps, sweepWork, {});
  expect(await jobIds()).toContain(`erase.${erasureId}`);
  await cases.redis.del(...(await cases.redis.keys(`${cases.prefix}*`)));
  await runJob(cases.deps, sweepWork, {});
  expect(await jobIds()).toContain(`erase.${erasureId}`);
  await cases.redis.del(...(await cases.redis.keys(`${cases.prefix}*`)));
  await erasures.runToEnd(erasureId);
  await runJob(cases.deps, sweepWork, {});
  expect(await jobIds()).not.toContain(`erase.${erasureId}`);
});

async function jobIds(): Promise<string[]> {
  const queue = cases.deps.producer.queues.find(({ name }) => name === 'maintenance');
  const jobs = (await queue?.getJobs()) ?? [];
  return jobs.map(({ id }) => id ?? '');
}

test('an outage of MongoDB is not shown as the error of an erasure', async () => {
  const erasureId = await erasures.request();
  const { store } = cases.deps;
  const outage = Object.assign(new Error('closed'), { name: 'MongoNetworkError' });
  const writingProcesses = withMethods(store.writingProcesses, { raiseEpoch: () => Promise.reject(outage) });
  const deps = { ...cases.deps, store: { ...store, writingProcesses } };
  await expect(runJob(deps, eraseWork, { erasureId })).rejects.toBe(outage);
  expect(await store.erasures.find(erasureId)).toMatchObject({ phase: 'queued' });
  expect((await store.erasures.find(erasureId))?.error).toBeUndefined();
});
