import { toView, type View, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type Erasure, erasureSchema } from '../erasure.record.ts';

const { stoppedAt, completedAt, ...fields } = viewShapeOf(erasureSchema.omit({ version: true }));

export const erasureViewSchema = z
  .strictObject({
    ...fields,
    requestedBy: z.string().meta({ description: 'The name of the API key that requested the erasure.' }),
    startedAt: stoppedAt,
    completedAt,
  })
  .meta({ id: 'Erasure', description: 'The deletion of all stored data of a connection or of a patient.' });

type ErasureView = View<typeof erasureViewSchema>;

/** An erasure as the API shows it. */
export function toErasureView(erasure: Erasure): ErasureView {
  const { requestedBy } = erasure;
  return toView<ErasureView>({
    id: erasure.id,
    kind: erasure.kind,
    connectionId: erasure.connectionId,
    patientId: erasure.patientId,
    keepsOut: erasure.keepsOut,
    phase: erasure.phase,
    found: erasure.found,
    deleted: erasure.deleted,
    warnings: erasure.warnings,
    error: erasure.error,
    requestedBy: requestedBy.name ?? requestedBy.id,
    createdAt: erasure.createdAt.toISOString(),
    startedAt: erasure.stoppedAt?.toISOString(),
    completedAt: erasure.completedAt?.toISOString(),
  });
}
