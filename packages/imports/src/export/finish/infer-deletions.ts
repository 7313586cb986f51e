import { toTombstone } from '@bulkhead/records';
import { type BulkExport, settledTime } from '../bulk-export.record.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import type { OutputFile } from '../output-file.record.ts';
import type { WatermarkDecision } from '../watermarks/watermark.record.ts';
import { everyType } from '../watermarks/watermark.record.ts';
import { typesReceived, unknownType } from '../watermarks/watermark.ts';

/*
 * An EHR that refuses `_since` never lists deletions. What two complete exports of everything in a row do not contain is deleted here:
 *
 *   last observed      before ───┤ export before ├─── this export      in neither of them: deleted
 *                                                                      in one of them: kept
 *
 * Each of the two notes the resources that it contains (`notesObserved`). Nothing is deleted of a type
 *
 *   whose watermark one of them has held, or of which one of them has sent nothing,
 *   of which a line was not stored (quarantined, withheld, incomplete), because it can be the missing resource,
 *   of which more than half would be deleted, because a Group that has lost its members looks the same.
 *
 * A resource that a sync, or an export of another level, has stored is kept, because these exports need not contain it.
 */

const batchSize = 500;

interface Ended {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
  readonly decisions: readonly WatermarkDecision[];
}

/** @returns how many resources were deleted */
export async function inferDeletions(
  deps: BulkExportDeps<'bulkExports' | 'outputFiles' | 'resourceWriter' | 'resources'>,
  ended: Ended,
): Promise<number> {
  let deleted = 0;
  for (const resourceType of wholeTypes(ended)) {
    const before = await findBefore(deps, { record: ended.record, resourceType });
    if (before && wholeTypes(before).includes(resourceType))
      deleted += await deleteMissing(deps, { ...ended, before: before.record, resourceType });
  }
  return deleted;
}

/** The last completed export of everything of a type at the same level, whose ledger is still complete. */
async function findBefore(
  { store }: BulkExportDeps<'bulkExports' | 'outputFiles'>,
  { record, resourceType }: { readonly record: BulkExport; readonly resourceType: string },
): Promise<Ended | undefined> {
  const { infersDeletions, clockWentBack, foundClockBack } = record;
  if (infersDeletions !== true || clockWentBack === true || foundClockBack === true) return undefined;
  const before = await store.bulkExports.findLastFull({ record, resourceType, infersDeletions });
  // The later export must have been requested after the earlier one had everything.
  if (!before || settledTime(before).at >= settledTime(record).at) return undefined;
  const files = await store.outputFiles.listByExport(before.id);
  const { manifestFiles, watermarkDecisions: decisions = [] } = before;
  return files.length === manifestFiles ? { record: before, files, decisions } : undefined;
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
    readonly before: BulkExport;
    readonly resourceType: string;
    readonly files: readonly OutputFile[];
  },
): Promise<number> {
  const { record, before, resourceType, files } = options;
  const { connectionId, level = '' } = record;
  const stored = await store.resources.count({ connectionId, resourceType });
  const of = { connectionId, resourceType, level };
  const missing = await store.resources.findExported({ ...of, before: settledTime(before).at, limit: stored });
  if (missing.length === 0) return 0;
  if (missing.length * 2 > stored) {
    const message = `The last two complete exports of everything did not contain ${missing.length} of ${stored} stored ${resourceType} resources. Nothing was deleted here, because a Group that has lost its members looks the same. Verify the group and the scopes of the connection.`;
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
  const message = `The EHR lists no deletions. Its last two complete exports of everything did not contain ${missing.length} ${resourceType} resources, so they are deleted here.`;
  await store.bulkExports.warn({ id: record.id, code: 'deletions-inferred', message });
  return missing.length;
}
