import { present } from '@bulkhead/base';
import { toTombstone } from '@bulkhead/records';
import { type BulkExport, settledTime } from '../bulk-export.record.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import type { OutputFile } from '../output-file.record.ts';
import type { Slice } from '../patients/slice.record.ts';
import { currentSlice, namedIn } from '../patients/slice.ts';
import type { WatermarkDecision } from '../watermarks/watermark.record.ts';
import { everyType } from '../watermarks/watermark.record.ts';
import { typesReceived, unknownType } from '../watermarks/watermark.ts';

/*
 * An EHR that refuses `_since` never lists deletions, and none lists what has moved to another patient. What two complete exports of everything in
 * a row do not contain is deleted here:
 *
 *   last observed      before ───┤ export before ├─── this export      in neither of them: deleted
 *                                                                      in one of them: kept
 *
 * Each of the two notes the resources that it contains (`onUnchanged`). Nothing is deleted of a type
 *
 *   whose watermark one of them has held, or of which one of them has sent nothing,
 *   of which a line was not stored (quarantined, withheld, incomplete), because it can be the missing resource,
 *   of which more than half would be deleted, because a Group that has lost its members looks the same.
 *
 * Everything of the patients of a cohort is compared in the same way, slice by slice, with the last full slice of each patient. A patient whose
 * Patient one of the two has not sent has perhaps left the Group, so that nothing is deleted. What is also about other patients is kept.
 *
 * A resource that a sync, or an export of another level, has stored is kept, because these exports need not contain it.
 */

const batchSize = 500;

interface Ended {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
  readonly decisions: readonly WatermarkDecision[];
}

interface Comparison {
  /** When the earlier one of the two had everything. */
  readonly before: Date;
  /** Whose resources are compared. Absent for those of every patient. */
  readonly patients?: readonly string[];
}

/** @returns how many resources were deleted, and what the slice of a cohort has shown */
export async function inferDeletions(
  deps: BulkExportDeps<'bulkExports' | 'outputFiles' | 'resourceWriter' | 'resources'>,
  ended: Ended,
): Promise<{ readonly deleted: number } & Pick<Slice, 'shown'>> {
  const { record } = ended;
  const { infersDeletions, clockWentBack, foundClockBack } = record;
  let deleted = 0;
  if (infersDeletions !== true || clockWentBack === true || foundClockBack === true) return { deleted };
  const types = wholeTypes(ended);
  const shown = await shownBySlice(deps, { record, types });
  const ofSlices = shown && (await findSlices(deps, { record, shown }));
  for (const resourceType of types) {
    const comparisons = ofSlices?.get(resourceType) ?? (await findBefore(deps, { record, resourceType }));
    for (const comparison of comparisons) deleted += await deleteMissing(deps, { ...ended, resourceType, comparison });
  }
  return { deleted, ...(shown ? { shown: { ...shown, deleted } } : {}) };
}

/** The last completed export of everything of a type at the same level, whose ledger is still complete. */
async function findBefore(
  { store }: BulkExportDeps<'bulkExports' | 'outputFiles'>,
  { record, resourceType }: { readonly record: BulkExport; readonly resourceType: string },
): Promise<readonly Comparison[]> {
  const before = await store.bulkExports.findLastFull({ record, resourceType, infersDeletions: true });
  // The later export must have been requested after the earlier one had everything.
  if (!before || settledTime(before).at >= settledTime(record).at) return [];
  const files = await store.outputFiles.listByExport(before.id);
  const { manifestFiles, watermarkDecisions: decisions = [] } = before;
  const isWhole =
    files.length === manifestFiles && wholeTypes({ record: before, files, decisions }).includes(resourceType);
  return isWhole ? [{ before: settledTime(before).at }] : [];
}

type Shown = Omit<NonNullable<Slice['shown']>, 'deleted'>;

async function shownBySlice(
  { store }: BulkExportDeps<'resources'>,
  { record, types }: { readonly record: BulkExport; readonly types: readonly string[] },
): Promise<Shown | undefined> {
  const { connectionId, level = '', request } = record;
  const slice = currentSlice(record);
  if (request.cohort === undefined || !slice) return undefined;
  const { at } = settledTime(record);
  const patients = namedIn(slice);
  const of = { connectionId, resourceType: 'Patient', level, patients, after: new Date(at.getTime() - 1) };
  const found = types.includes('Patient') ? await store.resources.findExported({ ...of, limit: patients.length }) : [];
  const sent = new Set(found);
  return { at, types, absent: patients.filter((id) => !sent.has(id)) };
}

/** By type: the last full slices of the cohort that had the patients of this one. Each export is read once for all types. */
async function findSlices(
  { store }: BulkExportDeps<'bulkExports'>,
  { record, shown }: { readonly record: BulkExport; readonly shown: Shown },
): Promise<ReadonlyMap<string, readonly Comparison[]>> {
  const absent = new Set(shown.absent);
  const listed = namedIn(currentSlice(record) ?? { patients: [] }).filter((id) => !absent.has(id));
  const open = new Map(shown.types.map((type) => [type, new Set(listed)]));
  const comparisons = new Map(shown.types.map((type): [string, Comparison[]] => [type, []]));
  for (let before = record; ; ) {
    const patients = [...new Set([...open.values()].flatMap((ids) => [...ids]))];
    const last = patients.length > 0 && (await store.bulkExports.findLastSliced({ record: before, patients }));
    if (!last) return comparisons;
    const { resourceTypes } = last.request;
    for (const [type, ids] of open)
      if (resourceTypes.length === 0 || resourceTypes.includes(type))
        comparisons.get(type)?.push(...comparisonsWith(last, { type, ids, at: shown.at }));
    before = last;
  }
}

/** Compares what is left to compare of the patients with the full slices of an export, and takes their ids out. */
function comparisonsWith(
  { slices = [] }: BulkExport,
  { type, ids, at }: { readonly type: string; readonly ids: Set<string>; readonly at: Date },
): readonly Comparison[] {
  return slices.flatMap(({ patients, shown }) => {
    if (!shown) return [];
    const absent = new Set(shown.absent);
    const common = patients.filter((id) => ids.delete(id) && !absent.has(id));
    return shown.types.includes(type) && shown.at < at && common.length > 0
      ? [{ before: shown.at, patients: common }]
      : [];
  });
}

/** The types of which an export has sent something and has lost nothing. */
export function wholeTypes({ files, decisions }: Ended): readonly string[] {
  const output = files.filter(({ section }) => section === 'output');
  // Lines of any type.
  if (output.some(({ type }) => type === unknownType)) return [];
  const advanced = decisions.filter(({ reasons }) => reasons.length === 0).map(({ resourceType }) => resourceType);
  return typesReceived(files).filter((type) => {
    const own = output.filter((file) => file.type === type).map(({ checkpoint }) => checkpoint);
    const isWhole = own.every(({ quarantined, stale, withheld = 0 }) => quarantined + stale + withheld === 0);
    return type !== everyType && advanced.includes(type) && isWhole && own.some(({ stored }) => stored > 0);
  });
}

async function deleteMissing(
  { store, now }: BulkExportDeps<'bulkExports' | 'resourceWriter' | 'resources'>,
  options: {
    readonly record: BulkExport;
    readonly comparison: Comparison;
    readonly resourceType: string;
    readonly files: readonly OutputFile[];
  },
): Promise<number> {
  const { record, resourceType, files } = options;
  const { before, patients } = options.comparison;
  const { connectionId, level = '' } = record;
  const of = { connectionId, resourceType, level, ...present({ aboutOnly: patients }) };
  const stored = await (patients ? store.resources.countExported(of) : store.resources.count(of));
  const missing = await store.resources.findExported({ ...of, before, limit: stored });
  if (missing.length === 0) return 0;
  const exports = patients
    ? 'The last two full exports of patients of the cohort'
    : 'The last two complete exports of everything';
  if (missing.length * 2 > stored) {
    const message = `${exports} did not contain ${missing.length} of ${stored} stored ${resourceType} resources. Nothing was deleted here, because a Group that has lost its members looks the same. Verify the group and the scopes of the connection.`;
    await store.bulkExports.warn({ id: record.id, code: 'deletions-too-many', message });
    return 0;
  }
  const fileId = files.find(({ type }) => type === resourceType)?.id ?? '';
  const source = { exportId: record.id, fileId, line: 0, level };
  const context = { connectionId, source, observedAt: settledTime(record).at, now: now() };
  for (let start = 0; start < missing.length; start += batchSize) {
    const batch = missing.slice(start, start + batchSize);
    await store.resourceWriter.write(
      resourceType,
      batch.map((resourceId) => toTombstone({ resourceId, context })),
    );
  }
  const reason = patients
    ? 'The EHR has deleted them, or they are of other patients now'
    : 'The EHR lists no deletions';
  const message = `${exports} did not contain ${missing.length} ${resourceType} resources, so they are deleted here. ${reason}.`;
  await store.bulkExports.warn({ id: record.id, code: 'deletions-inferred', message });
  return missing.length;
}
