import type { Immutable } from '@bulkhead/base';
import { countSchema, type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { patientIdsSchema } from '../../runs/patient-ids.ts';

/** An export is stored with the patients of its cohort: 10,000 ids have at most 700 kB, twice if their deletions are requested too, and the worker reads them with each status request. */
export const maxCohortPatients = 10_000;

/** A connection's cohorts then have at most 35 MB, and a list of them is read at once. */
export const maxCohorts = 50;

/** A named list of patients of a connection. */
export const cohortSchema = z.strictObject({
  id: z.string(),
  connectionId: z.string().describe('The connection whose patients are listed.'),
  name: z.string().describe('The name, which is unique in the connection.'),
  /** An erasure removes the patient from the list. */
  patients: z.array(z.string()).describe('The ids of the patients at the EHR, in their order.'),
  /** Every change increments it and is conditional on it. */
  version: countSchema,
  createdAt: z.date().describe('When the cohort was added.'),
  changedAt: z.date().describe('When its patients were last changed.'),
});
export type Cohort = Immutable<z.output<typeof cohortSchema>>;

/** What a list shows of a cohort. */
export type CohortSummary = Omit<Cohort, 'patients'> & { readonly count: number };

export interface CohortKey {
  readonly connectionId: string;
  readonly name: string;
}

/** The name is a part of addresses. */
export const cohortNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1 to 64 letters, digits, dots, hyphens or underscores, and begin with a letter or a digit',
  );

const most = maxCohortPatients;
const onTooMany = 'Use several cohorts, or export the Group of the practice';

export const cohortBodySchema = z
  .strictObject({
    patients: patientIdsSchema({ onEmpty: 'Delete the cohort instead', onTooMany, most }).describe(
      `The ids of all its patients at the EHR, at most ${most}.`,
    ),
  })
  .meta({ description: 'The patients of the cohort. They replace those that it has.' });

export const cohortChangeSchema = z
  .strictObject({
    add: patientIdsSchema({ onEmpty: 'Leave it out to add none', onTooMany, most })
      .optional()
      .describe('The ids of patients to add. Those that are listed already stay. Default: none.'),
    remove: patientIdsSchema({ onEmpty: 'Leave it out to remove none', onTooMany, most })
      .optional()
      .describe('The ids of patients to remove. Default: none.'),
  })
  .refine(({ add, remove }) => add !== undefined || remove !== undefined, {
    path: ['add'],
    error: 'is missing, and so is remove. Give at least one of them',
  })
  .meta({ description: 'The patients to add and to remove. The others stay.' });
export type CohortChange = z.output<typeof cohortChangeSchema>;

const { patients, ...fields } = viewShapeOf(cohortSchema, [
  'connectionId',
  'name',
  'patients',
  'createdAt',
  'changedAt',
]);
const count = countSchema.describe('How many patients it lists.');

export const cohortSummarySchema = z
  .strictObject({ ...fields, count })
  .meta({ id: 'CohortSummary', description: 'A named list of patients of a connection, without the patients.' });

export const cohortViewSchema = z
  .strictObject({ ...fields, count, patients })
  .meta({ id: 'Cohort', description: 'A named list of patients of a connection.' });

export function toCohortSummary(cohort: CohortSummary): View<typeof cohortSummarySchema> {
  return viewOf(cohortSummarySchema, cohort);
}

export function toCohortView(cohort: Cohort): View<typeof cohortViewSchema> {
  return viewOf(cohortViewSchema, { ...cohort, count: cohort.patients.length });
}
