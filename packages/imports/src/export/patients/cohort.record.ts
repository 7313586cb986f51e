import type { Immutable } from '@bulkhead/base';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';

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
