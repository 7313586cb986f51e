/*
 * A cohort has a watermark for each slice of its exports: up to when everything of these patients is stored. The watermarks of its connection say
 * nothing about it, and it says nothing about them.
 *
 * - The next export since `last` requests each patient from the patient's own time. Patients with nearly the same time are exported together
 *   (`groupByStart`). A patient without a mark, such as one who is new in the cohort, is exported in full.
 * - A slice that has everything replaces the marks of its patients at its end, so that slices grow together again. If the slice fails, they keep
 *   those that they have, or none.
 * - Marks are kept for each level and list of types, because an export of other types proves nothing about these.
 */

import type { Immutable } from '@bulkhead/base';
import { exportTypes } from '@bulkhead/fhir';
import { z } from 'zod';
import type { BulkExport } from '../bulk-export.record.ts';
import { type Coverage, coverageSchema, everyType, sinceLast, type Watermark } from '../watermarks/watermark.ts';

export const cohortMarkSchema = z.strictObject({
  /** Those of the export and of its slice. */
  id: z.string(),
  connectionId: z.string(),
  cohort: z.string(),
  exportType: z.enum(exportTypes),
  /** Sorted, with commas. `*` for exports without a list of types. */
  types: z.string(),
  /** An erasure removes the patient from the list. */
  patients: z.array(z.string()),
  /** See `watermarkSchema` for the others. */
  transactionTime: z.string(),
  at: z.date(),
  deletionsAt: z.date(),
  exportId: z.string(),
  coverage: coverageSchema.exactOptional(),
});
export type CohortMark = Immutable<z.output<typeof cohortMarkSchema>>;

/** What exports must have in common to continue from each other. */
export type CohortMarkKey = Pick<CohortMark, 'connectionId' | 'cohort' | 'exportType' | 'types'>;

/** @returns undefined if the export is not of a cohort */
export function cohortMarkKey({
  connectionId,
  request: { cohort, exportType, resourceTypes },
}: Pick<BulkExport, 'connectionId' | 'request'>): CohortMarkKey | undefined {
  if (cohort === undefined) return undefined;
  const types = resourceTypes.length > 0 ? resourceTypes.toSorted() : [everyType];
  return { connectionId, cohort, exportType, types: types.join() };
}

/** The types whose watermarks decide. */
export function typesOf({ types }: Pick<CohortMark, 'types'>): readonly string[] {
  return types.split(',');
}

interface MarkSearch {
  readonly now: Date;
  readonly covers: (coverage: Coverage, resourceType: string) => boolean;
}

/** Where the next export of a patient starts. */
interface Start {
  readonly since: string;
  readonly mark: CohortMark;
}

/** The newest mark of each patient, if it counts. */
export function startsOf(marks: readonly CohortMark[], search: MarkSearch): ReadonlyMap<string, Start> {
  const starts = new Map<string, Start>();
  for (const mark of marks.toSorted((left, right) => left.at.getTime() - right.at.getTime())) {
    const watermarks = toWatermarks(mark);
    const { since } = sinceLast({ resourceTypes: typesOf(mark), watermarks, ...search });
    if (since === undefined) continue;
    for (const patient of mark.patients) starts.set(patient, { since, mark });
  }
  return starts;
}

type MarkOfType = Pick<Watermark, 'resourceType' | 'transactionTime' | 'at' | 'deletionsAt' | 'coverage'>;

function toWatermarks({
  types,
  ...mark
}: Pick<CohortMark, 'types' | 'transactionTime' | 'at' | 'deletionsAt' | 'coverage'>): MarkOfType[] {
  return typesOf({ types }).map((resourceType) => ({ ...mark, resourceType }));
}

/**
 * What is stored of all patients of a slice, as watermarks of the types.
 * @param options.coverage what an export of every type contains today, which the marks that count cover
 * @returns none if a patient has no mark that counts
 */
export function watermarksOf(options: {
  readonly key: CohortMarkKey;
  readonly patients: readonly string[];
  readonly starts: ReadonlyMap<string, Start>;
  readonly coverage: Coverage;
}): MarkOfType[] {
  const { key, patients, starts, coverage } = options;
  const marks = new Set(patients.map((patient) => starts.get(patient)?.mark));
  const oldest = [...marks].reduce(
    (left, right) => (left && right && left.at <= right.at ? left : left && right),
    [...marks][0],
  );
  if (!oldest) return [];
  const deletionsAt = new Date(Math.min(...[...marks].map((mark) => mark?.deletionsAt.getTime() ?? 0)));
  const { transactionTime, at } = oldest;
  const mark = { types: key.types, transactionTime, at, deletionsAt };
  return toWatermarks(key.types === everyType ? { ...mark, coverage } : mark);
}

/** A repetition of the changes of a day costs less than another export. */
const groupedMs = 24 * 60 * 60_000;

/** Patients who are exported since the same time: those that continue, the furthest behind first, then those that are exported in full. */
export function groupByStart(
  patients: readonly string[],
  sinceOf: (patient: string) => string | undefined,
): readonly { readonly patients: readonly string[]; readonly since: string | undefined }[] {
  const known = patients
    .flatMap((patient) => {
      const since = sinceOf(patient);
      return since === undefined ? [] : [{ patient, since, ms: Date.parse(since) }];
    })
    .toSorted((left, right) => left.ms - right.ms);
  const groups: { readonly patients: string[]; readonly since: string | undefined; readonly ms: number }[] = [];
  for (const { patient, since, ms } of known) {
    const group = groups.at(-1);
    if (group && ms - group.ms <= groupedMs) group.patients.push(patient);
    else groups.push({ patients: [patient], since, ms });
  }
  const full = patients.filter((patient) => sinceOf(patient) === undefined);
  return [...groups, ...(full.length > 0 ? [{ patients: full, since: undefined }] : [])];
}
