import { present } from '@bulkhead/base';
import { coversType, isNarrowed } from '@bulkhead/fhir';
import { type BulkExport, settledTime } from '../bulk-export.record.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import type { OutputFile } from '../output-file.record.ts';
import { isOfJoined } from '../patients/group-members.ts';
import type { Slice } from '../patients/slice.record.ts';
import { currentSlice } from '../patients/slice.ts';
import { isTypeWithheld, sentSince } from '../sent-request.ts';
import type { Coverage } from '../watermarks/watermark.record.ts';
import { typesReceived } from '../watermarks/watermark.ts';

/*
 * A manifest lists no file of a type that has no resources, so a type without a file is usually no loss. It is a doubt if an export of everything
 * lacks a type of which an earlier export at the same level has stored resources that are not deleted: an EHR that drops a type, perhaps because
 * it took too long, would lose its changes since the last watermark. The doubt ends with the next export: one since the last watermark can lack
 * any type, and a second one of everything in a row agrees with the first.
 */

type Store = Pick<BulkExportDeps<'bulkExports' | 'resources'>, 'store'>;
interface OfType {
  readonly record: BulkExport;
  readonly resourceType: string;
}

/**
 * The types that an export, or the current slice of it, should have had.
 * @returns `lacked` has also those that the last export of everything lacked. It is undefined if only changes, or only a part, were exported
 */
export async function findMissingTypes(
  deps: Store,
  options: { readonly record: BulkExport; readonly files: readonly OutputFile[]; readonly coverage: Coverage },
): Promise<{ readonly missing: readonly string[]; readonly lacked: readonly string[] | undefined }> {
  const { record, files, coverage } = options;
  const { request, storedBefore = [] } = record;
  const { cohort: _, ...whole } = request;
  if (sentSince(record) !== undefined || isNarrowed(whole) || isOfJoined(record))
    return { missing: [], lacked: undefined };
  const received = typesReceived(files);
  const isAsked = (type: string) =>
    request.resourceTypes.length > 0 ? request.resourceTypes.includes(type) : coversType(coverage, type);
  const absent = storedBefore.filter(
    (type) => isAsked(type) && !received.includes(type) && !isTypeWithheld(record, type),
  );
  const lacked: string[] = [];
  const missing: string[] = [];
  for (const resourceType of absent) {
    const of = { record, resourceType };
    if (!(await isStored(deps, of))) continue;
    lacked.push(resourceType);
    if (!(await isConfirmed(deps, of))) missing.push(resourceType);
  }
  return { missing, lacked };
}

/** Whether the last export of everything has lacked the type too, and none has had it since. Those of other cohorts, or of the whole level, do not count. */
async function isConfirmed(deps: Store, of: OfType): Promise<boolean> {
  const { record, resourceType } = of;
  const last = await deps.store.bulkExports.findLastFull({ record, resourceType });
  if (!last || !lackedBy(last, currentSlice(record)).includes(resourceType)) return false;
  return !(await isStored(deps, of, settledTime(last).at));
}

/** What an export has lacked of everything, or of the patients of a slice. */
function lackedBy({ slices = [], lackedTypes = [] }: BulkExport, ofPatients: Slice | undefined): readonly string[] {
  if (!ofPatients) return lackedTypes;
  const { patients } = ofPatients;
  return slices
    .filter((slice) => patients.every((id) => slice.patients.includes(id)))
    .flatMap((slice) => slice.lackedTypes ?? []);
}

/** Whether exports at the same level have stored a resource of the type, of any patient or of those of the slice. */
async function isStored({ store }: Store, { record, resourceType }: OfType, after?: Date): Promise<boolean> {
  const { connectionId, level } = record;
  const { patients } = currentSlice(record) ?? {};
  if (level === undefined) return false;
  const of = { connectionId, resourceType, level, ...present({ patients, after }) };
  return (await store.resources.findExported({ ...of, limit: 1 })).length > 0;
}
