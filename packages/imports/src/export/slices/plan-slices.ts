import { present } from '@bulkhead/base';
import type { Provider } from '@bulkhead/ehr/providers';
import type { BulkExport } from '../bulk-export.record.ts';
import { findCohort } from '../cohorts/cohort.service.ts';
import { cohortMarkKey, groupByStart, startsOf } from '../cohorts/cohort-mark.ts';
import { exportError } from '../errors.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { type Coverage, coversNow } from '../watermarks/watermark.ts';
import type { Slice } from './slice.record.ts';
import { isEmptySlice } from './slice.ts';

/** A body of 100 kB. Many servers and proxies refuse one of more than 1 MB. */
const defaultPatientsPerRequest = 1000;

/**
 * Plans the slices of an export of listed patients, unless it is done.
 * @returns the record with its slices, if it has any
 * @throws AppError `patient-list-empty`, `unknown-cohort`
 */
export async function withSlices<Record extends BulkExport>(
  deps: Pick<BulkExportDeps<'bulkExports' | 'cohortMarks' | 'cohorts'>, 'store' | 'now'>,
  options: {
    readonly record: Record;
    readonly provider: Pick<Provider, 'kickOff'>;
    /** What an export of every type contains today. */
    readonly coverage: Coverage;
  },
): Promise<Record> {
  const { record, provider, coverage } = options;
  const { connectionId, request, slices } = record;
  const { cohort, since } = request;
  if (!request.patients && cohort === undefined) return record;
  if (slices && isEmptySlice(record)) throw exportError('patient-list-empty');
  if (slices) return record;
  const size = provider.kickOff?.patientsPerRequest ?? defaultPatientsPerRequest;
  const planned = await deps.store.bulkExports.planSlices(record, async () => {
    const patients = request.patients ?? (await findCohort(deps.store, { connectionId, name: cohort ?? '' })).patients;
    const starts = request.sinceLast ? await readStarts(deps, { record, coverage }) : undefined;
    const groups = starts ? groupByStart(patients, (id) => starts.get(id)?.since) : [{ patients, since }];
    return groups.flatMap((group) => inPieces({ ...group, size }));
  });
  if (request.sinceLast && planned.slices.every((slice) => slice.since === undefined)) {
    const message =
      'No earlier export of the cohort has stored all data of its patients that is requested now, so this export requests all data.';
    await deps.store.bulkExports.warn({ id: record.id, code: 'since-last-full', message });
  }
  return { ...record, ...planned };
}

async function readStarts(
  { store, now }: Pick<BulkExportDeps<'cohortMarks'>, 'store' | 'now'>,
  { record, coverage }: { readonly record: BulkExport; readonly coverage: Coverage },
) {
  const key = cohortMarkKey(record);
  return startsOf(key ? await store.cohortMarks.list(key) : [], { now: now(), covers: coversNow(coverage) });
}

function inPieces(options: {
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
