import { toView, type View, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type QuarantineEntry, quarantineEntrySchema } from '../quarantine.record.ts';

export const quarantineViewSchema = z.strictObject(viewShapeOf(quarantineEntrySchema)).meta({
  id: 'QuarantinedLine',
  description: 'A line, or an entry of a search, that could not be stored, with its position and the reason.',
});

type QuarantineView = View<typeof quarantineViewSchema>;

/** The view has the position of the line and the reason, but never its content. */
export function toQuarantineView(entry: QuarantineEntry): QuarantineView {
  return toView<QuarantineView>({
    id: entry.id,
    connectionId: entry.connectionId,
    source: entry.source,
    stepId: entry.stepId,
    resourceType: entry.resourceType,
    exportId: entry.exportId,
    fileId: entry.fileId,
    line: entry.line,
    offset: entry.offset,
    reason: entry.reason,
    state: entry.state,
    sizeBytes: entry.sizeBytes,
    keptBytes: entry.keptBytes,
    isTruncated: entry.isTruncated,
    sha256: entry.sha256,
    isCorrected: entry.isCorrected,
    createdAt: entry.createdAt.toISOString(),
    replay: entry.replay && { ...entry.replay, at: entry.replay.at.toISOString() },
  });
}
