import { randomUUID } from 'node:crypto';
import { AppError, type Connection, emptyCheckpoint, type OutputFile } from '@bulkhead/domain';
import { openFile } from '@bulkhead/ehr-client';
import { connectionGone } from './connection-gone.ts';
import type { UseCaseDeps } from './deps.ts';
import { toExportError } from './fail-export.ts';
import { type IngestedFile, ingestFile } from './ingest-file.ts';

export interface DownloadStep {
  readonly fileId: string;
  readonly isLastAttempt: boolean;
  readonly signal: AbortSignal;
}

/** Over its whole life, whatever became of its jobs: a file that kills its workers must end some day. */
const maxAttempts = 50;

/** Brings one output file into the database, from where the last attempt got. A settled one: does nothing. */
export async function downloadFile(deps: UseCaseDeps, step: DownloadStep): Promise<void> {
  const { store, logger, now } = deps;
  const claim = { id: step.fileId, claim: randomUUID() };
  const file = await store.outputFiles.claim(claim, now());
  if (!file) return;
  try {
    if (file.attempts > maxAttempts) throw tooManyAttempts();
    const { connection, observedAt } = await context(deps, file);
    const ingested = await ingest(deps, { file, claim, connection, observedAt, signal: step.signal });
    if (!ingested) return logger.info('file taken over by another attempt', { fileId: file.id });
    await store.outputFiles.complete(claim, { checkpoint: ingested.checkpoint, now: now() });
    await reportIssues(deps, { file, ingested });
    const { stored, stale, quarantined, bytes, lines } = ingested.checkpoint;
    logger.info('file stored', { fileId: file.id, resourceType: file.type, stored, stale, quarantined, bytes, lines });
  } catch (error) {
    const isFinal = step.isLastAttempt || (error instanceof AppError && error.retry === 'never');
    if (isFinal && !step.signal.aborted) {
      await store.outputFiles.fail({ id: file.id, error: toExportError(error), now: now() });
    }
    throw error;
  }
}

async function ingest(
  deps: UseCaseDeps,
  options: {
    readonly file: OutputFile;
    readonly claim: { readonly id: string; readonly claim: string };
    readonly connection: Connection;
    readonly observedAt: Date;
    readonly signal: AbortSignal;
  },
): Promise<IngestedFile | undefined> {
  const { store, ehr, now } = deps;
  const { file, claim, connection, observedAt, signal } = options;
  const { checkpoint, etag, url, requiresAccessToken } = file;
  const opened = await openFile({
    session: ehr.session(connection),
    url,
    requiresAccessToken,
    resume: checkpoint.bytes > 0 && etag !== undefined ? { offset: checkpoint.bytes, etag } : undefined,
    signal,
  });
  const resumes = opened.startOffset > 0 && opened.startOffset === checkpoint.bytes;
  if (!resumes && checkpoint.lines > 0) await store.outputFiles.restart(claim);
  try {
    return await ingestFile({
      store,
      file: resumes ? file : { ...file, checkpoint: emptyCheckpoint },
      observedAt,
      body: opened.body,
      now,
      save: (progress) => store.outputFiles.saveCheckpoint(claim, { checkpoint: progress, etag: opened.etag }),
    });
  } catch (error) {
    // What was counted cannot be explained by what was promised: the next attempt reads everything again.
    if (error instanceof AppError && error.code === 'count-mismatch') await store.outputFiles.restart(claim);
    throw error;
  } finally {
    opened.body.destroy();
  }
}

async function context({ store }: UseCaseDeps, file: OutputFile) {
  const connection = await store.connections.find(file.connectionId);
  const record = await store.bulkExports.find(file.exportId);
  if (!connection || !record) throw connectionGone();
  return { connection, observedAt: new Date(record.transactionTime ?? record.createdAt) };
}

/** `error` files hold OperationOutcomes: what the server could not export. Nobody may overlook them. */
async function reportIssues(
  { store }: UseCaseDeps,
  { file, ingested }: { readonly file: OutputFile; readonly ingested: IngestedFile },
): Promise<void> {
  for (const [kind, count] of ingested.issues) {
    const message = `The EHR reports ${count} issues of kind ${kind} in ${file.id}.`;
    await store.bulkExports.warn({ id: file.exportId, code: 'reported-by-ehr', message });
  }
}

function tooManyAttempts(): AppError {
  return new AppError({
    code: 'file-attempts',
    message: 'The file was tried 50 times without an end. Its lines may bring down the workers: see their logs.',
    retry: 'never',
  });
}
