import { present } from '@bulkhead/base';
import type { Provider } from '@bulkhead/ehr/providers';
import type { BulkExport } from '../bulk-export.record.ts';
import { findCohort } from '../cohorts/cohort.service.ts';
import { exportError } from '../errors.ts';
import type { BulkExportDeps } from '../export-deps.ts';
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
  { store }: Pick<BulkExportDeps, 'store'>,
  { record, provider }: { readonly record: Record; readonly provider: Pick<Provider, 'kickOff'> },
): Promise<Record> {
  const { connectionId, request, slices } = record;
  const { cohort, since } = request;
  if (!request.patients && cohort === undefined) return record;
  if (slices && isEmptySlice(record)) throw exportError('patient-list-empty');
  if (slices) return record;
  const size = provider.kickOff?.patientsPerRequest ?? defaultPatientsPerRequest;
  const planned = await store.bulkExports.planSlices(record, async () => {
    const patients = request.patients ?? (await findCohort(store, { connectionId, name: cohort ?? '' })).patients;
    return inPieces({ patients, since, size });
  });
  return { ...record, ...planned };
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
