import { randomUUID } from 'node:crypto';
import { connectionGone } from '@bulkhead/connections/steps';
import type { FailedJob, JobContext } from '@bulkhead/queues';
import { AppError, toExportError } from '@bulkhead/runtime';
import { type Claim, whileHeld } from '@bulkhead/store';
import type { PatientDocument } from '../patient-document.record.ts';
import type { DocumentDeps } from './deps.ts';
import { bringDocument } from './download-document.ts';
import { DocumentSkip } from './open-document.ts';

/** Over its whole life, whatever became of its jobs: a document that kills its workers must end some day. */
const maxAttempts = 50;

/** Fetches one document. A settled one: does nothing. */
export async function fetchDocument(
  deps: DocumentDeps,
  step: {
    readonly documentId: string;
    /** Called after each stored part. */
    readonly progress: JobContext['progress'];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { store, logger, now } = deps;
  const claim = { id: step.documentId, claim: randomUUID() };
  const document = await store.documents.claim(claim, now());
  if (!document) return;
  try {
    const isStored = await bring(deps, { document, claim, progress: step.progress, signal: step.signal });
    if (isStored !== true) logger.info('document given up', { documentId: document.id });
  } catch (error) {
    if (error instanceof DocumentSkip) return skip(deps, { document, claim, error });
    // What does not match is of no use to the next attempt.
    if (error instanceof AppError && error.code === 'document-mismatch') await discard(deps, { document, claim });
    throw error;
  }
}

/** Fails a document whose job is given up. Does nothing for a settled document. */
export async function failDocument(
  { store, now }: DocumentDeps,
  { documentId: id, error }: FailedJob<'document.fetch'>,
): Promise<void> {
  await store.documents.fail({ id, error: toExportError(error), now: now() });
}

interface Attempt {
  readonly document: PatientDocument;
  readonly claim: Claim;
}

async function bring(
  deps: DocumentDeps,
  {
    document,
    claim,
    progress,
    signal,
  }: Attempt & { readonly progress: JobContext['progress']; readonly signal: AbortSignal },
): Promise<boolean | 'lost'> {
  if (!deps.documents.enabled) throw new DocumentSkip('documents-off');
  if (document.attempts > maxAttempts) throw tooManyAttempts();
  const connection = await deps.store.connections.find(document.connectionId);
  if (!connection) throw connectionGone();
  return whileHeld({
    claims: deps.store.documents,
    claim,
    signal,
    run: (held) => bringDocument(deps, { document, claim, connection, progress, signal: held }),
  });
}

async function skip(
  deps: DocumentDeps,
  { document, claim, error }: Attempt & { readonly error: DocumentSkip },
): Promise<void> {
  await discard(deps, { document, claim });
  const { reason } = error;
  if (await deps.store.documents.skip(claim, { reason, now: deps.now() }))
    deps.logger.info('document skipped', { documentId: document.id, reason });
}

/** Removes the parts of this download, those of this attempt too. */
async function discard({ store }: DocumentDeps, { document, claim }: Attempt): Promise<void> {
  const current = await store.documents.find(document.id);
  if (!(await store.documents.saveProgress(claim, undefined))) return;
  for (const progress of [document.progress, current?.progress]) {
    if (progress) await store.documentContents.remove(progress);
  }
}

function tooManyAttempts(): AppError {
  return new AppError({
    code: 'document-attempts',
    message: 'The document was tried 50 times without an end. It may bring down the workers: see their logs.',
    retry: 'never',
  });
}
