import type { Immutable } from '@bulkhead/base';
import { countSchema, failureSchema, mayNamePatient, warningSchema } from '@bulkhead/store';
import { z } from 'zod';
import { syncRunPhases } from './sync-run-phase.ts';
import { syncTypeCountSchema } from './sync-step.record.ts';

const syncRequestSchema = z.strictObject({
  includeStandard: z.boolean().describe('Whether the standard types of the guide are searched.'),
  includeEnhanced: z.boolean().describe('Whether the enhanced types of the guide are searched.'),
  includeOthers: z
    .boolean()
    .exactOptional()
    .describe('Whether all other types are searched that the EHR declares as searchable by patient. Absent: no.'),
  includeAppointments: z
    .boolean()
    .exactOptional()
    .describe(
      'Whether appointments are read by their ids, if the EHR finds them in no other way: those to which stored Encounters refer. Absent: no.',
    ),
  includeReferences: z
    .boolean()
    .exactOptional()
    .describe(
      'Whether resources to which stored resources refer and that are not stored are read by their ids, after the searches. Absent: no.',
    ),
  resourceTypes: z.array(z.string()).describe('The enhanced types that were requested. An empty array means all five.'),
  since: z
    .string()
    .exactOptional()
    .describe(
      'Only changes after this time were requested. Absent if the search of each patient continues where its last one ended.',
    ),
  patients: z
    .array(mayNamePatient(z.string()))
    .describe('Ids of patients at the EHR. An empty array means every stored patient.'),
});
export type SyncRequest = Immutable<z.output<typeof syncRequestSchema>>;

export const skippedTypeSchema = z
  .strictObject({
    resourceType: z.string().describe('The FHIR resource type that is not searched.'),
    reason: z.string().describe('Why it cannot be searched, in a sentence.'),
    always: z
      .boolean()
      .exactOptional()
      .describe(
        '`true` if the registry entry of the provider marks the type as unavailable, whatever the EHR offers now. Otherwise absent.',
      ),
  })
  .meta({
    id: 'SkippedType',
    description: 'A requested type that is not searched. It has no counts, because a zero would look like a result.',
  });
export type SkippedType = Immutable<z.output<typeof skippedTypeSchema>>;

const refusedTypeSchema = failureSchema.extend({ resourceType: z.string() });
export type RefusedType = Immutable<z.output<typeof refusedTypeSchema>>;

/** The error of a run of which the database has lost steps. They must be planned again. */
export const stepsMissing = 'steps-missing';

const syncTotalsSchema = z.strictObject({
  stored: countSchema.describe('Received resources that are stored now, whether or not they changed.'),
  unchanged: countSchema.describe('Those that were stored before, in the same version.'),
});

/** One enhanced sync: a crawl by patient and type over the REST API. */
export const syncRunSchema = z.strictObject({
  id: z.string().describe('The id of the run, which begins with `sync_`.'),
  connectionId: z.string().describe('The connection whose patients are searched.'),
  provider: z.string(),
  request: syncRequestSchema.describe('What was requested.'),
  /** `sync-run-phase.ts` defines which phase may follow which. */
  phase: z.enum(syncRunPhases),
  version: countSchema,
  /** Receives a webhook when the run has ended, in addition to the connection's own URL. */
  callbackUrl: mayNamePatient(z.string()).exactOptional(),
  scheduleId: z.string().exactOptional().describe('The schedule that started the run. Absent if a request started it.'),
  startedBy: z
    .string()
    .exactOptional()
    .describe('The name of the API key that started the run. Absent if a schedule did.'),
  /** `due` if the end must be reported to clients, `done` if it was. */
  notify: z.enum(['due', 'done']).exactOptional(),
  types: z.array(z.string()).describe('The FHIR resource types that are searched.'),
  skipped: z.array(skippedTypeSchema).describe('Requested types that cannot be searched.'),
  /** Types of which the EHR has refused the first searches, so that the others are not sent. A retry tries again. */
  refusedTypes: z.array(refusedTypeSchema).exactOptional(),
  patientCount: countSchema
    .exactOptional()
    .describe('The number of patients of the run. Absent until the run was planned.'),
  /** For each resource type, the time up to which the run has looked through what is stored for open references. */
  referenceMarks: z.record(z.string(), z.date()).exactOptional(),
  /** How often reads of open references were planned. What they return can refer to others. */
  referenceRounds: countSchema.exactOptional(),
  /** No further reads of open references are planned. */
  referencesDone: z.literal(true).exactOptional(),
  /** The steps of the plan. The database must have each of them. Absent until the run was planned. */
  stepCount: countSchema.exactOptional(),
  /** The sums over its steps when they were last added up, which takes seconds if there are tens of thousands. */
  counted: z.strictObject({ at: z.date(), tookMs: countSchema, types: z.array(syncTypeCountSchema) }).exactOptional(),
  totals: syncTotalsSchema.exactOptional().describe('Set when the run ends.'),
  createdAt: z.date().describe('When the run was requested.'),
  startedAt: z.date().exactOptional().describe('When the first search began. Absent while the run is waiting.'),
  /** When it was last retried. */
  retriedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional().describe('When the run ended. Absent while it is running.'),
  error: failureSchema.exactOptional(),
  warnings: z
    .array(warningSchema)
    .describe('What went less than perfectly, and what it means for the data. Empty if there is nothing to report.'),
});
export type SyncRun = Immutable<z.output<typeof syncRunSchema>>;

/** Whether reads of open references are still to be planned, so that a run without open steps has not ended. */
export function needsReferences({ request, referencesDone }: SyncRun): boolean {
  return request.includeReferences === true && !referencesDone;
}
