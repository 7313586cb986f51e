import { youSent } from '@bulkhead/base';
import { exportTypes, isNarrowed, isResourceType, whyNotResourceType } from '@bulkhead/fhir';
import { pageQuery, trueOrFalse } from '@bulkhead/store';
import { callbackUrlSchema } from '@bulkhead/webhooks/commands';
import { z } from 'zod';
import { patientIdsSchema } from '../../runs/patient-ids.ts';
import { isAhead } from '../../runs/run-view.ts';
import { bulkExportStatuses } from '../bulk-export-phase.ts';
import { cohortNameSchema } from '../patients/cohort.record.ts';

const resourceTypeSchema = z
  .string()
  .refine(isResourceType, { error: ({ input }) => whyNotResourceType(String(input)) });

/** `Type?search`, the format of `_typeFilter` (FHIR Bulk Data, "`_typeFilter` Experimental Query Parameter"). */
const typeFilterSchema = z
  .string()
  .max(2000, 'is longer than 2000 characters')
  .refine((filter) => isResourceType(filter.split('?', 1)[0] ?? '') && /\?./.test(filter), {
    error: 'must be a FHIR search of one type, such as Observation?category=laboratory',
  });

const sinceError = 'must be a timestamp with a time zone, such as 2024-01-01T00:00:00Z, or "last"';
const sinceSchema = z
  .string(sinceError)
  .refine((since) => since === 'last' || z.iso.datetime({ offset: true }).safeParse(since).success, {
    error: ({ input }) => `${sinceError}${youSent(input)}`,
  })
  .refine((since) => since === 'last' || !isAhead(since), 'is in the future');

const instantSchema = z.iso
  .datetime({ offset: true, error: 'must be a timestamp with a time zone, such as 2024-01-01T00:00:00Z' })
  .refine((until) => !isAhead(until), 'is in the future');

/** The guide's request body. Unknown fields are rejected, so that a misspelt `since` is not ignored. */
export const bulkExportRequestSchema = z
  .strictObject({
    connectionId: z.string().min(1).max(100).describe('The connection to export.'),
    exportType: z
      .enum(exportTypes)
      .default('Patient')
      .describe(
        'What is exported: `Patient` (every patient that the connection can see), `Group` (the group of the practice) or `System`.',
      ),
    resourceTypes: z
      .array(resourceTypeSchema)
      .min(1, 'is an empty list. Leave it out to export every type')
      .max(50, 'names more than 50 types. Leave it out to export every type')
      .transform((types) => [...new Set(types)])
      .optional()
      .describe('FHIR R4 resource types. Default: every type that the EHR exports.'),
    since: sinceSchema
      .optional()
      .describe(
        'Only what changed after this time, such as `2024-01-01T00:00:00Z`. `last` continues at the end of the last export of these types; without one everything is requested. Default: everything.',
      ),
    typeFilters: z
      .array(typeFilterSchema)
      .min(1)
      .max(50)
      .optional()
      .describe(
        'FHIR searches of one type each, such as `Observation?category=laboratory`. The EHR must support `_typeFilter`.',
      ),
    allowUnfiltered: z
      .boolean()
      .optional()
      .describe(
        'Exports everything of the types, with a warning, if the EHR does not support `_typeFilter`. Default: the export fails then, because it would contain more data than was requested.',
      ),
    patients: patientIdsSchema({
      onEmpty: 'Leave it out to export all patients',
      onTooMany: 'Export them in several requests',
    })
      .optional()
      .describe(
        'The ids of the only patients to export, by POST. If the EHR accepts fewer in one kick-off (`kickOff.patientsPerRequest` of the provider), the export is made in parts. The EHR must declare `patient`, or the provider must say that it supports it.',
      ),
    cohort: cohortNameSchema
      .optional()
      .describe(
        'The name of a cohort of the connection, whose patients at the time of the kick-off are exported, instead of `patients`.',
      ),
    until: instantSchema
      .optional()
      .describe(
        'Only what changed until this time (`_until`). The EHR must declare it, or the provider must say that it supports it.',
      ),
    elements: z
      .array(
        z
          .string()
          .regex(/^(?:[A-Z][A-Za-z]{0,63}\.)?[a-z][A-Za-z0-9]{0,63}$/, 'must be an element such as id or Patient.name'),
      )
      .min(1)
      .max(100)
      .optional()
      .describe(
        'Only these elements of resources (`_elements`). What is stored counts as incomplete, and never replaces a complete version. The EHR must declare it, or the provider must say that it supports it.',
      ),
    organizeOutputBy: resourceTypeSchema
      .optional()
      .describe(
        'The type of resource by which the EHR organizes its files, such as `Patient`. It is only sent to an EHR that declares it, or of which the provider says so.',
      ),
    callbackUrl: callbackUrlSchema
      .optional()
      .describe(
        'Receives a webhook when the export has ended, in addition to the URL of the connection. The connection must have a webhook secret.',
      ),
  })
  .superRefine((body, { addIssue }) => {
    const { resourceTypes, since, until, exportType, patients, cohort, typeFilters = [] } = body;
    // A cohort has watermarks of its own.
    if (since === 'last' && isNarrowed({ ...body, cohort: undefined })) {
      const message =
        'cannot be "last" for a filtered export. Give a timestamp, or leave typeFilters, patients, until and elements out';
      addIssue({ code: 'custom', path: ['since'], message });
    }
    if (since !== undefined && until !== undefined && Date.parse(until) <= Date.parse(since))
      addIssue({ code: 'custom', path: ['until'], message: 'must be later than since' });
    const listedBy = patients ? 'patients' : 'cohort';
    if ((patients ?? cohort) !== undefined && exportType === 'System')
      addIssue({ code: 'custom', path: [listedBy], message: 'cannot be named for an export of the level System' });
    if (patients && cohort !== undefined)
      addIssue({ code: 'custom', path: ['cohort'], message: 'cannot be named together with patients' });
    for (const [index, filter] of typeFilters.entries()) {
      const [type = ''] = filter.split('?', 1);
      if (!resourceTypes || resourceTypes.includes(type)) continue;
      addIssue({
        code: 'custom',
        path: ['typeFilters', index],
        message: `filters ${type}, which is not in resourceTypes`,
      });
    }
  })
  .meta({
    description: 'The request of the guide. Unknown fields are refused, so that a misspelt `since` is not ignored.',
  });
export type BulkExportBody = z.output<typeof bulkExportRequestSchema>;

export const exportStatusQuerySchema = z.strictObject({
  signedUrls: trueOrFalse.default(false).meta({
    description:
      'Shows the whole link of a file that needs no token. By default the query of such a link, which opens the file, is left out.',
  }),
});

export const bulkExportQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional().describe('Only exports of this connection.'),
  status: z.enum(bulkExportStatuses).optional().describe('Only exports with this status.'),
  ...pageQuery({ defaultLimit: 50 }),
});
export type BulkExportQuery = z.output<typeof bulkExportQuerySchema>;
