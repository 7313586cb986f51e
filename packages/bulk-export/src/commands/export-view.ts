import type { ExportError, Retrying } from '@bulkhead/runtime';
import { shownUrl } from '@bulkhead/runtime';
import { retryingSchema, toView, type View, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type BulkExport, type IssueCount, lacksData } from '../bulk-export.ts';
import { publicStatus } from '../bulk-export-phase.ts';
import { holdReasons, type WatermarkDecision } from '../hold-reason.ts';
import type { OutputFile } from '../output-file.ts';

/**
 * The guide's "Initiate Bulk Export" answer. `statusUrl` is missing while the EHR has not accepted the kick-off yet; the
 * warnings say what was left out of the request to make it accept.
 */
export function toStartedView({ id, phase, statusUrl, createdAt, error, warnings, droppedParameters }: BulkExport) {
  return {
    id,
    status: publicStatus(phase),
    ...(statusUrl === undefined ? {} : { statusUrl }),
    startedAt: createdAt.toISOString(),
    ...(error === undefined ? {} : { errorMessage: error.message }),
    ...(droppedParameters.length === 0 ? {} : { droppedParameters }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** What the reader may see: text that an EHR sent is for operators only. */
export interface ViewFor {
  readonly isOperator: boolean;
  /** Links that open a file without a token are shown whole. Default: without their query. */
  readonly withSignedUrls?: boolean | undefined;
}

/**
 * The guide's "Check Export Status" answer, and beside its fields what explains them.
 * @param options.files of the whole ledger; left out: `outputUrls` is not shown
 */
export function toStatusView(
  options: ViewFor & {
    readonly record: BulkExport;
    readonly files?: readonly OutputFile[];
    /** What the server reports in OperationOutcomes. */
    readonly issues?: readonly IssueCount[];
  },
) {
  const { record, files, issues = [], isOperator, withSignedUrls } = options;
  const { id, phase, createdAt, completedAt, progress, error, warnings, droppedParameters, counts, statusUrl } = record;
  const { connectionId, scheduleId, timeline = [], retrying, watermarkDecisions } = record;
  const status = publicStatus(phase);
  const isUnderWay = status === 'IN_PROGRESS';
  return {
    id,
    connectionId,
    status,
    ...(status === 'COMPLETED' ? { partial: lacksData(record) } : {}),
    ...(status === 'COMPLETED' && files
      ? {
          outputUrls: files
            .filter(({ section }) => section === 'output')
            .map((file) => shownUrl(file, { withSignedUrls })),
        }
      : {}),
    startedAt: createdAt.toISOString(),
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
    ...(error === undefined ? {} : { errorMessage: error.message, errorCode: error.code }),
    ...(isOperator && error?.ehrText !== undefined ? { ehrText: error.ehrText } : {}),
    phase,
    timeline: timeline.map((step) => ({ phase: step.phase, at: step.at.toISOString() })),
    ...(statusUrl === undefined ? {} : { statusUrl }),
    // What the EHR said last is stale once the export has ended.
    ...(isUnderWay ? progressFor(progress, { isOperator }) : {}),
    ...(retrying !== undefined && isUnderWay ? { retrying: toRetryingView(retrying, { isOperator }) } : {}),
    request: record.request,
    ...(scheduleId === undefined ? {} : { scheduleId }),
    counts,
    issues: issues.map((issue) => toIssueView(issue, { isOperator })),
    ...(watermarkDecisions === undefined ? {} : { watermarks: watermarkDecisions.map(toDecisionView) }),
    warnings,
    droppedParameters,
  };
}

export function toFileView(file: OutputFile, { isOperator, withSignedUrls }: ViewFor) {
  const { id, section, type, state, promisedCount, receivedCount, checkpoint, attempts, error, retrying } = file;
  const { startedAt, completedAt } = file;
  const { withheldLines: _, ...counts } = checkpoint;
  return {
    id,
    section,
    type,
    url: shownUrl(file, { withSignedUrls }),
    state,
    ...(state === 'failed' ? { partial: checkpoint.lines > 0 } : {}),
    ...(promisedCount === undefined ? {} : { promisedCount }),
    ...(receivedCount === undefined ? {} : { receivedCount }),
    ...counts,
    issues: checkpoint.issues.map((issue) => toIssueView(issue, { isOperator })),
    attempts,
    ...(retrying === undefined ? {} : { retrying: toRetryingView(retrying, { isOperator }) }),
    ...(error === undefined ? {} : { error: toFailureView(error, { isOperator }) }),
    ...(startedAt === undefined ? {} : { startedAt: startedAt.toISOString() }),
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
  };
}

/** `X-Progress` is free text of the EHR. A client is shown the percentage in it, if there is one. */
function progressFor(progress: string | undefined, { isOperator }: ViewFor): { readonly progress?: string } {
  const shown = isOperator ? progress : /\b\d{1,3}(?:\.\d{1,2})?\s?%/.exec(progress ?? '')?.[0];
  return shown === undefined ? {} : { progress: shown };
}

export const retryingViewSchema = z
  .strictObject(viewShapeOf(retryingSchema))
  .meta({ id: 'Retrying', description: 'Why work does not progress, and when it is tried again.' });

type RetryingView = View<typeof retryingViewSchema>;

export function toRetryingView(retrying: Retrying, { isOperator }: ViewFor): RetryingView {
  return toView<RetryingView>({
    state: retrying.state,
    code: retrying.code,
    message: retrying.message,
    ehrText: isOperator ? retrying.ehrText : undefined,
    attempts: retrying.attempts,
    since: retrying.since.toISOString(),
    nextAttemptAt: retrying.nextAttemptAt?.toISOString(),
  });
}

function toIssueView({ ehrText, ...issue }: IssueCount, { isOperator }: ViewFor) {
  return { ...issue, ...(isOperator && ehrText !== undefined ? { ehrText } : {}) };
}

function toFailureView({ code, message, ehrText }: ExportError, { isOperator }: ViewFor) {
  return { code, message, ...(isOperator && ehrText !== undefined ? { ehrText } : {}) };
}

function toDecisionView({ resourceType, reasons }: WatermarkDecision) {
  return {
    resourceType,
    advanced: reasons.length === 0,
    reasons: reasons.map((code) => ({ code, message: holdReasons[code] })),
  };
}
