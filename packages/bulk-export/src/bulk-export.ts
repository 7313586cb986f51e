import type { BulkExportRequest } from '@bulkhead/fhir';
import type { ExportError, Retrying } from '@bulkhead/runtime';
import type { BulkExportPhase } from './bulk-export-phase.ts';
import type { WatermarkDecision } from './hold-reason.ts';

/** Something that went less than perfectly and that nobody may overlook: shown with the export. */
export interface ExportWarning {
  readonly code: string;
  readonly message: string;
}

/** What the server says that it could not export, from the OperationOutcomes of its files. */
export interface IssueCount {
  /** fatal | error | warning | information */
  readonly severity: string;
  /** https://hl7.org/fhir/R4/valueset-issue-type.html */
  readonly code: string;
  readonly count: number;
  /** The resource types that the issue provably concerns. Left out: it may concern any. */
  readonly types?: readonly string[];
  /** What the EHR said, of the first such issue; see `toEhrText`: for operators only. */
  readonly ehrText?: string;
}

/** Sums over the ledger. `stored + stale + quarantined + withheld` accounts for every line that was read. */
export interface ExportCounts {
  readonly files: number;
  readonly filesCompleted: number;
  readonly filesFailed: number;
  /** Of types that were not asked for, where the server does not know `_type`: never downloaded. */
  readonly filesSkipped: number;
  /** Lines that the manifest promised, where it gives counts. */
  readonly promised: number;
  /** Resources whose served version (or an equal one) is now stored. */
  readonly stored: number;
  /** Of `stored`: already there, nothing written. */
  readonly unchanged: number;
  /** Older than what is stored, or incomplete where a complete one is stored. */
  readonly stale: number;
  readonly quarantined: number;
  /** Resources of erased patients whom the connection keeps out: received and not stored. Absent is 0. */
  readonly withheld?: number;
  readonly deleted: number;
  readonly bytes: number;
}

/** When an export came into a phase. */
export interface PhaseTime {
  readonly phase: BulkExportPhase;
  readonly at: Date;
}

export interface BulkExport {
  readonly id: string;
  readonly connectionId: string;
  readonly provider: string;
  readonly request: BulkExportRequest;
  readonly phase: BulkExportPhase;
  /** Its way so far, the last 50 steps. Absent in records that were made before it was kept. */
  readonly timeline?: readonly PhaseTime[];
  /** Raised by every transition: the guard of a conditional update. */
  readonly version: number;
  /** When the kick-off was sent; without a `statusUrl` its answer is on its way, or was lost with a process. */
  readonly kickOffSentAt?: Date;
  /** The server's `Content-Location`. */
  readonly statusUrl?: string;
  /** When the server accepted the kick-off: the export's age counts from here. */
  readonly kickedOffAt?: Date;
  /** No status request before this. */
  readonly notBefore?: Date;
  /** When `notBefore` was decided, by the same clock; see `isPollDue`. */
  readonly plannedAt?: Date;
  /** The server's `X-Progress`, cut to 100 characters. */
  readonly progress?: string;
  readonly pollCount: number;
  /** Status requests in a row that failed in a way that may pass. */
  readonly pollErrors: number;
  readonly transactionTime?: string;
  readonly requiresAccessToken?: boolean;
  /** Entries of the manifest that have no usable URL: nobody knows what they hold. */
  readonly manifestGaps?: number;
  /** The scopes of the access token that kicked it off: a type outside of them never comes. */
  readonly grantedScope?: string;
  /** Whether the server's copy is to be deleted, or has been. */
  readonly discard?: 'due' | 'done';
  /** Called when it has ended, beside the connection's own address. */
  readonly callbackUrl?: string;
  /** The schedule that started it. */
  readonly scheduleId?: string;
  /** Whether the clients that want to know are still to be told that it has ended. */
  readonly notify?: 'due' | 'done';
  readonly droppedParameters: readonly string[];
  readonly warnings: readonly ExportWarning[];
  readonly counts: ExportCounts;
  readonly error?: ExportError;
  readonly createdAt: Date;
  /** Why the kick-off or the polls do not progress. */
  readonly retrying?: Retrying;
  /** Whether it was made through a Group, as `Patient` is at athenahealth. */
  readonly isOfGroup?: boolean;
  /** At the end: what was decided about each type's watermark, and why. */
  readonly watermarkDecisions?: readonly WatermarkDecision[];
  /** Something that was asked for did not come, or could not be stored. */
  readonly isPartial?: boolean;
  /** Status URLs of exports at the server that are of no use any more and still have to be deleted there. */
  readonly orphans?: readonly string[];
  /** When it was last taken up again; see `retryPhase`. */
  readonly retriedAt?: Date;
  readonly completedAt?: Date;
}

/** Of a completed export: whether something that was asked for did not come, or could not be stored. */
export function lacksData({ isPartial, counts }: Pick<BulkExport, 'isPartial' | 'counts'>): boolean {
  // Records of earlier versions only count failed files.
  return isPartial ?? counts.filesFailed > 0;
}

export const noCounts: ExportCounts = {
  files: 0,
  filesCompleted: 0,
  filesFailed: 0,
  filesSkipped: 0,
  promised: 0,
  stored: 0,
  unchanged: 0,
  stale: 0,
  quarantined: 0,
  deleted: 0,
  bytes: 0,
};
