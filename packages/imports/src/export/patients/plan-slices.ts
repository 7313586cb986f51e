import { present } from '@bulkhead/base';
import type { Provider } from '@bulkhead/ehr/providers';
import type { BulkExport } from '../bulk-export.record.ts';
import { exportError } from '../errors.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import type { Coverage } from '../watermarks/watermark.record.ts';
import { coversNow } from '../watermarks/watermark.ts';
import { findCohort } from './cohort.service.ts';
import { cohortMarkKey, startOf } from './cohort-mark.ts';
import type { Slice } from './slice.record.ts';
import { isEmptySlice } from './slice.ts';

/** A body of 100 kB. Many servers and proxies refuse one of more than 1 MB. */
const defaultPatientsPerRequest = 1000;

export function patientsPerRequest({ kickOff }: Pick<Provider, 'kickOff'>): number {
  return kickOff?.patientsPerRequest ?? defaultPatientsPerRequest;
}

interface Planned {
  readonly record: BulkExport;
  readonly provider: Pick<Provider, 'kickOff'>;
  /** What an export of every type contains today. */
  readonly coverage: Coverage;
}

/**
 * Plans the slices of an export of listed patients, unless it is done.
 * @returns the record with its slices, if it has any
 * @throws AppError `patient-list-empty`, `unknown-cohort`
 */
export async function withSlices<Record extends BulkExport>(
  deps: Pick<BulkExportDeps<'bulkExports' | 'cohortMarks' | 'cohorts'>, 'store' | 'now'>,
  options: Planned & { readonly record: Record },
): Promise<Record> {
  const { record, provider } = options;
  const { connectionId, request, slices } = record;
  const { cohort, since } = request;
  if (!request.patients && cohort === undefined) return record;
  if (slices && isEmptySlice(record)) throw exportError('patient-list-empty');
  if (slices) return record;
  const size = patientsPerRequest(provider);
  const planned = await deps.store.bulkExports.planSlices(record, async () => {
    const patients = request.patients ?? (await findCohort(deps.store, { connectionId, name: cohort ?? '' })).patients;
    if (request.sinceLast) return sinceMark(deps, { ...options, patients, size });
    return inPieces({ patients, since, size });
  });
  if (request.sinceLast && planned.slices[0]?.since === undefined) {
    const message =
      'No earlier export of the cohort has stored all data of its patients that is requested now, so this export requests all data.';
    await deps.store.bulkExports.warn({ id: record.id, code: 'since-last-full', message });
  }
  return { ...record, ...planned };
}

/** Slices of the patients of the mark, then those of all others. See `cohort-mark.ts`. */
async function sinceMark(
  { store, now }: Pick<BulkExportDeps<'cohortMarks'>, 'store' | 'now'>,
  options: Planned & { readonly patients: readonly string[]; readonly size: number },
): Promise<Slice[]> {
  const { record, coverage, patients, size } = options;
  const key = cohortMarkKey(record);
  const mark = key && (await store.cohortMarks.find(key.id));
  const since = mark && startOf(mark, { now: now(), covers: coversNow(coverage) });
  const known = new Set(since === undefined ? [] : mark?.patients);
  const others = patients.filter((id) => !known.has(id));
  return [
    ...inPieces({ patients: patients.filter((id) => known.has(id)), since, size }),
    ...inPieces({ patients: others, since: undefined, size }),
  ];
}

/** Slices of as many patients as one kick-off can have. */
export function inPieces(options: {
  readonly patients: readonly string[];
  readonly since: string | undefined;
  readonly size: number;
}): Slice[] {
  const { patients, since, size } = options;
  return Array.from({ length: Math.ceil(patients.length / size) }, (_, index) => ({
    patients: patients.slice(index * size, (index + 1) * size),
    ...present({ since }),
  }));
}
