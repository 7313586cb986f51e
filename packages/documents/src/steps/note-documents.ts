import { hash } from 'node:crypto';
import { present } from '@bulkhead/base';
import type { Attachment } from '@bulkhead/fhir';
import { readAttachments, typesWithAttachments } from '@bulkhead/fhir';
import type { ResourceDocument, WriteFollower } from '@bulkhead/records';
import { FileNovelty } from '@bulkhead/store';
import type { StoredVersion } from '../document.repository.ts';
import { fetchDocumentJob } from '../jobs.ts';
import type { DocumentSkipReason, PatientDocument } from '../patient-document.record.ts';
import type { DocumentDeps } from './deps.ts';

/** Stores a record for each document of the written resources of a file. A batch that is repeated adds no second record. */
export function noteDocuments(deps: DocumentDeps<'documentEraser' | 'documents' | 'resources'>): WriteFollower {
  const { store, documents, now } = deps;
  const { enabled } = documents;
  const file = new FileNovelty<StoredVersion>();
  return async ({ resourceType, documents: resources, outcome, withheld }) => {
    if (!typesWithAttachments.includes(resourceType)) return;
    // The attachments of a stale copy may differ from those of the stored resource, although both have the same time.
    const stale = outcome.stale > 0 ? await store.resources.findStale(resourceType, resources) : none;
    await eraseDocumentsOf(deps, resourceType, [...withheld]);
    const attachments = resources
      .filter((document) => !withheld.has(document) && !stale.has(document))
      .flatMap((document) => toPatientDocuments({ document, resourceType, enabled, now: now() }));
    const readStored = async ({ id, connectionId, resource }: PatientDocument) => {
      const stored = await store.resources.readDocument({ connectionId, resourceType, resourceId: resource.id });
      const current = stored ? toPatientDocuments({ document: stored, resourceType, enabled, now: now() }) : [];
      const found = current.find((document) => document.id === id);
      return found && stored ? { ...found, resourceRevision: stored.revision } : undefined;
    };
    await enqueue(deps, await store.documents.note(attachments, { readStored, file }));
  };
}

const none: ReadonlySet<ResourceDocument> = new Set();

/** Before it was withheld, a resource may have been stored as another patient's. */
async function eraseDocumentsOf(
  { store }: DocumentDeps<'documentEraser' | 'resources'>,
  type: string,
  withheld: readonly ResourceDocument[],
) {
  const [first] = withheld;
  if (first === undefined) return;
  const stored = await store.resources.findStored(type, withheld);
  const ids = withheld.filter(({ _id }) => !stored.has(_id)).map(({ resourceId }) => resourceId);
  await store.documentEraser.eraseOfResources({ type, ids }, first);
}

/** Enqueues as many documents as there is room for. The sweep enqueues the others. */
async function enqueue(deps: DocumentDeps<never>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  try {
    for (const documentId of ids.slice(0, await countFreeJobs(deps))) {
      await deps.producer.enqueueAgain(fetchDocumentJob, { documentId });
    }
  } catch (error) {
    // The records are stored, so the sweep creates the jobs. The resources must not wait for Redis.
    deps.logger.warn('documents were not enqueued', { error });
  }
}

/**
 * A resource has an attachment for each form of its content. Each costs a record and a download, so a resource with thousands would keep the
 * documents of all others waiting.
 */
const maxAttachments = 1000;

/**
 * Makes a record for each attachment of a resource. It is pending or, if documents are off, skipped. If there are too many, the record of the
 * first one beyond the limit is skipped and says that it and all further ones are left out.
 */
function toPatientDocuments(options: {
  readonly document: Pick<
    ResourceDocument,
    'connectionId' | 'resourceId' | 'versionId' | 'source' | 'keys' | 'deleted' | 'subsetted' | 'resource'
  >;
  readonly resourceType: string;
  readonly enabled: boolean;
  readonly now: Date;
}): PatientDocument[] {
  const { document, resourceType, enabled, now } = options;
  const { connectionId, resourceId, versionId, source, keys, deleted, subsetted } = document;
  // An incomplete copy (SUBSETTED) may lack attachments.
  if (deleted || subsetted) return [];
  return readAttachments(document.resource as object, maxAttachments + 1).map((attachment, position) => {
    const skipReason = skipReasonOf({ position, enabled });
    const { index, url, data, contentType, title, size, hash: declaredHash } = attachment;
    const fields = {
      exportId: 'exportId' in source ? source.exportId : undefined,
      // The first patient is the subject.
      patientId: [keys.patient ?? []].flat()[0],
      url: data === undefined ? url : undefined,
      contentType,
      title,
      declaredSize: size,
      declaredHash,
      reason: skipReason,
    };
    return {
      id: documentId([connectionId, resourceType, resourceId, index]),
      connectionId,
      resource: { type: resourceType, id: resourceId, ...(versionId === undefined ? {} : { versionId }) },
      index,
      ...present(fields),
      fingerprint: attachmentFingerprint(attachment, versionId),
      state: skipReason === undefined ? 'pending' : 'skipped',
      notes: [],
      attempts: 0,
      createdAt: now,
    };
  });
}

function skipReasonOf(options: {
  readonly position: number;
  readonly enabled: boolean;
}): DocumentSkipReason | undefined {
  if (options.position >= maxAttachments) return 'too-many-attachments';
  return options.enabled ? undefined : 'documents-off';
}

/** The id is derived from the position, so that reading the same resource again creates no second record. */
function documentId(position: readonly (string | number)[]): string {
  return `doc_${hash('sha256', position.join('/'), 'hex').slice(0, 40)}`;
}

/** Creates missing jobs of pending documents, as many as there is room for. */
export async function ensureDocumentJobs(deps: DocumentDeps<'documents'>): Promise<void> {
  const { store, producer, documents } = deps;
  if (!documents.enabled) return;
  await store.documents.retrySkipped('documents-off');
  let freeJobs = await countFreeJobs(deps);
  for (const documentId of await store.documents.listUnsettledIds(maxDocumentJobs)) {
    if (freeJobs === 0) return;
    if (await producer.ensure(fetchDocumentJob, { documentId })) freeJobs -= 1;
  }
}

/**
 * The limit of document jobs in Redis. With athenahealth's 8 requests a second they last for about a minute, and the sweep runs every
 * minute. Millions of documents can wait in MongoDB.
 */
const maxDocumentJobs = 500;

/** The number of document jobs that may be added. */
async function countFreeJobs({ producer }: DocumentDeps<never>): Promise<number> {
  return Math.max(maxDocumentJobs - (await producer.countWaiting('document')), 0);
}

/** Differs if an attachment may have another content: another URL, data, hash, size or type, or another version of its resource. */
export function attachmentFingerprint(
  { url, data, hash: declared, size, contentType }: Attachment,
  versionId: string | undefined,
): string {
  const source = data === undefined ? url : hash('sha256', data);
  return hash(
    'sha256',
    JSON.stringify([data !== undefined, source, declared, size, contentType, versionId]),
    'base64url',
  );
}
