import { sinceInstantSchema } from '@bulkhead/bulk-export/commands';
import { enhancedResourceTypes, isResourceType, standardResourceTypes } from '@bulkhead/fhir';
import { callbackUrlSchema } from '@bulkhead/webhooks/commands';
import { z } from 'zod';

const enhanced: readonly string[] = enhancedResourceTypes;
const standard: readonly string[] = standardResourceTypes;

const enhancedTypeSchema = z.string().refine((type) => enhanced.includes(type), {
  error: ({ input }) => {
    const type = String(input);
    if (standard.includes(type))
      return `${type} is of the standard set, which includeStandard brings; this list narrows the enhanced set`;
    const group = `the enhanced set is ${enhanced.join(', ')}`;
    return isResourceType(type)
      ? `${type} is not of the enhanced set: ${group}`
      : `${JSON.stringify(type)} is no FHIR R4 resource type: ${group}`;
  },
});

/** The guide's request body; unknown fields are refused, so that a misspelt `since` is not ignored. */
export const syncBodySchema = z
  .strictObject({
    connectionId: z.string().min(1).max(100),
    includeStandard: z.boolean().default(true),
    includeEnhanced: z.boolean().default(true),
    resourceTypes: z
      .array(enhancedTypeSchema)
      .min(1, 'names no type: leave it out for the whole enhanced set')
      .transform((types) => [...new Set(types)])
      .optional(),
    since: sinceInstantSchema.optional(),
    callbackUrl: callbackUrlSchema.optional(),
    /** Left out: every patient of the connection that is stored. */
    patients: z
      .array(z.string().regex(/^[A-Za-z0-9\-.]{1,128}$/, 'is no FHIR id'))
      .min(1, 'names nobody: leave it out for every patient')
      .max(1000, 'names more than 1000: leave it out for every patient')
      .transform((ids) => [...new Set(ids)])
      .optional(),
  })
  .refine(({ includeStandard, includeEnhanced }) => includeStandard || includeEnhanced, {
    path: ['includeStandard'],
    error: 'neither set is included: nothing would be synced',
  })
  .refine(({ includeEnhanced, resourceTypes }) => includeEnhanced || !resourceTypes, {
    path: ['resourceTypes'],
    error: 'narrows the enhanced set, which includeEnhanced leaves out',
  });
export type SyncBody = z.output<typeof syncBodySchema>;
