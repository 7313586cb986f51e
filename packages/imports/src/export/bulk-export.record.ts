import type { ErrorCode, Immutable } from '@bulkhead/base';
import { type BulkExportRequest, exportTypes, type SentKickOff } from '@bulkhead/fhir';
import {
  countSchema,
  ehrTextSchema,
  failureSchema,
  mayNamePatient,
  quotesEhr,
  warningSchema,
  withheldCountSchema,
  zerosOf,
} from '@bulkhead/store';
import { z } from 'zod';
import { retryingSchema, runEventShape } from '../runs/index.ts';
import { bulkExportPhases, type Resumption } from './bulk-export-phase.ts';
import { sliceSchema } from './patients/slice.record.ts';
import { watermarkDecisionSchema } from './watermarks/watermark.record.ts';

export type ExportWarning = Immutable<z.output<typeof warningSchema>>;

export const issueCountSchema = z
  .strictObject({
    severity: mayNamePatient(z.string()).describe(
      'The severity of a FHIR OperationOutcome: `fatal`, `error`, `warning` or `information`. `fatal` and `error` mean that data is missing, and so do codes such as `incomplete`.',
    ),
    code: mayNamePatient(z.string()).describe(
      'The code of the FHIR value set IssueType, such as `not-found` (https://hl7.org/fhir/R4/valueset-issue-type.html).',
    ),
    count: countSchema.describe('How often the server reported this issue in the files of the export.'),
    types: z
      .array(z.string())
      .exactOptional()
      .meta({ description: 'The resource types that the issue concerns. If absent, it may concern any type.' }),
    mentionedTypes: z
      .array(z.string())
      .exactOptional()
      .meta({ description: 'The resource types that the texts of these issues mention. Absent if there are none.' }),
    /** The text of the first such issue. */
    ehrText: ehrTextSchema,
  })
  .meta({
    id: 'IssueCount',
    description:
      'A problem that the EHR reported in an OperationOutcome of a file, such as a resource that it could not export.',
  });
export type IssueCount = Immutable<z.output<typeof issueCountSchema>>;

/** The results of lines. `stored + stale + quarantined + withheld + notAsked` accounts for every line that was read. */
export const lineCounts = {
  stored: countSchema.describe(
    'Resources whose received version, or an equal one, is stored now. It includes `unchanged`.',
  ),
  unchanged: countSchema.describe('The part of `stored` that was already stored, so that nothing was written.'),
  stale: countSchema.describe(
    'Resources that are older than the stored version, or incomplete while the stored version is complete. They change nothing.',
  ),
  quarantined: countSchema.describe('Lines that could not be stored. They are kept in the quarantine with the reason.'),
  withheld: withheldCountSchema,
  notAsked: countSchema.exactOptional().meta({
    description:
      'Resources of other patients than the listed ones, which an EHR that ignores `patient` sends: received and not stored. Left out: none.',
  }),
  deleted: countSchema.describe('Resources that the EHR reported as deleted, and that are deleted here now.'),
};

/** Sums over the ledger. */
const exportCountsSchema = z.strictObject({
  files: countSchema.describe('The files that the manifest of the EHR names.'),
  filesCompleted: countSchema.describe('The files that were read to their end.'),
  filesFailed: countSchema.describe('The files that were given up. A retry of the export fetches them.'),
  filesSkipped: countSchema.describe(
    'Files of types that were not requested, if the EHR does not support `_type`. They are not downloaded.',
  ),
  promised: countSchema.describe('The resources that the manifest promises. 0 if it has no counts.'),
  ...lineCounts,
  bytes: countSchema.describe('The bytes that were read, uncompressed.'),
});
export type ExportCounts = Immutable<z.output<typeof exportCountsSchema>>;

const exportRequestSchema = z.strictObject({
  exportType: z
    .enum(exportTypes)
    .describe('What is exported: `Patient` (every patient that the connection can see), `Group` or `System`.'),
  resourceTypes: z.array(z.string()).describe('FHIR resource types. An empty array means every type.'),
  since: z
    .string()
    .exactOptional()
    .describe('Only changes after this time were requested. Absent if everything was requested.'),
  sinceLast: z.boolean().exactOptional().describe('`true` if `since` was requested as `last`.'),
  typeFilters: z
    .array(mayNamePatient(z.string()))
    .exactOptional()
    .describe('FHIR searches, such as `Observation?category=laboratory`. Absent if nothing was filtered.'),
  allowUnfiltered: z
    .boolean()
    .exactOptional()
    .describe('Whether everything may be exported if the EHR does not support `_typeFilter`. Absent if not.'),
  patients: z
    .array(mayNamePatient(z.string()))
    .exactOptional()
    .describe('Only these patients were requested. Absent if all were.'),
  cohort: z
    .string()
    .exactOptional()
    .describe('Only the patients of this cohort were requested. Absent if no cohort was named.'),
  until: z
    .string()
    .exactOptional()
    .describe('Only changes until this time were requested. Absent if there is no limit.'),
  elements: z
    .array(mayNamePatient(z.string()))
    .exactOptional()
    .describe('Only these elements of resources were requested. Absent if all were.'),
  organizeOutputBy: z
    .string()
    .exactOptional()
    .describe('The type of resource by which files were to be organized. Absent if that was left to the EHR.'),
}) satisfies z.ZodType<BulkExportRequest>;

const sentKickOffSchema = z.strictObject({
  method: z.enum(['GET', 'POST']),
  isOtherMethodRefused: z.boolean(),
  since: z.string().exactOptional(),
  types: z.array(z.string()),
  refusedTypes: z.array(z.string()),
  typeFilters: z.array(mayNamePatient(z.string())),
  organizeOutputBy: z.string().exactOptional(),
}) satisfies z.ZodType<SentKickOff>;

/**
 * Why the next status request is sent when it is sent: at the poll interval, later because the export has taken long already, later because
 * exports of the connection are known to take longer, or when the EHR has asked for it.
 */
const pollReasons = ['interval', 'age', 'usual', 'retry-after'] as const;
export type PollReason = (typeof pollReasons)[number];

/** How long the EHR took for the last completed exports of a connection that asked for the same: everything, or changes. */
export interface EarlierExports {
  readonly runs: number;
  readonly shortestMs: number;
}

/** When an export entered a phase. */
const phaseTimeSchema = z.strictObject({
  phase: z.enum(bulkExportPhases).describe('The phase that the export entered.'),
  at: z.date().describe('When it entered the phase.'),
});

export const bulkExportSchema = z.strictObject({
  id: z.string().describe('The id of the export, which begins with `job_`.'),
  connectionId: z.string().describe('The connection that is exported.'),
  provider: z.string(),
  request: exportRequestSchema.describe('What was requested.'),
  /** `bulk-export-phase.ts` defines which phase may follow which. */
  phase: z
    .enum(bulkExportPhases)
    .describe(
      'The exact state: `queued`, `kicking-off`, `exporting` (the EHR prepares the files), `downloading`, `finalizing`, then `completed`, `failed` or `cancelled`. `status` summarizes it.',
    ),
  timeline: z
    .array(phaseTimeSchema)
    .exactOptional()
    .describe('The last 50 phases, oldest first. Absent for exports of versions that did not keep it.'),
  /** Every transition increments it and is conditional on it. */
  version: countSchema,
  /** When the kick-off was sent. If there is no `statusUrl`, the response is outstanding or was lost with a process. */
  kickOffSentAt: z.date().exactOptional(),
  /** Kick-offs that the EHR has not answered in time. */
  unansweredKickOffs: countSchema.exactOptional(),
  statusUrl: mayNamePatient(z.string())
    .exactOptional()
    .describe(
      'The URL at the EHR that reports the progress of the export. Absent until the EHR has accepted the kick-off.',
    ),
  /** The URL of the Group that was made at the EHR for the listed patients. It is deleted there with the export. */
  madeGroup: mayNamePatient(z.string()).exactOptional(),
  /** The headers of status requests that the server has accepted. */
  statusForm: z.enum(['usual', 'prefer', 'fhir-json', 'json']).exactOptional(),
  /** When the server accepted the kick-off. The age limit counts from here. */
  kickedOffAt: z.date().exactOptional(),
  /** The same of the last kick-off, even if a retry or the next slice is not kicked off yet. */
  lastKickedOffAt: z.date().exactOptional(),
  /** When its first complete manifest was read. */
  readyAt: z.date().exactOptional(),
  /** No status request before this. */
  notBefore: z.date().exactOptional(),
  /** When `notBefore` was decided, by the same clock. See `isPollDue`. */
  plannedAt: z.date().exactOptional(),
  /** Why the next status request is due at `notBefore`. Absent if it waits for something else, see `retrying`. */
  pollReason: z.enum(pollReasons).exactOptional(),
  progress: quotesEhr(z.string())
    .exactOptional()
    .describe(
      'What the EHR reports about its progress, at most 100 characters. Clients see only the percentage in it. Absent if the EHR reports nothing, and after the end.',
    ),
  progressedAt: z.date().exactOptional().meta({
    description: 'The time since which the EHR has reported the same progress. Absent before its first status.',
  }),
  pollCount: countSchema,
  /** Consecutive status requests with a transient failure. */
  pollErrors: countSchema,
  transactionTime: z.string().exactOptional(),
  /** Whether an earlier export in its period has found that the EHR's clock went back. See `observation`. */
  clockWentBack: z.boolean().exactOptional(),
  /** It ended before its own start or before the last export, because the EHR's clock went back. It stays true after a retry. */
  foundClockBack: z.boolean().exactOptional(),
  requiresAccessToken: z.boolean().exactOptional(),
  /** Whether it is one of everything from an EHR that lists no deletions, so that it notes what it contains. See `inferDeletions`. */
  infersDeletions: z.boolean().exactOptional(),
  /** Entries of the manifest without a usable URL. Their contents are unknown. */
  manifestGaps: countSchema.exactOptional(),
  /** The files of the manifest. The ledger must have an entry for each of them. */
  manifestFiles: countSchema.exactOptional(),
  /** The scopes of the access token that kicked it off. The server does not send types outside of them. */
  grantedScope: z.string().exactOptional(),
  /** The scopes of the tokens of its requests, if they are not those of the connection. */
  exportScope: z.string().exactOptional(),
  /** The types that the server offered at the kick-off. It may offer others before the export ends. */
  offeredTypes: z.array(z.string()).exactOptional(),
  /** The types of which something was stored before the kick-off. Their earlier deletions matter. */
  storedBefore: z.array(z.string()).exactOptional(),
  /** `due` if the export must be deleted at the server, `done` if it was. */
  discard: z.enum(['due', 'done']).exactOptional(),
  /** Receives a webhook when the export has ended, in addition to the connection's own URL. */
  callbackUrl: mayNamePatient(z.string()).exactOptional(),
  scheduleId: z
    .string()
    .exactOptional()
    .describe('The schedule that started the export. Absent if a request started it.'),
  startedBy: z
    .string()
    .exactOptional()
    .describe('The name of the API key that started the export. Absent if a schedule did.'),
  /** `due` if the end must be reported to clients, `done` if it was. */
  notify: z.enum(['due', 'done']).exactOptional(),
  /**
   * The EHR answered 404 to the kick-off with `_since`, which means that nothing has changed: `assumed` because it has accepted the same one without
   * `_since` earlier, `verified` because it accepted that one now.
   */
  noChanges: z.enum(['assumed', 'verified']).exactOptional(),
  /** The kick-off that the EHR accepted. Absent before. */
  sent: sentKickOffSchema.exactOptional(),
  /** The parts of an export of listed patients. They are planned at its first kick-off. See `patients/slice.record.ts`. */
  slices: z.array(sliceSchema).exactOptional(),
  /** The position of the slice that is exported now. The fields of the kick-off and of the manifest are those of this slice. */
  slice: countSchema.exactOptional(),
  /** When a slice after the first one was queued. */
  slicedAt: z.date().exactOptional(),
  warnings: z
    .array(warningSchema)
    .describe('What went less than perfectly, and what it means for the data. Empty if there is nothing to report.'),
  counts: exportCountsSchema.describe('Sums over the files, updated every few seconds while they are read.'),
  error: failureSchema.exactOptional(),
  createdAt: z.date().describe('When the export was requested.'),
  /** Why the kick-off or the polls wait or are retried. */
  retrying: retryingSchema.exactOptional(),
  /** Whether it was made through a Group, as `Patient` exports are at athenahealth. */
  isOfGroup: z.boolean().exactOptional(),
  /** Whether that Group is one whose members can change. See `watermarks/group-members.ts`. */
  hasMembers: z.boolean().exactOptional(),
  /** What the EHR exported: `Patient`, `System` or `Group/` with the id of the Group. It stands with each resource as a part of its source. */
  level: z.string().exactOptional(),
  /** Of an export of everything: the types without files of which something was stored. See `missing-types.ts`. */
  lackedTypes: z.array(z.string()).exactOptional(),
  /** Set at the end: the decision about each type's watermark, with its reasons. */
  watermarkDecisions: z.array(watermarkDecisionSchema).exactOptional(),
  /** Something that was requested was not received or could not be stored. */
  isPartial: z.boolean().exactOptional(),
  /** Status URLs of exports, and URLs of Groups made for them, that are no longer used and must still be deleted at the server. */
  orphans: z.array(mayNamePatient(z.string())).exactOptional(),
  /** When it was last retried. See `retryPhase`. */
  retriedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional().describe('When the export ended. Absent while it is running.'),
});
export type BulkExport = Immutable<z.output<typeof bulkExportSchema>>;

/** The URLs of what the current kick-off has made at the server, and that must be deleted there. */
export function urlsAtServer({ statusUrl, madeGroup }: Pick<BulkExport, 'statusUrl' | 'madeGroup'>): readonly string[] {
  return [statusUrl, madeGroup].filter((url) => url !== undefined);
}

/**
 * The time up to which an export has everything: its transactionTime, but never later than the kick-off by our own clock. A clock of the
 * EHR that is ahead would leave out the changes until the next export. Our own clock, if it is behind, repeats some.
 */
export function settledTime(
  record: Pick<BulkExport, 'transactionTime' | 'kickOffSentAt' | 'kickedOffAt' | 'createdAt'>,
): { readonly at: Date /** As the server wrote it, if it counts. */; readonly text: string } {
  const { transactionTime, kickOffSentAt, kickedOffAt, createdAt } = record;
  const latest = kickOffSentAt ?? kickedOffAt ?? createdAt;
  const stated = new Date(transactionTime ?? Number.NaN);
  // False for an invalid date too.
  if (transactionTime !== undefined && stated <= latest) return { at: stated, text: transactionTime };
  return { at: latest, text: latest.toISOString() };
}

export const noCounts: ExportCounts = zerosOf(exportCountsSchema.shape);

/** After these errors the export at the server cannot be used, so a retry must kick off a new one. */
const lostAtServer: ReadonlySet<ErrorCode | undefined> = new Set([
  'export-gone',
  'export-failed-at-ehr',
  'export-timeout',
]);

/** The error of an export whose ledger has lost entries. Only a new ledger, and so a new export at the server, helps. */
export const ledgerIncomplete = 'ledger-incomplete';

/** After these errors of a file only a new export at the server helps. */
const lostFiles: ReadonlySet<ErrorCode> = new Set(['export-gone', 'link-ambiguous']);

/**
 * How a retry resumes an ended export, so that only the missing work is done.
 * @param fileErrors codes of the ledger's failed files
 * @returns undefined if there is nothing to retry
 */
export function planRetry(
  record: Pick<BulkExport, 'phase' | 'error' | 'statusUrl' | 'transactionTime' | 'counts' | 'retriedAt' | 'slices'>,
  fileErrors: readonly ErrorCode[],
): Resumption | undefined {
  const { phase, error, statusUrl, transactionTime, counts, retriedAt } = record;
  // If the link is still refused after a first retry, only a new export helps.
  const isLost = fileErrors.some((code) => lostFiles.has(code) || (code === 'link-expired' && retriedAt !== undefined));
  // The server no longer has the slices before the last one.
  const isSliced = (record.slices ?? []).length > 1;
  if (phase === 'completed' && counts.filesFailed > 0)
    return { from: phase, to: isLost || isSliced ? 'queued' : 'downloading' };
  if (phase !== 'failed') return undefined;
  if (isLost || error?.code === ledgerIncomplete) return { from: phase, to: 'queued' };
  // The manifest was read, so only the failed files are missing.
  if (transactionTime !== undefined) return { from: phase, to: 'downloading' };
  const isAtServer = statusUrl !== undefined && !lostAtServer.has(error?.code);
  return { from: phase, to: isAtServer ? 'exporting' : 'queued' };
}

/**
 * Whether a completed export lacks data that was requested, because it was not received or could not be stored. A line that is still in the
 * quarantine is such data, however many others were stored.
 */
export function lacksData({ isPartial, counts }: Pick<BulkExport, 'isPartial' | 'counts'>): boolean {
  // A record that has not ended has only its counts.
  return counts.quarantined > 0 || (isPartial ?? counts.filesFailed > 0);
}

/** Something that happened to an export. */
export const exportEventSchema = z
  .strictObject({
    ...runEventShape,
    kind: z.enum(['phase', 'progress', 'waiting', 'warning', 'file-waiting', 'file-failed']).meta({
      description:
        '`phase`: the export entered `phase`. `progress`: the EHR reported progress. `waiting`: a request failed or the EHR asked for a pause, and it is sent again. `warning`: see the warnings of the export. `file-waiting`, `file-failed`: an attempt to download a file failed.',
    }),
    phase: z.enum(bulkExportPhases).exactOptional().describe('Of the kind `phase`: the phase that the export entered.'),
    fileId: z.string().exactOptional().describe('Of `file-waiting` and `file-failed`: the id of the file.'),
    resourceType: z.string().exactOptional().meta({ description: 'The type of the file.' }),
  })
  .meta({ id: 'ExportEvent', description: 'Something that happened to an export.' });
export type ExportEvent = Immutable<z.output<typeof exportEventSchema>>;
export type NewExportEvent = Omit<ExportEvent, 'at'>;
