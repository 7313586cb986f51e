import { type BulkExport, type IssueCount, type OutputFile, publicStatus } from '@bulkhead/domain';

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

/** The guide's "Check Export Status" answer, and beside its fields what explains them. */
export function toStatusView({
  record,
  files,
  issues,
}: {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
  /** What the server's `error` files report. */
  readonly issues: readonly IssueCount[];
}) {
  const { id, phase, createdAt, completedAt, progress, error, warnings, droppedParameters, counts, statusUrl } = record;
  const { connectionId, scheduleId, timeline = [] } = record;
  const status = publicStatus(phase);
  return {
    id,
    connectionId,
    status,
    ...(status === 'COMPLETED'
      ? { outputUrls: files.filter(({ section }) => section === 'output').map(({ url }) => url) }
      : {}),
    startedAt: createdAt.toISOString(),
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
    ...(error === undefined ? {} : { errorMessage: error.message, errorCode: error.code }),
    phase,
    timeline: timeline.map((step) => ({ phase: step.phase, at: step.at.toISOString() })),
    ...(statusUrl === undefined ? {} : { statusUrl }),
    ...(progress === undefined ? {} : { progress }),
    request: record.request,
    ...(scheduleId === undefined ? {} : { scheduleId }),
    counts,
    issues,
    warnings,
    droppedParameters,
  };
}

export function toFileView(file: OutputFile) {
  const { id, section, type, url, state, promisedCount, checkpoint, attempts, error, startedAt, completedAt } = file;
  return {
    id,
    section,
    type,
    url,
    state,
    ...(promisedCount === undefined ? {} : { promisedCount }),
    ...checkpoint,
    attempts,
    ...(error === undefined ? {} : { error }),
    ...(startedAt === undefined ? {} : { startedAt: startedAt.toISOString() }),
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
  };
}
