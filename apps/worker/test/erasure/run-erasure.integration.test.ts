import { accountedLines } from '@bulkhead/bulk-export';
import { cancelExport } from '@bulkhead/bulk-export/commands';
import { downloadFile } from '@bulkhead/bulk-export/steps';
import { type Erasure, noAmounts } from '@bulkhead/erasure';
import { runErasure } from '@bulkhead/erasure/steps';
import { makeSchedule } from '@bulkhead/schedules/testing';
import type { SyncRun } from '@bulkhead/sync';
import { cancelSync } from '@bulkhead/sync/commands';
import { planSync, runSyncStep } from '@bulkhead/sync/steps';
import { makeSyncRun } from '@bulkhead/sync/testing';
import { createStore, type Store } from '@bulkhead/system';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { replayLine } from '../../src/replay-line.ts';
import { sweep } from '../../src/sweep.ts';
import { firstAttempt } from '../harness/attempts.ts';
import { type FilledConnection, fillConnection } from '../harness/fill-connection.ts';
import { type OpenDatabase, openDatabase } from '../harness/open-database.ts';
import { runExport } from '../harness/run-export.ts';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';

const patientId = 'a-195900.E-2';

let cases: UseCases;
let database: OpenDatabase;
let filled: FilledConnection;
let otherConnection: FilledConnection;
const opened: Store[] = [];
beforeEach(async () => {
  cases = await startUseCases();
  database = await openDatabase(cases.mongodbUri);
  filled = await fillConnection(cases, { patientId });
  otherConnection = await fillConnection(cases, { patientId });
}, 60_000);
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await database.close();
  await cases.stop();
});

/** Opens the store of a new process. Other processes notice an erasure within two seconds. */
async function openStore(): Promise<Store> {
  const store = createStore({ uri: cases.mongodbUri, encryptionKey: cases.encryptionKey });
  opened.push(store);
  await store.connect();
  return store;
}

const signal = () => AbortSignal.timeout(60_000);
const progress = () => undefined;
const requestedBy = { kind: 'api-key', id: 'key_1', name: 'operations', role: 'operator' } as const;

async function request(change: Partial<Erasure> = {}): Promise<string> {
  const id = `erase_${Object.keys(change).length}`;
  await cases.deps.store.erasures.insert({
    id,
    kind: 'connection',
    connectionId: filled.connection.id,
    phase: 'queued',
    version: 0,
    deleted: noAmounts,
    warnings: [],
    requestedBy,
    createdAt: cases.clock.now,
    ...change,
  });
  return id;
}

const attempt = (erasureId: string) => runErasure(cases.deps, { erasureId, signal: signal(), progress });

/** Runs the first pass, the wait and the last pass. */
async function runToEnd(erasureId: string): Promise<Erasure | undefined> {
  await expect(attempt(erasureId)).rejects.toMatchObject({ code: 'erasure-settling' });
  cases.clock.now = new Date(cases.clock.now.getTime() + cases.deps.erasureSettleMs);
  await attempt(erasureId);
  return cases.deps.store.erasures.find(erasureId);
}

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

/** An erasure keeps these records as its proof. */
const isProof = (key: string) => /^(audit_events|erasures)\//.test(key);
const withoutProof = (dump: ReadonlyMap<string, string>) => new Map([...dump].filter(([key]) => !isProof(key)));
const kindsOf = (dump: Iterable<string>) => [...new Set([...dump].map((key) => key.split('/')[0] ?? ''))].toSorted();

/** Runs an erasure that is interrupted after every batch, until it is completed. @returns the number of attempts */
async function eraseInPieces(erasureId: string): Promise<number> {
  let attempts = 0;
  for (let isDone = false; !isDone; attempts++) {
    const cut = new AbortController();
    const abort = () => cut.abort(new Error('the worker was killed'));
    const error = await runErasure(cases.deps, { erasureId, signal: cut.signal, progress: abort }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    isDone = error === undefined;
    if ((error as { code?: string })?.code === 'erasure-settling')
      cases.clock.now = new Date(cases.clock.now.getTime() + cases.deps.erasureSettleMs);
  }
  return attempts;
}

describe('the erasure of a connection', () => {
  test('the erasure of a connection leaves no record of it, and another connection byte for byte unchanged', async () => {
    const { store } = cases.deps;
    const before = await database.dump();
    const names = await namesOf(filled);
    const isErased = (text: string) => names.some((name) => text.includes(name));
    const erasedKeys = [...before].filter(([key, text]) => isErased(key) || isErased(text)).map(([key]) => key);
    // The test covers records of every kind.
    expect(kindsOf(erasedKeys)).toEqual(
      expect.arrayContaining([
        ...[
          'Condition',
          'DocumentReference',
          'Patient',
          'access_tokens',
          'active_exports',
          'answered_requests',
          'api_keys',
        ],
        ...['authorization_requests', 'bulk_exports', 'connections', 'crawl_marks', 'document_contents'],
        ...['document_files.chunks', 'document_files.files', 'documents', 'idempotency_keys', 'kept_out_keys'],
        ...['kept_out_patients', 'output_files', 'quarantine', 'quarantine.chunks', 'quarantine.files'],
        ...['quarantine_usage', 'schedules', 'sync_runs', 'sync_steps', 'watermarks', 'webhook_deliveries'],
      ]),
    );
    const amounts = await store.connectionEraser.count(filled.connection.id);
    expect(await database.dump()).toEqual(before);

    const erasure = await runToEnd(await request());

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
  }, 60_000);

  test('the erasure of a connection has the same result if it is interrupted after every batch', async () => {
    const before = await database.dump();
    const names = await namesOf(filled);
    const isErased = (text: string) => names.some((name) => text.includes(name));
    const erasureId = await request();
    const attempts = await eraseInPieces(erasureId);
    expect(attempts).toBeGreaterThan(20);
    const after = withoutProof(await database.dump());
    expect([...after].filter(([key, text]) => isErased(key) || isErased(text))).toEqual([]);
    const remaining = [...before].filter(([key, text]) => !isErased(key) && !isErased(text));
    expect([...after].filter(([key]) => !key.startsWith('api_keys/'))).toEqual(
      remaining.filter(([key]) => !key.startsWith('api_keys/')),
    );
  }, 60_000);

  test('the erasure of a connection ends a running download and deletes what it has written', async () => {
    const { deps } = cases;
    const { store } = deps;
    const exportId = filled.activeExportId;
    await cases.order({
      match: { path: '/bulkdata/.*Observation' },
      fault: { kind: 'slow', bytesPerSecond: 20_000 },
      times: 'always',
    });
    await waitFor(async () => {
      await cases.pollOnce(exportId);
      return (await cases.read(exportId)).phase === 'downloading';
    });
    const file = (await store.outputFiles.listByExport(exportId)).find(({ type }) => type === 'Observation');
    const download = downloadFile(deps, {
      fileId: file?.id ?? '',
      retryAt: firstAttempt,
      signal: signal(),
      progress,
    }).catch(() => undefined);
    await waitFor(async () => (await store.outputFiles.find(file?.id ?? ''))?.state === 'downloading');
    const erasureId = await request();
    await expect(attempt(erasureId)).rejects.toMatchObject({ code: 'erasure-settling' });
    await download;
    cases.clock.now = new Date(cases.clock.now.getTime() + deps.erasureSettleMs);
    await attempt(erasureId);
    const after = withoutProof(await database.dump());
    const names = [filled.connection.id, exportId];
    expect([...after.keys()].filter((key) => names.some((name) => `${key} ${after.get(key)}`.includes(name)))).toEqual(
      [],
    );
    expect((await store.erasures.find(erasureId))?.warnings).toEqual([]);
  }, 60_000);

  test('the last pass of an erasure deletes a batch that was written during the first pass', async () => {
    const { db } = database;
    const { connection } = filled;
    const [late] = await db.collection('Observation').find({ connectionId: connection.id }).limit(1).toArray();
    const erasureId = await request();
    await expect(attempt(erasureId)).rejects.toMatchObject({ code: 'erasure-settling' });
    await db.collection('Observation').insertOne(late as never);
    cases.clock.now = new Date(cases.clock.now.getTime() + cases.deps.erasureSettleMs);
    await attempt(erasureId);
    expect(await db.collection('Observation').countDocuments({ connectionId: connection.id })).toBe(0);
    expect(await cases.deps.store.erasures.find(erasureId)).toMatchObject({ phase: 'completed' });
  }, 60_000);

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
    await runToEnd(await request());
    const before = await database.dump();
    const store = await openStore();
    const now = new Date();
    const token = { connectionId, credentialsVersion: 0 };
    const step = { id: 's', runId: 'r', connectionId, patientIds: [], searches: [], state: 'pending', attempts: 0 };
    const delivery = { id: 'd', connectionId, url: 'http://x', type: 't', body: '', state: 'pending', attempts: [] };
    const inserts: readonly (() => Promise<unknown>)[] = [
      () => store.resourceWriter.write('Patient', [resource as never]),
      () => store.quarantine.put({ lines: [{ ...line, bytes: Buffer.from('x') } as never], now }),
      () => store.documents.note([document as never]),
      () => store.documentContents.claim({ connectionId } as never),
      () => store.outputFiles.insertMissing([file as never]),
      () => store.watermarks.advance(watermark as never),
      () => store.crawlMarks.advance({ connectionId, patientIds: [patientId], resourceType: 'Patient', at: now }),
      () => store.bulkExports.insert({ record, requestKey: 'key' }),
      () => store.syncRuns.insert(run as never),
      () => store.syncSteps.insertMissing([step as never]),
      () => store.webhookDeliveries.insertMissing({ ...delivery, createdAt: now } as never),
      () => store.schedules.insert(makeSchedule({ connectionId })),
      () => store.authorizationRequests.insert({ request: { connectionId } } as never),
      () => store.accessTokens.takeLease({ ...token, holder: 'h', durationMs: 1000 }),
      () => store.accessTokens.put({ ...token, grant: { accessToken: 'x', renewAfterMs: 1000 } as never }),
    ];
    for (const insert of inserts) await expect(insert()).rejects.toMatchObject({ code: 'connection-erased' });
    expect(await database.dump()).toEqual(before);
  }, 60_000);

  test('an erasure completes without an EHR that does not answer, with a warning', async () => {
    await cases.simulator.stop();
    const erasure = await runToEnd(await request());
    expect(erasure).toMatchObject({ phase: 'completed', warnings: [{ code: 'ehr-not-told' }] });
    await cases.simulator.start();
  }, 60_000);

  test('the erasure of a connection deletes its export at the EHR and revokes the tokens', async () => {
    await runToEnd(await request());
    const { requests } = (await (await fetch(`${cases.simulator.baseUrl}/_sim/requests`)).json()) as {
      requests: { method: string; path: string; status: number }[];
    };
    const deletions = requests.filter(({ method }) => method === 'DELETE');
    // The ended export was deleted there when it ended.
    expect(deletions.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(requests.filter(({ path }) => path.endsWith('/revoke')).length).toBe(1);
  }, 60_000);

  test('an erasure deletes the records of a connection that was deleted earlier', async () => {
    const { store } = cases.deps;
    await store.connections.delete(filled.connection.id);
    await store.accessTokens.delete(filled.connection.id);
    const erasure = await runToEnd(await request());
    expect(erasure).toMatchObject({ phase: 'completed' });
    const after = withoutProof(await database.dump());
    expect([...after].filter(([key, text]) => `${key} ${text}`.includes(filled.connection.id))).toEqual([]);
  }, 60_000);

  test('the sweep recreates the job of an erasure after a loss of Redis', async () => {
    const erasureId = await request();
    await sweep(cases.deps);
    expect(await jobIds()).toContain(`erase.${erasureId}`);
    await cases.redis.del(...(await cases.redis.keys(`${cases.prefix}*`)));
    await sweep(cases.deps);
    expect(await jobIds()).toContain(`erase.${erasureId}`);
    await cases.redis.del(...(await cases.redis.keys(`${cases.prefix}*`)));
    await runToEnd(erasureId);
    await sweep(cases.deps);
    expect(await jobIds()).not.toContain(`erase.${erasureId}`);
  }, 60_000);
});

/** Ends the active export and sync, because a patient is not erased while they run. */
async function endOthers({ activeExportId, activeRunId }: FilledConnection): Promise<void> {
  const { store, producer } = cases.deps;
  await cancelExport({ store, producer, find: () => cases.read(activeExportId) });
  await cancelSync({ store, producer, find: async () => (await store.syncRuns.find(activeRunId)) as SyncRun });
}

const patient = (change: Partial<Erasure> = {}) => request({ kind: 'patient', patientId, ...change });
/** No other patient id of this test contains this one. */
const mentions = (text: string) => text.includes(patientId);

/** The quarantined lines of a connection that contain the patient's id. */
async function linesOf({ connection }: FilledConnection): Promise<string[]> {
  const { quarantine } = cases.deps.store;
  const lines = await quarantine.list({ filter: { connectionId: connection.id }, scope: 'all', limit: 1000 });
  const names: string[] = [];
  for (const { id } of lines) {
    const texts = await quarantine.readTexts(id);
    if (texts.some((text) => mentions(text.toString()))) names.push(id);
  }
  return names;
}

/** `stored + stale + quarantined + withheld` of each file that was read. */
async function accounted(exportId: string): Promise<readonly (readonly [string, number])[]> {
  const files = await cases.deps.store.outputFiles.listByExport(exportId);
  return files.map(({ id, checkpoint }) => [id, accountedLines(checkpoint)] as const);
}

const exportAgain = () => runExport({ ...cases, connection: filled.connection });
const countOfPatient = () => cases.deps.store.patientEraser.count({ connectionId: filled.connection.id, patientId });

describe('the erasure of a patient', () => {
  beforeEach(() => endOthers(filled));

  test('the erasure of a patient leaves no record of that patient, and keeps other patients and other connections', async () => {
    const { store } = cases.deps;
    const { connection, endedExportId } = filled;
    const before = await database.dump();
    const lines = await linesOf(filled);
    const linesOfOther = await linesOf(otherConnection);
    expect([lines.length, linesOfOther.length]).toEqual([3, 3]);
    const files = await accounted(endedExportId);
    const { counts } = await cases.read(endedExportId);
    const amounts = await countOfPatient();
    expect(await database.dump()).toEqual(before);
    expect(amounts.resources).toMatchObject({ Patient: 1, Binary: 1, DocumentReference: expect.any(Number) });
    expect(amounts.records).toMatchObject({
      documents: expect.any(Number),
      documentContents: 1,
      quarantinedLines: 3,
      crawlMarks: 1,
    });

    const erasure = await runToEnd(await patient());

    const after = await database.dump();
    const ofErased = (key: string, text: string) => `${key} ${text}`.includes(connection.id);
    const naming = [...after].filter(([key, text]) => ofErased(key, text) && mentions(`${key} ${text}`));
    expect(kindsOf(naming.map(([key]) => key))).toEqual(['audit_events']);
    expect(await linesOf(filled)).toEqual([]);
    expect(await linesOf(otherConnection)).toEqual(linesOfOther);

    // Records of other patients are unchanged, except for counts and the list of patients in runs.
    const changed = [...before].filter(([key, text]) => after.has(key) && after.get(key) !== text).map(([key]) => key);
    expect(kindsOf(changed)).toEqual([
      'bulk_exports',
      'output_files',
      'quarantine',
      'quarantine_usage',
      'sync_runs',
      'sync_steps',
    ]);
    expect(changed.filter((key) => `${key} ${before.get(key)}`.includes(otherConnection.connection.id))).toEqual([]);
    const removedKeys = [...before].filter(([key]) => !after.has(key)).map(([key]) => key);
    const isChunk = (key: string) => /^(document_files|quarantine)\./.test(key);
    const notMentioning = removedKeys.filter((key) => !isChunk(key) && !mentions(`${key} ${before.get(key)}`));
    expect(kindsOf(notMentioning)).toEqual(['Binary', 'answered_requests', 'document_contents', 'quarantine']);
    expect([...withoutProof(after).keys()].filter((key) => !before.has(key))).toEqual([]);
    const { contents, parts } = await store.documentContents.count();
    expect(parts).toBeGreaterThanOrEqual(contents);

    expect(await accounted(endedExportId)).toEqual(files);
    expect((await cases.read(endedExportId)).counts).toEqual({
      ...counts,
      quarantined: counts.quarantined - 2,
      withheld: 2,
    });
    expect(erasure).toMatchObject({ phase: 'completed', found: amounts });
    expect(erasure).not.toHaveProperty('patientId');
    const { quarantinedLines, documents } = amounts.records;
    expect(erasure?.deleted).toMatchObject({
      resources: amounts.resources,
      records: { quarantinedLines, documents },
      contentBytes: amounts.contentBytes,
    });
    const [event] = await store.auditEvents.list({ filter: {}, limit: 1 });
    expect(event).toMatchObject({ action: 'patient.erased', patients: [patientId] });
    expect(await countOfPatient()).toMatchObject({ resources: {}, contentBytes: 0 });
  }, 60_000);

  test('an erased patient is stored again by the next export, unless the patient is kept out', async () => {
    const { resources } = await countOfPatient();
    await runToEnd(await patient());
    const secondExport = await exportAgain();
    expect(secondExport).toMatchObject({ phase: 'completed' });
    expect(secondExport.counts).not.toHaveProperty('withheld');
    const { Patient, Condition, Encounter } = resources;
    expect((await countOfPatient()).resources).toMatchObject({ Patient, Condition, Encounter });
  }, 60_000);

  test('a patient who is kept out is not stored by exports, syncs and replays, which count what they withheld', async () => {
    const { store } = cases.deps;
    const { connection } = filled;
    await runToEnd(await patient({ keepsOut: true }));
    const newStore = await openStore();
    const newCases = { ...cases, connection, deps: { ...cases.deps, store: newStore } };
    const secondExport = await runExport(newCases);
    expect(secondExport).toMatchObject({ phase: 'completed' });
    const { promised, stored, stale, quarantined, withheld = 0 } = secondExport.counts;
    expect(withheld).toBeGreaterThan(0);
    expect(stored + stale + quarantined + withheld).toBe(promised);
    expect((await countOfPatient()).resources).toEqual({});
    expect((await countOfPatient()).records).toEqual({});

    const [binary] = await database.db
      .collection('Binary')
      .find({ connectionId: otherConnection.connection.id })
      .toArray();
    const ofErased = { ...binary, _id: `${connection.id}/of-report`, connectionId: connection.id };
    expect(await newStore.resourceWriter.write('Binary', [ofErased as never])).toMatchObject({
      written: 0,
      withheld: 1,
    });

    const file = (await store.outputFiles.listByExport(secondExport.id)).find(({ type }) => type === 'Condition');
    const line = Buffer.from(
      JSON.stringify({ resourceType: 'Condition', id: 'c', subject: { reference: `Patient/${patientId}` } }),
    );
    const place = {
      connectionId: connection.id,
      exportId: secondExport.id,
      fileId: file?.id ?? '',
      line: 1,
      offset: 1,
    };
    await store.quarantine.put({
      lines: [{ ...place, reason: 'test', bytes: line, sizeBytes: line.length }],
      now: cases.clock.now,
    });
    await database.db
      .collection('output_files')
      .updateOne({ _id: file?.id as never }, { $inc: { 'checkpoint.quarantined': 1 } });
    const [total] = await accountedOf(file?.id ?? '');
    const quarantineId = `${file?.id}.${'1'.padStart(16, '0')}`;
    await replayLine(newCases.deps, { quarantineId });
    expect(await store.quarantine.find(quarantineId)).toMatchObject({ state: 'withheld', keptBytes: 0 });
    expect(await accountedOf(file?.id ?? '')).toEqual([total, 0]);
    expect((await countOfPatient()).resources).toEqual({});

    const run = makeSyncRun({
      connectionId: connection.id,
      request: { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [patientId] },
    });
    await store.syncRuns.insert(run);
    await planSync(newCases.deps, { syncRunId: run.id, signal: signal() });
    for (const stepId of await store.syncSteps.listUnsettledIds(run.id))
      await runSyncStep(newCases.deps, { stepId, retryAt: firstAttempt, progress, signal: signal() });
    for (const { fetched, stored: kept, stale: older, rejected, withheld: out = 0 } of await store.syncSteps.sumByType(
      run.id,
    ))
      expect(kept + older + rejected + out).toBe(fetched);
    expect((await countOfPatient()).resources).toEqual({});
  }, 60_000);

  test('the API can stop keeping a patient out, and later exports store the patient', async () => {
    const { store } = cases.deps;
    const reference = { connectionId: filled.connection.id, patientId };
    await runToEnd(await patient({ keepsOut: true }));
    expect(await store.keptOut.remove(reference)).toBe(true);
    expect(await store.keptOut.remove(reference)).toBe(false);
    const newStore = await openStore();
    await runExport({ ...cases, connection: filled.connection, deps: { ...cases.deps, store: newStore } });
    expect((await countOfPatient()).resources).toMatchObject({ Patient: 1 });
  }, 60_000);

  test('the erasure of a patient has the same result if it is interrupted after every batch', async () => {
    const erasureId = await patient({ keepsOut: true });
    const attempts = await eraseInPieces(erasureId);
    expect(attempts).toBeGreaterThan(10);
    const after = await database.dump();
    const naming = [...after].filter(
      ([key, text]) => `${key} ${text}`.includes(filled.connection.id) && mentions(`${key} ${text}`),
    );
    expect(kindsOf(naming.map(([key]) => key))).toEqual(['audit_events']);
    expect(await countOfPatient()).toMatchObject({ resources: {}, records: {} });
    const { withheld } = (await cases.read(filled.endedExportId)).counts;
    expect(withheld).toBe(2);
  }, 60_000);

  test('the erasure of a patient waits for a sync of the patient that was started meanwhile', async () => {
    const { store } = cases.deps;
    const run = makeSyncRun({
      connectionId: filled.connection.id,
      request: { includeStandard: true, includeEnhanced: false, resourceTypes: [], patients: [patientId] },
    });
    await store.syncRuns.insert(run);
    await planSync(cases.deps, { syncRunId: run.id, signal: signal() });
    const erasureId = await patient();
    await expect(attempt(erasureId)).rejects.toMatchObject({ code: 'erasure-waits' });
    expect((await countOfPatient()).resources).toMatchObject({ Patient: 1 });
    await cancelSync({
      store,
      producer: cases.deps.producer,
      find: async () => (await store.syncRuns.find(run.id)) as SyncRun,
    });
    expect(await runToEnd(erasureId)).toMatchObject({ phase: 'completed' });
  }, 60_000);
});

/** The accounted lines of a file and its quarantined lines. */
async function accountedOf(fileId: string): Promise<[number, number]> {
  const file = await cases.deps.store.outputFiles.find(fileId);
  if (!file) throw new Error('no file');
  return [accountedLines(file.checkpoint), file.checkpoint.quarantined];
}

async function jobIds(): Promise<string[]> {
  const queue = cases.deps.producer.queues.find(({ name }) => name === 'maintenance');
  const jobs = (await queue?.getJobs()) ?? [];
  return jobs.map(({ id }) => id ?? '');
}
