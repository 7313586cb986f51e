import { documentStates } from '@bulkhead/domain';
import { z } from 'zod';
import { count, failureSchema, instant } from '../../endpoints/common.schema.ts';

export const documentSchema = z
  .strictObject({
    id: z.string(),
    connectionId: z.string(),
    resource: z.strictObject({ type: z.string(), id: z.string(), versionId: z.string().optional() }),
    patientId: z.string().optional(),
    index: count,
    source: z.enum(['inline', 'url']),
    url: z.string().optional(),
    contentType: z.string().optional(),
    title: z.string().optional(),
    declaredSize: z.number().optional(),
    declaredHash: z.string().optional(),
    state: z.enum(documentStates),
    reason: z.enum(['documents-off', 'unusable-url', 'content-type', 'too-large']).optional(),
    storedBytes: count.optional(),
    sha256: z.string().optional(),
    sizeBytes: count.optional(),
    storedType: z.string().optional(),
    notes: z.array(z.enum(['type-differs', 'size-differs', 'hash-not-understood', 'end-not-proven'])),
    attempts: count,
    error: failureSchema.optional(),
    createdAt: instant,
    startedAt: instant.optional(),
    completedAt: instant.optional(),
  })
  .meta({ id: 'Document', description: 'An attachment of a resource, and what became of its content.' });

/** FHIR resources are described by FHIR: https://hl7.org/fhir/R4/json.html. */
export const resourceSchema = z
  .looseObject({ resourceType: z.string(), id: z.string() })
  .meta({ id: 'Resource', description: 'A FHIR R4 resource, as the EHR sent it.' });

export const resourceSourceSchema = z
  .strictObject({
    versionId: z.string().optional(),
    lastUpdated: instant,
    deleted: z.boolean(),
    storedAt: instant,
    source: z.union([
      z.strictObject({ exportId: z.string(), fileId: z.string(), line: z.int().min(1) }),
      z.strictObject({ syncRunId: z.string(), stepId: z.string() }),
    ]),
  })
  .meta({ id: 'ResourceSource', description: 'A stored version of a resource, and where it came from.' });

export const searchsetSchema = z
  .strictObject({
    resourceType: z.literal('Bundle'),
    type: z.literal('searchset'),
    total: count.optional(),
    link: z.array(z.strictObject({ relation: z.enum(['self', 'next']), url: z.string() })),
    entry: z
      .array(
        z.strictObject({
          fullUrl: z.string(),
          resource: resourceSchema,
          search: z.strictObject({ mode: z.literal('match') }),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Searchset', description: 'One page of a search: https://hl7.org/fhir/R4/bundle.html#searchset.' });
