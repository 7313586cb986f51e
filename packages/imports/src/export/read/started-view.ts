import { droppedParameters } from '@bulkhead/fhir';
import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type BulkExport, bulkExportSchema } from '../bulk-export.record.ts';
import { bulkExportStatuses, publicStatus } from '../bulk-export-phase.ts';
import { sliceRequest } from '../patients/slice.ts';

export const statusSchema = z
  .enum(bulkExportStatuses)
  .describe('`IN_PROGRESS` until the export ends, then `COMPLETED`, `FAILED` or `CANCELLED`. `phase` is more exact.');
export const errorMessageSchema = z
  .string()
  .exactOptional()
  .describe('Why the export failed, and what to do. Present only if it failed.');

const { id, createdAt, statusUrl, warnings } = viewShapeOf(bulkExportSchema, [
  'id',
  'createdAt',
  'statusUrl',
  { warnings: ['code', 'message'] },
]);

export const droppedParametersSchema = z
  .array(z.string())
  .describe('Parameters that the EHR refused, so that the export was started without them. See the warnings.');

/** What was requested and not sent. */
export function droppedFrom(record: BulkExport): string[] {
  return record.sent ? droppedParameters(sliceRequest(record), record.sent) : [];
}

export const startedExportSchema = z
  .strictObject({
    id,
    status: statusSchema,
    statusUrl,
    startedAt: createdAt,
    errorMessage: errorMessageSchema,
    droppedParameters: droppedParametersSchema
      .exactOptional()
      .describe(
        'Parameters that the EHR refused, so that the export was started without them. Absent if there are none.',
      ),
    warnings: warnings
      .exactOptional()
      .describe('What was left out of the request so that the EHR accepts it. Absent if nothing was.'),
  })
  .meta({ id: 'StartedExport', description: 'The response of the guide to a kick-off.' });

/**
 * The response of "Initiate Bulk Export" in the guide. `statusUrl` is missing while the EHR has not accepted the kick-off. The
 * warnings say what was left out of the request so that the EHR accepts it.
 */
export function toStartedView(record: BulkExport): View<typeof startedExportSchema> {
  const dropped = droppedFrom(record);
  return viewOf(startedExportSchema, {
    ...record,
    status: publicStatus(record.phase),
    startedAt: record.createdAt,
    errorMessage: record.error?.message,
    droppedParameters: dropped.length > 0 ? dropped : undefined,
    warnings: record.warnings.length > 0 ? record.warnings : undefined,
  });
}
