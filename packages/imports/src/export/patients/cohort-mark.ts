/*
 * A mark says of which patients of a cohort everything is stored, and up to when:
 *
 *   a mark = a time and a coverage, as a watermark has them, and the set of patients for which they hold
 *
 * There is one for each connection, cohort, level and list of types, because an export of other types proves nothing about these. The watermarks
 * of the connection say nothing about a cohort, and a mark says nothing about them.
 *
 * - An export since `last` requests the patients of the set since the time of the mark, and all others in full (`plan-slices.ts`). A full export
 *   lists no deletions. So of patients of whom something was stored before, a further slice then requests the changes since the time up to which
 *   deletions are applied (`endSlice`).
 * - At the end of a full slice that has everything, its patients join the set: more is stored of them than the mark says. The first such slice
 *   makes the mark.
 * - At the end of an export of which every slice has everything, the mark moves to the earliest time of its slices, for exactly its patients
 *   (`markAfter`). Otherwise it keeps its time.
 *
 * Only the key names a cohort, so the members of a Group can have a mark of the same form.
 */

import { type Immutable, present } from '@bulkhead/base';
import { z } from 'zod';
import type { BulkExport } from '../bulk-export.record.ts';
import { everyType, watermarkSchema } from '../watermarks/watermark.record.ts';
import { commonCoverage, type MarkSearch, sinceLast } from '../watermarks/watermark.ts';
import type { Slice } from './slice.record.ts';
import { namedIn } from './slice.ts';

export const cohortMarkSchema = watermarkSchema.omit({ resourceType: true }).extend({
  /** Made from the fields that exports must have in common to continue from each other. */
  id: z.string(),
  cohort: z.string(),
  /** Sorted, with commas. `*` for exports without a list of types. */
  types: z.string(),
  /** An erasure removes the patient from the set. */
  patients: z.array(z.string()),
});
export type CohortMark = Immutable<z.output<typeof cohortMarkSchema>>;

export type CohortMarkKey = Pick<CohortMark, 'id' | 'connectionId' | 'cohort' | 'exportType' | 'types'>;

/** @returns undefined if the export is not of a cohort */
export function cohortMarkKey({
  connectionId,
  request: { cohort, exportType, resourceTypes },
}: Pick<BulkExport, 'connectionId' | 'request'>): CohortMarkKey | undefined {
  if (cohort === undefined) return undefined;
  const types = (resourceTypes.length > 0 ? resourceTypes.toSorted() : [everyType]).join();
  return { id: `${connectionId}/${cohort}/${exportType}/${types}`, connectionId, cohort, exportType, types };
}

/** The types whose watermarks decide. */
export function typesOf({ types }: Pick<CohortMark, 'types'>): readonly string[] {
  return types.split(',');
}

/** What a mark says, as watermarks of its types. */
export function watermarksOf({ types, transactionTime, at, deletionsAt, coverage }: CohortMark) {
  return typesOf({ types }).map((resourceType) => {
    return { resourceType, transactionTime, at, deletionsAt, ...present({ coverage }) };
  });
}

/** Where the next export of its patients starts. @returns undefined if the mark does not count */
export function startOf(mark: CohortMark, search: Omit<MarkSearch, 'watermarks'>): string | undefined {
  return sinceLast({ resourceTypes: typesOf(mark), watermarks: watermarksOf(mark), ...search }).since;
}

/** What is stored after an export. @returns undefined if one of its slices lacks something, or had a token with other scopes */
export function markAfter(slices: readonly Slice[]) {
  const whole = slices.filter((slice) => namedIn(slice).length > 0);
  const reached = whole.flatMap((slice) => slice.reached ?? []);
  const [first] = reached.toSorted((left, right) => left.at.getTime() - right.at.getTime());
  if (!first || reached.length < whole.length) return undefined;
  const { scope } = first.coverage ?? {};
  if (reached.some(({ coverage }) => coverage?.scope !== scope)) return undefined;
  // A later slice lists the deletions that a full slice of the same patients does not.
  const deletions = new Map(
    whole.flatMap((slice) => namedIn(slice).map((id) => [id, slice.reached?.deletionsAt ?? first.at])),
  );
  const deletionsAt = new Date(Math.min(...[...deletions.values()].map(Number)));
  const coverage = reached
    .map((slice) => slice.coverage)
    .reduce((left, right) => left && right && commonCoverage(left, right));
  return { ...first, deletionsAt, patients: [...deletions.keys()], ...present({ coverage }) };
}
