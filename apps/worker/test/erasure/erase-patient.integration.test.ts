import type { Erasure } from '@bulkhead/erasure';
import { countOfPatient } from '@bulkhead/erasure';
import { ErasureService } from '@bulkhead/erasure/commands';
import { accountedLines } from '@bulkhead/imports/export';
import { cancelExport } from '@bulkhead/imports/export/commands';
import { discardWork, endedExports } from '@bulkhead/imports/export/steps';
import { runExport } from '@bulkhead/imports/export/testing';
import type { SyncRun } from '@bulkhead/imports/sync';
import { cancelSync } from '@bulkhead/imports/sync/commands';
import { endedSyncs, planReferencesWork, planSync, runSyncStep } from '@bulkhead/imports/sync/steps';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { firstAttempt, runJob } from '@bulkhead/queues/testing';
import { replayWork } from '@bulkhead/records/quarantine/steps';
import { recordSchemas } from '@bulkhead/store';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { FilledConnection } from '../harness/fill-connection.ts';
import {
  type ErasureCases,
  type ErasureTemplate,
  fillTemplate,
  kindsOf,
  patientId,
  progress,
  requestedBy,
  signal,
  splitErased,
  startErasureCases,
  withoutProof,
} from './erasure-cases.fixture.ts';
import { fillTexts } from './patient-texts.fixture.ts';

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

/** Ends the active export and sync, because a patient is not erased while they run. */
async function endOthers({ activeExportId, activeRunId }: FilledConnection): Promise<void> {
  const { store, producer } = cases.deps;
  await cancelExport({ store, producer, find: () => cases.read(activeExportId) });
  await cancelSync({ store, producer, find: async () => (await store.syncRuns.find(activeRunId)) as SyncRun });
}

const patient = (change: Partial<Erasure> = {}) => erasures.request({ kind: 'patient', patientId, ...change });
/** No other patient id of this test contains this one. */
const mentions = (text: string) => text.includes(patientId);

/** The quarantined lines of a connection that contain the patient's id. */
async function linesOf({ connection }: FilledConnection): Promise<string[]> {
  const { quarantine } = cases.deps.store;
  const names: string[] = [];
  for await (const { id, texts } of quarantine.readAllTexts(connection.id)) {
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
const countData = () => countOfPatient(cases.deps.store.features, { connectionId: filled.connection.id, patientId });

/** Reads by a sync what the stored resources refer to. */
async function readReferences(): Promise<void> {
  const { deps } = cases;
  const { connection } = filled;
  const request = { includeStandard: false, includeEnhanced: false, includeReferences: true };
  const run = makeSyncRun({
    id: `sync_references_${++reads}`,
    connectionId: connection.id,
    request: { ...request, resourceTypes: [], patients: [] },
  });
  await deps.store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal: signal() });
  await runJob(deps, planReferencesWork, { syncRunId: run.id, round: 1 });
  for (const stepId of await deps.store.syncSteps.listUnsettledIds(run.id))
    await runSyncStep(deps, { stepId, retryAt: firstAttempt, progress, signal: signal() });
  await cancelSync({
    store: deps.store,
    producer: deps.producer,
    find: async () => (await deps.store.syncRuns.find(run.id)) as SyncRun,
  });
}
let reads = 0;

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
  const amounts = await countData();
  expect(await database.dump()).toEqual(before);
  expect(amounts.resources).toMatchObject({ Patient: 1, Binary: 1, DocumentReference: expect.any(Number) });
  expect(amounts.records).toMatchObject({
    documents: expect.any(Number),
    documentContents: 1,
    quarantinedLines: 3,
    crawlMarks: 1,
  });

  const erasure = await erasures.runToEnd(await patient());

  const { erased, others: after } = splitErased(await database.dump());
  // Each resource leaves an entry with its id, for readers who keep a copy.
  const typeOf = (key: string) => key.split('/')[0] ?? '';
  const entries = Object.entries(Object.groupBy(erased, typeOf)).map(([type, keys = []]) => [type, keys.length]);
  expect(Object.fromEntries(entries)).toEqual(amounts.resources);
  expect(erased.every((key) => before.has(key) && key.includes(connection.id))).toBe(true);
  const ofErased = (key: string, text: string) => `${key} ${text}`.includes(connection.id);
  const naming = [...after].filter(([key, text]) => ofErased(key, text) && mentions(`${key} ${text}`));
  expect(kindsOf(naming.map(([key]) => key))).toEqual(['audit_events']);
  expect(await linesOf(filled)).toEqual([]);
  expect(await linesOf(otherConnection)).toEqual(linesOfOther);

  // Records of other patients are unchanged, except for counts and the list of patients in runs.
  const changed = [...before].filter(([key, text]) => after.has(key) && after.get(key) !== text).map(([key]) => key);
  expect(kindsOf(changed)).toEqual([
    'bulk_exports',
    'cohort_marks',
    'cohorts',
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
  expect(await countData()).toMatchObject({ resources: {}, contentBytes: 0 });
});

test('an erased patient is stored again by the next export, unless the patient is kept out', async () => {
  const { resources } = await countData();
  await erasures.runToEnd(await patient());
  const secondExport = await exportAgain();
  expect(secondExport).toMatchObject({ phase: 'completed' });
  expect(secondExport.counts).not.toHaveProperty('withheld');
  const { Patient, Condition, Encounter } = resources;
  expect((await countData()).resources).toMatchObject({ Patient, Condition, Encounter });
});

test('a result that only a read returns comes back after an erasure, with the report that refers to it', async () => {
  const { connection } = filled;
  const subject = { reference: `Patient/${patientId}` };
  const put = (resourceType: string, id: string, content: object) =>
    cases.control.put(`${resourceType}/${id}`, JSON.stringify({ resourceType, id, subject, ...content }));
  await cases.inject({ path: 'export$' }, { kind: 'export-types', drop: ['Observation'] }, { times: 'always' });
  await put('DiagnosticReport', 'report', { result: [{ reference: 'Observation/only-read' }] });
  await put('Observation', 'only-read', {});
  const reference = { connectionId: connection.id, resourceType: 'Observation', resourceId: 'only-read' };
  const isStored = async () => (await cases.deps.store.resources.read(reference)) !== undefined;
  const importAll = async () => {
    await exportAgain();
    expect(await isStored()).toBe(false);
    await readReferences();
  };
  await importAll();
  expect(await isStored()).toBe(true);
  await erasures.runToEnd(await patient());
  await importAll();
  expect(await isStored()).toBe(true);
});

test('a patient who is kept out is not stored by exports, syncs and replays, which count what they withheld', async () => {
  const { store } = cases.deps;
  const { connection } = filled;
  await erasures.runToEnd(await patient({ keepsOut: true }));
  const newStore = await erasures.openStore();
  const newCases = { ...cases, connection, deps: { ...cases.deps, store: newStore } };
  const secondExport = await runExport(newCases);
  expect(secondExport).toMatchObject({ phase: 'completed' });
  const { promised, stored, stale, quarantined, withheld = 0 } = secondExport.counts;
  expect(withheld).toBeGreaterThan(0);
  expect(stored + stale + quarantined + withheld).toBe(promised);
  expect((await countData()).resources).toEqual({});
  // The line that is cut off before it mentions anyone.
  expect((await countData()).records).toEqual({ undecidedLines: 1 });

  const [binary] = await database.db
    .collection('Binary')
    .find({ connectionId: otherConnection.connection.id })
    .toArray();
  const ofErased = { ...binary, _id: `${connection.id}/of-report`, connectionId: connection.id };
  expect(await newStore.resourceWriter.write('Binary', [ofErased as never])).toMatchObject({ written: 0, withheld: 1 });

  const file = (await store.outputFiles.listByExport(secondExport.id)).find(({ type }) => type === 'Condition');
  const line = Buffer.from(
    JSON.stringify({ resourceType: 'Condition', id: 'c', subject: { reference: `Patient/${patientId}` } }),
  );
  const place = { connectionId: connection.id, runId: secondExport.id, fileId: file?.id ?? '', line: 1, offset: 1 };
  await store.quarantine.put({
    lines: [{ ...place, resourceType: 'Patient', reason: 'test', bytes: line, sizeBytes: line.length }],
    now: cases.clock.now,
  });
  await database.db
    .collection('output_files')
    .updateOne({ _id: file?.id as never }, { $inc: { 'checkpoint.quarantined': 1 } });
  const [total] = await accountedOf(file?.id ?? '');
  const quarantineId = `${file?.id}.${'1'.padStart(16, '0')}`;
  await runJob(newCases.deps, replayWork, { quarantineId });
  expect(await store.quarantine.find(quarantineId)).toMatchObject({ state: 'withheld', keptBytes: 0 });
  expect(await accountedOf(file?.id ?? '')).toEqual([total, 0]);
  expect((await countData()).resources).toEqual({});

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
  expect((await countData()).resources).toEqual({});
});

const text = `No access to Patient/${patientId} (Jane Planted-Name)`;

/** Writes the patient into every text of ended work that an EHR can send. @returns the names of the texts */
async function fillAllTexts({ except = [] }: { readonly except?: readonly string[] } = {}): Promise<string[]> {
  const { db } = database;
  const connectionId = filled.connection.id;
  const ofConnection = { $or: [{ connectionId }, { _id: connectionId as never }] };
  const isUnderWay = { $or: [{ active: true }, { state: { $in: ['pending', 'downloading', 'running'] } }] };
  // Deliveries that have ended.
  await db.collection('webhook_deliveries').updateMany({ connectionId }, { $set: { state: 'failed' } });
  const filledTexts: string[] = [];
  for (const [collection, schema] of recordSchemas) {
    if (except.includes(collection)) continue;
    const records = db.collection(collection);
    for (const record of await records.find({ $and: [ofConnection, { $nor: [isUnderWay] }] }).toArray()) {
      const { names, value } = fillTexts(schema, { value: record, text });
      filledTexts.push(...names.map((name) => `${collection}.${name}`));
      await records.replaceOne({ _id: record._id }, value as object);
    }
  }
  return filledTexts;
}

/** The kinds of the records of the connection that name the patient. */
async function kindsThatName(): Promise<string[]> {
  const { others } = splitErased(await database.dump());
  const after = [...others].filter(([key, document]) => `${key} ${document}`.includes(filled.connection.id));
  const naming = after.filter(([key, document]) => document.includes('Planted-Name') || mentions(`${key} ${document}`));
  return kindsOf(naming.map(([key]) => key));
}

test('work that ends after an erasure keeps no text of the EHR that names the patient who is kept out', async () => {
  const { store } = cases.deps;
  const connectionId = filled.connection.id;
  await erasures.runToEnd(await patient({ keepsOut: true }));
  await fillAllTexts({ except: ['erasures', 'documents', 'webhook_deliveries'] });
  const ended = { connectionId, active: false };
  for (const name of ['bulk_exports', 'sync_runs'])
    await database.db.collection(name).updateMany(ended, { $set: { notify: 'due' } });
  // Its address is needed until it is deleted at the EHR.
  const statusUrl = `${filled.connection.fhirEndpoint}/jobs/${patientId}`;
  const due = { statusUrl, discard: 'due' as const };
  await database.db.collection('bulk_exports').updateMany(ended, { $set: due, $unset: { orphans: 1 } });
  const runs = [
    { ended: endedExports(store), ids: await store.bulkExports.listIds(connectionId) },
    { ended: endedSyncs(store), ids: await store.syncRuns.listIds(connectionId) },
  ];
  for (const { ended, ids } of runs)
    for (const run of await Promise.all(ids.map((id) => ended.find(id)))) if (run) await ended.markNotified(run);
  const steps = [{ step: 'read', ok: false, durationMs: 1, message: text } as const];
  await store.connections.saveTest({ id: connectionId, test: { id: 'test', ok: false, endedAt: new Date(), steps } });
  await store.probes.start({ connectionId, limits: { requests: 1, exports: 1 }, now: new Date() });
  const probe = await store.probes.find(connectionId);
  if (!probe) throw new Error('No probe was started.');
  await store.probes.addExport(connectionId, `https://ehr.example/files/${patientId}.ndjson`);
  const error = { code: 'ehr-unreachable', message: text } as const;
  await store.probes.end(probe, { phase: 'failed', error, now: new Date() });
  expect(await kindsThatName()).toEqual(['audit_events', 'bulk_exports']);
  for (const exportId of await store.bulkExports.listIds(connectionId))
    await runJob(cases.deps, discardWork, { exportId });
  const [document] = await store.documents.list({ filter: { connectionId }, limit: 1 });
  if (!document) throw new Error('No document is stored.');
  await store.documents.retry(document.id);
  await store.documents.fail({ id: document.id, error, now: new Date() });
  expect(await kindsThatName()).toEqual(['audit_events']);
});

test('the erasure of a patient waits for a probe whose record names the patient, and for no other probe', async () => {
  const { probes } = cases.deps.store;
  const connectionId = filled.connection.id;
  const start = async () => {
    await probes.start({ connectionId, limits: { requests: 1, exports: 1 }, now: new Date() });
    return probes.find(connectionId);
  };
  const probe = await start();
  const url = `https://ehr.example/Patient/${patientId}/$export-status`;
  await probes.addExport(connectionId, url);
  const erasureId = await patient();
  await expect(erasures.attempt(erasureId)).rejects.toMatchObject({ code: 'erasure-waits' });
  if (probe) await probes.end(probe, { phase: 'interrupted', now: new Date() });
  expect((await erasures.runToEnd(erasureId))?.phase).toBe('completed');
  expect(await kindsThatName()).toEqual(['audit_events']);
  await start();
  expect((await erasures.runToEnd(await patient({ keepsOut: true })))?.phase).toBe('completed');
});

test('the erasure of a patient leaves nothing of the patient in any text of a record that is kept', async () => {
  const { db } = database;
  const connectionId = filled.connection.id;
  const filledTexts = await fillAllTexts();
  const ended = { connectionId, active: false };
  const unrelated = 'Observation?category=laboratory';
  await db.collection('bulk_exports').updateMany(ended, { $push: { 'request.typeFilters': unrelated } as never });
  // Without one of these collections, nothing of it was tested.
  expect(kindsOf(filledTexts.map((name) => name.replace('.', '/')))).toEqual([
    ...['bulk_exports', 'connections', 'documents', 'output_files', 'sync_runs', 'sync_steps', 'webhook_deliveries'],
  ]);
  const named = (name: string) => /(^|[.])(ehrText|message)$/.test(name);
  expect(filledTexts.filter(named).length).toBeGreaterThan(10);

  await erasures.runToEnd(await patient());
  expect(await kindsThatName()).toEqual(['audit_events']);
  for (const key of await cases.redis.keys('*'))
    expect(`${key} ${await cases.redis.dump(key)}`).not.toContain(patientId);
  const [record] = await db.collection('bulk_exports').find(ended).toArray();
  // The filter that does not name the patient stays, and so does that there was another one.
  expect(record?.request.typeFilters).toEqual(['erased', unrelated]);
  expect(record?.error).toEqual({ message: 'erased' });
});

test('an erasure finds the patient in quarantined lines in every spelling, and later bad lines are withheld', async () => {
  const { store } = cases.deps;
  const connectionId = filled.connection.id;
  const exportId = filled.endedExportId;
  const fileId = (await store.outputFiles.listByExport(exportId))[0]?.id ?? '';
  const inJson = (reference: string) => `{"resourceType":"Observation","subject":{"reference":"${reference}"},"value":`;
  const spellings = [
    ...[`Patient\\/${patientId}`, `Patient\\u002f${patientId}`, `Patient/\\u0061${patientId.slice(1)}`],
    ...[`Patient%2F${patientId}`, `Patient?_id=${patientId}`],
  ].map((reference) => Buffer.from(inJson(reference)));
  const texts = [
    ...[`Jane Planted-Name (${patientId}) was here.`, `PID|1||${patientId}^^^MRN`, `<id value='${patientId}'/>`],
    ...[`id: ${patientId}.`, `${patientId},Jane`],
  ].map((text) => Buffer.from(text));
  const wide = Buffer.from(JSON.stringify({ resourceType: 'Patient', id: patientId }), 'utf16le');
  const ofPatient = [...spellings, ...texts, wide, Buffer.from(wide).swap16()];
  const makeLine = (bytes: Buffer, offset: number) => {
    return {
      connectionId,
      runId: exportId,
      fileId,
      line: offset,
      offset,
      resourceType: 'Patient',
      reason: 'invalid-json',
      bytes,
      sizeBytes: bytes.length,
    };
  };
  // An id of another patient that begins with the same letters.
  const others = [inJson('Patient/another'), `PID|1||${patientId}2^^^MRN`, 'no one'].map((text) => Buffer.from(text));
  const lines = [...ofPatient, ...others].map((bytes, index) => makeLine(bytes, 100 + index));
  await store.quarantine.put({ lines, now: cases.clock.now });
  const { quarantinedLines, undecidedLines } = (await countData()).records;
  // Three lines of the patient and one that is cut off were there before.
  expect([quarantinedLines, undecidedLines]).toEqual([3 + ofPatient.length, 1 + others.length]);
  await erasures.runToEnd(await patient({ keepsOut: true }));
  const stateAt = async (offset: number) => {
    const found = await store.quarantine.find(`${fileId}.${String(offset).padStart(16, '0')}`);
    return [found?.state, found?.keptBytes === 0];
  };
  const verify = async (first: number) => {
    for (const index of lines.keys())
      expect(await stateAt(first + index)).toEqual(index < ofPatient.length ? ['withheld', true] : ['open', false]);
  };
  await verify(100);

  const newStore = await erasures.openStore();
  const again = lines.map((line) => ({ ...line, offset: line.offset + 100 }));
  expect(await newStore.quarantine.put({ lines: again, now: cases.clock.now })).toBe(ofPatient.length);
  await verify(200);
  // A replay that began before the erasure must not open the line again.
  await store.quarantine.noteReplay({
    id: `${fileId}.${'100'.padStart(16, '0')}`,
    reason: 'test',
    now: cases.clock.now,
  });
  expect(await stateAt(100)).toEqual(['withheld', true]);
});

test('a request to keep a patient out strengthens an erasure that is under way', async () => {
  const { store, producer } = cases.deps;
  const service = new ErasureService({ store, producer });
  await endOthers(filled);
  const request = { connectionId: filled.connection.id, patientId, scope: 'all' as const, requestedBy };
  const first = await service.erasePatient({ ...request, keepsOut: false });
  await erasures.runUntilSettling(first.erasure.id);
  const second = await service.erasePatient({ ...request, keepsOut: true });
  expect(second).toMatchObject({ isChanged: true, erasure: { id: first.erasure.id, keepsOut: true } });
  expect(await service.erasePatient({ ...request, keepsOut: false })).toMatchObject({ isChanged: false });
  expect(await erasures.runToEnd(first.erasure.id)).toMatchObject({ phase: 'completed', keepsOut: true });
  const newStore = await erasures.openStore();
  await runExport({ ...cases, connection: filled.connection, deps: { ...cases.deps, store: newStore } });
  expect((await countData()).resources).toEqual({});
});

test('a purge of the connection beside the erasure of a patient leaves no list of kept-out patients', async () => {
  const ofPatient = await patient({ keepsOut: true });
  await erasures.runUntilSettling(ofPatient);
  await erasures.runToEnd(await erasures.request());
  // Other processes know of the purge after two seconds.
  await cases.deps.store.gate.refresh();
  await waitFor(async () => {
    await erasures.attempt(ofPatient).catch(() => undefined);
    return (await cases.deps.store.erasures.find(ofPatient))?.phase === 'completed';
  });
  const after = [...(await database.dump())].filter(([key, text]) => `${key} ${text}`.includes(filled.connection.id));
  expect(kindsOf(after.map(([key]) => key))).toEqual(['audit_events', 'erasures']);
});

test('the API can stop keeping a patient out, and later exports store the patient', async () => {
  const { store } = cases.deps;
  const reference = { connectionId: filled.connection.id, patientId };
  await erasures.runToEnd(await patient({ keepsOut: true }));
  expect(await store.keptOut.remove(reference)).toBe(true);
  expect(await store.keptOut.remove(reference)).toBe(false);
  const newStore = await erasures.openStore();
  await runExport({ ...cases, connection: filled.connection, deps: { ...cases.deps, store: newStore } });
  expect((await countData()).resources).toMatchObject({ Patient: 1 });
});

test('the erasure of a patient has the same result if it is interrupted after every batch', async () => {
  const erasureId = await patient({ keepsOut: true });
  const attempts = await erasures.eraseInPieces(erasureId);
  expect(attempts).toBeGreaterThan(10);
  const { others: after } = splitErased(await database.dump());
  const naming = [...after].filter(
    ([key, text]) => `${key} ${text}`.includes(filled.connection.id) && mentions(`${key} ${text}`),
  );
  expect(kindsOf(naming.map(([key]) => key))).toEqual(['audit_events']);
  expect(await countData()).toMatchObject({ resources: {}, records: { undecidedLines: 1 } });
  const { withheld } = (await cases.read(filled.endedExportId)).counts;
  expect(withheld).toBe(2);
});

test('the erasure of a patient waits for a sync of the patient that was started meanwhile', async () => {
  const { store } = cases.deps;
  const run = makeSyncRun({
    connectionId: filled.connection.id,
    request: { includeStandard: true, includeEnhanced: false, resourceTypes: [], patients: [patientId] },
  });
  await store.syncRuns.insert(run);
  await planSync(cases.deps, { syncRunId: run.id, signal: signal() });
  const erasureId = await patient();
  await expect(erasures.attempt(erasureId)).rejects.toMatchObject({ code: 'erasure-waits' });
  expect((await countData()).resources).toMatchObject({ Patient: 1 });
  await cancelSync({
    store,
    producer: cases.deps.producer,
    find: async () => (await store.syncRuns.find(run.id)) as SyncRun,
  });
  expect(await erasures.runToEnd(erasureId)).toMatchObject({ phase: 'completed' });
});

test('the erasure of a patient waits for a queued sync that names the patient and has no steps yet', async () => {
  const { store, producer } = cases.deps;
  const run = makeSyncRun({
    connectionId: filled.connection.id,
    request: { includeStandard: true, includeEnhanced: false, resourceTypes: [], patients: [patientId] },
  });
  await store.syncRuns.insert(run);
  const erasureId = await patient();
  await expect(erasures.attempt(erasureId)).rejects.toMatchObject({ code: 'erasure-waits' });
  expect((await countData()).resources).toMatchObject({ Patient: 1 });
  await cancelSync({ store, producer, find: async () => (await store.syncRuns.find(run.id)) as SyncRun });
  expect(await erasures.runToEnd(erasureId)).toMatchObject({ phase: 'completed' });
});

/** The accounted lines of a file and its quarantined lines. */
async function accountedOf(fileId: string): Promise<[number, number]> {
  const file = await cases.deps.store.outputFiles.find(fileId);
  if (!file) throw new Error('no file');
  return [accountedLines(file.checkpoint), file.checkpoint.quarantined];
}
