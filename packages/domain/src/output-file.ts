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
  readonly deleted: number;
  /**
   * Lines of a `deleted` file that are quarantined, for whatever reason: each may have named a resource of any type that
   * still stands here although the server deleted it. Absent is 0.
   */
  readonly unreadableDeletions?: number;
  /** Of an `error` file. */
  readonly issues: readonly IssueCount[];
}

/** The ledger's entry for one file of a manifest. */
export interface OutputFile {
  readonly id: string;
  readonly exportId: string;
  readonly connectionId: string;
  readonly section: OutputFileSection;
  /** The resource type that the manifest promises for each line. */
  readonly type: string;
  readonly url: string;
  readonly requiresAccessToken: boolean;
  readonly promisedCount?: number;
  readonly state: OutputFileState;
  readonly checkpoint: FileCheckpoint;
  /** The validator that a resume sends in `If-Range`. */
  readonly etag?: string;
  readonly attempts: number;
  /** `checkpoint.lines` when its link was last replaced by a fresh one: no line since means that this one is no better. */
  readonly linkRefreshedAtLine?: number;
  readonly error?: { readonly code: string; readonly message: string };
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
export function accountedLines({ stored, stale, quarantined }: FileCheckpoint): number {
  return stored + stale + quarantined;
}

/** Adds counts of issues up, one entry per severity and code. */
export function sumIssues(counts: readonly IssueCount[]): IssueCount[] {
  const sums = new Map<string, IssueCount>();
  for (const { severity, code, count } of counts) {
    const key = `${severity}/${code}`;
    sums.set(key, { severity, code, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()].toSorted((left, right) => right.count - left.count);
}
