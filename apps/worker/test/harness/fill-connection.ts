import { randomBytes } from 'node:crypto';
import { fetchDocumentWork } from '@bulkhead/documents/steps';
import { makeCohortMark, runExport } from '@bulkhead/imports/export/testing';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { finalizeSync, planSync, runSyncStep } from '@bulkhead/imports/sync/steps';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import type { Work } from '@bulkhead/queues';
import { attemptJob, lastAttempt } from '@bulkhead/queues/testing';
import { toTombstone } from '@bulkhead/records';
import { replayWork } from '@bulkhead/records/quarantine/steps';
import { documentContext, makeDocument } from '@bulkhead/records/testing';
import { openDatabase } from '@bulkhead/store/testing';
import { notifyWork } from '@bulkhead/webhooks/steps';
import type { UseCases } from './start-use-cases.ts';

const signal = () => AbortSignal.timeout(120_000);
const progress = () => undefined;
const everything = { exportType: 'Patient', resourceTypes: [] } as const;
let connections = 0;

export type FilledConnection = Awaited<ReturnType<typeof fillConnection>>;

/**
 * Makes a connection with records of every kind, most of them by running the steps: an ended export with quarantined lines, tombstones
 * and documents, an ended sync, and an active one of each.
 * @param options.patientId the patient of the sync and of the quarantined lines
 */
export async function fillConnection(cases: UseCases, options: { readonly patientId: string }) {
  const ended = await fillEnded(cases, options);
  return { ...ended, ...(await startOthers(cases, { connectionId: ended.connection.id })) };
}

/** Makes what nothing at the EHR continues, so that the records can be copied. */
export async function fillEnded(cases: UseCases, { patientId }: { readonly patientId: string }) {
  const { deps } = cases;
  const { store } = deps;
  const connectionId = `conn_filled_${String(++connections).padStart(3, '0')}`;
  const connection = { ...cases.connection, id: connectionId, name: connectionId };
  const connectionCases = { ...cases, connection };
  await store.connections.insert(connection);
  await store.connections.saveWebhook({ id: connectionId, url: 'http://client.example/hook', secret: 'whsec_x' });
  await store.schedules.insert(makeSchedule({ connectionId }));
  const patients = [patientId, 'p-other'];
  await store.cohorts.save({ key: { connectionId, name: 'panel' }, from: undefined, patients, now: deps.now() });
  await store.cohortMarks.advance(makeCohortMark({ connectionId, patients }));

  const broken = `{"resourceType":"Condition","subject":{"reference":"Patient/${patientId}"},"code":`;
  const anonymous = '{"resourceType":"Procedure","id":';
  await cases.inject('/bulkdata/.*Condition', { kind: 'corrupt-line', line: 2, with: broken });
  await cases.inject('/bulkdata/.*Procedure', { kind: 'corrupt-line', line: 2, with: anonymous });
  const ended = await runExport(connectionCases);
  const source = { exportId: ended.id, fileId: 'f', line: 1 };
  const context = { ...documentContext, connectionId, source };
  await store.resourceWriter.write('Patient', [toTombstone({ resourceId: 'gone', context })]);
  await addReport(connectionCases, { exportId: ended.id, patientId });
  await addEncryptedLines(cases, { connectionId, exportId: ended.id, patientId });
  await attempt(cases, notifyWork, { kind: 'bulk-export', id: ended.id });

  const run = makeSyncRun({
    id: `sync_ended_${connectionId}`,
    connectionId,
    request: { includeStandard: false, includeEnhanced: true, resourceTypes: [], patients: [patientId] },
  });
  await store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal: signal() });
  for (const stepId of await store.syncSteps.listUnsettledIds(run.id))
    await runSyncStep(deps, { stepId, retryAt: lastAttempt, progress, signal: signal() });
  await finalizeSync(deps, { syncRunId: run.id });
  await attempt(cases, notifyWork, { kind: 'sync-run', id: run.id });

  const unsettled = await store.documents.list({ filter: { connectionId, state: 'pending' }, limit: 1000 });
  // The report is excluded, because its content is to be stored and the EHR does not have its Binary.
  const cut = unsettled.find(({ url }) => url !== undefined && url !== 'Binary/of-report');
  // So that the PDFs are stored in parts, and the pictures in their records.
  const withSmallParts = { ...cases, deps: { ...deps, documents: { ...deps.documents, partBytes: 500 } } };
  for (const { id: documentId, url } of unsettled.filter((document) => document !== cut)) {
    const fetching = attempt(withSmallParts, fetchDocumentWork, { documentId });
    await (url === 'Binary/of-report' ? fetching.catch(() => undefined) : fetching);
  }
  await beginUpload(cases, cut?.id ?? '');

  await store.apiKeys.issue({ name: 'client', role: 'client', connectionIds: [connectionId], now: deps.now() });
  const held = { clientId: 'key_1', key: `answer-${connectionId}`, holder: 'holder' };
  await store.answeredRequests.take({ attempt: held, request: { requestHash: 'hash' }, now: deps.now() });
  await store.answeredRequests.save({ attempt: held, request: { requestHash: 'hash', answer: {} }, connectionId });
  await store.authorizationRequests.insert({
    request: {
      id: `auth_${connectionId}`,
      provider: 'athenahealth',
      kind: 'operator',
      connectionId,
      redirectUri: 'https://bulkhead.example/callback',
      clientId: 'client',
      scope: 'launch/patient',
      fhirEndpoint: connection.fhirEndpoint,
      phase: 'created',
      expiresAt: new Date(deps.now().getTime() + 60 * 60_000),
    },
    secrets: {},
    startHash: 'hash',
  });
  await store.keptOut.add({ connectionId, patientId: 'kept-out', binaryIds: ['kept-out'], now: deps.now() });
  return { connection, endedExportId: ended.id };
}

/** Runs the last attempt of a job. */
function attempt<Payload>(
  { deps }: Pick<UseCases, 'deps'>,
  job: Work<Payload, UseCases['deps']>,
  payload: NoInfer<Payload>,
): Promise<void> {
  return attemptJob(deps, job, { payload, retryAt: lastAttempt, signal: signal() });
}

/** Adds a report with a content that no other document has, and a Binary, which does not name its patient. */
async function addReport(
  { deps, connection }: Pick<UseCases, 'deps' | 'connection'>,
  { exportId, patientId }: { readonly exportId: string; readonly patientId: string },
): Promise<void> {
  const now = deps.now();
  const source = { exportId, fileId: 'f', line: 1 };
  const data = randomBytes(1000).toString('base64');
  const report = {
    resourceType: 'DiagnosticReport',
    id: 'report-with-data',
    subject: { reference: `Patient/${patientId}` },
    result: [{ reference: 'Observation/of-report' }],
    presentedForm: [{ contentType: 'text/plain', data }, { url: 'Binary/of-report' }],
  };
  const binary = { resourceType: 'Binary', id: 'of-report', contentType: 'text/plain', data };
  for (const resource of [report, binary]) {
    const document = makeDocument(resource, { connectionId: connection.id, source, observedAt: now, now });
    await deps.store.resourceWriter.write(resource.resourceType, [document]);
  }
}

/** Starts an export that the EHR works on, and a planned sync. */
export async function startOthers(cases: UseCases, { connectionId }: { readonly connectionId: string }) {
  const { deps } = cases;
  const activeExportId = await cases.exporting({ id: `job_active_${connectionId}`, connectionId, request: everything });
  const run = makeSyncRun({ id: `sync_active_${connectionId}`, connectionId });
  await deps.store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal: signal() });
  return { activeExportId, activeRunId: run.id };
}

/** Adds a line that is stored as a file, one that was replayed from the quarantine, and a part of one whose worker was killed. */
async function addEncryptedLines(
  { deps, mongodbUri }: UseCases,
  { connectionId, exportId, patientId }: { connectionId: string; exportId: string; patientId: string },
): Promise<void> {
  const { quarantine, outputFiles } = deps.store;
  const file = (await outputFiles.listByExport(exportId)).find(({ type }) => type === 'Observation');
  if (!file) throw new Error('the export has no Observations');
  const place = {
    connectionId,
    runId: exportId,
    fileId: file.id,
    line: 1,
    resourceType: 'Patient',
    reason: 'wrong-resource-type',
  };
  const bytes = Buffer.from(
    JSON.stringify({ subject: { reference: `Patient/${patientId}` }, text: randomBytes(800_000).toString('base64') }),
  );
  const stored = Buffer.from(
    JSON.stringify({ resourceType: 'Observation', id: 'replayed', subject: { reference: `Patient/${patientId}` } }),
  );
  await quarantine.put({
    lines: [
      { ...place, offset: 1, bytes, sizeBytes: bytes.length },
      { ...place, offset: 2, bytes: stored, sizeBytes: stored.length },
    ],
    now: deps.now(),
  });
  await attempt({ deps }, replayWork, { quarantineId: `${file.id}.${'2'.padStart(16, '0')}` });
  // What a worker leaves that is killed while it writes a long line.
  await using database = await openDatabase(mongodbUri);
  const files_id = `${file.id}.${'3'.padStart(16, '0')}/killed`;
  await database.db.collection('quarantine.chunks').insertOne({ files_id, n: 0, data: randomBytes(200_000) });
}

/** Begins a download that has stored one part and is not complete. */
async function beginUpload({ deps }: UseCases, id: string): Promise<void> {
  const { documents, documentContents } = deps.store;
  const claim = { id, claim: 'test' };
  const document = await documents.claim(claim, deps.now());
  if (!document) throw new Error('no document to fetch');
  const upload = `up_${id}`;
  const part = await documentContents.createPart({ connectionId: document.connectionId, upload, index: 0 });
  await part.write(randomBytes(1000));
  const progressMade = { upload, parts: [await part.end()], partBytes: 1000, fingerprint: document.fingerprint };
  if (!(await documents.saveProgress(claim, progressMade))) throw new Error('no progress');
}
