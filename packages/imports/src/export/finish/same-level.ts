import type { BulkExport } from '../bulk-export.record.ts';
import type { BulkExportDeps } from '../export-deps.ts';

/** How many of the last exports are examined for one at the same level. */
export const examinedExports = 20;

export function hasSameLevel(one: BulkExport, other: BulkExport): boolean {
  return one.request.exportType === other.request.exportType && one.isOfGroup === other.isOfGroup;
}

/** @returns whether the export that has stored a resource was at the level of this one. It remembers the answers */
export function sourceOfLevel({ store }: Pick<BulkExportDeps<'bulkExports'>, 'store'>, record: BulkExport) {
  const levels = new Map<string, boolean>();
  return async (exportId: string): Promise<boolean> => {
    const known = levels.get(exportId);
    if (known !== undefined) return known;
    const source = await store.bulkExports.find(exportId);
    const isOfLevel = source !== undefined && hasSameLevel(source, record);
    levels.set(exportId, isOfLevel);
    return isOfLevel;
  };
}
