import { type BulkExportRequest, exportTypes } from '@bulkhead/fhir';
import type { Immutable } from '@bulkhead/runtime';
import {
  countSchema,
  ehrTextSchema,
  failureSchema,
  retryingSchema,
  warningSchema,
  withheldCountSchema,
  zerosOf,
} from '@bulkhead/store';
import { z } from 'zod';
import { type BulkExportPhase, bulkExportPhases } from './bulk-export-phase.ts';
import { watermarkDecisionSchema } from './hold-reason.ts';

export type ExportWarning = Immutable<z.output<typeof warningSchema>>;

/** What the server says that it could not export, from the OperationOutcomes of its files. */
export const issueCountSchema = z
  .strictObject({
    /** fatal | error | warning | information */
    severity: z.string(),
    /** https://hl7.org/fhir/R4/valueset-issue-type.html */
    code: z.string(),
    count: countSchema,
    types: z
      .array(z.string())
      .exactOptional()
      .meta({ description: 'The resource types that it concerns. Left out: any.' }),
    /** Of the first such issue. */
    ehrText: ehrTextSchema,
  })
  .meta({ id: 'IssueCount' });
export type IssueCount = Immutable<z.output<typeof issueCountSchema>>;

/** What became of lines. `stored + stale + quarantined + withheld` accounts for every line that was read. */
export const lineCounts = {
  /** Resources whose served version (or an equal one) is now stored. */
  stored: countSchema,
  /** Of `stored`: already there, nothing written. */
  unchanged: countSchema,
  /** Older than what is stored, or incomplete where a complete one is stored. */
  stale: countSchema,
  quarantined: countSchema,
  withheld: withheldCountSchema,
  deleted: countSchema,
};

/** Sums over the ledger. */
const exportCountsSchema = z.strictObject({
  files: countSchema,
  filesCompleted: countSchema,
  filesFailed: countSchema,
  /** Of types that were not asked for, where the server does not know `_type`: never downloaded. */
  filesSkipped: countSchema,
  /** Lines that the manifest promised, where it gives counts. */
  promised: countSchema,
  ...lineCounts,
  bytes: countSchema,
});
export type ExportCounts = Immutable<z.output<typeof exportCountsSchema>>;

const exportRequestSchema = z.strictObject({
  exportType: z.enum(exportTypes),
  resourceTypes: z.array(z.string()),
  since: z.string().exactOptional(),
  sinceLast: z.boolean().exactOptional(),
  typeFilters: z.array(z.string()).exactOptional(),
}) satisfies z.ZodType<BulkExportRequest>;

/** When an export came into a phase. */
const phaseTimeSchema = z.strictObject({ phase: z.enum(bulkExportPhases), at: z.date() });

export const bulkExportSchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  provider: z.string(),
  request: exportRequestSchema,
  /** What may follow a phase is in `bulk-export-phase.ts`. */
  phase: z.enum(bulkExportPhases),
  /** Its way so far, the last 50 steps. Absent in records that were made before it was kept. */
  timeline: z.array(phaseTimeSchema).exactOptional(),
  /** Raised by every transition: the guard of a conditional update. */
  version: countSchema,
  /** When the kick-off was sent; without a `statusUrl` its answer is on its way, or was lost with a process. */
  kickOffSentAt: z.date().exactOptional(),
  /** The server's `Content-Location`. */
  statusUrl: z.string().exactOptional(),
  /** When the server accepted the kick-off: the export's age counts from here. */
  kickedOffAt: z.date().exactOptional(),
  /** No status request before this. */
  notBefore: z.date().exactOptional(),
  /** When `notBefore` was decided, by the same clock; see `isPollDue`. */
  plannedAt: z.date().exactOptional(),
  /** The server's `X-Progress`, cut to 100 characters. */
  progress: z.string().exactOptional(),
  pollCount: countSchema,
  /** Status requests in a row that failed in a way that may pass. */
  pollErrors: countSchema,
  transactionTime: z.string().exactOptional(),
  requiresAccessToken: z.boolean().exactOptional(),
  /** Entries of the manifest that have no usable URL, so that their contents are unknown. */
  manifestGaps: countSchema.exactOptional(),
  /** The scopes of the access token that kicked it off: a type outside of them never comes. */
  grantedScope: z.string().exactOptional(),
  /** Whether the server's copy is to be deleted, or has been. */
  discard: z.enum(['due', 'done']).exactOptional(),
  /** Called when it has ended, beside the connection's own address. */
  callbackUrl: z.string().exactOptional(),
  /** The schedule that started it. */
  scheduleId: z.string().exactOptional(),
  /** Whether the clients that want to know are still to be told that it has ended. */
  notify: z.enum(['due', 'done']).exactOptional(),
  droppedParameters: z.array(z.string()),
  warnings: z.array(warningSchema),
  counts: exportCountsSchema,
  error: failureSchema.exactOptional(),
  createdAt: z.date(),
  /** Why the kick-off or the polls do not progress. */
  retrying: retryingSchema.exactOptional(),
  /** Whether it was made through a Group, as `Patient` is at athenahealth. */
  isOfGroup: z.boolean().exactOptional(),
  /** At the end: what was decided about each type's watermark, and why. */
  watermarkDecisions: z.array(watermarkDecisionSchema).exactOptional(),
  /** Something that was asked for did not come, or could not be stored. */
  isPartial: z.boolean().exactOptional(),
  /** Status URLs of exports at the server that are no longer of use and still have to be deleted there. */
  orphans: z.array(z.string()).exactOptional(),
  /** When it was last taken up again; see `retryPhase`. */
  retriedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional(),
});
export type BulkExport = Immutable<z.output<typeof bulkExportSchema>>;

export const noCounts: ExportCounts = zerosOf(exportCountsSchema.shape);

/** Errors after which the server's own export is of no more use: a retry has to kick off a new one. */
const lostAtServer: ReadonlySet<string> = new Set(['export-gone', 'export-failed-at-ehr', 'export-timeout']);

/** Errors of a file that only a new export at the server can mend. */
const lostFiles: ReadonlySet<string> = new Set(['export-gone', 'link-ambiguous']);

/**
 * The phase in which a retry takes an ended export up again, so that only what is missing is done.
 * @param fileErrors codes of the ledger's failed files
 * @returns undefined if there is nothing to retry
 */
export function retryPhase(
  record: Pick<BulkExport, 'phase' | 'error' | 'statusUrl' | 'transactionTime' | 'counts' | 'retriedAt'>,
  fileErrors: readonly string[],
): Extract<BulkExportPhase, 'queued' | 'exporting' | 'downloading'> | undefined {
  const { phase, error, statusUrl, transactionTime, counts, retriedAt } = record;
  // A link that a first retry did not mend is lost, too.
  const isLost = fileErrors.some((code) => lostFiles.has(code) || (code === 'link-expired' && retriedAt !== undefined));
  if (phase === 'completed' && counts.filesFailed > 0) return isLost ? 'queued' : 'downloading';
  if (phase !== 'failed') return undefined;
  if (isLost) return 'queued';
  // The ledger is there: its failed files are what is missing.
  if (transactionTime !== undefined) return 'downloading';
  return statusUrl !== undefined && !lostAtServer.has(error?.code ?? '') ? 'exporting' : 'queued';
}
