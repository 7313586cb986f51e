import { present } from '@bulkhead/base';
import { coversType, isNarrowed } from '@bulkhead/fhir';
import type { BulkExport } from '../bulk-export.record.ts';
import type { OutputFile } from '../download/output-file.record.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { isTypeWithheld, sentSince } from '../kick-off/sent-request.ts';
import { currentSlice } from '../slices/slice.ts';
import { type Coverage, typesReceived } from '../watermarks/watermark.ts';
import { examinedExports, hasSameLevel, sourceOfLevel } from './same-level.ts';

/*
 * A manifest lists no file of a type that has no resources, so a type without a file is usually no loss. It is a doubt if an export of everything
 * lacks a type of which an earlier export at the same level has stored resources that are not deleted: an EHR that drops a type, perhaps because
 * it took too long, would lose its changes since the last watermark. The doubt ends with the next export: one since the last watermark can lack
 * any type, and a second one of everything in a row agrees with the first.
 */

type Store = Pick<BulkExportDeps<'bulkExports' | 'outputFiles' | 'resources'>, 'store'>;
interface OfType {
  readonly record: BulkExport;
  readonly resourceType: string;
}

/** One is enough, and most of a type have the same source. */
const examinedResources = 100;

/** The types that an export, or the current slice of it, should have had. */
export async function findMissingTypes(
  deps: Store,
  options: { readonly record: BulkExport; readonly files: readonly OutputFile[]; readonly coverage: Coverage },
): Promise<string[]> {
  const { record, files, coverage } = options;
  const { request, storedBefore = [] } = record;
  const { cohort: _, ...whole } = request;
  if (sentSince(record) !== undefined || isNarrowed(whole)) return [];
  const received = typesReceived(files);
  const isAsked = (type: string) =>
    request.resourceTypes.length > 0 ? request.resourceTypes.includes(type) : coversType(coverage, type);
  const absent = storedBefore.filter(
    (type) => isAsked(type) && !received.includes(type) && !isTypeWithheld(record, type),
  );
  const missing: string[] = [];
  for (const resourceType of absent) {
    const of = { record, resourceType };
    if ((await isStored(deps, of)) && !(await isConfirmed(deps, of))) missing.push(resourceType);
  }
  return missing;
}

/** Whether an earlier export has lacked the type too, and none has had it since. Those of other cohorts, or of the whole level, do not count. */
async function isConfirmed({ store }: Store, { record, resourceType }: OfType): Promise<boolean> {
  const { connectionId, request } = record;
  const earlier = await store.bulkExports.listCompleted({ connectionId, limit: examinedExports });
  for (const other of earlier) {
    if (!hasSameLevel(other, record) || other.request.cohort !== request.cohort) continue;
    const isDoubted = decisionsFor(record, other).some(
      (decision) => decision.resourceType === resourceType && decision.reasons.includes('type-missing'),
    );
    if (isDoubted) return true;
    if (typesReceived(await store.outputFiles.listByExport(other.id)).includes(resourceType)) return false;
  }
  return false;
}

/** What an earlier export has decided about everything, or about the patients of the current slice. */
function decisionsFor(record: BulkExport, { slices = [], watermarkDecisions = [] }: BulkExport) {
  const { patients } = currentSlice(record) ?? {};
  if (!patients) return watermarkDecisions;
  return slices
    .filter((slice) => patients.every((id) => slice.patients.includes(id)))
    .flatMap(({ decisions = [] }) => decisions);
}

/** Whether an export at the same level has stored a resource of the type, of any patient or of those of the slice. */
async function isStored(deps: Store, { record, resourceType }: OfType): Promise<boolean> {
  const { connectionId } = record;
  const { patients } = currentSlice(record) ?? {};
  const of = { connectionId, resourceType, ...present({ patients }) };
  const isOfLevel = sourceOfLevel(deps, record);
  for (const { exportId } of await deps.store.resources.findExported({ ...of, limit: examinedResources }))
    if (await isOfLevel(exportId)) return true;
  return false;
}
