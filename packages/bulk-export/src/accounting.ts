import type { BulkExport, IssueCount } from './bulk-export.record.ts';
import type { FileCheckpoint } from './output-file.record.ts';

/** Whether a completed export lacks data that was requested, because it was not received or could not be stored. */
export function lacksData({ isPartial, counts }: Pick<BulkExport, 'isPartial' | 'counts'>): boolean {
  // Records of earlier versions only count failed files.
  return isPartial ?? counts.filesFailed > 0;
}

/** The number of resources in a file's lines. Blank lines do not count. */
export function accountedLines({ stored, stale, quarantined, withheld = 0 }: FileCheckpoint): number {
  return stored + stale + quarantined + withheld;
}

/** FHIR's codes allow some hundred sums without types. With types the number would be unbounded. */
const maxSumsWithTypes = 100;

/**
 * Adds up counts of issues, one entry for each severity, code and list of types. After 100 entries with types, further ones are
 * counted as issues that may concern any type.
 */
export function sumIssues(counts: readonly IssueCount[]): IssueCount[] {
  const sums = new Map<string, IssueCount>();
  const add = (key: string, issue: IssueCount) => {
    const sum = sums.get(key);
    sums.set(key, sum ? { ...sum, count: sum.count + issue.count } : issue);
  };
  let withTypes = 0;
  for (const { types, ...issue } of counts) {
    const key = `${issue.severity}/${issue.code}`;
    const typedKey = `${key}/${types?.join()}`;
    const isKept = types !== undefined && (sums.has(typedKey) || withTypes < maxSumsWithTypes);
    if (isKept && !sums.has(typedKey)) withTypes++;
    if (isKept) add(typedKey, { ...issue, types });
    else add(key, issue);
  }
  return [...sums.values()].toSorted((left, right) => right.count - left.count);
}
