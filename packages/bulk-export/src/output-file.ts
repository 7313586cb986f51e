import type { ExportError, Retrying } from '@bulkhead/runtime';
import type { IssueCount } from './bulk-export.ts';

/** `output`, `deleted` or `error`: the manifest's arrays. */
export type OutputFileSection = 'output' | 'deleted' | 'error';

const outputFileStates = ['pending', 'downloading', 'completed', 'failed', 'skipped', 'cancelled'] as const;
export type OutputFileState = (typeof outputFileStates)[number];

/** What was read of a file so far. Moves only after the database has acknowledged the lines before it. */
export interface FileCheckpoint {
  /** Offset in the uncompressed file where a resume starts. */
  readonly bytes: number;
  readonly lines: number;
  readonly stored: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly quarantined: number;
  /** Resources of erased patients whom the connection keeps out: received and not stored. Absent is 0. */
  readonly withheld?: number;
  /** Of `withheld`: lines that were in quarantine first. Absent is 0. */
  readonly withheldLines?: number;
  readonly deleted: number;
  /**
   * Lines of a `deleted` file that are quarantined, for whatever reason: each may have named a resource of any type that
   * is still stored here although the server deleted it. Absent is 0.
   */
  readonly unreadableDeletions?: number;
  /** Of a file of type `Resource`: the resource types that were stored from it, sorted; at most those of R4. Absent is none. */
  readonly types?: readonly string[];
  /** OperationOutcomes among the lines of an `output` file: their issues are counted, and nothing else. Absent is 0. */
  readonly outcomes?: number;
  /** Of every OperationOutcome among the lines, which are all lines of an `error` file. */
  readonly issues: readonly IssueCount[];
}

/** The ledger's entry for one file of a manifest. */
export interface OutputFile {
  readonly id: string;
  readonly exportId: string;
  readonly connectionId: string;
  readonly section: OutputFileSection;
  /** The resource type that the manifest promises for each line; `Resource` if it promises none, or one that R4 lacks. */
  readonly type: string;
  readonly url: string;
  readonly requiresAccessToken: boolean;
  readonly promisedCount?: number;
  readonly state: OutputFileState;
  readonly checkpoint: FileCheckpoint;
  /** The validator that a resume sends in `If-Range`. */
  readonly etag?: string;
  /** Place in the manifest as it was first read, for display. */
  readonly position?: number;
  readonly attempts: number;
  /** Why it is not under way, or is tried again. */
  readonly retrying?: Retrying;
  /** Resources that a whole download had, if that is not `promisedCount`; a second download with the same number settles it. */
  readonly receivedCount?: number;
  /** `checkpoint.lines` when its link was last replaced by a fresh one: no line since means that this one is no better. */
  readonly linkRefreshedAtLine?: number;
  readonly error?: ExportError;
  readonly startedAt?: Date;
  readonly completedAt?: Date;
}

export const emptyCheckpoint: FileCheckpoint = {
  bytes: 0,
  lines: 0,
  stored: 0,
  unchanged: 0,
  stale: 0,
  quarantined: 0,
  deleted: 0,
  issues: [],
};

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
