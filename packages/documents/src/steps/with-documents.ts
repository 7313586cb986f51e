import { hash } from 'node:crypto';
import { type Attachment, readAttachments, typesWithAttachments } from '@bulkhead/fhir';
import type { ResourceDocument } from '@bulkhead/resources';
import type { PatientDocument } from '../patient-document.record.ts';
import type { DocumentStore } from '../store.ts';
import type { DocumentDeps } from './deps.ts';

/**
 * The resource writer, which also notes the documents that resources point to. After the write, and before the caller's
 * checkpoint: a batch that is repeated notes nothing twice.
 */
export function withDocuments(deps: DocumentDeps): DocumentStore['resourceWriter'] {
  const { store, documents, now } = deps;
  return {
    async write(resourceType, resources) {
      const outcome = await store.resourceWriter.write(resourceType, resources);
      if (!typesWithAttachments.includes(resourceType)) return outcome;
      const { enabled } = documents;
      const found = resources
        .filter(({ _id }) => !outcome.withheldIds?.has(_id))
        .flatMap((document) => toPatientDocuments({ document, resourceType, enabled, now: now() }));
      await enqueue(deps, await store.documents.note(found));
      return outcome;
    },
  };
}

/** As many as there is room for; the sweep sees to the others. */
async function enqueue(deps: DocumentDeps, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  try {
    for (const documentId of ids.slice(0, await documentRoom(deps))) {
      await deps.producer.enqueueAgain('document.fetch', { documentId });
    }
  } catch (error) {
    // The records are stored, and the resources must not wait for Redis: the sweep gives them their jobs.
    deps.logger.warn('documents were not enqueued', { error });
  }
}

/** A record for each attachment of a resource: what it says of itself, to be fetched or, where documents are off, left out. */
function toPatientDocuments(options: {
  readonly document: ResourceDocument;
  readonly resourceType: string;
  readonly enabled: boolean;
  readonly now: Date;
}): PatientDocument[] {
  const { document, resourceType, enabled, now } = options;
  const { connectionId, resourceId, versionId, lastUpdated, keys, deleted, subsetted } = document;
  // Of an incomplete copy nobody knows what it leaves out.
  if (deleted || subsetted) return [];
  return readAttachments(document.resource as object).map((attachment) => {
    const { index, url, data, contentType, title, size, hash: declaredHash } = attachment;
    const fields = {
      // The first one is the subject.
      patientId: [keys.patient ?? []].flat()[0],
      url: data === undefined ? url : undefined,
      contentType,
      title,
      declaredSize: size,
      declaredHash,
      reason: enabled ? undefined : ('documents-off' as const),
    };
    return {
      id: documentId([connectionId, resourceType, resourceId, index]),
      connectionId,
      resource: { type: resourceType, id: resourceId, ...(versionId === undefined ? {} : { versionId }) },
      resourceUpdatedAt: lastUpdated,
      index,
      ...present(fields),
      fingerprint: attachmentFingerprint(attachment, versionId),
      state: enabled ? 'pending' : 'skipped',
      notes: [],
      attempts: 0,
      createdAt: now,
    };
  });
}

/** The place is the id: the same resource read again makes no second record. */
function documentId(place: readonly (string | number)[]): string {
  return `doc_${hash('sha256', place.join('/'), 'hex').slice(0, 40)}`;
}

function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** Differs where an attachment may have another content: another address, data, hash or size, or another version of its resource. */
export function attachmentFingerprint(
  { url, data, hash: declared, size, contentType }: Attachment,
  versionId: string | undefined,
): string {
  const where = data === undefined ? url : hash('sha256', data);
  return hash(
    'sha256',
    JSON.stringify([data !== undefined, where, declared, size, contentType, versionId]),
    'base64url',
  );
}

/** Gives documents that are due their jobs, as many as there is room for. */
export async function reviveDocuments(deps: DocumentDeps): Promise<void> {
  const { store, producer, documents } = deps;
  if (!documents.enabled) return;
  await store.documents.retrySkipped('documents-off');
  let room = await documentRoom(deps);
  for (const documentId of await store.documents.listUnsettledIds(maxDocumentJobs)) {
    if (room === 0) return;
    if (await producer.ensure('document.fetch', { documentId })) room -= 1;
  }
}

/**
 * Jobs of documents in Redis at a time: what athenahealth's 8 requests a second bring in a minute, which is when the sweep
 * comes again. A million documents wait in MongoDB.
 */
const maxDocumentJobs = 500;

/** How many jobs of documents may be added. */
async function documentRoom({ producer }: DocumentDeps): Promise<number> {
  return Math.max(maxDocumentJobs - (await producer.countWaiting('document')), 0);
}
