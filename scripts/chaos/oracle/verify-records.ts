import {
  accountedLines,
  type BulkExport,
  everyType,
  isTerminal,
  type OutputFile,
  type Watermark,
} from '@bulkhead/imports/export';
import type { Difference } from './compare-resources.ts';
import { type Finding, finding } from './finding.ts';

/** Verifies that the ledger counts the lines that were served. A batch that is counted twice makes the record wrong. */
export function verifyLedger(
  files: readonly Pick<OutputFile, 'id' | 'section' | 'promisedCount' | 'checkpoint' | 'state'>[],
): Finding[] {
  return files.flatMap(({ id, section, promisedCount, checkpoint, state }): Finding[] => {
    // For deletions, the manifest counts Bundles, and the ledger counts their entries.
    if (section !== 'output' || promisedCount === undefined) return [];
    const surplus = accountedLines(checkpoint) - promisedCount;
    if (surplus > 0) return [finding('duplicated', `${id} counts ${surplus} more lines than were served`, surplus)];
    if (surplus === 0 || state !== 'completed') return [];
    return [finding('silent', `${id} is completed, but ${-surplus} of its lines are not stored`, -surplus)];
  });
}

/**
 * Verifies the watermarks. A watermark promises that everything before it is stored, and the next export requests only
 * later data. If the promise is wrong, the data are lost for good, and silently.
 */
export function verifyWatermarks(options: {
  readonly watermarks: readonly Watermark[];
  readonly earlier: readonly Watermark[];
  /** The exports that the watermarks name. */
  readonly exports: readonly Pick<BulkExport, 'id' | 'phase' | 'transactionTime'>[];
  readonly differences: readonly Difference[];
}): Finding[] {
  const { watermarks, earlier, exports, differences } = options;
  const ends = new Map(
    exports.filter(({ phase }) => isTerminal(phase)).map((record) => [record.id, record.transactionTime]),
  );
  const before = new Map(earlier.map(({ resourceType, at }) => [resourceType, at]));
  return watermarks.flatMap(({ resourceType, at, exportId }): Finding[] => {
    const end = ends.get(exportId);
    const missed = differences.filter(
      ({ type, what, lastUpdated }) =>
        (type === resourceType || resourceType === everyType) && what !== 'extra' && lastUpdated && lastUpdated <= at,
    ).length;
    return [
      ...(end === undefined ? [finding('silent', `${resourceType}: its watermark names no settled export`)] : []),
      ...(end !== undefined && at > new Date(end)
        ? [finding('silent', `${resourceType}: its watermark is after the time of its export`)]
        : []),
      ...(at < (before.get(resourceType) ?? at)
        ? [finding('silent', `${resourceType}: its watermark moved back`)]
        : []),
      ...(missed > 0
        ? [finding('silent', `${resourceType}: ${missed} resources from before its watermark are missing`, missed)]
        : []),
    ];
  });
}
