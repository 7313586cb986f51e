import type { BulkExport } from '../bulk-export.record.ts';

export type SliceOfExport = Pick<BulkExport, 'id' | 'slice'>;

export type EarlierFiles = SliceOfExport & Pick<BulkExport, 'version'>;

/** The entries of the current slice of an export. `null` also matches entries without a slice. */
export const inSlice = ({ id, slice }: SliceOfExport) => ({ exportId: id, slice: slice ?? null }) as object;

/** Those from manifests that were read before the export had this version. Also matches entries without a version. */
export const earlier = ({ version, ...record }: EarlierFiles) => ({
  ...inSlice(record),
  exportVersion: { $not: { $gte: version } },
});
