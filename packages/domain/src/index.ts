export { AppError, type AppErrorOptions, briefAttempts, type RetryAdvice } from './app-error.ts';
export {
  type AuditActor,
  type AuditEvent,
  type AuditOutcome,
  anyPatient,
  auditOutcomes,
  type ChainedAuditEvent,
  type NewAuditEvent,
} from './audit-event.ts';
export type { AuthorizationEndpoints } from './authorization-endpoints.ts';
export type { AuthorizationRequest, AuthorizationSecrets } from './authorization-request.ts';
export {
  type BulkExport,
  type ExportCounts,
  type ExportWarning,
  type IssueCount,
  lacksData,
  noCounts,
} from './bulk-export.ts';
export {
  type BulkExportPhase,
  type BulkExportStatus,
  bulkExportPhases,
  bulkExportStatuses,
  canFollow,
  canReopen,
  isTerminal,
  phasesOf,
  publicStatus,
} from './bulk-export-phase.ts';
export { type BulkExportRequest, type ExportType, exportTypes } from './bulk-export-request.ts';
export {
  type AssertionAlgorithm,
  areCurrent,
  assertionAlgorithms,
  type Capabilities,
  type Connection,
  type ConnectionAuth,
  type ConnectionTest,
  type ConnectionTestStep,
  type SigningKey,
  secretWays,
} from './connection.ts';
export { anySync, type ConnectionLag, connectionLag } from './connection-lag.ts';
export { type ConnectionScope, isInScope } from './connection-scope.ts';
export { type ContentTypeVerdict, contentTypeVerdict } from './content-type-policy.ts';
export { cronFault } from './cron-fault.ts';
export { documentFileName } from './document-file-name.ts';
export { toEhrText } from './ehr-text.ts';
export {
  type DataAmounts,
  type Erasure,
  type ErasurePhase,
  erasurePhases,
  type NumbersByName,
  noAmounts,
} from './erasure.ts';
export { type ExportError, toExportError, toKnownError } from './export-error.ts';
export { type HoldReason, holdReasons, isPartial, type WatermarkDecision } from './hold-reason.ts';
export { isTimeZone } from './is-time-zone.ts';
export { nextRun, nextRuns } from './next-run.ts';
export {
  accountedLines,
  emptyCheckpoint,
  type FileCheckpoint,
  type OutputFile,
  type OutputFileSection,
  type OutputFileState,
  sumIssues,
} from './output-file.ts';
export { type MediaType, parseMediaType } from './parse-media-type.ts';
export {
  type DocumentNote,
  type DocumentProgress,
  type DocumentSkipReason,
  type DocumentState,
  documentStates,
  type PatientDocument,
} from './patient-document.ts';
export { isPollDue, type PollPlan, planPoll, pollDelay, pollErrorDelay } from './poll-delay.ts';
export { type Comparison, compareVersions, plausibleTime, type ResourceVersion } from './resource-version.ts';
export { retryPhase } from './retry-phase.ts';
export { longestWaitMs, nextRetrying, type Retrying, withPatience } from './retrying.ts';
export type { Schedule, ScheduleRequest, ScheduleRun } from './schedule.ts';
export { type ScheduleKind, scheduleKinds } from './schedule-kinds.ts';
export { spreadOf } from './spread-of.ts';
export {
  fromFirstPage,
  isSyncActive,
  minimumRequests,
  newSyncSearch,
  retriedSearch,
  type SkippedType,
  type StepRetry,
  type SyncRequest,
  type SyncRun,
  type SyncRunPhase,
  type SyncRunStatus,
  type SyncSearch,
  type SyncStep,
  type SyncTypeCount,
  syncRunPhases,
  syncRunStatus,
} from './sync-run.ts';
export type { SavedGrant, TokenFailure, TokenOwner, TokenState, TokenStore } from './token-store.ts';
export {
  type Coverage,
  clockToleranceMs,
  decideWatermarks,
  type ExportEvidence,
  everyType,
  sinceLast,
  unknownType,
  type Watermark,
} from './watermark.ts';
export { type WebhookAttempt, type WebhookDelivery, type WebhookState, webhookStates } from './webhook-delivery.ts';
export { withoutTrailingSlashes } from './without-trailing-slashes.ts';
