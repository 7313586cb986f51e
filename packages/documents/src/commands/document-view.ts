import { withoutSecrets } from '@bulkhead/runtime';
import { countSchema, toFailureView, toView, type View, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type PatientDocument, patientDocumentSchema } from '../patient-document.record.ts';

const {
  id,
  connectionId,
  resource,
  patientId,
  index,
  url,
  contentType,
  title,
  declaredSize,
  declaredHash,
  state,
  reason,
  ...fields
} = viewShapeOf(patientDocumentSchema.omit({ resourceUpdatedAt: true, fingerprint: true, progress: true }));

export const documentViewSchema = z
  .strictObject({
    id,
    connectionId,
    resource,
    patientId,
    index,
    source: z.enum(['inline', 'url']),
    url,
    contentType,
    title,
    declaredSize,
    declaredHash,
    state,
    reason,
    storedBytes: countSchema.exactOptional(),
    ...fields,
  })
  .meta({ id: 'Document', description: 'An attachment of a resource, and the state of its content.' });

type DocumentView = View<typeof documentViewSchema>;

export function toDocumentView(document: PatientDocument, reader: { readonly isOperator: boolean }): DocumentView {
  const { url, progress, error } = document;
  return toView<DocumentView>({
    id: document.id,
    connectionId: document.connectionId,
    resource: document.resource,
    patientId: document.patientId,
    index: document.index,
    source: url === undefined ? 'inline' : 'url',
    url: url === undefined ? undefined : withoutSecrets(url),
    contentType: document.contentType,
    title: document.title,
    declaredSize: document.declaredSize,
    declaredHash: document.declaredHash,
    state: document.state,
    reason: document.reason,
    storedBytes: progress && progress.parts.length * progress.partBytes,
    sha256: document.sha256,
    sizeBytes: document.sizeBytes,
    storedType: document.storedType,
    notes: document.notes,
    attempts: document.attempts,
    error: error && toFailureView(error, reader),
    createdAt: document.createdAt.toISOString(),
    startedAt: document.startedAt?.toISOString(),
    completedAt: document.completedAt?.toISOString(),
  });
}
