import { type BulkExport, everyType, isTerminal, type Watermark } from '@bulkhead/bulk-export';
import type { Finding } from './finding.ts';
import type { Difference } from './read-differences.ts';

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
      ...(end === undefined ? [silent(1, `${resourceType}: its watermark names no settled export`)] : []),
      ...(end !== undefined && at > new Date(end)
        ? [silent(1, `${resourceType}: its watermark is after the time of its export`)]
        : []),
      ...(at < (before.get(resourceType) ?? at) ? [silent(1, `${resourceType}: its watermark moved back`)] : []),
      ...(missed > 0
        ? [silent(missed, `${resourceType}: ${missed} resources from before its watermark are missing`)]
        : []),
    ];
  });
}

function silent(count: number, text: string): Finding {
  return { verdict: 'silent', count, text };
}
