import { hash } from 'node:crypto';
import { readAttachments } from '@bulkhead/fhir';
import type { ResourceDocument } from '@bulkhead/resources';
import type { PatientDocument } from '../patient-document.ts';
import { attachmentFingerprint } from './attachment-fingerprint.ts';

/** A record for each attachment of a resource: what it says of itself, to be fetched or, where documents are off, left out. */
export function toPatientDocuments(options: {
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
