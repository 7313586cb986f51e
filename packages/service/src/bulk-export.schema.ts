import { exportTypes } from '@bulkhead/domain';
import { isResourceType } from '@bulkhead/fhir';
import { z } from 'zod';

/** Server clocks and ours differ; an instant further ahead than this is a mistake. */
const clockToleranceMs = 60_000;

const resourceTypeSchema = z
  .string()
  .refine(isResourceType, { error: ({ input }) => `${JSON.stringify(input)} is no FHIR R4 resource type` });

/** The guide's request body; unknown fields are refused, so that a misspelt `since` is not ignored. */
export const bulkExportRequestSchema = z.strictObject({
  connectionId: z.string().min(1).max(100),
  exportType: z.enum(exportTypes).default('Patient'),
  resourceTypes: z
    .array(resourceTypeSchema)
    .min(1, 'names no type: leave it out to export every type')
    .max(50, 'names more than 50 types: leave it out to export every type')
    .transform((types) => [...new Set(types)])
    .optional(),
  since: z.iso
    .datetime({ offset: true, error: 'must be an instant with a time zone, such as 2024-01-01T00:00:00Z' })
    .refine((since) => Date.parse(since) <= Date.now() + clockToleranceMs, 'lies in the future')
    .optional(),
});
export type BulkExportBody = z.output<typeof bulkExportRequestSchema>;
