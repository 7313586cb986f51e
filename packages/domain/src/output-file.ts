import type { ExportError, IssueCount } from './bulk-export.ts';
import type { Retrying } from './retrying.ts';

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
  /** Of an `error` file, and of OperationOutcomes among resources. */
  readonly issues: readonly IssueCount[];
  /** Lines of a `deleted` file that name no resource to delete in a form that can be read. */
  readonly unreadableDeletions?: number;
  /** Of a file whose entry names no type: those that its lines had. */
  readonly types?: readonly string[];
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
