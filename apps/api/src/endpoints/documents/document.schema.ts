import { documentStates } from '@bulkhead/documents';
import { z } from 'zod';
import { count, failureSchema, instant } from '../common.schema.ts';
import { at, connectionId, later } from '../example-values.ts';

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

export const documentExample = {
  id: 'doc_7b1d3a0c5f2e4d6b',
  connectionId,
  resource: { type: 'DiagnosticReport', id: 'report_123', versionId: '1' },
  patientId: 'a-195900.E-1',
  index: 0,
  source: 'url',
  url: 'https://api.platform.athenahealth.com/fhir/r4/Binary/a-195900.pdf-1-1',
  contentType: 'application/pdf',
  title: 'Lipid panel',
  state: 'stored',
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  sizeBytes: 20_480,
  storedType: 'application/pdf',
  notes: [],
  attempts: 1,
  createdAt: at,
  startedAt: at,
  completedAt: later,
};
