import { randomUUID } from 'node:crypto';
import {
  AppError,
  type BulkExport,
  type Connection,
  emptyCheckpoint,
  type FileCheckpoint,
  type OutputFile,
} from '@bulkhead/domain';
import { openFile } from '@bulkhead/ehr-client';
import type { RetryAt } from '@bulkhead/queues';
import type { FileClaim } from '@bulkhead/store';
import type { UseCaseDeps } from './deps.ts';
import type { ExportContexts } from './export-contexts.ts';
import { toExportError } from './fail-export.ts';
import { ingestFile } from './ingest-file.ts';
import { isLinkRefused, refreshLink } from './refresh-link.ts';
import { whileHeld } from './while-held.ts';
import { withDocuments } from './with-documents.ts';

export interface DownloadStep {
  readonly fileId: string;
  readonly contexts: ExportContexts;
  readonly retryAt: RetryAt;
  /** Told after each checkpoint, in percent of what was promised. */
  readonly progress: (percent: number) => void;
  readonly signal: AbortSignal;
}

/** Over its whole life, whatever became of its jobs: a file that kills its workers must end some day. */
const maxAttempts = 50;
/** Some 15 kB, which are sent as fast as they are; to unpack them takes a tenth of a small file's time in the worker. */
const fewLines = 10;

/** Brings one output file into the database, from where the last attempt got. A settled one: does nothing. */
export async function downloadFile(deps: UseCaseDeps, step: DownloadStep): Promise<void> {
  const { store, logger, now } = deps;
  const claim = { id: step.fileId, claim: randomUUID() };
  const file = await store.outputFiles.claim(claim, now());
  if (!file) return;
  try {
    if (file.attempts > maxAttempts) throw tooManyAttempts();
    const { connection, record } = await step.contexts.read(file.exportId);
    if (record.phase === 'cancelled')
      return await store.outputFiles.cancelUnsettled({ exportId: record.id, now: now() });
    const ingested = await whileHeld({
      claims: store.outputFiles,
      claim,
      signal: step.signal,
      run: (signal) => ingestByFreshLink(deps, { ...step, file, claim, connection, record, signal }),
    });
    if (!ingested || ingested === 'lost') return logger.info('download given up', { fileId: file.id });
    await store.outputFiles.complete(claim, { checkpoint: ingested, now: now() });
    const { stored, stale, quarantined, bytes, lines } = ingested;
    logger.info('file stored', { fileId: file.id, resourceType: file.type, stored, stale, quarantined, bytes, lines });
  } catch (error) {
    if (step.retryAt(error) === undefined)
      await store.outputFiles.fail({ id: file.id, error: toExportError(error), now: now() });
    throw error;
  }
}

interface Download {
  readonly file: OutputFile;
  readonly claim: FileClaim;
  readonly connection: Connection;
  readonly record: BulkExport;
  readonly progress: (percent: number) => void;
  readonly signal: AbortSignal;
}

async function ingestByFreshLink(deps: UseCaseDeps, download: Download): Promise<FileCheckpoint | undefined> {
  try {
    return await ingest(deps, download);
  } catch (error) {
    if (!isLinkRefused(error)) throw error;
    return ingest(deps, { ...download, file: await refreshLink(deps, download) });
  }
}

/** @returns undefined where another attempt has taken over. */
async function ingest(deps: UseCaseDeps, download: Download): Promise<FileCheckpoint | undefined> {
  const { store, ehr, now } = deps;
  const { file, claim, connection, record, signal } = download;
  const { checkpoint, etag, url, requiresAccessToken, promisedCount } = file;
  const opened = await openFile({
    session: ehr.session(connection),
    url,
    requiresAccessToken,
    compressed: promisedCount === undefined || promisedCount > fewLines,
    resume: checkpoint.bytes > 0 && etag !== undefined ? { offset: checkpoint.bytes, etag } : undefined,
    signal,
  });
  const resumes = opened.startOffset > 0 && opened.startOffset === checkpoint.bytes;
  if (!resumes && checkpoint.lines > 0) await restart(deps, claim);
  try {
    const ingested = await ingestFile({
      store: { resourceWriter: withDocuments(deps), quarantine: store.quarantine },
      file: resumes ? file : { ...file, checkpoint: emptyCheckpoint },
      observedAt: new Date(record.transactionTime ?? record.createdAt),
      body: opened.body,
      now,
      save: (reached) => {
        if (promisedCount && reached.lines < promisedCount) download.progress((reached.lines / promisedCount) * 100);
        return store.outputFiles.saveCheckpoint(claim, { checkpoint: reached, etag: opened.etag });
      },
    });
    if (ingested && !opened.endIsProven && promisedCount === undefined) await warnOfUnprovenEnd(deps, file);
    return ingested;
  } catch (error) {
    // What was counted cannot be explained by what was promised: the next attempt reads everything again.
    if (error instanceof AppError && error.code === 'count-mismatch') await restart(deps, claim);
    throw error;
  } finally {
    opened.body.destroy();
  }
}

async function warnOfUnprovenEnd({ store }: UseCaseDeps, { id, exportId }: OutputFile): Promise<void> {
  const message = `The EHR sent ${id} without its length or a count, so nothing proves that it came whole.`;
  await store.bulkExports.warn({ id: exportId, code: 'end-not-proven', message });
}

/** The file is read again as a whole, so what was kept aside of it before would be there twice. */
async function restart({ store }: UseCaseDeps, claim: FileClaim): Promise<void> {
  if (await store.outputFiles.restart(claim)) await store.quarantine.deleteByFile(claim.id);
}

function tooManyAttempts(): AppError {
  return new AppError({
    code: 'file-attempts',
    message: 'The file was tried 50 times without an end. Its lines may bring down the workers: see their logs.',
    retry: 'never',
  });
}
