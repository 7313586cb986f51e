import { enhancedResourceTypes, isResourceType, standardResourceTypes, whyNotResourceType } from '@bulkhead/fhir';
import { pageQuery } from '@bulkhead/store';
import { callbackUrlSchema } from '@bulkhead/webhooks/commands';
import { z } from 'zod';
import { patientIdsSchema } from '../../runs/patient-ids.ts';
import { sinceInstantSchema } from '../../runs/run-view.ts';
import { syncRunStatuses } from '../sync-run-phase.ts';

const enhanced: readonly string[] = enhancedResourceTypes;
const standard: readonly string[] = standardResourceTypes;

const enhancedTypeSchema = z.string().refine((type) => enhanced.includes(type), {
  error: ({ input }) => {
    const type = String(input);
    if (standard.includes(type))
      return `${type} is in the standard set, which includeStandard selects. This list narrows the enhanced set`;
    const group = `The enhanced set is ${enhanced.join(', ')}`;
    return isResourceType(type)
      ? `${type} is not in the enhanced set. ${group}`
      : `${whyNotResourceType(type)}. ${group}`;
  },
});

/** The guide's request body. Unknown fields are rejected, so that a misspelt `since` is not ignored. */
export const syncBodySchema = z
  .strictObject({
    connectionId: z.string().min(1).max(100).describe('The connection whose stored patients are searched.'),
    includeStandard: z
      .boolean()
      .default(true)
      .describe(
        'Whether the standard types of the guide are searched: Patient, Observation, Condition, MedicationRequest, AllergyIntolerance, Immunization and Procedure.',
      ),
    includeEnhanced: z
      .boolean()
      .default(true)
      .describe(
        'Whether the enhanced types of the guide are searched: DiagnosticReport, CarePlan, Encounter, Appointment and DocumentReference.',
      ),
    includeOthers: z
      .boolean()
      .optional()
      .describe(
        'Whether all other types are searched that the EHR declares as searchable by patient, such as Coverage and ServiceRequest. Default: `false`, as in the guide. Schedules have `true`, unless they name types.',
      ),
    includeAppointments: z
      .boolean()
      .optional()
      .describe(
        'Whether appointments are read by their ids, if the EHR finds them in no other way: those to which stored Encounters refer and that are not stored. Default: `false`, because it costs requests.',
      ),
    includeReferences: z
      .boolean()
      .optional()
      .describe(
        'Whether resources to which stored resources refer and that are not stored are read by their ids, each once: Location, Medication, Organization, Practitioner, PractitionerRole, and each Observation that is a result of a report. It comes after the searches, and can be all that a run does. What it reads can refer to others, which are read too. `patients` and `since` do not narrow it. Default: `false`, because each costs a request.',
      ),
    resourceTypes: z
      .array(enhancedTypeSchema)
      .min(1, 'is an empty list. Leave it out for the whole enhanced set')
      .transform((types) => [...new Set(types)])
      .optional()
      .describe('Narrows the enhanced set to these types. Default: all five.'),
    since: sinceInstantSchema
      .optional()
      .describe('Only what changed after this time. Default: each patient continues one day before the last search.'),
    callbackUrl: callbackUrlSchema
      .optional()
      .describe(
        'Receives a webhook when the run has ended, in addition to the URL of the connection. The connection must have a webhook secret.',
      ),
    patients: patientIdsSchema({
      onEmpty: 'Leave it out for every patient',
      onTooMany: 'Leave it out for every patient, or sync them in several requests',
    })
      .optional()
      .describe('Ids of patients at the EHR, at most 1000. Default: every stored patient of the connection.'),
  })
  .refine(
    ({ includeStandard, includeEnhanced, includeOthers, includeReferences }) =>
      includeStandard || includeEnhanced || includeOthers || includeReferences,
    {
      path: ['includeStandard'],
      error: 'must be true if includeEnhanced is false, because nothing would be synced otherwise',
    },
  )
  .refine(({ includeEnhanced, resourceTypes }) => includeEnhanced || !resourceTypes, {
    path: ['resourceTypes'],
    error: 'narrows the enhanced set, which includeEnhanced excludes',
  })
  .meta({
    description: 'The request of the guide. Unknown fields are refused, so that a misspelt `since` is not ignored.',
  });
export type SyncBody = z.output<typeof syncBodySchema>;

export const syncListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional().describe('Only runs of this connection.'),
  status: z.enum(syncRunStatuses).optional().describe('Only runs with this status.'),
  ...pageQuery({ defaultLimit: 50 }),
});
export type SyncListQuery = z.output<typeof syncListQuerySchema>;
