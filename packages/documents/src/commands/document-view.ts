import { withoutSecrets } from '@bulkhead/runtime';
import { countSchema, forReader, type Reader, toView, type View, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type PatientDocument, patientDocumentSchema } from '../patient-document.record.ts';

export const documentViewSchema = z
  .strictObject({
    ...viewShapeOf(patientDocumentSchema.omit({ resourceUpdatedAt: true, fingerprint: true, progress: true })),
    source: z.enum(['inline', 'url']).describe('Where the content comes from: `inline` in the resource, or the `url`.'),
    storedBytes: countSchema
      .exactOptional()
      .describe('How much of a running download is stored. Absent if none is running.'),
  })
  .meta({ id: 'Document', description: 'An attachment of a resource, and the state of its content.' });

type DocumentView = View<typeof documentViewSchema>;

export function toDocumentView(document: PatientDocument, reader: Reader): DocumentView {
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
    error: error && forReader(error, reader),
    createdAt: document.createdAt.toISOString(),
    startedAt: document.startedAt?.toISOString(),
    completedAt: document.completedAt?.toISOString(),
  });
}
