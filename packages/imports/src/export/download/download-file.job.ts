import { randomUUID } from 'node:crypto';
import { AppError, type ErrorCode, present, toExportError, toKnownError } from '@bulkhead/base';
import type { Connection } from '@bulkhead/connections';
import { EhrHttpError, fileAnswer, openFile, toBodyError } from '@bulkhead/ehr';
import { type FailedJob, type JobContext, type RetryAt, work } from '@bulkhead/queues';
import { type Claim, whileHeld } from '@bulkhead/store';
import { hasWaitedForADay, isInterrupted, noteRetry, withGrowingWait } from '../../runs/index.ts';
import type { BulkExport, NewExportEvent } from '../bulk-export.record.ts';
import { exportError } from '../errors.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { describeDenied } from '../export-warnings.ts';
import { downloadJob, type FilePayload, finalizeJob } from '../jobs.ts';
import { emptyCheckpoint, type FileCheckpoint, type OutputFile } from '../output-file.record.ts';
import { showsAllMembers, withMembers } from '../patients/group-members.ts';
import { notThereYet } from '../poll-delay.ts';
import { connectionOf } from '../sent-request.ts';
import { observation } from './export-contexts.ts';
import { ingestFile } from './ingest-file.ts';
import { isLinkRefused, refreshLink } from './refresh-link.ts';

type Deps = BulkExportDeps<
  'bulkExports' | 'outputFiles' | 'quarantine' | 'resourceWriter' | 'resources' | 'watermarks'
>;

export const downloadWork = work(downloadJob, { run: downloadFileAndFinish, onFinalFailure: failFile });

export interface DownloadStep {
  readonly fileId: string;
  readonly retryAt: RetryAt;
  /** Called after each checkpoint, with the percentage of the promised lines. */
  readonly progress: JobContext['progress'];
  readonly signal: AbortSignal;
}

/** The limit over all jobs of the file. It ends a file that crashes its workers. */
const maxAttempts = 50;
/**
 * Files of up to this many lines (some 15 kB) are requested uncompressed. Unpacking takes a tenth of the worker's time for such a
 * file, and sending it uncompressed takes no longer.
 */
const fewLines = 10;

async function downloadFileAndFinish(deps: Deps, job: FilePayload & JobContext): Promise<void> {
  await downloadFile(deps, job);
  const { exportId } = job;
  // If the flow was lost with Redis, the file has no parent that finishes the export. The export must not wait for the sweep.
  if (!job.hasParent && !(await deps.store.outputFiles.hasUnsettled(exportId)))
    await deps.producer.enqueueAgain(finalizeJob, { exportId });
}

/** Fails a file whose job has failed finally. */
async function failFile(
  { store, now }: BulkExportDeps<'bulkExports' | 'outputFiles'>,
  job: FailedJob<FilePayload>,
): Promise<void> {
  const error = toExportError(job.error);
  await store.outputFiles.fail({ id: job.fileId, error, now: now() });
  const file = await store.outputFiles.find(job.fileId);
  if (file) await noteFileEvent(store, file, { kind: 'file-failed', ...error });
}

function noteFileEvent(
  store: BulkExportDeps<'bulkExports'>['store'],
  { id: fileId, exportId, type: resourceType }: OutputFile,
  event: NewExportEvent,
): Promise<void> {
  return store.bulkExports.noteFileEvent({ id: exportId, event: { ...event, fileId, resourceType } });
}

/** Downloads and stores one file, from the checkpoint of the last attempt. Does nothing for a settled file. */
export async function downloadFile(deps: Deps, step: DownloadStep): Promise<void> {
  const { store, logger, now } = deps;
  const claim = { id: step.fileId, claim: randomUUID() };
  const file = await store.outputFiles.claim(claim, now());
  if (!file) return;
  try {
    if (file.attempts > maxAttempts) throw exportError('file-attempts');
    const { connection, record } = await deps.exportContexts.read(file);
    if (record.phase === 'cancelled')
      return await store.outputFiles.cancelUnsettled({ exportId: record.id, now: now() });
    const ingested = await whileHeld({
      claims: store.outputFiles,
      claim,
      signal: step.signal,
      run: (signal) => ingestByFreshLink(deps, { ...step, file, claim, connection, record, signal }),
    });
    if (!ingested || ingested === 'lost') {
      await countCancelled(deps, record.id);
      return logger.info('download stopped', { fileId: file.id });
    }
    const { checkpoint, hasPromisedCount } = ingested;
    await store.outputFiles.complete(claim, { checkpoint, hasPromisedCount, now: now() });
    const { stored, stale, quarantined, bytes, lines } = checkpoint;
    logger.info('file stored', { fileId: file.id, resourceType: file.type, stored, stale, quarantined, bytes, lines });
  } catch (cause) {
    throw await noteFailure(deps, { step, file, claim, error: toBodyError(cause) });
  }
}

/** A cancellation counts what is stored at once, and the downloads that it stops have written more by then. */
async function countCancelled({ store }: BulkExportDeps<'bulkExports' | 'outputFiles'>, id: string): Promise<void> {
  const record = await store.bulkExports.find(id);
  if (record?.phase !== 'cancelled') return;
  await store.bulkExports.update({ id, phase: 'cancelled', change: { counts: await store.outputFiles.sum(id) } });
}

/**
 * Records in the file why the attempt failed and when the next one is due, if there is one.
 * @returns the error that decides about the next attempt
 */
async function noteFailure(
  { store, now }: BulkExportDeps<'bulkExports' | 'outputFiles'>,
  options: {
    readonly step: DownloadStep;
    readonly file: OutputFile;
    readonly claim: Claim;
    readonly error: unknown;
  },
): Promise<unknown> {
  const { step, file, claim } = options;
  if (isInterrupted({ signal: step.signal, error: options.error })) return options.error;
  const current = (await store.outputFiles.find(file.id)) ?? file;
  const before = current.checkpoint.lines > file.checkpoint.lines ? undefined : file.retrying;
  const knownError = withGrowingWait(withPosition(toKnownError(options.error), current), before);
  const nextAttemptAt = step.retryAt(knownError);
  const { retrying, event } = noteRetry({ before, error: knownError, now: now(), nextAttemptAt });
  if (hasWaitedForADay(retrying, now())) return exportError('file-waited-too-long', { ehrText: knownError.ehrText });
  if (nextAttemptAt === undefined) return knownError;
  const cut = cutOf(current, knownError);
  if (cut && cut.times >= (cut.bytes > 0 ? maxCuts : maxCutsAtStart)) return cutEachTime(cut, knownError);
  const received = knownError.code === 'count-mismatch' ? { receivedCount: Number(knownError.context.count) } : {};
  await store.outputFiles.noteRetrying(claim, { retrying, cut, ...received });
  if (event) await noteFileEvent(store, file, { ...event, kind: 'file-waiting' });
  return knownError;
}

/** One cut is chance. As often at the same byte, the server or something in between ends the file there each time. */
const maxCuts = 5;
/** Before the first line is stored, a server that restarts looks the same. With the doubled waits this takes ten minutes. */
const maxCutsAtStart = 8;

const cutCodes: ReadonlySet<ErrorCode> = new Set(['connection-lost', 'file-truncated']);

/** @returns undefined if the file was not cut */
function cutOf({ checkpoint: { bytes }, cut }: OutputFile, { code }: AppError): OutputFile['cut'] {
  if (!cutCodes.has(code)) return undefined;
  return { bytes, times: cut?.bytes === bytes ? cut.times + 1 : 1 };
}

function cutEachTime({ bytes, times }: NonNullable<OutputFile['cut']>, cause: AppError): AppError {
  return new AppError({
    code: cause.code,
    retry: 'never',
    message: `The EHR has ${cause.context.reason === 'silent' ? 'stopped sending' : 'cut'} the file at the same place ${times} times, after byte ${bytes}. What was stored until then stays stored. Retry the export later, and contact the EHR's support if it is cut there again.`,
    context: { bytes, count: times },
    cause,
    ehrText: cause.ehrText,
  });
}

interface Download {
  readonly file: OutputFile;
  readonly claim: Claim;
  readonly connection: Connection;
  readonly record: BulkExport;
  readonly progress: JobContext['progress'];
  readonly signal: AbortSignal;
}

/** A file that was read to its end. */
interface Ingested {
  readonly checkpoint: FileCheckpoint;
  readonly hasPromisedCount: boolean;
}

/** A refused link is expired if a fresh one helps. A 403 of a fresh link, or of the only one, to a request with a token has another cause. */
async function ingestByFreshLink(deps: Deps, download: Download): Promise<Ingested | undefined> {
  const { file, record } = download;
  try {
    return await ingest(deps, download);
  } catch (refusal) {
    if (!isLinkRefused(refusal)) throw refusal;
    try {
      return await ingest(deps, { ...download, file: await refreshLink(deps, { ...download, cause: refusal }) });
    } catch (error) {
      const isExpired = error instanceof AppError && error.code === 'link-expired';
      const named = { code: 'file-not-there-yet', since: record.readyAt, now: deps.now() } as const;
      const early = isExpired && notThereYet(refusal, named);
      if (early) throw early;
      const last = isExpired ? refusal : error;
      if (!file.requiresAccessToken || !isForbidden(last)) throw error;
      const message = describeDenied({ types: [file.type], grantedScope: record.grantedScope });
      throw exportError('file-not-allowed', { message, cause: last, ehrText: last.ehrText });
    }
  }
}

function isForbidden(error: unknown): error is EhrHttpError {
  return error instanceof EhrHttpError && error.status === 403;
}

/** @returns undefined if another attempt has taken over */
async function ingest(deps: Deps, download: Download): Promise<Ingested | undefined> {
  const { store, ehr, now, buffers, largeBytes } = deps;
  const { file, claim, connection, record, signal } = download;
  const { checkpoint, etag, url, requiresAccessToken, promisedCount } = file;
  const opened = await openFile({
    session: ehr.session(connectionOf(connection, record)),
    url,
    requiresAccessToken,
    answer: { ...fileAnswer, holdsBundles: file.section !== 'output' || file.type === 'Bundle' },
    compressed: promisedCount === undefined || promisedCount > fewLines,
    resume: checkpoint.bytes > 0 && etag !== undefined ? { offset: checkpoint.bytes, etag } : undefined,
    signal,
  });
  const resumes = opened.startOffset > 0 && opened.startOffset === checkpoint.bytes;
  if (!resumes && checkpoint.lines > 0) await restart(deps, claim);
  let reached = resumes ? checkpoint : emptyCheckpoint;
  const observed = observation(record);
  const resourceWriter = store.resourceWriter.ofFile({ unchanged: onUnchanged(record, file) });
  const writer = withMembers(deps, { record, writer: resourceWriter });
  try {
    const ingested = await ingestFile({
      store: { resourceWriter: writer, quarantine: store.quarantine },
      file: { ...file, checkpoint: reached },
      observation: observed,
      body: opened.body,
      now,
      buffers,
      largeBytes,
      save: async (next) => {
        reached = next;
        const isSaved = await store.outputFiles.saveCheckpoint(claim, { checkpoint: next, etag: opened.etag });
        if (!isSaved) await store.outputFiles.saveCancelled({ id: file.id, checkpoint: next });
        const isBelowPromise = promisedCount !== undefined && next.lines < promisedCount;
        download.progress(isBelowPromise ? (next.lines / promisedCount) * 100 : undefined);
        return isSaved;
      },
    });
    if (ingested && !opened.endIsProven && promisedCount === undefined) await warnOfUnprovenEnd(deps, file);
    return ingested && { checkpoint: ingested, hasPromisedCount: true };
  } catch (error) {
    // If two whole downloads have the same number, the file is settled: the number in the manifest, or the file itself, is wrong.
    const isSettled =
      error instanceof AppError && error.code === 'count-mismatch' && error.context.count === file.receivedCount;
    if (isSettled) return { checkpoint: reached, hasPromisedCount: false };
    throw error;
  } finally {
    opened.body.destroy();
  }
}

/** What of an unchanged resource is noted: for inferred deletions (`infer-deletions.ts`), or because the times of the export say nothing. */
function onUnchanged(record: BulkExport, { type }: OutputFile) {
  if (record.clockWentBack) return 'renewed';
  return record.infersDeletions || (type === 'Patient' && showsAllMembers(record)) ? 'noted' : 'kept';
}

async function warnOfUnprovenEnd(
  { store }: BulkExportDeps<'bulkExports'>,
  { id, exportId }: OutputFile,
): Promise<void> {
  const message = `The EHR sent ${id} without its length or a count, so nothing proves that the file is complete.`;
  await store.bulkExports.warn({ id: exportId, code: 'end-not-proven', message });
}

/**
 * Deletes the quarantined lines of the file, because it is read again from the start and they would be there twice. If another attempt
 * takes over before the deletion, its lines are later than those of the attempts before this one, and are kept.
 */
async function restart({ store }: BulkExportDeps<'outputFiles' | 'quarantine'>, claim: Claim): Promise<void> {
  const until = await store.quarantine.lastQuarantinedAt(claim.id);
  const isHeld = await store.outputFiles.restart(claim);
  if (isHeld && until !== undefined) await store.quarantine.deleteByFile(claim.id, until);
}

/** Adds the position of a lost connection, which is where the next attempt resumes. */
function withPosition(error: AppError, { checkpoint: { bytes, lines } }: OutputFile): AppError {
  if (error.code !== 'connection-lost') return error;
  const { reason } = error.context;
  const what = reason === 'silent' ? 'The EHR stopped sending the file' : 'The connection to the EHR was lost';
  const message = `${what} after byte ${bytes} (line ${lines}). What was stored until then stays stored.`;
  const context = { bytes, lines, ...present({ reason }) };
  return new AppError({ code: error.code, message, retry: error.retry, context, cause: error });
}
