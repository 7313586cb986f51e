import { z } from 'zod';

/** Names one resource together with its path. */
export const resourceQuerySchema = z.strictObject({ connectionId: z.string().min(1).max(100) });

export const fhirJson = 'application/fhir+json';

/** FHIR resources are described by FHIR: https://hl7.org/fhir/R4/json.html. */
export const resourceSchema = z
  .looseObject({ resourceType: z.string(), id: z.string() })
  .meta({ id: 'Resource', description: 'A FHIR R4 resource, as the EHR sent it.' });

export const resourceExample = {
  resourceType: 'DiagnosticReport',
  id: 'report_123',
  status: 'final',
  code: { text: 'Lipid panel' },
};
