import type { AuditNotes } from '@bulkhead/http';
import type { Response } from 'express';
import { z } from 'zod';

/** Names one resource together with its path. */
export const resourceQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).describe('The connection whose resources are read.'),
});

export const fhirJson = 'application/fhir+json';
export const ndjson = 'application/fhir+ndjson';
/** Clients of bulk data also use the shorter names. A Bundle would break them. */
export const ndjsonTypes = [ndjson, 'application/ndjson', 'application/x-ndjson'];

/** The FHIR specification describes the fields of resources: https://hl7.org/fhir/R4/json.html. */
export const resourceSchema = z
  .looseObject({
    resourceType: z.string().describe('The FHIR resource type.'),
    id: z.string().describe('The id at the EHR.'),
  })
  .meta({ id: 'Resource', description: 'A FHIR R4 resource, as the EHR sent it.' });

export const resourceExample = {
  resourceType: 'DiagnosticReport',
  id: 'report_123',
  status: 'final',
  code: { text: 'Lipid panel' },
};

/** The number of entries on a page. */
export const pageCount = z.coerce.number().int().min(1).max(1000);

export const pageCursor = z
  .string()
  .optional()
  .describe('The position of a page, from the link `next` of the page before.');

/** The links of a page of a Bundle. */
export const pageLinks = z
  .array(
    z.strictObject({
      relation: z.enum(['self', 'next', 'related']).describe('`self`, `next` or `related`.'),
      url: z.string().describe('The absolute URL. Send GET to the link `next` to read on.'),
    }),
  )
  .describe(
    'The URL of this page (`self`), and of the following page (`next`) if there is one. Each link `related` is a search for what `_include` or `_revinclude` would have added if the page had room for it.',
  );

/** Sends a resource or a Bundle, and notes whose data it shows. */
export function sendFhir(
  { text, patients }: { readonly text: string; readonly patients: readonly string[] },
  { audit, response }: { readonly audit: AuditNotes; readonly response: Response },
): void {
  audit.addPatients(patients);
  response.set('content-type', fhirJson).send(Buffer.from(text));
}
