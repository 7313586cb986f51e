import { withoutSecrets } from '@bulkhead/runtime';
import type { PatientDocument } from '../patient-document.ts';

/** A document's record as the API shows it: what the resource says of it, and what became of it. */
export function toDocumentView(document: PatientDocument) {
  const {
    fingerprint: _,
    resourceUpdatedAt: __,
    progress,
    url,
    createdAt,
    startedAt,
    completedAt,
    ...fields
  } = document;
  return {
    ...fields,
    source: url === undefined ? 'inline' : 'url',
    ...(url === undefined ? {} : { url: withoutSecrets(url) }),
    ...(progress ? { storedBytes: progress.parts.length * progress.partBytes } : {}),
    createdAt: createdAt.toISOString(),
    ...(startedAt ? { startedAt: startedAt.toISOString() } : {}),
    ...(completedAt ? { completedAt: completedAt.toISOString() } : {}),
  };
}
