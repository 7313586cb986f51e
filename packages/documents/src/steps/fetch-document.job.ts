/*
 * A document is an attachment of a resource. Its content is downloaded by a job of its own:
 *
 *   noteDocuments       stores a record for each attachment when its resource is written, and enqueues `document.fetch`
 *   fetchDocument       claims the record, and ends it as stored or skipped
 *   openDocument        opens the content: at the EHR, at another server, or inside the resource
 *   downloadDocument    writes it in encrypted parts, resumes after the last part, compares hash and size, and stores equal contents once
 *
 *   pending -> downloading -> stored
 *      ^            ├──────-> skipped    not wanted here (see DocumentSkipReason)
 *      │            └──────-> failed
 *      └── a new version of the attachment, or a manual retry of a failed or skipped document
 */

import { randomUUID } from 'node:crypto';
import { AppError, toExportError } from '@bulkhead/base';
import { type FailedJob, type JobContext, work } from '@bulkhead/queues';
import { type Claim, whileHeld } from '@bulkhead/store';
import { documentError } from '../errors.ts';
import { fetchDocumentJob } from '../jobs.ts';
import type { PatientDocument } from '../patient-document.record.ts';
import type { DocumentDeps } from './deps.ts';
import { downloadDocument } from './download-document.ts';
import { DocumentSkip } from './open-document.ts';

type Deps = DocumentDeps<'connections' | 'documentContents' | 'documents' | 'resources'>;

export const fetchDocumentWork = work(fetchDocumentJob, { run: fetchDocument, onFinalFailure: failDocument });

/** The limit over all jobs of the document. It ends a document that crashes its workers. */
const maxAttempts = 50;

/** Fetches one document. Does nothing if it is settled. */
async function fetchDocument(
  deps: Deps,
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
    const isStored = await attempt(deps, { document, claim, progress: step.progress, signal: step.signal });
    if (isStored !== true) logger.info('document download stopped', { documentId: document.id });
  } catch (error) {
    if (error instanceof DocumentSkip) return skip(deps, { document, claim, error });
    // The next attempt cannot use parts of a content that does not match.
    if (error instanceof AppError && error.code === 'document-mismatch') await discard(deps, { document, claim });
    throw error;
  }
}

/** Fails a document whose job has failed finally. Does nothing if the document is settled. */
async function failDocument(
  { store, now }: DocumentDeps<'documents'>,
  { documentId: id, error }: FailedJob<{ readonly documentId: string }>,
): Promise<void> {
  await store.documents.fail({ id, error: toExportError(error), now: now() });
}

interface Attempt {
  readonly document: PatientDocument;
  readonly claim: Claim;
}

async function attempt(
  deps: Deps,
  options: Attempt & { readonly progress: JobContext['progress']; readonly signal: AbortSignal },
): Promise<boolean | 'lost'> {
  const { document, claim, progress, signal } = options;
  if (!deps.documents.enabled) throw new DocumentSkip('documents-off');
  if (document.attempts > maxAttempts) throw documentError('document-attempts');
  const connection = await deps.store.connections.findShared(document.connectionId);
  // An operator has deleted it on purpose. A failure of each of its documents would only raise an alert.
  if (!connection) throw new DocumentSkip('connection-gone');
  return whileHeld({
    claims: deps.store.documents,
    claim,
    signal,
    run: (claimSignal) => downloadDocument(deps, { document, claim, connection, progress, signal: claimSignal }),
  });
}

async function skip(
  deps: DocumentDeps<'documentContents' | 'documents'>,
  { document, claim, error }: Attempt & { readonly error: DocumentSkip },
) {
  await discard(deps, { document, claim });
  const { reason } = error;
  if (await deps.store.documents.skip(claim, { reason, now: deps.now() }))
    deps.logger.info('document skipped', { documentId: document.id, reason });
}

/** Removes the parts of this download, including those of this attempt. */
async function discard(
  { store }: DocumentDeps<'documentContents' | 'documents'>,
  { document, claim }: Attempt,
): Promise<void> {
  const current = await store.documents.find(document.id);
  if (!(await store.documents.saveProgress(claim, undefined))) return;
  for (const progress of [document.progress, current?.progress]) {
    if (progress) await store.documentContents.remove(progress);
  }
}
