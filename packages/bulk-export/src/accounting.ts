import type { BulkExport, IssueCount } from './bulk-export.record.ts';
import type { FileCheckpoint } from './output-file.record.ts';

/** Of a completed export: whether something that was asked for did not come, or could not be stored. */
export function lacksData({ isPartial, counts }: Pick<BulkExport, 'isPartial' | 'counts'>): boolean {
  // Records of earlier versions only count failed files.
  return isPartial ?? counts.filesFailed > 0;
}

/** Resources that a file's lines came to; blank lines are none. */
export function accountedLines({ stored, stale, quarantined, withheld = 0 }: FileCheckpoint): number {
  return stored + stale + quarantined + withheld;
}

/** The codes of FHIR allow some hundred sums without types; types could make them any number. */
const maxSumsWithTypes = 100;

/**
 * Adds counts of issues up, one entry per severity, code and types. Beyond 100 entries with types, further ones are counted
 * as issues that may concern any type.
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
