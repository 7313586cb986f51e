import { countSchema, type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type Cohort, type CohortSummary, cohortSchema } from './cohort.record.ts';

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
