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

/** A problem that the server reported in an OperationOutcome of a file, such as a resource that it could not export. */
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
      .meta({ description: 'The resource types that the issue concerns. If absent, it may concern any type.' }),
    /** The text of the first such issue. */
    ehrText: ehrTextSchema,
  })
  .meta({ id: 'IssueCount' });
export type IssueCount = Immutable<z.output<typeof issueCountSchema>>;

/** The results of lines. `stored + stale + quarantined + withheld` accounts for every line that was read. */
export const lineCounts = {
  /** Resources whose received version, or an equal one, is now stored. */
  stored: countSchema,
  /** The part of `stored` that was already there, so that nothing was written. */
  unchanged: countSchema,
  /** Older than the stored version, or incomplete while the stored version is complete. */
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
  /** Files of types that were not requested, if the server does not know `_type`. They are not downloaded. */
  filesSkipped: countSchema,
  /** Lines that the manifest promised, if it gives counts. */
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

/** When an export entered a phase. */
const phaseTimeSchema = z.strictObject({ phase: z.enum(bulkExportPhases), at: z.date() });

export const bulkExportSchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  provider: z.string(),
  request: exportRequestSchema,
  /** `bulk-export-phase.ts` defines which phase may follow which. */
  phase: z.enum(bulkExportPhases),
  /** The last 50 phases that it entered. Absent in records of versions that did not keep it. */
  timeline: z.array(phaseTimeSchema).exactOptional(),
  /** Every transition increments it and is conditional on it. */
  version: countSchema,
  /** When the kick-off was sent. If there is no `statusUrl`, the response is outstanding or was lost with a process. */
  kickOffSentAt: z.date().exactOptional(),
  /** The server's `Content-Location`. */
  statusUrl: z.string().exactOptional(),
  /** When the server accepted the kick-off. The age limit counts from here. */
  kickedOffAt: z.date().exactOptional(),
  /** No status request before this. */
  notBefore: z.date().exactOptional(),
  /** When `notBefore` was decided, by the same clock. See `isPollDue`. */
  plannedAt: z.date().exactOptional(),
  /** The server's `X-Progress`, cut to 100 characters. */
  progress: z.string().exactOptional(),
  pollCount: countSchema,
  /** Consecutive status requests with a transient failure. */
  pollErrors: countSchema,
  transactionTime: z.string().exactOptional(),
  requiresAccessToken: z.boolean().exactOptional(),
  /** Entries of the manifest without a usable URL. Their contents are unknown. */
  manifestGaps: countSchema.exactOptional(),
  /** The scopes of the access token that kicked it off. The server does not send types outside of them. */
  grantedScope: z.string().exactOptional(),
  /** `due` if the export must be deleted at the server, `done` if it was. */
  discard: z.enum(['due', 'done']).exactOptional(),
  /** Receives a webhook when the export has ended, in addition to the connection's own URL. */
  callbackUrl: z.string().exactOptional(),
  /** The schedule that started it. */
  scheduleId: z.string().exactOptional(),
  /** `due` if the end must be reported to clients, `done` if it was. */
  notify: z.enum(['due', 'done']).exactOptional(),
  droppedParameters: z.array(z.string()),
  warnings: z.array(warningSchema),
  counts: exportCountsSchema,
  error: failureSchema.exactOptional(),
  createdAt: z.date(),
  /** Why the kick-off or the polls wait or are retried. */
  retrying: retryingSchema.exactOptional(),
  /** Whether it was made through a Group, as `Patient` exports are at athenahealth. */
  isOfGroup: z.boolean().exactOptional(),
  /** Set at the end: the decision about each type's watermark, with its reasons. */
  watermarkDecisions: z.array(watermarkDecisionSchema).exactOptional(),
  /** Something that was requested was not received or could not be stored. */
  isPartial: z.boolean().exactOptional(),
  /** Status URLs of exports that are no longer used and must still be deleted at the server. */
  orphans: z.array(z.string()).exactOptional(),
  /** When it was last retried. See `retryPhase`. */
  retriedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional(),
});
export type BulkExport = Immutable<z.output<typeof bulkExportSchema>>;

export const noCounts: ExportCounts = zerosOf(exportCountsSchema.shape);

/** After these errors the export at the server cannot be used, so a retry must kick off a new one. */
const lostAtServer: ReadonlySet<string> = new Set(['export-gone', 'export-failed-at-ehr', 'export-timeout']);

/** After these errors of a file only a new export at the server helps. */
const lostFiles: ReadonlySet<string> = new Set(['export-gone', 'link-ambiguous']);

/**
 * The phase in which a retry resumes an ended export, so that only the missing work is done.
 * @param fileErrors codes of the ledger's failed files
 * @returns undefined if there is nothing to retry
 */
export function retryPhase(
  record: Pick<BulkExport, 'phase' | 'error' | 'statusUrl' | 'transactionTime' | 'counts' | 'retriedAt'>,
  fileErrors: readonly string[],
): Extract<BulkExportPhase, 'queued' | 'exporting' | 'downloading'> | undefined {
  const { phase, error, statusUrl, transactionTime, counts, retriedAt } = record;
  // If the link is still refused after a first retry, only a new export helps.
  const isLost = fileErrors.some((code) => lostFiles.has(code) || (code === 'link-expired' && retriedAt !== undefined));
  if (phase === 'completed' && counts.filesFailed > 0) return isLost ? 'queued' : 'downloading';
  if (phase !== 'failed') return undefined;
  if (isLost) return 'queued';
  // The manifest was read, so only the failed files are missing.
  if (transactionTime !== undefined) return 'downloading';
  return statusUrl !== undefined && !lostAtServer.has(error?.code ?? '') ? 'exporting' : 'queued';
}
